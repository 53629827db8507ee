import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { answerOf } from "../../src/core/answer.ts";
import type { Place } from "../../src/core/chat.ts";
import type { ForecastScore, KeptForecast } from "../../src/core/forecast/score.ts";
import type { Evidence } from "../../src/core/reading.ts";
import type { Recording } from "../../src/core/recording.ts";
import type { Outgoing } from "../../src/ports/outbox.ts";
import type { Incoming, Lesson, Store, Turn } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { anEntry, aProposal } from "../fakes/proposals.ts";

export const HOUR = 3600;
export const DAY = 24 * HOUR;
/** Long enough that nothing is forgotten unless a test says so. */
export const RETENTION: Retention = {
  conversations: 30 * DAY,
  evidence: 30 * DAY,
  seenEvents: 2 * DAY,
  proposals: 30 * DAY,
};

const NOW = 1_790_000_000;
const THREAD: Place = { platform: "slack", channel: "C1", thread: "17900.1" };
const OTHER: Place = { platform: "slack", channel: "C1", thread: "17900.2" };

export function turn(id: string, more: Partial<Turn> = {}): Turn {
  const user = { platform: "slack", id: "U1", name: "Ana", zone: "Europe/Madrid" };
  return { id, at: NOW, author: "person", user, text: `text of ${id}`, memory: undefined, ...more };
}

const EVIDENCE: Evidence[] = [
  {
    promql: 'sum(rate(http_requests_total{service="shop"}[5m]))',
    source: "default",
    start: NOW,
    end: NOW,
    step: 0,
    readings: 1,
  },
  {
    promql: "up",
    source: "eu",
    start: NOW - 60,
    end: NOW,
    step: 15,
    readings: { failed: "timed out" },
    url: "https://p.example/graph",
  },
];

function outgoing(id: string): Outgoing {
  const card = { title: `title of ${id}`, tone: "good" as const, blocks: [{ kind: "text" as const, text: "3 req/s" }] };
  return { id, place: THREAD, card, at: NOW };
}

function incoming(id: string, at = NOW): Incoming {
  return { id, body: `{"text":"cpu of ${id}"}`, at };
}

function aForecast(id: string, more: Partial<KeptForecast> = {}): KeptForecast {
  return {
    id,
    about: "host.cpu",
    source: "default",
    promql: "cpu",
    series: "[]",
    at: NOW,
    start: NOW + 3600,
    step: 3600,
    mean: [1, 2],
    lo80: [0.5, 1],
    hi80: [1.5, 3],
    lo95: [0, 0.5],
    hi95: [2, 4],
    last: 1,
    ...more,
  };
}

const SCORE: ForecastScore = { steps: 2, off: 0.1, offIfUnchanged: 0.3, bias: -0.05, inside80: 1, inside95: 1 };

function lesson(id: string, word: string, meaning: string, at = NOW): Lesson {
  return { id, word, meaning, by: "U1", at };
}

/** What every store does, whatever it is made of. `open` gives an empty one each time. */
export function storeContract(
  name: string,
  open: (retention: Retention) => Store | Promise<Store>,
  { many = 1203 }: { readonly many?: number } = {},
): void {
  describe(name, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function empty(retention: Retention = RETENTION): Promise<Store> {
      const store = await open(retention);
      opened.push(store);
      return store;
    }

    it("gives back the newest turns of a conversation, oldest first", async () => {
      const { conversations } = await empty();
      for (const id of ["a", "b", "c"]) assert.equal(await conversations.append(THREAD, turn(id)), true);
      assert.deepEqual(await conversations.recent(THREAD, 2), [turn("b"), turn("c")]);
      assert.equal((await conversations.recent(THREAD, 100)).length, 3);
      assert.deepEqual(await conversations.recent(THREAD, 0), []);
    });

    it("keeps turns in the order they were said in even when the clock jumps back", async () => {
      const { conversations } = await empty();
      await conversations.append(THREAD, turn("first", { at: NOW }));
      await conversations.append(THREAD, turn("second", { at: NOW - HOUR }));
      assert.deepEqual(
        (await conversations.recent(THREAD, 1)).map((said) => said.id),
        ["second"],
      );
    });

    it("keeps the first of two turns under one id, and takes the id again in another thread", async () => {
      const { conversations } = await empty();
      await conversations.append(THREAD, turn("a", { text: "first" }));
      assert.equal(await conversations.append(THREAD, turn("a", { text: "second" })), false);
      assert.deepEqual(
        (await conversations.recent(THREAD, 5)).map((said) => said.text),
        ["first"],
      );
      assert.equal(await conversations.append(OTHER, turn("a", { text: "elsewhere" })), true);
      assert.deepEqual(
        (await conversations.recent(OTHER, 5)).map((said) => said.text),
        ["elsewhere"],
      );
    });

    it("knows nothing of a conversation that never was, nor of the same thread on another platform", async () => {
      const { conversations } = await empty();
      await conversations.append(THREAD, turn("a"));
      assert.deepEqual(await conversations.recent({ ...THREAD, platform: "teams" }, 5), []);
      assert.deepEqual(await conversations.recent({ ...THREAD, channel: "C2" }, 5), []);
    });

    it("gives back what the bot remembered of a turn, whatever its text", async () => {
      const { conversations } = await empty();
      const memory = { intent: "ask_metric", slots: { service: "shop", window: [NOW - HOUR, NOW] }, left: null };
      const odd = "it's 100 % «ok» \u{1F600} \u202E\n-- '; DROP TABLE turns; {{x}} \\";
      await conversations.append(
        THREAD,
        turn("bot", { author: "bot", user: undefined, text: odd, memory, at: NOW + 0.25 }),
      );
      assert.deepEqual(await conversations.recent(THREAD, 1), [
        { id: "bot", at: NOW + 0.25, author: "bot", user: undefined, text: odd, memory },
      ]);
    });

    it("cannot be changed through what was handed in or out", async () => {
      const { conversations } = await empty();
      const memory = { slots: { service: "shop" } };
      await conversations.append(THREAD, turn("a", { memory }));
      memory.slots.service = "changed";
      const [read] = await conversations.recent(THREAD, 1);
      (read!.memory as typeof memory).slots.service = "changed too";
      assert.deepEqual((await conversations.recent(THREAD, 1))[0]!.memory, { slots: { service: "shop" } });
    });

    it("remembers places it may post to, renews them, and forgets one that is removed", async () => {
      const { places } = await empty();
      assert.equal(await places.get(THREAD), undefined);
      await places.save(THREAD, { url: "https://a.example" }, NOW);
      await places.save(OTHER, null, NOW);
      await places.save({ platform: "teams", channel: "19:x", thread: "" }, { id: 1 }, NOW);
      await places.save(THREAD, { url: "https://b.example" }, NOW + 5);
      assert.deepEqual(await places.get(THREAD), { reference: { url: "https://b.example" }, at: NOW + 5 });
      assert.deepEqual(await places.all("slack"), [
        { place: THREAD, reference: { url: "https://b.example" } },
        { place: OTHER, reference: null },
      ]);
      await places.remove(THREAD);
      await places.remove(THREAD);
      assert.equal(await places.get(THREAD), undefined);
      assert.deepEqual(
        (await places.all("slack")).map((entry) => entry.place),
        [OTHER],
      );
    });

    it("takes an event once per platform, also when it comes many times at once", async () => {
      const { inbox } = await empty();
      const answers = await Promise.all(Array.from({ length: 8 }, () => inbox.take("slack", incoming("Ev1"))));
      assert.equal(answers.filter((isNew) => isNew).length, 1);
      assert.equal(await inbox.take("teams", incoming("Ev1")), true);
      assert.equal(await inbox.take("slack", incoming("Ev2")), true);
      assert.equal(await inbox.take("slack", incoming("Ev1", NOW + DAY)), false);
    });

    it("keeps what was taken until it was dealt with, and counts how often that was tried", async () => {
      const { inbox } = await empty();
      for (const id of ["b", "a", "c"]) await inbox.take("slack", incoming(id));
      await inbox.take("teams", incoming("a"));
      await inbox.take("slack", { ...incoming("a"), body: "another" });
      await Promise.all([inbox.done("slack", "b"), inbox.done("slack", "nobody")]);
      await inbox.begin("slack", "c");
      await inbox.begin("slack", "b");
      assert.deepEqual(await inbox.left("slack"), [
        { ...incoming("a"), attempts: 1 },
        { ...incoming("c"), attempts: 2 },
      ]);
      assert.deepEqual(await inbox.left("teams"), [{ ...incoming("a"), attempts: 1 }]);
      await inbox.done("slack", "a");
      await inbox.done("slack", "c");
      assert.deepEqual(await inbox.left("slack"), []);
      assert.equal(await inbox.take("slack", incoming("a")), false);
      assert.deepEqual(await inbox.left("slack"), []);
    });

    it("leaves what somebody has in hand to them until their time is over", async () => {
      const { inbox } = await empty();
      const lease = (owner: string, now: number, until = now + 30) => ({ owner, now, until });
      const left = async (now: number) => (await inbox.left("slack", now)).map(({ id }) => id);
      await inbox.take("slack", incoming("a"), lease("one", NOW));
      await inbox.take("slack", incoming("b"));
      assert.deepEqual(await left(NOW + 29), ["b"]);
      assert.equal(await inbox.begin("slack", "a", lease("two", NOW + 29)), false);
      await inbox.hold("slack", ["a", "b", "none"], lease("two", NOW, NOW + 900));
      await inbox.hold("slack", ["a"], lease("one", NOW + 20));
      assert.deepEqual(await left(NOW + 40), ["b"]);
      assert.deepEqual(await left(NOW + 50), ["a", "b"]);
      assert.equal(await inbox.begin("slack", "a", lease("one", NOW + 21)), true);
      const both = await Promise.all(
        ["two", "three"].map((owner) => inbox.begin("slack", "a", lease(owner, NOW + 60))),
      );
      assert.deepEqual([...both].sort(), [false, true]);
      assert.equal((await inbox.left("slack")).find(({ id }) => id === "a")?.attempts, 3);
      await inbox.done("slack", "a");
      assert.equal(await inbox.begin("slack", "a", lease("two", NOW + 999)), false);
    });

    it("lets one at a time attempt a message, and another once that one's time is over", async () => {
      const { outbox } = await empty();
      const lease = (owner: string, now: number) => ({ owner, now, until: now + 60 });
      const due = async (now: number) => (await outbox.due("slack", now, 10)).map(({ id }) => id);
      await outbox.put(outgoing("m1"));
      await outbox.put(outgoing("m2"));
      const both = await Promise.all(["one", "two"].map((owner) => outbox.begin("m1", lease(owner, NOW))));
      assert.deepEqual([...both].sort(), [1, undefined]);
      assert.deepEqual(await due(NOW + 59), []); // and nothing overtakes it
      assert.deepEqual(await due(NOW + 60), ["m1"]);
      await outbox.hold("m1", { ...lease("somebody else", NOW), until: NOW + 999 });
      assert.equal(await outbox.begin("m1", lease("three", NOW + 60)), 2);
      await outbox.hold("m1", lease("three", NOW + 90));
      assert.deepEqual(await due(NOW + 149), []);
      assert.deepEqual(await due(NOW + 150), ["m1"]);
      await outbox.postpone("m1", NOW + 70, "not now");
      await outbox.hold("m1", lease("three", NOW + 71)); // that attempt is over
      await outbox.hold("none", lease("three", NOW));
      assert.deepEqual(await due(NOW + 71), ["m1"]);
      assert.equal(await outbox.begin("m1"), 3);
      await outbox.sent("m1", "1790.1", NOW);
      assert.equal(await outbox.begin("m1", lease("one", NOW + 999)), undefined);
      assert.equal(await outbox.begin("none"), undefined);
    });

    it("puts no edit that shows an older revision than another one for the same message", async () => {
      const { outbox } = await empty();
      const edit = (id: string, revision?: number) =>
        outbox.put({ ...outgoing(id), edits: "m1", ...(revision !== undefined && { revision }) });
      assert.equal(await outbox.put({ ...outgoing("m1"), revision: 2 }), true);
      assert.equal(await edit("late-first", 1), false);
      assert.equal(await edit("same", 2), true);
      assert.equal(await edit("third", 3), true);
      assert.equal(await edit("late", 2), false);
      assert.equal(await edit("third", 3), false);
      assert.equal(await edit("other look", 3), true);
      assert.equal(await edit("without"), true);
      const all = await Promise.all([7, 5, 6, 4, 7].map((revision, at) => edit(`race-${at}`, revision)));
      assert.equal(all[0], true);
      assert.equal(await edit("after all", 6), false);
      assert.equal(await outbox.put({ ...outgoing("m2"), edits: "none", revision: 1 }), true);
      // In the order in which they stand: what comes last shows the newest.
      const said: string[] = [];
      for (
        let next = await outbox.due("slack", NOW, 1);
        next[0] !== undefined;
        next = await outbox.due("slack", NOW, 1)
      ) {
        said.push(next[0].id);
        await outbox.sent(next[0].id, "1790.1", NOW);
      }
      assert.deepEqual(said.slice(0, 5), ["m1", "same", "third", "other look", "without"]);
      const raced = said.filter((id) => id.startsWith("race-")).map((id) => [7, 5, 6, 4, 7][Number(id.slice(5))]);
      assert.deepEqual(raced, raced.toSorted());
      assert.equal(await edit("much later", 5), false);
    });

    it("shows what an answer rested on, and ignores a second save under one id", async () => {
      const { evidence } = await empty();
      await evidence.save({ id: "a1", place: THREAD, at: NOW, text: "3 req/s", evidence: EVIDENCE });
      await evidence.save({ id: "a1", place: OTHER, at: NOW + 1, text: "changed", evidence: [] });
      assert.deepEqual(await evidence.get("a1"), { at: NOW, text: "3 req/s", evidence: EVIDENCE });
      assert.equal(await evidence.get("a2"), undefined);
    });

    it("lists answers since a time, newest first, no more than asked for", async () => {
      const { evidence } = await empty();
      for (const [id, at] of [
        ["old", NOW - 10],
        ["b", NOW],
        ["c", NOW],
        ["d", NOW + 1],
      ] as const) {
        await evidence.save({ id, place: THREAD, at, text: `text ${id}`, evidence: id === "b" ? EVIDENCE : [] });
      }
      const since = await evidence.since(NOW, 10);
      assert.deepEqual(
        since.map((answer) => answer.id),
        ["d", "c", "b"],
      );
      assert.deepEqual(since[2], { id: "b", at: NOW, text: "text b", queries: 2 });
      assert.deepEqual(
        (await evidence.since(0, 2)).map((answer) => answer.id),
        ["d", "c"],
      );
      assert.deepEqual(await evidence.since(0, 0), []);
    });

    it("learns a word per channel, and hands back the lesson that a new one replaces", async () => {
      const { lessons } = await empty();
      const here = { platform: "slack", channel: "C1" };
      assert.equal(await lessons.teach(here, lesson("1", "shop", "checkout", NOW)), undefined);
      assert.equal(await lessons.teach(here, lesson("2", "db", "postgres", NOW + 1)), undefined);
      assert.deepEqual(
        await lessons.teach(here, lesson("3", " Shop", "storefront", NOW + 2)),
        lesson("1", "shop", "checkout", NOW),
      );
      assert.deepEqual(
        (await lessons.of(here)).map((known) => known.id),
        ["2", "3"],
      );
      assert.deepEqual(await lessons.of({ platform: "slack", channel: "C2" }), []);
      assert.deepEqual(await lessons.of({ platform: "teams", channel: "C1" }), []);
    });

    it("forgets a word, and says when there was none", async () => {
      const { lessons } = await empty();
      const here = { platform: "slack", channel: "C1" };
      await lessons.teach(here, lesson("1", "shop", "checkout"));
      assert.equal(await lessons.forget({ platform: "slack", channel: "C2" }, "shop"), false);
      assert.equal(await lessons.forget(here, "SHOP"), true);
      assert.equal(await lessons.forget(here, "shop"), false);
      assert.deepEqual(await lessons.of(here), []);
    });

    it("keeps what is to be said until it is, in order within a channel", async () => {
      const { outbox } = await empty();
      const elsewhere = { ...THREAD, channel: "C2" };
      const ids = async (now = NOW, limit = 10) => (await outbox.due("slack", now, limit)).map(({ id }) => id);
      assert.equal(await outbox.put(outgoing("m1")), true);
      assert.equal(await outbox.put({ ...outgoing("m1"), card: { ...outgoing("m1").card, title: "another" } }), false);
      await outbox.put({ ...outgoing("m2"), place: OTHER, edits: "m1", answer: "q1" });
      await outbox.put({ ...outgoing("m3"), place: elsewhere });
      await outbox.put({ ...outgoing("m4"), place: { ...THREAD, platform: "teams" } });
      assert.deepEqual(await ids(), ["m1", "m3"]);
      assert.deepEqual(await ids(NOW, 1), ["m1"]);
      assert.deepEqual(await ids(NOW, 0), []);
      assert.deepEqual(await outbox.due("slack", NOW, 1), [{ ...outgoing("m1"), attempts: 0 }]);
      assert.deepEqual(await outbox.waiting("slack"), { count: 3, oldest: NOW });
      assert.deepEqual(await outbox.waiting("irc"), { count: 0, oldest: undefined });

      await outbox.begin("m1");
      await outbox.postpone("m1", NOW + 30, "rate limited");
      assert.deepEqual(await ids(), ["m3"]); // nothing overtakes it in its channel
      assert.deepEqual(await ids(NOW + 30), ["m1", "m3"]);
      assert.equal((await outbox.due("slack", NOW + 30, 1))[0]?.attempts, 1);
      await outbox.sent("m1", "1790.1", NOW + 31);
      assert.equal(await outbox.referenceOf("m1"), "1790.1");
      assert.deepEqual(await outbox.due("slack", NOW, 1), [
        { ...outgoing("m2"), place: OTHER, edits: "m1", answer: "q1", attempts: 0 },
      ]);
      await outbox.gaveUp("m2", "the channel is archived", NOW + 32);
      assert.equal(await outbox.referenceOf("m2"), undefined);
      assert.deepEqual(await outbox.fateOf("m1"), { state: "sent" });
      assert.deepEqual(await outbox.fateOf("m2"), { state: "given up", reason: "the channel is archived" });
      assert.deepEqual(await outbox.fateOf("m3"), { state: "waiting" });
      assert.equal(await outbox.fateOf("none"), undefined);
      assert.deepEqual(await ids(), ["m3"]);
      assert.equal(await outbox.put(outgoing("m1")), false); // also once it was said
      await outbox.postpone("m1", NOW + 99, "too late to change");
      await outbox.sent("m2", "no", NOW + 99);
      assert.equal(await outbox.referenceOf("m2"), undefined);
    });

    it("keeps what an adapter needs to deliver a message until that is done, and not longer", async () => {
      const { outbox } = await empty();
      const dueIn = async (channel: string) =>
        (await outbox.due("slack", NOW, 10)).find(({ place }) => place.channel === channel);
      const there = (id: string, channel: string) => ({
        ...outgoing(id),
        place: { ...THREAD, channel },
        hint: "private-canary",
      });
      await outbox.put(there("m1", "C1"));
      await outbox.put(there("m2", "C2"));
      assert.equal((await dueIn("C1"))?.hint, "private-canary");
      await outbox.hint("m1", "private-canary, used once");
      await outbox.begin("m1");
      await outbox.postpone("m1", NOW, "not now");
      assert.equal((await dueIn("C1"))?.hint, "private-canary, used once");
      assert.equal((await dueIn("C2"))?.hint, "private-canary");
      await outbox.sent("m1", "1790.1", NOW);
      await outbox.gaveUp("m2", "the channel is archived", NOW);
      await outbox.hint("m1", "private-canary, too late to change");
      assert.equal(await outbox.referenceOf("m1"), "1790.1");
    });

    it("finds the answer that a message shows by its reference, as it was last edited", async () => {
      const { outbox } = await empty();
      const say = async (id: string, channel: string, reference: string, more: Partial<Outgoing> = {}) => {
        await outbox.put({ ...outgoing(id), place: { ...THREAD, channel }, ...more });
        await outbox.sent(id, reference, NOW);
      };
      await say("m1", "C1", "1790.1", { answer: "q1" });
      await say("m2", "C2", "1790.1", { answer: "q2" });
      await say("m3", "C1", "1790.3");
      await outbox.put({ ...outgoing("m4"), answer: "q4" });
      const shown = (channel: string, reference: string) => outbox.answerOf({ platform: "slack", channel }, reference);
      assert.equal(await shown("C1", "1790.1"), "q1");
      assert.equal(await shown("C2", "1790.1"), "q2");
      assert.equal(await shown("C1", "1790.3"), undefined); // it shows no answer
      assert.equal(await shown("C1", "1790.9"), undefined);
      assert.equal(await outbox.answerOf({ platform: "teams", channel: "C1" }, "1790.1"), undefined);
      await say("m5", "C1", "1790.1", { edits: "m1", answer: "q5" });
      assert.equal(await shown("C1", "1790.1"), "q5");
    });

    it("keeps the last word of each person about an answer", async () => {
      const { feedback } = await empty();
      const [ana, ben] = ["U1", "U2"].map((id) => ({ platform: "slack", id, name: id }));
      await feedback.save({ answer: "q1", user: ana!, helpful: false, at: NOW });
      await feedback.save({ answer: "q1", user: ben!, helpful: false, at: NOW });
      await feedback.save({ answer: "q1", user: ana!, helpful: true, at: NOW + 1 });
      assert.deepEqual(await feedback.count("q1"), { helpful: 1, unhelpful: 1 });
      assert.deepEqual(await feedback.count("q2"), { helpful: 0, unhelpful: 0 });
    });

    it("adds up what a model was used for, by day and key", async () => {
      const { spending } = await empty();
      const day = Math.floor(NOW / 86_400);
      await spending.add(day, ["all", "user slack/U1"], { tokens: 100, cost: 0.25 });
      await spending.add(day, ["all", "user slack/U2"], { tokens: 11, cost: 0 });
      await spending.add(day + 1, ["all"], { tokens: 5, cost: 1 });
      assert.deepEqual(await spending.of(day, ["all", "user slack/U2", "user slack/U3"]), [
        { tokens: 111, cost: 0.25 },
        { tokens: 11, cost: 0 },
        { tokens: 0, cost: 0 },
      ]);
      assert.deepEqual(await spending.of(day + 1, ["all"]), [{ tokens: 5, cost: 1 }]);
      assert.deepEqual(await spending.of(day + 1, []), []);
    });

    it("does not forget what was used on a day before that day is over", async () => {
      const store = await empty({ ...RETENTION, conversations: 3600 });
      const day = Math.floor(NOW / 86_400);
      await store.spending.add(day, ["all"], { tokens: 1, cost: 0 });
      assert.equal((await store.prune((day + 1) * 86_400 - 1))["spending"], 0);
      assert.equal((await store.prune((day + 3) * 86_400))["spending"], 1);
    });

    it("keeps a forecast until it was scored, once", async () => {
      const { forecasts } = await empty();
      assert.equal(await forecasts.keep(aForecast("f1")), true);
      assert.equal(await forecasts.keep(aForecast("f1", { about: "host.memory" })), false);
      await forecasts.keep(aForecast("f2", { at: NOW + 60, start: NOW + 7260, promql: "other" }));
      const other = { source: "default", promql: "other", series: "[]" };
      // f1 ends two hours after NOW, f2 three.
      assert.deepEqual(await forecasts.due(NOW + 7199, 10), []);
      assert.deepEqual(await forecasts.due(NOW + 7200, 10), [aForecast("f1")]);
      assert.deepEqual(
        (await forecasts.due(NOW + DAY, 10)).map(({ id }) => id),
        ["f1", "f2"],
      );
      assert.equal((await forecasts.due(NOW + DAY, 1)).length, 1);
      assert.deepEqual(
        (await forecasts.made(NOW, 10)).map(({ id }) => id),
        ["f2", "f1"],
      );
      assert.deepEqual(await forecasts.made(NOW + 60, 1), await forecasts.made(NOW + 1, 10));
      assert.deepEqual(
        (await forecasts.due(NOW + DAY, 10, other)).map(({ id }) => id),
        ["f2"],
      );
      assert.deepEqual(await forecasts.due(NOW + DAY, 10, { ...other, source: "eu" }), []);
      assert.deepEqual(await forecasts.due(NOW + DAY, 10, { ...other, series: "[[]]" }), []);
      assert.equal(await forecasts.score("f1", SCORE), true);
      assert.equal(await forecasts.score("f1", { ...SCORE, off: 1 }), false);
      assert.equal(await forecasts.score("f9", SCORE), false);
      assert.deepEqual(
        (await forecasts.due(NOW + DAY, 10)).map(({ id }) => id),
        ["f2"],
      );
    });

    it("tells how forecasts of a kind turned out, the newest first", async () => {
      const { forecasts } = await empty();
      for (const [i, about] of ["host.cpu", "host.disk", "host.cpu", "host.cpu"].entries()) {
        await forecasts.keep(aForecast(`f${i}`, { about, at: NOW + i }));
        if (i !== 3) await forecasts.score(`f${i}`, { ...SCORE, off: i / 10 });
      }
      assert.deepEqual(
        (await forecasts.scores("host.cpu", 10)).map(({ off }) => off),
        [0.2, 0],
      );
      assert.deepEqual(await forecasts.scores("host.cpu", 1), [{ ...SCORE, off: 0.2 }]);
      assert.deepEqual(await forecasts.scores("host.load", 10), []);
    });

    it("keeps what a model had to do with an answer", async () => {
      const { evidence } = await empty();
      const model = {
        model: "m",
        prompt: "investigate 1 (0a1b2c3d)",
        calls: 2,
        input: 10,
        output: 3,
        cost: 0.01,
        kept: 1,
        dropped: [{ sentence: "It is 7.", reason: "“7” is no value that a query returned." }],
      };
      await evidence.save({ id: "a1", place: THREAD, at: NOW, text: "x", evidence: EVIDENCE, model });
      assert.deepEqual((await evidence.get("a1"))?.model, model);
    });

    it("keeps what it takes to draw an answer again, holes in charts included", async () => {
      const { evidence } = await empty();
      const labels = { queue: "a" };
      const recording: Recording = {
        version: 1,
        question: "why?",
        degraded: ["late"],
        answer: answerOf("It is 7.", {
          chart: { title: "t", unit: "count", series: [{ name: "a", points: [[NOW, 7] as const] }] },
        }),
        model: {
          prompt: "investigate 2 (0a1b2c3d)",
          turns: [
            { kind: "called", tool: "query", args: "{}", result: "7" },
            { kind: "said", text: "It is 7." },
          ],
          judged: [{ kept: true, sentence: "It is 7.", queries: [0] }],
          known: {
            labels: [labels],
            measures: [{ topics: ["messages"] }],
            beside: [["a"]],
            facts: [{ value: 7, family: "count", origin: "returned", labels: 0, measure: 0, at: NOW }],
            names: ["a"],
            when: { now: NOW, ahead: 0 },
          },
        },
      };
      await evidence.save({ id: "a1", place: THREAD, at: NOW, text: "x", evidence: EVIDENCE, recording });
      assert.deepEqual((await evidence.get("a1"))?.recording, recording);
      await evidence.save({ id: "a2", place: THREAD, at: NOW, text: "x", evidence: EVIDENCE });
      assert.equal((await evidence.get("a2"))?.recording, undefined);
    });

    it("forgets what is past its retention, says how much, and keeps the rest", async () => {
      const store = await empty({ conversations: 10, evidence: 20, seenEvents: 30, proposals: 40 });
      await fill(store);
      assert.deepEqual(await store.prune(NOW + 10), none());
      assert.deepEqual(await store.prune(NOW + 11), { ...none(), turns: 1, outbox: 1 });
      assert.deepEqual(await store.prune(NOW + 100), {
        ...none(),
        answers: 1,
        seen_events: 1,
        proposals: 1,
        feedback: 1,
        forecasts: 1,
      });
      assert.deepEqual(await store.conversations.recent(THREAD, 5), []);
      assert.equal(await store.evidence.get("a1"), undefined);
      assert.equal(await store.inbox.take("slack", incoming("Ev1", NOW + 100)), true);
      assert.equal(await store.proposals.get("p1"), undefined);
      assert.notEqual(await store.places.get(THREAD), undefined);
      assert.equal((await store.lessons.of(THREAD)).length, 1);
    });

    it("forgets places and lessons too when they are given a retention", async () => {
      const store = await empty({ ...RETENTION, places: 5, lessons: 6 });
      await fill(store);
      assert.deepEqual(await store.prune(NOW + 7), { ...none(), places: 1, lessons: 1 });
    });

    it("prunes far more rows than one step takes", async () => {
      const store = await empty({ ...RETENTION, seenEvents: 10 });
      await Promise.all(Array.from({ length: many }, (_, n) => store.inbox.take("slack", incoming(`Ev${n}`))));
      await store.inbox.take("slack", incoming("new", NOW + 100));
      assert.equal((await store.prune(NOW + 100)).seen_events, many);
      assert.equal(await store.inbox.take("slack", incoming("new", NOW + 100)), false);
    });

    it("passes its own check, and refuses to work once closed", async () => {
      const store = await empty();
      await store.check();
      await store.close();
      await store.close();
      await assert.rejects(store.conversations.append(THREAD, turn("a")), /closed/);
      await assert.rejects(store.check(), /closed/);
    });
  });
}

async function fill(store: Store): Promise<void> {
  await store.conversations.append(THREAD, turn("a"));
  await store.evidence.save({ id: "a1", place: THREAD, at: NOW, text: "3 req/s", evidence: EVIDENCE });
  await store.inbox.take("slack", incoming("Ev1"));
  await store.proposals.insert(aProposal({ id: "p1" }, { status: "expired" }), [anEntry()]);
  await store.outbox.put(outgoing("m1"));
  await store.feedback.save({
    answer: "a1",
    user: { platform: "slack", id: "U1", name: "Ana" },
    helpful: true,
    at: NOW,
  });
  await store.spending.add(Math.floor(NOW / 86_400), ["all"], { tokens: 1, cost: 0 });
  await store.forecasts.keep(aForecast("f1"));
  await store.places.save(THREAD, {}, NOW);
  await store.lessons.teach(THREAD, lesson("1", "shop", "checkout"));
}

function none(): Record<string, number> {
  return {
    turns: 0,
    answers: 0,
    seen_events: 0,
    inbox: 0,
    proposals: 0,
    places: 0,
    lessons: 0,
    outbox: 0,
    feedback: 0,
    spending: 0,
    alerts: 0,
    incidents: 0,
    forecasts: 0,
    watched_series: 0,
    watch_rounds: 0,
    anomalies: 0,
    opinions: 0,
    shelves: 0,
    digests: 0,
    runs: 0,
  };
}
