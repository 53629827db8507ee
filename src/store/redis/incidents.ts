import { type AlertRecord, type Incident, isLive } from "../../core/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import { AlertRow, IncidentRow } from "../rows.ts";
import type { Db, Found, Op } from "./client.ts";
import type { RedisLedger } from "./ledger.ts";
import { atMost, parsed, put, rowOf, still } from "./rows.ts";

const TABLE = "incidents";
const ALERTS = "alerts";
const GENERATION = "incidents_saved";

/** `Incidents` in Redis. Each change is one step together with its records. */
export function redisIncidents(db: Db, ledger: RedisLedger): Incidents {
  const read = (text: string): Incident => parsed(IncidentRow, rowOf(text));
  const alertOf = (text: string): AlertRecord => parsed(AlertRow, rowOf(text));
  const page = async (index: string, range: Parameters<Db["page"]>[2] = {}) =>
    (await db.page(TABLE, index, range)).map(({ text }) => read(text));

  return {
    async get(id) {
      const text = await db.get(TABLE, id);
      return text === undefined ? undefined : read(text);
    },
    async find({ status, since, until, limit }) {
      const most = atMost(limit);
      const range = { max: until ?? "+inf", newestFirst: true, limit: most } as const;
      if (status === undefined && since === undefined) return page("all", range);
      const found =
        since === undefined
          ? await Promise.all(status!.map((one) => db.page(TABLE, `status ${one}`, range)))
          : [await db.page(TABLE, "touched", { min: since })];
      return found
        .flat()
        .map(({ stands, text }) => ({ stands, incident: read(text) }))
        .filter(({ incident }) => until === undefined || incident.openedAt <= until)
        .filter(({ incident }) => status?.includes(incident.status) ?? true)
        .sort((a, b) => b.incident.openedAt - a.incident.openedAt || (a.stands < b.stands ? 1 : -1))
        .slice(0, most)
        .map(({ incident }) => incident);
    },
    earliest: async () => (await page("all", { limit: 1 }))[0]?.openedAt,
    live: () => page("live"),
    async alerts(fingerprints) {
      const found = await db.many(ALERTS, fingerprints);
      return found.flatMap((text) => (text === undefined ? [] : [alertOf(text)]));
    },
    async alertsOf(incident, { skip, limit }) {
      const [firing, ended] = await Promise.all(
        ["firing", "ended"].map((state) => db.page(ALERTS, `${state} ${incident}`, { newestFirst: true })),
      );
      const inOrder = (list: readonly Found[] = []) =>
        [...list].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
      const all = [...inOrder(firing), ...inOrder(ended)];
      return all.slice(atMost(skip), atMost(skip) + atMost(limit)).map(({ text }) => alertOf(text));
    },
    async unseenSince(at, limit) {
      const found = await db.page(ALERTS, "unended", { max: `(${at}`, limit: atMost(limit) });
      return found.map(({ text }) => alertOf(text));
    },
    generation: async () => Number((await ledger.metaOf(GENERATION)) ?? 0),
    save: ({ incidents, alerts, entries, generation }) =>
      ledger.commit(async () => {
        const text = await ledger.metaOf(GENERATION);
        const now = Number(text ?? 0);
        if (generation !== undefined && generation !== now) return { result: false };
        const before = await db.many(
          TABLE,
          incidents.map(({ id }) => id),
        );
        const revisionOf = (text: string | undefined) => (text === undefined ? 0 : read(text).revision);
        if (incidents.some(({ revision }, i) => revision !== revisionOf(before[i]) + 1)) return { result: false };
        const shownOf = (text: string | undefined) => (text === undefined ? 0 : Number(rowOf(text)["shown"]));
        return {
          result: true,
          checks: [
            text === undefined ? ["none", "meta", GENERATION] : ["is", "meta", GENERATION, text],
            ...incidents.map(({ id }, i) => still(TABLE, id, before[i])),
          ],
          entries,
          writes: () => [
            ["set", "meta", GENERATION, now + 1],
            ...incidents.map((one, i) => putIncident(one, shownOf(before[i]))),
            ...alerts.map(putAlert),
          ],
        };
      }),
    unshown: (limit) => page("unshown", { limit: atMost(limit) }),
    async shown(id, revision) {
      await ledger.commit(async () => {
        const text = await db.get(TABLE, id);
        if (text === undefined || (revision !== 0 && Number(rowOf(text)["shown"]) >= revision))
          return { result: undefined };
        const write = putIncident(read(text), revision);
        return { result: undefined, checks: [still(TABLE, id, text)], writes: () => [write] };
      });
    },
  };
}

/** The operation that stores an incident. */
export function putIncident(incident: Incident, shown: number): Op {
  const { id, status, openedAt, endedAt, changedAt, revision } = incident;
  return put(
    TABLE,
    id,
    { shown, body: JSON.stringify(incident) },
    {
      all: openedAt,
      touched: Math.max(openedAt, endedAt ?? 0),
      [`status ${status}`]: openedAt,
      ...(isLive(incident) ? { live: openedAt } : { age: endedAt ?? openedAt }),
      ...(shown < revision && { unshown: changedAt }),
    },
  );
}

/** The operation that stores an alert. */
export function putAlert(alert: AlertRecord): Op {
  const { fingerprint, incident, startsAt, endsAt, seenAt } = alert;
  return put(
    ALERTS,
    fingerprint,
    { body: JSON.stringify(alert) },
    {
      age: seenAt,
      ...(incident !== undefined && { [`${endsAt === undefined ? "firing" : "ended"} ${incident}`]: startsAt }),
      ...(incident !== undefined && endsAt === undefined && { unended: seenAt }),
    },
  );
}

/** Whether retention leaves an alert alone however old it is: its incident goes on. */
export async function isOfLive(db: Db, texts: readonly string[]): Promise<readonly boolean[]> {
  const alerts = texts.map((text) => parsed(AlertRow, rowOf(text)));
  const found = await db.many(
    TABLE,
    alerts.map(({ incident = "" }) => incident),
  );
  return found.map((text) => text !== undefined && isLive(parsed(IncidentRow, rowOf(text))));
}
