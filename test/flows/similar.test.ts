import { beforeEach, describe, expect, it } from "vitest";
import { notifierPlace } from "../../src/core/incident/notice.ts";
import type { Incident } from "../../src/core/incident.ts";
import { similarBefore } from "../../src/flows/similar.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { aChange, anEnded, anIncident } from "../fakes/digests.ts";
import { anEntry } from "../fakes/proposals.ts";

const NOW = 1_790_000_000;
const DAY = 86_400;
const PLACE = { platform: "slack", channel: "C1", thread: "" };

describe("what was like an incident before", () => {
  let store: Store;
  beforeEach(() => {
    store = createMemoryStore({ retention: RETENTION });
  });
  const incident = anIncident("inc-now", NOW - 60, { places: [PLACE] });
  const keep = (...incidents: readonly Incident[]) => store.incidents.save({ incidents, alerts: [], entries: [] });
  const told = (one = incident) =>
    similarBefore(
      {
        ...{ store, now: NOW, zone: "UTC" },
        resolved: (since, limit) => store.incidents.find({ status: ["resolved"], since, limit }),
      },
      one,
    );
  const ended = (id: string, ago: number, more: Partial<Incident> = {}) =>
    anEnded(id, NOW - ago, 2400, { places: [PLACE], ...more });

  it("is said with how long it took and what was verified to help", async () => {
    await keep(ended("inc-1", 3 * DAY));
    const change = aChange("p-1", NOW - 3 * DAY + 600, { status: "verified", endedAt: NOW - 3 * DAY + 900 });
    const spec = { ...change.spec, cause: { kind: "incident" as const, text: "Incident inc-1: HighErrorRate" } };
    await store.proposals.insert({ ...change, spec }, [anEntry()]);
    expect(await told()).toEqual([
      expect.stringMatching(
        /^The same before: HighErrorRate on 18 Sep \d\d:\d\d UTC, for 40 min \(inc-1\); .+ was run then and verified to help\.$/,
      ),
    ]);
  });

  it("is said where nothing helped, the most alike first, two at most", async () => {
    const cart = { subject: { kind: "service", name: "cart" } };
    await keep(ended("inc-1", 9 * DAY, cart), ended("inc-2", 5 * DAY), ended("inc-3", 4 * DAY, cart));
    const lines = await told();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^The same before: .*\(inc-2\); no change that helped is known\.$/);
    expect(lines[1]).toMatch(/^Similar before: HighErrorRate of cart .*\(inc-3\)/);
  });

  it("is not said of other channels' incidents in other environments, of later ones, and of those that go on", async () => {
    const elsewhere = { environment: "staging", places: [{ ...PLACE, channel: "C2" }] };
    await keep(ended("inc-1", 3 * DAY, elsewhere), anIncident("inc-2", NOW - DAY), ended("inc-3", -5));
    expect(await told()).toEqual([]);
    // One pager for both is no channel that people of both read.
    const paged = { environment: "staging", places: [notifierPlace("pager")] };
    await keep(ended("inc-5", 3 * DAY, paged));
    expect(await told({ ...incident, places: [PLACE, notifierPlace("pager")] })).toEqual([]);
    await keep(ended("inc-4", 3 * DAY, { ...elsewhere, environment: "production" }));
    expect((await told()).join()).toContain("inc-4");
  });
});
