import { describe, expect, it } from "vitest";
import { messageId } from "../../src/core/incident/message.ts";
import type { Incident } from "../../src/core/incident.ts";
import { ingest } from "../../src/flows/ingest.ts";
import { notify } from "../../src/flows/notify.ts";
import { endSnoozes, respond } from "../../src/flows/respond.ts";
import type { Click } from "../../src/ports/chat.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { firing, T } from "../fakes/incidents.ts";

/** A snooze is a state of the incident: it ends by itself, or earlier when things get worse, and says so once. */

const PLACE = { platform: "slack", channel: "C1", thread: "" };
const ANN = { platform: "slack", id: "U0ANN", name: "Ann" };

function aDesk() {
  let now = T + 10;
  const store: Store = createMemoryStore({ retention: RETENTION });
  const clock = () => now;
  const { take, forget } = ingest({ store, newId: () => "inc-0000000a", placesOf: () => [PLACE], changed: () => {} });
  const round = notify({
    store,
    clock,
    contextOf: () => ({ now, zone: "UTC", edition: 0 }),
    anomaliesIn: async () => undefined,
    report: (_, message, data) => {
      throw new Error(`${message}: ${JSON.stringify(data)}`);
    },
    wake: () => {},
  });
  /** What Slack is given meanwhile. */
  const sent: Queued[] = [];
  async function show() {
    await round();
    for (
      let due = await store.outbox.due("slack", now, 10);
      due.length > 0;
      due = await store.outbox.due("slack", now, 10)
    )
      for (const one of due) {
        sent.push(one);
        await store.outbox.sent(one.id, `C1/${sent.length}.0`, now);
      }
  }
  const click = (more: Partial<Click>): Promise<{ title: string }> =>
    respond(
      {
        store,
        clock,
        zone: "UTC",
        identify: () => ({ person: "ann", name: "Ann", platform: "slack", account: ANN.id, isLinked: true }),
        whyClosed: async () => undefined,
        silence: async () => ({ title: "", tone: "info", blocks: [] }),
        fix: async () => ({ title: "", tone: "info", blocks: [] }),
        changed: forget,
      },
      {
        id: "1",
        visitor: { user: ANN, place: PLACE, isGuest: false, isExternal: false },
        decision: "snooze",
        proposal: "inc-0000000a",
        code: "1800",
        fields: {},
        message: "C1/1.0",
        ...more,
      },
    );
  return {
    store,
    sent,
    show,
    click,
    take,
    at: (seconds: number) => {
      now = T + seconds;
    },
    end: () => endSnoozes({ store, clock, changed: forget, placesOf: () => [PLACE] }),
    incident: async () => (await store.incidents.get("inc-0000000a")) as Incident,
  };
}

describe("a snooze", () => {
  it("ends by itself with a note in the thread, once, for whoever asked for it", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    await desk.show();
    expect((await desk.click({})).title).toContain("Snoozed");
    await desk.show();
    expect(await desk.incident()).toMatchObject({ status: "snoozed", snoozed: { until: T + 10 + 1800 } });
    desk.at(1800);
    expect(await desk.end()).toBe(10);
    expect(await desk.incident()).toMatchObject({ status: "snoozed" });
    desk.at(1811);
    await desk.end();
    await desk.show();
    await desk.end();
    await desk.store.incidents.shown("inc-0000000a", 0);
    await desk.show();
    expect(await desk.incident()).toMatchObject({ status: "open" });
    const notes = desk.sent.filter(({ under }) => under !== undefined);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({
      under: messageId("inc-0000000a", 0),
      card: {
        title: "Back from its snooze. Warning: checkout: HighErrorRate",
        blocks: [
          { text: "Ann snoozed it for 30 min; that time is over. 1 alert fires." },
          { kind: "calls", people: [{ name: "Ann", accounts: { slack: ["U0ANN"] } }] },
        ],
      },
    });
  });

  it("ends at once when it gets worse than it was then, and not when it is only as bad again", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout", { labels: { severity: "critical" } }), firing("b", { group: "g" })]);
    await desk.show();
    await desk.click({});
    await desk.take([firing("checkout", { labels: { severity: "warning" }, at: T + 60 })]);
    await desk.take([firing("checkout", { labels: { severity: "critical" }, at: T + 70 })]);
    expect(await desk.incident()).toMatchObject({ status: "snoozed" });

    const other = aDesk();
    await other.take([firing("checkout")]);
    await other.show();
    await other.click({ decision: "acknowledge", code: "now" });
    await other.click({ code: "asked", fields: { until: "until morning" } });
    other.at(60);
    await other.take([
      firing("more", { labels: { service: "checkout", severity: "critical" }, startsAt: T + 50, at: T + 60 }),
    ]);
    await other.show();
    expect(await other.incident()).toMatchObject({ status: "open", woken: { because: "worse" } });
    expect(other.sent.at(-1)?.card.blocks[0]).toMatchObject({
      text: expect.stringMatching(
        /^Ann snoozed it until .*; it got worse before: it was warning then\. 2 alerts fire\.$/,
      ),
    });
  });

  it("what somebody acknowledged and got worse is said once in the thread, to whoever did", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    await desk.show();
    await desk.click({ decision: "acknowledge", code: "now" });
    await desk.show();
    const notes = () => desk.sent.filter(({ id }) => id.includes(":note:"));
    expect(notes()).toEqual([]);
    desk.at(60);
    const graver = { service: "checkout", severity: "critical" };
    await desk.take([firing("more", { labels: graver, startsAt: T + 50, at: T + 60 })]);
    await desk.show();
    await desk.take([firing("again", { labels: graver, startsAt: T + 70, at: T + 80 })]);
    await desk.show();
    expect(await desk.incident()).toMatchObject({ status: "open", severity: "critical" });
    expect(notes()).toMatchObject([
      {
        under: messageId("inc-0000000a", 0),
        card: {
          title: "Open again. Critical: checkout: HighErrorRate",
          blocks: [
            {
              text: expect.stringMatching(
                /^It got worse since Ann acknowledged it at .*, so it is open again\. 2 alerts fire\.$/,
              ),
            },
            { kind: "calls", people: [{ accounts: { slack: [ANN.id] } }] },
          ],
        },
      },
    ]);
    // Handed back, it is open because somebody wanted so.
    const other = aDesk();
    await other.take([firing("checkout")]);
    await other.click({ decision: "acknowledge", code: "now" });
    await other.click({ decision: "unacknowledge", code: "now" });
    await other.show();
    expect(other.sent.filter(({ id }) => id.includes(":note:"))).toEqual([]);
  });

  it("takes a time that somebody writes, and says what it wants where it is none", async () => {
    const desk = aDesk();
    await desk.take([firing("checkout")]);
    await desk.show();
    const none = await desk.click({ code: "asked", fields: { until: "soon <!channel>" } });
    expect(none.title).toContain("as a time. Write how long, such as 45m or 2h");
    expect((await desk.click({ code: "asked", fields: { until: "10 days" } })).title).toContain("7 days");
    expect((await desk.incident()).status).toBe("open");
    await desk.click({ code: "asked", fields: { until: "45m" } });
    expect(await desk.incident()).toMatchObject({ status: "snoozed", snoozed: { until: T + 10 + 2700 } });
    const [record] = await desk.store.audit.range(0, 1);
    expect(record).toMatchObject({ action: "snooze incident", reason: "for 45 min", from: "open", to: "snoozed" });
  });

  it("ends when another thing fails, and says so once in the thread, to whoever snoozed it", async () => {
    const desk = aDesk();
    const told = (id: string, seconds: number) => firing(id, { group: "g", startsAt: T + seconds, at: T + seconds });
    await desk.take([told("checkout", 10)]);
    await desk.show();
    await desk.click({});
    await desk.show();
    desk.at(600);
    await desk.take([told("search", 600)]);
    await desk.show();
    await desk.show();
    const notes = desk.sent.filter(({ id }) => id.includes(":note:"));
    expect(notes).toMatchObject([
      {
        under: messageId("inc-0000000a", 0),
        card: { blocks: [{}, { kind: "calls", people: [{ accounts: { slack: [ANN.id] } }] }] },
      },
    ]);
    expect(notes[0]?.card.title).toBe("Open again. Warning: checkout: HighErrorRate");
    expect(await desk.incident()).toMatchObject({ status: "open", escalated: { steps: 0, at: T + 600 } });
    const edit = desk.sent.findLast(({ id }) => !id.includes(":note:"));
    expect(JSON.stringify(edit?.card)).toContain("More came after Ann snoozed it, so it is open again.");
    // What somebody acknowledges then covers it.
    await desk.click({ decision: "acknowledge" });
    expect(await desk.incident()).not.toHaveProperty("more");
    desk.at(700);
    await desk.take([firing("more", { group: "g", labels: { service: "search" }, startsAt: T + 700, at: T + 700 })]);
    expect((await desk.incident()).status).toBe("acknowledged");
  });
});
