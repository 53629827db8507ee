import type { AlertRouter, ListedAlert, Silence } from "../../src/ports/metrics.ts";

/** An Alertmanager that keeps its silences, for faults that a real one does not have on demand. It matches equal labels only. */
export function fakeAlertmanager(clock: () => number) {
  const silences = new Map<string, Silence>();
  const state = { alerts: [] as ListedAlert[], fault: undefined as Error | undefined, losesAnswers: false };
  let made = 0;
  const router: AlertRouter = {
    alerts: async () => state.alerts,
    async matching(matchers) {
      if (state.fault !== undefined) throw state.fault;
      return state.alerts.filter(({ labels }) => matchers.every(({ name, value }) => labels[name] === value));
    },
    silences: async () => [...silences.values()].filter(({ endsAt }) => endsAt > clock()),
    async silence({ startsAt: _, ...wanted }) {
      const id = `am-${++made}`;
      silences.set(id, { id, ...wanted });
      if (state.losesAnswers) throw new Error("the connection broke");
      return id;
    },
    async unsilence(id) {
      const found = silences.get(id);
      if (found !== undefined) silences.set(id, { ...found, endsAt: clock() });
    },
    check: async () => ({ version: "0" }),
  };
  return { router, silences, state };
}
