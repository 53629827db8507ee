import { describe, expect, it } from "vitest";
import { keptBackBy, type Maintenance } from "../../src/core/incident/maintenance.ts";
import type { AlertEvent } from "../../src/core/incident.ts";
import { ingest } from "../../src/flows/ingest.ts";
import { endSnoozes } from "../../src/flows/respond.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { configIn } from "../config/helpers.ts";
import { RETENTION } from "../contracts/store.ts";
import { firing, over, T } from "../fakes/incidents.ts";

/** Planned work: what begins meanwhile is told when it is over, if it still goes on then. */

const PLACE = { platform: "slack", channel: "C1", thread: "" };
const HOUR = 3600;
const windows: readonly Maintenance[] = [
  { name: "shop", kind: "once", zone: "UTC", from: T, to: T + HOUR, labels: { service: ["shop-*"] } },
];

function aDesk() {
  let now = T + 10;
  let made = 0;
  const store: Store = createMemoryStore({ retention: RETENTION });
  const { take, forget } = ingest({
    store,
    newId: () => `inc-0000000${++made}`,
    placesOf: () => [PLACE],
    keptBackBy: (event) => keptBackBy(windows, event),
    windows: () => windows.map(({ name }) => name),
    changed: () => {},
  });
  const all = async () => (await store.incidents.find({ limit: 20 })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    all,
    take: (...events: AlertEvent[]) => take(events.map((one) => ({ ...one, at: now }))),
    at: (seconds: number) => {
      now = T + seconds;
    },
    end: () => endSnoozes({ store, clock: () => now, changed: forget, placesOf: () => [PLACE] }),
  };
}

describe("what begins in a maintenance", () => {
  it("is kept and told nobody, whatever its severity; the rest is told as always", async () => {
    const desk = aDesk();
    await desk.take(firing("shop-api", { labels: { severity: "critical" } }), firing("search"));
    expect(await desk.all()).toMatchObject([
      { status: "snoozed", places: [], firing: 1, snoozed: { window: "shop", until: T + HOUR } },
      { status: "open", places: [PLACE] },
    ]);
    await desk.take(firing("shop-api", { fingerprint: "worse", labels: { severity: "critical", alertname: "Down" } }));
    expect(await desk.all()).toMatchObject([{ status: "snoozed", places: [], firing: 2 }, { status: "open" }]);
  });

  it("is told when that is over and it still goes on, as if it began then, and others find it from there on", async () => {
    const desk = aDesk();
    await desk.take(firing("shop-api"));
    desk.at(HOUR - 60);
    await desk.end();
    expect((await desk.all())[0]?.status).toBe("snoozed");
    desk.at(HOUR + 1);
    await desk.end();
    const [told] = await desk.all();
    expect(told).toMatchObject({ status: "open", places: [PLACE] });
    expect(told).not.toHaveProperty("snoozed");
    expect(told).not.toHaveProperty("woken");
    await desk.take(firing("shop-api", { fingerprint: "later", labels: { alertname: "Slow" } }));
    expect(await desk.all()).toMatchObject([{ total: 2, status: "open" }]);
  });

  it("is told so, too, where alerts came before anybody looked at the time", async () => {
    const desk = aDesk();
    await desk.take(firing("shop-api"));
    desk.at(HOUR + 1);
    await desk.take(firing("shop-api", { labels: { severity: "critical" } }));
    await desk.take(firing("shop-api", { fingerprint: "later", labels: { alertname: "Slow" } }));
    const all = await desk.all();
    expect(all).toMatchObject([{ total: 2, status: "open", places: [PLACE] }]);
    expect(all[0]).not.toHaveProperty("woken");
  });

  it("is joined by a new alert that comes after the end, before anybody looked at the time", async () => {
    const desk = aDesk();
    await desk.take(firing("shop-api"));
    desk.at(HOUR - 1);
    await desk.take(firing("shop-web"));
    desk.at(HOUR);
    await desk.take(firing("shop-api", { fingerprint: "later", labels: { alertname: "Slow" } }));
    expect(await desk.all()).toMatchObject([
      { total: 2, status: "open", places: [PLACE] },
      { total: 1, status: "snoozed", places: [] },
    ]);
    const [first] = await desk.all();
    expect(first?.keys).toEqual([...new Set(first?.keys)]);
    expect(first?.keys.some((key) => key.includes("maintenance"))).toBe(false);
    await desk.end();
    await desk.take(firing("shop-api", { fingerprint: "last", labels: { alertname: "Down" } }));
    expect(await desk.all()).toMatchObject([
      { total: 3, status: "open" },
      { total: 1, status: "open", places: [PLACE] },
    ]);
  });

  it("does not join in the next window what the one before let go", async () => {
    const desk = aDesk();
    await desk.take(firing("shop-api"));
    desk.at(HOUR);
    await desk.take(firing("shop-api", { fingerprint: "later", labels: { alertname: "Slow" } }));
    desk.at(60); // as if it were on again
    await desk.take(firing("shop-api", { fingerprint: "within", labels: { alertname: "Down" } }));
    expect(await desk.all()).toMatchObject([{ total: 2 }, { total: 1, status: "snoozed", places: [] }]);
  });

  it("and ends in it, is told nobody ever, and stays in the lists", async () => {
    const desk = aDesk();
    await desk.take(firing("shop-api"));
    desk.at(600);
    await desk.take(over("shop-api"));
    desk.at(HOUR + 1);
    await desk.end();
    expect(await desk.all()).toMatchObject([{ status: "resolved", places: [] }]);
  });

  it("does not join what was told before, nor keep it back", async () => {
    const desk = aDesk();
    desk.at(-60);
    await desk.take(firing("shop-api"));
    desk.at(60);
    await desk.take(firing("shop-api", { fingerprint: "meanwhile", labels: { alertname: "Slow" } }));
    expect(await desk.all()).toMatchObject([
      { status: "open", total: 1, places: [PLACE] },
      { status: "snoozed", total: 1, places: [] },
    ]);
  });
});

describe("the settings of a maintenance", () => {
  it("are windows of every week or of once, for environments and labels", () => {
    const yaml = `
timezone: Europe/Berlin
maintenance:
  - {name: weekly, from: "Sun 02:00", to: "Sun 04:00", environments: [production]}
  - {name: move, tz: UTC, from: "2026-12-20 02:00", to: "2026-12-20 06:00", labels: {cluster: ["eu-*"]}}
`;
    const [weekly, move] = configIn(yaml).maintenance;
    expect(weekly).toMatchObject({ kind: "weekly", zone: "Europe/Berlin", environments: ["production"] });
    const at = Date.parse("2026-12-20T03:00:00Z") / 1000;
    const event = (labels: Record<string, string>, when = at) => ({ ...firing("a", { labels }), at: when });
    const kept = (labels: Record<string, string>, when?: number) => keptBackBy([weekly!, move!], event(labels, when));
    expect(kept({ cluster: "eu-1" })).toEqual({ name: "move", until: Date.parse("2026-12-20T06:00:00Z") / 1000 });
    expect(kept({ cluster: "us-1" })).toBeUndefined();
    // Sunday 02:30 in Berlin.
    const sunday = Date.parse("2026-11-22T01:30:00Z") / 1000;
    expect(kept({ environment: "production" }, sunday)).toMatchObject({ name: "weekly" });
    expect(kept({ environment: "staging" }, sunday)).toBeUndefined();
  });
});
