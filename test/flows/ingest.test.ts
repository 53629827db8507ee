import { expect, it } from "vitest";
import { ingest } from "../../src/flows/ingest.ts";
import { firing, over, T } from "../fakes/incidents.ts";
import { newStore } from "../fakes/world.ts";

it("tells of each alert that begins, once, however often it is delivered", async () => {
  const began: string[] = [];
  let made = 0;
  const { take } = ingest({
    store: newStore(),
    newId: () => `inc-${++made}`,
    placesOf: () => [],
    changed: () => {},
    began: (alerts) =>
      began.push(...alerts.map(({ name, severity, startsAt }) => `${name} ${severity} ${startsAt - T}`)),
  });
  const again = { startsAt: T + 2000, at: T + 2010 };
  await take([firing("a"), firing("b", { labels: { severity: "critical" } })]);
  await take([firing("a", { at: T + 300 })]);
  await take([over("a")]);
  await take([firing("a", again)]);
  await take([firing("a", { ...again, at: T + 2300 })]);
  // Of one that was over when it was first told of, nothing is known to have begun.
  await take([over("c")]);
  expect(began).toEqual(["HighErrorRate warning 0", "HighErrorRate critical 0", "HighErrorRate warning 2000"]);
});
