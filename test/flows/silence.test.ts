import { describe, expect, it } from "vitest";
import type { Card, ClickMeaning } from "../../src/core/card.ts";
import { plainText } from "../../src/core/card.ts";
import type { Voter } from "../../src/core/people.ts";
import { whyNoResponder } from "../../src/core/responders.ts";
import type { SilenceDraft } from "../../src/core/silence.ts";
import { askSilence, decideSilence, lookAfterSilences, type SilenceAsked } from "../../src/flows/silence.ts";
import type { ListedAlert } from "../../src/ports/metrics.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { fakeAlertmanager } from "../fakes/alertmanager.ts";
import { T } from "../fakes/incidents.ts";

/** From a wish for a silence to its end, on an Alertmanager that can fail. */

const PLACE = { platform: "slack", channel: "C1", thread: "" };
const who = (person: string, roles: readonly string[]): Voter => ({
  ...{ person, name: person, platform: "slack", account: person.toUpperCase(), isLinked: true },
  ...{ roles, isGuest: false, isExternal: false },
});
const ANN = who("ann", ["sre"]);

function fires(alertname: string, service = "shop"): ListedAlert {
  const labels = { alertname, service };
  return {
    fingerprint: `${alertname}/${service}`,
    labels,
    annotations: {},
    startsAt: T,
    generatorUrl: "",
    isMuted: false,
  };
}

function aDesk() {
  let now = T;
  let made = 0;
  const clock = () => now;
  const store = createMemoryStore({ retention: RETENTION });
  const { router, silences, state } = fakeAlertmanager(clock);
  const deps = {
    ...{ store, router, clock, changed: () => {} },
    newId: () => `sil-${++made}`,
    whyNot: (by: Voter) => whyNoResponder(by, ["sre"], ["otto"], "silence alerts"),
  };
  const sent: Queued[] = [];
  const look = async () => {
    await lookAfterSilences({ store, router, clock, zone: "UTC", posted: () => {} });
    for (const one of await store.outbox.due("slack", now, 50)) {
      sent.push(one);
      await store.outbox.sent(one.id, one.edits === undefined ? `C1/${one.id}` : `C1/${one.edits}`, now);
      await look();
      return;
    }
  };
  const ask = (more: Partial<SilenceAsked> = {}) =>
    askSilence(deps, {
      ...{
        matchers: "service=shop",
        time: "for 2h",
        reason: "deploy",
        isForAll: false,
        place: PLACE,
        by: ANN,
        zone: "UTC",
      },
      ...more,
    });
  const click = (decision: ClickMeaning, by = ANN, id = "sil-1") =>
    decideSilence(
      deps,
      {
        ...{ id: "1", decision, proposal: id, code: "now", fields: {}, message: `C1/silence:${id}:0` },
        visitor: {
          user: { platform: "slack", id: by.account, name: by.name },
          place: PLACE,
          isGuest: false,
          isExternal: false,
        },
      },
      by,
      async () => undefined,
    );
  const at = (seconds: number): void => {
    now = T + seconds;
  };
  const kept = async (id = "sil-1") => (await store.silences.get(id)) as SilenceDraft;
  return { store, silences, state, ask, click, look, sent, kept, at };
}

const said = (found: Card | SilenceDraft) => ("blocks" in found ? plainText(found) : found.id);

describe("a wish for a silence", () => {
  it("is shown with what it matches now, and writes nothing", async () => {
    const desk = aDesk();
    desk.state.alerts = [
      fires("Slow"),
      fires("Errors"),
      { ...fires("Slow"), fingerprint: "2" },
      fires("Slow", "other"),
    ];
    expect(said(await desk.ask())).toBe("sil-1");
    await desk.look();
    expect(desk.sent.map(({ card }) => plainText(card))).toEqual([
      [
        "Silence 3 alerts for 2 h?",
        "Matched now, by Alertmanager: 3 alerts. Alerts and anomalies that begin later and match would be silent, too, for everybody whom this Alertmanager tells.",
        "- Slow: 2\n- Errors: 1",
        'Matchers: service="shop"\nReason: deploy',
        "Next: Silence · Do not",
        "Silence sil-1, asked for by ann.",
      ].join("\n"),
    ]);
    expect(desk.silences.size).toBe(0);
  });

  it.each<[string, Partial<SilenceAsked>, string]>([
    [
      "from somebody without a role",
      { by: who("eve", []) },
      "Only people with one of these roles, and those on call, may silence alerts: sre.",
    ],
    ["from a guest with one", { by: { ...ANN, isGuest: true } }, "Guests"],
    ["without matchers", { matchers: " " }, "needs a matcher"],
    ["for everything without the word", { matchers: 'alertname=~".*"' }, "silence everything where alertname=~"],
    ["for an odd time", { time: "a while" }, "cannot read"],
  ])("is refused %s", async (_, more, wanted) => {
    const desk = aDesk();
    expect(said(await desk.ask(more))).toContain(wanted);
    expect(await desk.store.silences.open()).toEqual([]);
  });

  it("is for everything where somebody says so, and says so itself", async () => {
    const desk = aDesk();
    await desk.ask({ matchers: 'alertname=~".*"', isForAll: true, by: who("otto", []) });
    await desk.look();
    expect(desk.sent[0]?.card.title).toBe("Silence EVERYTHING that these match for 2 h?");
  });

  it("says why when Alertmanager cannot be asked, and makes nothing", async () => {
    const desk = aDesk();
    desk.state.fault = new Error("nobody answers");
    expect(said(await desk.ask())).toContain("nothing was made.\nnobody answers");
    expect(await desk.store.silences.open()).toEqual([]);
  });
});

describe("a silence", () => {
  async function shown(alerts = [fires("Slow")]) {
    const desk = aDesk();
    desk.state.alerts = alerts;
    await desk.ask();
    await desk.look();
    return desk;
  }

  it("is written once by somebody who may, in one message, and ended by another", async () => {
    const desk = await shown();
    expect((await desk.click("silence_write", who("eve", []))).title).toContain("Only people");
    expect(desk.silences.size).toBe(0);
    const told = await Promise.all([desk.click("silence_write"), desk.click("silence_write")]);
    expect(told.map(({ title }) => title)).toContain("Silenced. The message says until when.");
    await desk.look();
    const holding = [...desk.silences.values()].filter(({ endsAt }) => endsAt > T);
    expect(holding).toMatchObject([{ createdBy: "ann", comment: "deploy (SmartCloudOps sil-1)", endsAt: T + 7200 }]);
    expect(desk.sent.at(-1)).toMatchObject({
      edits: "silence:sil-1:0",
      card: { title: expect.stringMatching(/^Silenced until .* by ann$/) },
    });
    expect((await desk.click("silence_end", who("otto", []))).title).toContain("Ended");
    await desk.look();
    expect(desk.sent.at(-1)?.card.title).toBe("otto ended this silence.");
    expect([...desk.silences.values()].filter(({ endsAt }) => endsAt > T)).toEqual([]);
    const records = await desk.store.audit.range(0, 10);
    expect(records.map(({ action, from, to }) => [action, from, to])).toEqual([
      ["ask silence", "", "asked"],
      ["write silence", "asked", "active"],
      ["end silence", "active", "ended"],
    ]);
  });

  it("is shown again when another alert matches by now: nobody agrees to what they did not see", async () => {
    const desk = await shown();
    desk.state.alerts.push(fires("DatabaseDown"));
    expect((await desk.click("silence_write")).title).toContain("Other alerts match it by now");
    expect(desk.silences.size).toBe(0);
    await desk.look();
    expect(plainText(desk.sent.at(-1)!.card)).toContain("DatabaseDown: 1");
    await desk.click("silence_write");
    expect(desk.silences.size).toBe(1);
  });

  it("is not written twice when the answer was lost, whoever clicks again", async () => {
    const desk = await shown();
    desk.state.losesAnswers = true;
    expect((await desk.click("silence_write")).title).toContain("Alertmanager did not take it: the connection broke");
    desk.state.losesAnswers = false;
    await desk.click("silence_write");
    expect(desk.silences.size).toBe(1);
    expect(await desk.kept()).toMatchObject({ status: "active", written: { alertmanagerId: "am-1" } });
  });

  it("is found when the bot died between writing and noting it", async () => {
    const desk = await shown();
    desk.state.losesAnswers = true;
    await desk.click("silence_write");
    desk.at(1000);
    await desk.look();
    expect(await desk.kept()).toMatchObject({ status: "active", written: { alertmanagerId: "am-1", until: T + 7200 } });
  });

  it("is dropped by a click or after a quarter of an hour, and cannot be written then", async () => {
    const desk = await shown();
    expect((await desk.click("silence_drop")).title).toContain("Dropped");
    expect((await desk.click("silence_write")).title).toBe("It is dropped already.");
    const other = await shown();
    other.at(901);
    expect((await other.click("silence_write")).title).toContain("too long ago");
    await other.look();
    expect(other.sent.at(-1)?.card.title).toBe("Nothing was silenced: nobody confirmed it in time.");
    expect(other.silences.size).toBe(0);
  });

  it("says once that it ends soon, with what still fires, and then that it is over", async () => {
    const desk = await shown();
    await desk.click("silence_write");
    await desk.look();
    desk.at(7200 - 600);
    await desk.look();
    await desk.look();
    const soon = desk.sent.filter(({ under }) => under !== undefined);
    expect(soon).toHaveLength(1);
    expect(plainText(soon[0]!.card)).toMatch(
      /^This silence ends .*\n1 alert that it matches fires still, and will be told again\. To go on: silence service="shop" for 2h$/,
    );
    desk.at(7201);
    await desk.look();
    expect(desk.sent.at(-1)?.card.title).toBe("This silence is over: its time has come.");
  });

  it("that somebody ended in Alertmanager is over here, too", async () => {
    const desk = await shown();
    await desk.click("silence_write");
    desk.silences.clear();
    desk.at(60);
    await desk.look();
    expect(await desk.kept()).toMatchObject({ status: "ended", ended: { because: "elsewhere" } });
  });

  it("takes no click from any other message", async () => {
    const desk = await shown();
    await desk.ask({ matchers: "service=other" });
    expect((await desk.click("silence_write", ANN, "sil-2")).title).toContain("Use its own message");
  });
});
