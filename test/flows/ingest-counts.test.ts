import fc from "fast-check";
import { expect, it } from "vitest";
import { ingest } from "../../src/flows/ingest.ts";
import { firing, over, T } from "../fakes/incidents.ts";
import { newStore } from "../fakes/world.ts";

const event = fc.record({
  n: fc.nat({ max: 12 }),
  group: fc.constantFrom("a", "b"),
  name: fc.constantFrom("Errors", "Latency"),
  severity: fc.constantFrom("info", "critical"),
  isOver: fc.boolean(),
});
/** `forgets`: somebody else changed something before it; `who`: which of two processes it comes to. */
const delivery = fc.record({
  events: fc.array(event, { minLength: 1, maxLength: 8 }),
  forgets: fc.boolean(),
  who: fc.nat({ max: 1 }),
  wait: fc.constantFrom(30, 400, 2000),
});

it("every incident counts the alerts that are stored of it: of what ended, began again, was forgotten or came to another process", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { maxLength: 14 }), async (deliveries) => {
      const store = newStore();
      let made = 0;
      const deps = { store, newId: () => `inc-${++made}`, placesOf: () => [], changed: () => {} };
      const processes = [ingest(deps), ingest(deps)];
      let at = T + 3600;
      for (const { events, forgets, who, wait } of deliveries) {
        at += wait;
        const one = processes[who]!;
        if (forgets) one.forget();
        await one.take(
          events.map(({ n, group, name, severity, isOver }) => {
            const more = { group, labels: { alertname: name, severity }, at };
            return isOver
              ? over(`s${n}`, { ...more, startsAt: at - 20, endsAt: at - 1 })
              : firing(`s${n}`, { ...more, startsAt: at - 10 });
          }),
        );
        for (const incident of await store.incidents.find({ limit: 1000 })) {
          const alerts = await store.incidents.alertsOf(incident.id, { skip: 0, limit: 1000 });
          const fires = alerts.filter(({ endsAt }) => endsAt === undefined);
          // Of what is over, one that began again elsewhere since is counted where it was told.
          if (incident.status === "resolved") expect(fires).toEqual([]);
          else
            expect({ total: incident.total, firing: incident.firing }).toEqual({
              total: alerts.length,
              firing: fires.length,
            });
          if (incident.status !== "resolved")
            expect(incident.names.reduce((sum, { total }) => sum + total, 0)).toBe(alerts.length);
        }
      }
    }),
    { numRuns: 60 },
  );
});
