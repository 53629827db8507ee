import { describe, expect, it } from "vitest";
import { incidentCard } from "../../src/cards/incident-card.ts";
import { plainText } from "../../src/core/card.ts";
import { escalated } from "../../src/core/incident/escalate.ts";
import { notifierPlace } from "../../src/core/incident/notice.ts";
import { rerouted } from "../../src/core/incident/route.ts";
import type { Incident } from "../../src/core/incident.ts";
import { sayTime } from "../../src/core/zone.ts";
import { notify } from "../../src/flows/notify.ts";
import { aWorld, firing, over, T } from "../fakes/incidents.ts";
import { newStore } from "../fakes/world.ts";

/** What notifiers are told of an incident. */

const PAGER = notifierPlace("pager");
const ANN = { person: "ann", name: "Ann", at: T + 30 };

function aBot() {
  const store = newStore();
  const world = aWorld();
  let now = T + 20;
  let revision = 0;
  const started = () =>
    notify({
      store,
      clock: () => now,
      contextOf: () => ({ now, zone: "UTC", edition: 0 }),
      anomaliesIn: async () => undefined,
      report: (_, message) => {
        throw new Error(message);
      },
      wake: () => {},
    });
  let rounds = started();
  return {
    store,
    world,
    /** The incident as it is now is shown, in a bot that runs on or in a new one. */
    async show(change: (incident: Incident) => Incident = (one) => one, restart = false) {
      const [incident] = world.all();
      const next = { ...change({ ...incident!, places: [PAGER] }), revision: ++revision };
      world.incidents.set(next.id, next);
      expect(await store.incidents.save({ incidents: [next], alerts: [], entries: [] })).toBe(true);
      if (restart) rounds = started();
      now += 10;
      return rounds();
    },
    round: (restart = false) => {
      if (restart) rounds = started();
      return rounds();
    },
    later: (seconds: number) => {
      now += seconds;
    },
    async told() {
      const kinds: string[] = [];
      for (;;) {
        const [next] = await store.outbox.due(PAGER.platform, now + 1e6, 1);
        if (next === undefined) return kinds;
        const { kind, id } = JSON.parse(next.hint ?? "");
        expect(id).toBe(next.id);
        kinds.push(kind);
        await store.outbox.sent(next.id, "7", now);
      }
    },
  };
}

describe("a notifier", () => {
  it("is told each thing once, however often the incident is shown and the bot restarted", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders"));
    await bot.show();
    await bot.show((one) => one, true);
    expect(await bot.told()).toEqual(["opened"]);
    bot.world.tell(firing("orders", { labels: { severity: "critical" }, at: T + 60 }));
    await bot.show((one) => ({ ...one, severity: "critical" }));
    await bot.show((one) => one, true);
    expect(await bot.told()).toEqual(["worse"]);
    // Milder, and as grave as before: no news.
    await bot.show((one) => ({ ...one, severity: "warning" }));
    await bot.show((one) => ({ ...one, severity: "critical" }));
    expect(await bot.told()).toEqual([]);
    await bot.show((one) => ({ ...one, status: "acknowledged", acknowledged: ANN }));
    await bot.show((one) => one, true);
    expect(await bot.told()).toEqual(["acknowledged"]);
    await bot.show((one) => ({ ...one, status: "resolved", endedAt: T + 600 }), true);
    await bot.show((one) => one);
    expect(await bot.told()).toEqual(["resolved"]);
  });

  it("is told once that other things fail since somebody has it, and of one that made it graver as that alone", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders", { group: "g" }));
    await bot.show((one) => ({ ...one, status: "acknowledged", acknowledged: { ...ANN, firing: 1 } }));
    expect(await bot.told()).toEqual(["opened", "acknowledged"]);
    bot.world.tell(firing("search", { group: "g", at: T + 45 }));
    await bot.show();
    const [notice] = await bot.store.outbox.due(PAGER.platform, T + 1e6, 1);
    expect(notice?.card.title).toMatch(/^Open again\. Warning: /);
    expect(notice && plainText(notice.card)).toContain(
      `Something else fails since Ann acknowledged it at ${sayTime(ANN.at, T, "UTC")}: search. It is open again. 2 alerts fire.`,
    );
    await bot.show((one) => one, true);
    expect(await bot.told()).toEqual(["more"]);
    await bot.show((one) => ({ ...one, status: "acknowledged", acknowledged: { ...ANN, at: T + 60, firing: 2 } }));
    expect(await bot.told()).toEqual(["acknowledged"]);
    bot.world.tell(firing("cart", { group: "g", at: T + 80, labels: { severity: "critical" } }));
    await bot.show();
    await bot.show((one) => one, true);
    expect(await bot.told()).toEqual(["worse"]);
  });

  it("is told that a snooze ended since it got worse, also where it had been told as grave before, once", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders", { labels: { severity: "critical" } }));
    await bot.show();
    const snoozed = { ...ANN, until: T + 7200, severity: "warning" as const };
    await bot.show((one) => ({ ...one, severity: "warning", status: "snoozed", snoozed }));
    expect(await bot.told()).toEqual(["opened", "acknowledged"]);
    const woken = { at: T + 50, because: "worse" as const, snoozed };
    await bot.show(({ snoozed: _, ...one }) => ({ ...one, severity: "critical", status: "open", woken }));
    await bot.show((one) => one, true);
    expect(await bot.told()).toEqual(["worse"]);
    bot.later(4000);
    await bot.show((one) => ({ ...one, severity: "warning" }));
    await bot.show((one) => ({ ...one, severity: "critical" }));
    expect(await bot.told()).toEqual([]);
  });

  it("is told so, too, of what somebody acknowledged while it was milder", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders", { labels: { severity: "critical" } }));
    await bot.show();
    await bot.show((one) => ({ ...one, severity: "warning", status: "acknowledged", acknowledged: ANN }));
    expect(await bot.told()).toEqual(["opened", "acknowledged"]);
    await bot.show((one) => ({ ...one, severity: "critical", status: "open" }));
    await bot.show((one) => ({ ...one, severity: "warning" }), true);
    await bot.show((one) => ({ ...one, severity: "critical" }));
    expect(await bot.told()).toEqual(["worse"]);
  });

  it("is told of what began and ended before anybody could be told", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders"));
    bot.world.tell(over("orders"));
    await bot.show();
    expect(await bot.told()).toEqual(["opened", "resolved"]);
  });

  it("is told of the steps of the escalation that name it, with whom they call", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders"));
    await bot.show();
    expect(await bot.told()).toEqual(["opened"]);
    const step = { after: 300, schedules: [], people: ["ann"], to: [PAGER] };
    const stepped = (one: Incident, made: typeof step, at: number) => {
      const escalation = { name: "all", repeat: 0, steps: [made] };
      return escalated(one, { kind: "step", step: made, escalation }, [escalation], ["ann"], at);
    };
    await bot.show((one) => stepped(one, step, T + 40));
    const [next] = await bot.store.outbox.due(PAGER.platform, T + 1e6, 1);
    expect(next && plainText(next.card)).toContain("Called: ann.");
    expect(next?.under).toBe("incident:inc-1:0:as-warning");
    expect(await bot.told()).toEqual(["called"]);
    // Beside the thread in chat, not in place of it.
    const inChat = { ...bot.world.all()[0]!, places: [{ platform: "slack", channel: "C1", thread: "" }] };
    const { calls } = stepped(inChat, step, T + 45);
    expect(calls?.at(-1)?.places.map(({ platform }) => platform)).toEqual(["slack", "notifier/pager"]);
    const chat: typeof step = { ...step, to: [{ platform: "slack", channel: "C1", thread: "" }] };
    await bot.show((one) => stepped({ ...one, places: [PAGER] }, chat, T + 50));
    expect(await bot.told()).toEqual([]);
  });

  it("is told of a flapping incident's end once it stays over, also over a restart", async () => {
    const bot = aBot();
    bot.world.tell(firing("orders"));
    await bot.show();
    await bot.show((one) => ({ ...one, status: "resolved", endedAt: T + 100, isFlapping: true }));
    expect(await bot.told()).toEqual(["opened"]);
    // It goes on: nobody has to know that it had been over.
    await bot.show(({ endedAt: _, ...one }) => ({ ...one, status: "open", reopened: 1 }));
    expect(await bot.told()).toEqual([]);
    const wait = await bot.show((one) => ({ ...one, status: "resolved", endedAt: T + 200, isFlapping: true }));
    expect(wait).toBeGreaterThan(1500);
    bot.later(2000);
    await bot.round(true);
    expect(await bot.told()).toEqual(["resolved"]);
    await bot.show(({ endedAt: _, ...one }) => ({ ...one, status: "open", reopened: 2 }));
    expect(await bot.told()).toEqual(["again"]);
  });

  it("that cannot be told is named on the incident, and a fallback shows it, once", () => {
    const { tell, all } = aWorld();
    tell(firing("orders"));
    const incident = { ...all()[0]!, places: [PAGER] };
    const fallback = {
      name: "f",
      isFallback: true as const,
      goesOn: false,
      to: [{ platform: "slack", channel: "C9", thread: "" }],
    };
    const moved = rerouted([fallback], incident, 0, "the key is revoked");
    expect(moved?.places).toHaveLength(2);
    const card = plainText(incidentCard(moved!, { now: T, zone: "UTC", edition: 0 }));
    expect(card).toContain("pager could not be told (the key is revoked).");
    expect(rerouted([fallback], moved!, 0, "again")).toBeUndefined();
    // Without a fallback, the incident's other messages say it.
    expect(rerouted([], incident, 0, "the key is revoked")?.missed).toHaveLength(1);
  });
});
