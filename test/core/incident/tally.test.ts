import fc from "fast-check";
import { expect, it } from "vitest";
import { sorterFor } from "../../../src/core/incident/parts.ts";
import { anyFlaps, namesOf, partsIn, type Tally, tallyOf } from "../../../src/core/incident/tally.ts";
import { aWorld, firing, over, T } from "../../fakes/incidents.ts";

/** What a message shows of it. */
function shown(tally: Tally) {
  const { total, all, firing: fires, foremost, anomalies } = tally;
  const parts = partsIn(tally)?.map(({ key, severity, total, firing }) => ({ key, severity, total, firing }));
  return {
    ...{ total, all, fires, anomalies, names: namesOf(tally), foremost, flaps: anyFlaps(tally, T + 3600) },
    parts: parts?.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

const ASKING: Parameters<typeof sorterFor>[0] = [
  { labels: { alertname: ["Errors", "Lat*"] } },
  { labels: { service: ["s1*", "*7"] } },
];

const delivery = fc.array(
  fc.record({
    n: fc.nat({ max: 24 }),
    group: fc.constantFrom("a", "b"),
    name: fc.constantFrom("Errors", "Latency", "Disk"),
    severity: fc.constantFrom("info", "warning", "critical"),
    isOver: fc.boolean(),
    minutes: fc.nat({ max: 50 }),
  }),
  { maxLength: 12 },
);

it("what is counted with each delivery is what a count of all alerts gives", () => {
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 12 }), (deliveries) => {
      const { tell, alerts, all, world } = aWorld(ASKING);
      for (const [round, events] of deliveries.entries()) {
        const told = events.map(({ n, group, name, severity, isOver, minutes }) => {
          const [startsAt, at] = [T + 60 * minutes, T + 3600 + 60 * round];
          const isAnomaly = n >= 18;
          const more = {
            group,
            labels: { alertname: name, severity },
            startsAt,
            at,
            ...(isAnomaly && { anomaly: `a${n}` }),
          };
          return isOver ? over(`s${n}`, { ...more, endsAt: at - 1 }) : firing(`s${n}`, more);
        });
        tell(...told);
        for (const { id, status, lines, firing: fires, anomalies } of all()) {
          // Of what is over nothing is carried on.
          if (status === "resolved") continue;
          const kept = world.tallyOf(id);
          const counted = tallyOf(
            [...alerts.values()].filter((one) => one.incident === id),
            sorterFor(ASKING),
          );
          expect(kept && shown(kept)).toEqual(shown(counted));
          expect(anomalies?.total ?? 0).toBe(counted.anomalies.total);
          expect(lines.length).toBe(Math.min(8, counted.total));
          expect(fires).toBe(
            [...alerts.values()].filter((one) => one.incident === id && one.endsAt === undefined).length,
          );
        }
      }
    }),
  );
});
