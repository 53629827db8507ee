import { describe, expect, it } from "vitest";
import { incidentCard } from "../../src/cards/incident-card.ts";
import { plainText } from "../../src/core/card.ts";
import type { Route } from "../../src/core/incident/route.ts";
import { readTestRoute } from "../../src/core/incident/wish.ts";
import type { Incident } from "../../src/core/incident.ts";
import type { Need } from "../../src/core/need.ts";
import { reroute } from "../../src/flows/reroute.ts";
import { testRoutes } from "../../src/flows/test-route.ts";
import type { Suggester } from "../../src/ports/chat.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { aWorld, firing, T } from "../fakes/incidents.ts";

const place = (channel: string) => ({ platform: "slack", channel, thread: "" });
const route = (name: string, more: Partial<Route> = {}): Route => ({ name, to: [place(name)], goesOn: false, ...more });

describe("a message that can never arrive", () => {
  async function aDesk(routes: readonly Route[]) {
    const store = createMemoryStore({ retention: RETENTION });
    const { tell } = aWorld();
    const { incidents, alerts } = tell(firing("checkout"));
    await store.incidents.save({
      incidents: incidents.map((one) => ({ ...one, places: [place("C1")] })),
      alerts,
      entries: [],
    });
    let changes = 0;
    const changed = (): void => {
      changes++;
    };
    const lost = (message: string, reason = "is_archived") => reroute({ store, routes, changed }, message, reason);
    const incident = async () => (await store.incidents.get("inc-1")) as Incident;
    return { lost, incident, changes: () => changes };
  }

  it("goes to the fallback that is for it, once, and says why", async () => {
    const desk = await aDesk([
      route("C1"),
      route("C2", { isFallback: true }),
      route("C3", { isFallback: true, severities: ["critical"] }),
    ]);
    await desk.lost("incident:inc-1:0");
    await desk.lost("incident:inc-1:0:3:0");
    await desk.lost("incident:inc-1:1", "channel_not_found");
    const incident = await desk.incident();
    expect(incident.places).toEqual([place("C1"), place("C2")]);
    expect(desk.changes()).toBe(1);
    expect(plainText(incidentCard(incident, { now: T, zone: "UTC", edition: 0 }))).toContain(
      "It could not be shown in slack C1 (is_archived), so it stands here.",
    );
  });

  it.each([
    ["a note", "incident:inc-1:0:note:woken-1", "is_archived"],
    ["one that somebody deleted", "incident:inc-1:0:2:0", "message_not_found"],
    ["an answer", "answer:1", "is_archived"],
    ["one of an unknown incident", "incident:inc-9:0", "is_archived"],
  ])("stays lost where it is %s", async (_, message, reason) => {
    const desk = await aDesk([route("C2", { isFallback: true })]);
    await desk.lost(message, reason);
    expect((await desk.incident()).places).toEqual([place("C1")]);
  });
});

describe("a test of the routes", () => {
  it.each([
    ["test route", { name: undefined, withChange: false }],
    ["Test routes!", { name: undefined, withChange: false }],
    ["test route critical", { name: "critical", withChange: false }],
    ["test routes with a change", { name: undefined, withChange: true }],
    ["test route critical with a proposal.", { name: "critical", withChange: true }],
    ["test the latency of checkout", undefined],
  ])("%s", (text, wanted) => {
    expect(readTestRoute(text)).toEqual(wanted);
  });

  it("goes through all of them or one, marked, and says where it arrived and where not", async () => {
    const { outbox } = createMemoryStore({ retention: RETENTION });
    let now = T;
    const routes = [route("C1"), route("C2", { isFallback: true }), route("C3")];
    const pause = async () => {
      now += 1;
      for (const one of await outbox.due("slack", now, 10)) {
        expect(one.card.title).toMatch(/^TEST: /);
        if (one.place.channel === "C1") await outbox.sent(one.id, "C1/1.0", now);
        else if (one.place.channel === "C2") await outbox.gaveUp(one.id, "is_archived", now);
      }
    };
    const deps = { outbox, clock: () => now, routes, wake: () => {}, pause, suggest: () => expect.unreachable() };
    const ann = { person: "ann", name: "Ann", platform: "slack", account: "U1", isLinked: true };
    const test = (name: string | undefined, id: string, routes = deps.routes) =>
      testRoutes({ ...deps, routes }, { name, withChange: false }, id, ann);
    expect(plainText(await test(undefined, "q1"))).toBe(
      [
        "The test arrived in 1 of 3 places.",
        "- C1 → Slack C1: arrived",
        "- C2 (fallback) → Slack C2: cannot arrive: is_archived",
        "- C3 → Slack C3: is on its way still",
      ].join("\n"),
    );
    expect((await test("c1", "q2")).title).toBe("The test arrived.");
    expect((await test("none", "q3")).title).toBe("I know no route none.");
    expect((await test(undefined, "q4", [])).title).toContain("no routes");
  });

  it("proposes a change that no runbook can be found for, whatever its matches say", async () => {
    const { outbox } = createMemoryStore({ retention: RETENTION });
    const needs: Need[] = [];
    const suggest: Suggester = async (need) => {
      needs.push(need);
      return { kind: "refused", reason: "not now" };
    };
    const ann = { person: "ann", name: "Ann", platform: "slack", account: "U1", isLinked: true };
    const deps = { outbox, routes: [route("C1")], wake: () => {}, pause: async () => {}, suggest };
    let now = T;
    const clock = () => now++;
    await testRoutes({ ...deps, clock }, { name: undefined, withChange: true }, "q1", ann);
    expect(needs.map(({ among, runbook }) => [among, runbook])).toEqual([[[], undefined]]);
  });
});
