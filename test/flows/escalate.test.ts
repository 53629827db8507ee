import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import type { Escalation } from "../../src/core/incident/escalate.ts";
import { messageId } from "../../src/core/incident/message.ts";
import { sorterFor } from "../../src/core/incident/parts.ts";
import { type Response, respond } from "../../src/core/incident/respond.ts";
import type { Incident } from "../../src/core/incident.ts";
import type { Schedule } from "../../src/core/oncall/schedule.ts";
import { escalate } from "../../src/flows/escalate.ts";
import { ingest } from "../../src/flows/ingest.ts";
import { notify } from "../../src/flows/notify.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { firing, over, T } from "../fakes/incidents.ts";

/** Who is called while nobody acknowledges: each step once, whatever happens to the bot and its clock. */

const PLACE = { platform: "slack", channel: "C1", thread: "" };
const LEADS = { platform: "slack", channel: "C2", thread: "" };
const PRIMARY: Schedule = {
  name: "primary",
  zone: "UTC",
  layers: [{ people: ["ann", "bob"], start: { year: 2026, month: 1, day: 5, hour: 9, minute: 0 }, days: 7, hours: 0 }],
};
const ESCALATION: Escalation = {
  name: "default",
  repeat: 1,
  idle: 3600,
  steps: [
    { after: 300, schedules: ["primary"], people: [], to: [] },
    { after: 600, schedules: [], people: ["eve"], to: [LEADS] },
  ],
};

function aDesk(...given: Escalation[]) {
  const escalations = given.length > 0 ? given : [ESCALATION];
  const sorter = sorterFor(escalations);
  let now = T + 10;
  const clock = () => now;
  const store = createMemoryStore({ retention: RETENTION });
  const ingesting = ingest({
    store,
    newId: () => "inc-0000000a",
    placesOf: ({ places }) => (places.length > 0 ? places : [PLACE]),
    changed: () => {},
    sorter: () => sorter,
  });
  const called = (people: readonly string[]) =>
    people.map((name) => ({ name, accounts: { slack: [`U0${name.toUpperCase()}`] } }));
  const show = notify({
    store,
    clock,
    contextOf: () => ({ now, zone: "UTC", edition: 0, called }),
    anomaliesIn: async () => undefined,
    report: (_, message, data) => {
      throw new Error(`${message}: ${JSON.stringify(data)}`);
    },
    wake: () => {},
  });
  const sent: Queued[] = [];
  const look = () =>
    escalate({
      ...{ store, clock, escalations, schedules: [PRIMARY] },
      above: async () => ({ overrides: await store.overrides.open() }),
      changed: ingesting.forget,
    });
  /** A round; a bot that was restarted makes the same ones. */
  async function round(): Promise<number | undefined> {
    const next = await look();
    await show();
    for (
      let due = await store.outbox.due("slack", now, 10);
      due.length > 0;
      due = await store.outbox.due("slack", now, 10)
    )
      for (const one of due) {
        sent.push(one);
        await store.outbox.sent(one.id, `${one.place.channel}/${sent.length}.0`, now);
      }
    return next;
  }
  const incident = async () => (await store.incidents.get("inc-0000000a")) as Incident;
  const at = (seconds: number): void => {
    now = T + seconds;
  };
  async function doing(response: Response) {
    const done = respond(await incident(), response, { person: "ann", name: "Ann", at: now });
    if (!done.ok) throw new Error(done.reason);
    await store.incidents.save({ incidents: [done.incident], alerts: [], entries: [] });
    ingesting.forget();
  }
  const calls = () =>
    sent
      .filter(({ id }) => id.includes(":note:"))
      .map(({ place, card }) => `${place.channel}: ${plainText(card).split("\n")[1]}`);
  return { store, sent, look, round, at, doing, incident, calls, take: ingesting.take };
}

describe("an incident that nobody acknowledges", () => {
  it("calls whoever is on call and then the next, each once, in its thread or in the step's channel, and again as often as is written", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    expect(await desk.round()).toBe(300);
    desk.at(309);
    expect(await desk.round()).toBe(1);
    expect(desk.calls()).toEqual([]);
    desk.at(310);
    await desk.round();
    await desk.round();
    expect(desk.calls()).toEqual(["C1: For bob"]);
    expect(desk.sent.at(-1)).toMatchObject({
      under: messageId("inc-0000000a", 0),
      card: {
        title: "Unacknowledged. Warning: checkout: HighErrorRate",
        blocks: [{ kind: "calls", people: [{ accounts: { slack: ["U0BOB"] } }] }, {}],
      },
    });
    desk.at(910);
    await desk.round();
    await desk.round();
    expect(desk.calls()).toEqual(["C1: For bob", "C2: For eve"]);
    // The channel has the incident's own message from then on.
    expect((await desk.incident()).places).toEqual([PLACE, LEADS]);
    expect(desk.sent.filter(({ place }) => place.channel === "C2").map(({ id }) => id)).toEqual([
      "incident:inc-0000000a:1",
      "incident:inc-0000000a:1:note:call-1790000910",
    ]);
    for (const seconds of [1210, 1810, 5000, 50_000]) {
      desk.at(seconds);
      await desk.round();
    }
    expect(desk.calls()).toEqual(["C1: For bob", "C2: For eve", "C1: For bob", "C2: For eve"]);
    expect(await desk.round()).toBeUndefined();
    const records = await desk.store.audit.range(0, 10);
    expect(records.map(({ action, reason }) => `${action}: ${reason}`)).toEqual([
      "escalate incident: default, step 1: bob",
      "escalate incident: default, step 2: eve",
      "escalate incident: default, step 3: bob",
      "escalate incident: default, step 4: eve",
    ]);
  });

  it("calls whoever took over by chat", async () => {
    const desk = aDesk();
    const by = { person: "kim", name: "Kim", at: T };
    await desk.store.overrides.save(
      [{ id: "o", revision: 1, schedule: "primary", person: "kim", from: T, to: T + 900, by, madeAt: T }],
      [],
    );
    await desk.take([firing("checkout")]);
    desk.at(310);
    await desk.round();
    expect(desk.calls()).toEqual(["C1: For kim"]);
  });

  it.each<[string, (desk: ReturnType<typeof aDesk>) => Promise<unknown>]>([
    ["somebody acknowledged", (desk) => desk.doing({ kind: "acknowledge" })],
    ["somebody snoozed it", (desk) => desk.doing({ kind: "snooze", until: T + 80_000 })],
    ["it is over", (desk) => desk.take([over("checkout", { at: T + 100 })])],
  ])("calls nobody once %s", async (_, act) => {
    const desk = aDesk({ ...ESCALATION, steps: ESCALATION.steps.slice(0, 1) });
    await desk.take([firing("checkout")]);
    await desk.round();
    await act(desk);
    desk.at(3000);
    await desk.round();
    expect(desk.calls()).toEqual([]);
  });

  it("is escalated from the start once it is handed back, or got worse", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    desk.at(310);
    await desk.round();
    await desk.doing({ kind: "acknowledge" });
    desk.at(1000);
    await desk.doing({ kind: "unacknowledge" });
    expect(await desk.round()).toBe(300);
    desk.at(1300);
    await desk.round();
    await desk.doing({ kind: "acknowledge" });
    desk.at(1400);
    await desk.take([firing("checkout", { labels: { severity: "critical" }, at: T + 1400 })]);
    expect(await desk.incident()).toMatchObject({ status: "open", escalated: { steps: 0, at: T + 1400 } });
    desk.at(1700);
    await desk.round();
    expect(desk.calls()).toEqual([
      ...["C1: For bob", "C1: For bob", "C1: For bob"],
      // Whoever had it is told, too.
      expect.stringMatching(/^C1: It got worse since Ann acknowledged it at \S+ UTC, so it is open again\./),
    ]);
  });

  it("makes one step after a long absence, and none twice when the clock is set back or two bots look", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    desk.at(100_000);
    await Promise.all([desk.look(), desk.look()]);
    await desk.round();
    expect(desk.calls()).toHaveLength(1);
    desk.at(200);
    await desk.round();
    await desk.round();
    expect(desk.calls()).toHaveLength(1);
    // Counted from now on: not for a day, as the clock said.
    expect(await desk.incident()).toMatchObject({ escalated: { steps: 1, at: T + 200 } });
    desk.at(801);
    await desk.round();
    expect(desk.calls()).toHaveLength(2);
  });

  it("comes back when whoever acknowledged it moved nothing for long, and calls them", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    await desk.doing({ kind: "acknowledge" });
    expect(await desk.round()).toBe(3600);
    desk.at(2000);
    await desk.take([firing("more", { labels: { service: "checkout" }, startsAt: T + 1990, at: T + 2000 })]);
    desk.at(3700);
    await desk.round();
    expect((await desk.incident()).status).toBe("acknowledged");
    desk.at(5601);
    await desk.round();
    await desk.round();
    expect(await desk.incident()).toMatchObject({ status: "open", escalated: { steps: 0 } });
    expect(desk.calls()).toEqual(["C1: For ann"]);
    expect(desk.sent.at(-1)?.card.title).toMatch(/^Open again\. /);
  });

  describe("for which there are several escalations", () => {
    const step = (after: number, ...people: string[]) => ({ after, schedules: [], people, to: [] });
    const only = (name: string, more: Partial<Escalation>): Escalation => ({ name, repeat: 0, steps: [], ...more });
    const WARN = only("warn", { severities: ["warning"], steps: [step(1800, "lead")] });
    const CRIT = only("crit", { severities: ["critical"], steps: [step(0, "oncall")] });
    const alert = (id: string, severity: string, seconds: number, labels = {}) =>
      firing(id, { labels: { service: "checkout", severity, ...labels }, startsAt: T + seconds, at: T + seconds });
    const rounds = async (desk: ReturnType<typeof aDesk>, from: number, to: number, every = 60) => {
      for (let seconds = from; seconds <= to; seconds += every) {
        desk.at(seconds);
        await desk.round();
      }
      return desk.calls().map((call) => call.replace("C1: For ", ""));
    };

    it("calls whom the one for a graver alert names, though another made its steps, and each once while the severity flaps", async () => {
      const desk = aDesk(CRIT, WARN);
      await desk.take([alert("a", "warning", 0)]);
      expect(await rounds(desk, 60, 3600)).toEqual(["lead"]);
      await desk.take([alert("b", "critical", 3600)]);
      expect(await rounds(desk, 3660, 4200)).toEqual(["lead", "oncall"]);
      for (const at of [4200, 4800]) {
        await desk.take([{ ...alert("b", "critical", at - 600), status: "resolved", endsAt: T + at, at: T + at }]);
        await rounds(desk, at + 60, at + 240);
        await desk.take([alert("b", "critical", at + 300)]);
      }
      expect(await rounds(desk, 5160, 9000)).toEqual(["lead", "oncall"]);
      const records = await desk.store.audit.range(0, 10);
      expect(records.map(({ reason }) => reason)).toEqual(["warn, step 1: lead", "crit, step 1: oncall"]);
      // As grave again after hours, and still nobody has it.
      await desk.take([{ ...alert("b", "critical", 5100), status: "resolved", endsAt: T + 9000, at: T + 9000 }]);
      await desk.take([alert("b", "critical", 20_000)]);
      expect(await rounds(desk, 20_060, 20_180)).toEqual(["lead", "oncall", "oncall"]);
    });

    it("goes on with the one where it is when it gets worse, and anew where all its steps were made", async () => {
      const both = only("all", { steps: [step(300, "ann"), step(600, "bob")] });
      const desk = aDesk(both);
      await desk.take([alert("a", "warning", 0)]);
      await rounds(desk, 60, 420);
      await desk.take([alert("b", "critical", 420)]);
      expect(await rounds(desk, 480, 1800)).toEqual(["ann", "bob"]);
      const later = aDesk(both);
      await later.take([alert("a", "warning", 0)]);
      await rounds(later, 60, 1200);
      await later.take([alert("b", "critical", 1260)]);
      expect(await rounds(later, 1320, 9000)).toEqual(["ann", "bob", "ann", "bob"]);
    });

    it("makes the steps of each that is for a part of it", async () => {
      const of = (team: string) => only(team, { labels: { team: [team] }, steps: [step(300, team)] });
      const desk = aDesk(of("shop"), of("pay"));
      await desk.take([alert("a", "critical", 0, { team: "shop" }), alert("b", "critical", 0, { team: "pay" })]);
      expect((await rounds(desk, 60, 900)).toSorted()).toEqual(["pay", "shop"]);
    });

    it("reads what was stored before there could be several", async () => {
      const desk = aDesk(CRIT, WARN);
      await desk.take([alert("a", "warning", 0)]);
      const now = await desk.incident();
      const old = { ...now, revision: 2, escalated: { steps: 1, at: T + 1800 } };
      await desk.store.incidents.save({ incidents: [old], alerts: [], entries: [] });
      expect(await rounds(desk, 1860, 9000)).toEqual([]);
    });
  });
});
