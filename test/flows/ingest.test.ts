import { expect, it, vi } from "vitest";
import { sorterFor } from "../../src/core/incident/parts.ts";
import { placesFor, type Route } from "../../src/core/incident/route.ts";
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

it("does not read all that an incident had for each of its alerts that comes again, once it is over for long", async () => {
  const store = newStore();
  const alertsOf = vi.spyOn(store.incidents, "alertsOf");
  let made = 0;
  const { take } = ingest({ store, newId: () => `inc-${++made}`, placesOf: () => [], changed: () => {} });
  const group = "shop";
  const all = Array.from({ length: 20 }, (_, n) => `s${n}`);
  await take(all.map((id) => firing(id, { group })));
  await take(all.map((id) => over(id, { group })));
  alertsOf.mockClear();
  const [soon, late] = [T + 1200, T + 86_400];
  await take([firing("s1", { group, startsAt: soon, at: soon + 10 })]);
  expect(alertsOf).toHaveBeenCalled();
  await take([over("s1", { group, startsAt: soon, endsAt: soon + 60, at: soon + 70 })]);
  alertsOf.mockClear();
  await take([firing("s2", { group, startsAt: late, at: late + 10 })]);
  expect(alertsOf).not.toHaveBeenCalled();
  const [newest] = await store.incidents.find({ limit: 1 });
  expect(newest).toMatchObject({ total: 1, firing: 1, previous: "inc-1" });
});

it("makes of what two processes are told of at the same time what one would make of it", async () => {
  const started = (store: ReturnType<typeof newStore>, name: string) => {
    let made = 0;
    return ingest({ store, newId: () => `${name}-${++made}`, placesOf: () => [], changed: () => {} });
  };
  const [shared, own] = [newStore(), newStore()];
  const [one, two] = [started(shared, "one"), started(shared, "two")];
  await Promise.all([one.take([firing("a")]), two.take([firing("a")]), two.take([firing("b")])]);
  await one.take([firing("c", { at: T + 60 })]);
  await two.take([over("a", { at: T + 90 })]);
  const alone = started(own, "alone");
  await alone.take([firing("a"), firing("b")]);
  await alone.take([firing("c", { at: T + 60 })]);
  await alone.take([over("a", { at: T + 90 })]);
  const told = async ({ incidents }: typeof own) =>
    (await incidents.find({ limit: 10 })).map(({ status, total, firing: now }) => [status, total, now]).sort();
  expect(await told(shared)).toEqual(await told(own));
  expect((await told(own)).length).toBeGreaterThan(1);
});

it("does not rest while something waits: that would only fill the inbox", async () => {
  const rests: number[] = [];
  const { take } = ingest({
    ...{ store: newStore(), newId: () => "inc-1", placesOf: () => [], changed: () => {} },
    rest: async (deliveries) => {
      rests.push(deliveries);
    },
  });
  const delivery = (n: number) => Array.from({ length: 1500 }, (_, i) => firing(`${n}-${i}`));
  await Promise.all([0, 1, 2].map((n) => take(delivery(n)))); // more than one step takes
  await Promise.resolve();
  expect(rests).toEqual([1]);
});

it("routes by what the settings ask for by now, also of the alerts that were there before", async () => {
  const store = newStore();
  const byTeam = (team: string): Route => ({
    ...{ name: team, labels: { team: [team] }, goesOn: false },
    to: [{ platform: "slack", channel: team, thread: "" }],
  });
  let routes = ["shop"].map(byTeam);
  let sorter = sorterFor(routes);
  const { take } = ingest({
    ...{ store, newId: () => "inc-1", changed: () => {}, sorter: () => sorter },
    placesOf: (incident) => placesFor(routes, incident),
  });
  const told = (team: string, n: number) => firing(`${team}${n}`, { group: "g", labels: { team } });
  await take([told("pay", 0), ...Array.from({ length: 9 }, (_, n) => told("shop", n))]);
  const places = async () => (await store.incidents.get("inc-1"))?.places.map(({ channel }) => channel);
  expect(await places()).toEqual(["shop"]);
  routes = ["shop", "pay"].map(byTeam);
  sorter = sorterFor(routes);
  await take([told("shop", 10)]);
  expect(await places()).toEqual(["shop", "pay"]);
});

it("goes on with what flaps, also where its end is told of twice, as by two Alertmanagers", async () => {
  const store = newStore();
  let made = 0;
  const { take } = ingest({ store, newId: () => `inc-${++made}`, placesOf: () => [], changed: () => {} });
  for (let round = 0; round < 6; round++) {
    const startsAt = T + 300 * round;
    await take([firing("a", { startsAt, at: startsAt + 10 })]);
    const end = { startsAt, endsAt: startsAt + 100 };
    await take([over("a", { ...end, at: startsAt + 110 })]);
    await take([over("a", { ...end, at: startsAt + 170 })]);
  }
  const all = await store.incidents.find({ limit: 10 });
  // The third beginning within an hour is one that flaps.
  expect(all.map(({ reopened = 0, previous }) => [reopened, previous]).reverse()).toEqual([
    [0, undefined],
    [4, "inc-1"],
  ]);
});
