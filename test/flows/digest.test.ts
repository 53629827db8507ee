import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import type { DigestPlan, PlanRecord } from "../../src/core/digest/schedule.ts";
import { type DigestDeps, plannedDigests } from "../../src/flows/digest.ts";
import { readCron } from "../../src/jobs/cron.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import type { Store } from "../../src/ports/store.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { aNight, anIncident } from "../fakes/digests.ts";
import { newStore } from "../fakes/world.ts";

const at = (text: string) => Date.parse(text) / 1000;
const PLACE = { platform: "slack", channel: "C1", thread: "" };
const MORNING: DigestPlan = { name: "morning", kind: "daily", cron: "0 8 * * *", zone: "UTC", to: [PLACE] };
const SHIFT: DigestPlan = { ...MORNING, name: "shift", kind: "handover", cron: "0 7,19 * * *" };
const MINUTE = 60;

/** A process that plans digests, on a store that others may share, with a clock of its own. */
function aBot(store: Store, now: number, plans: readonly DigestPlan[] = [MORNING], more: Partial<DigestDeps> = {}) {
  const bot = { now, problems: [] as unknown[] };
  const round = plannedDigests({
    ...{ store, plans, readCron, clock: () => bot.now, environmentOf: () => undefined, wake: () => {} },
    report: (level, message, data) => level === "error" && bot.problems.push([message, data]),
    ...more,
  });
  const until = async (to: number, step = MINUTE) => {
    for (; bot.now <= to; bot.now += step) await round();
  };
  return Object.assign(bot, { round, until });
}

/** What stands in the outbox, each as if sent at once. */
async function drain(store: Store, into: Queued[] = []): Promise<readonly Queued[]> {
  for (let round = 0; round < 1000; round++) {
    const due = await store.outbox.due("slack", Number.MAX_SAFE_INTEGER, 100);
    if (due.length === 0) return into;
    for (const one of due) {
      into.push(one);
      await store.outbox.sent(one.id, `ref-${one.id}`, 0);
    }
  }
  throw new Error("the outbox never got empty");
}

describe("planned digests", () => {
  it("are told once at each time, with two processes on one store and over a change of the clock", async () => {
    const store = newStore();
    const plan = { ...MORNING, cron: "30 2 * * *", zone: "Europe/Berlin" };
    const start = at("2027-03-26T12:00Z");
    const bots = [aBot(store, start, [plan]), aBot(store, start + 7, [plan])];
    for (let now = start; now < at("2027-03-30T12:00Z"); now += 15 * MINUTE) {
      for (const [i, bot] of bots.entries()) bot.now = now + 7 * i;
      await Promise.all(bots.map((bot) => bot.round()));
    }
    const told = (await drain(store)).map(({ id }) => id);
    // On the 28th, 02:30 is skipped: it is 03:30 of summer time, 01:30 UTC.
    expect(told).toEqual(
      ["2027-03-27T01:30Z", "2027-03-28T01:30Z", "2027-03-29T00:30Z", "2027-03-30T00:30Z"].map(
        (slot) => `digest:morning@${at(slot)}:0`,
      ),
    );
    expect(bots.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it("are told once where several connections to one file try at the same moment", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "digests-"));
    const open = () => openSqliteStore({ dataDir, retention: RETENTION, now: () => at("2026-03-11T08:00Z") });
    const stores = [open(), open(), open()];
    try {
      const bots = stores.map((store) => aBot(store, at("2026-03-11T07:59Z")));
      for (const bot of bots) await bot.round();
      for (let day = 11; day < 16; day++) {
        for (const bot of bots) bot.now = at(`2026-03-${day}T08:00:05Z`);
        await Promise.all(bots.map((bot) => bot.round()));
      }
      expect(bots.flatMap(({ problems }) => problems)).toEqual([]);
      const told = (await drain(stores[0]!)).map(({ id }) => id);
      expect(told).toHaveLength(5);
      expect(new Set(told).size).toBe(5);
    } finally {
      for (const store of stores) await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it("are posted after a crash between keeping and posting, once", async () => {
    const store = newStore();
    const start = at("2026-03-11T07:00Z");
    await aBot(store, start).round();
    const dying = aBot(
      { ...store, outbox: { ...store.outbox, put: () => Promise.reject(new Error("cut off")) } },
      start,
    );
    await dying.until(at("2026-03-11T08:00Z"));
    expect(dying.problems).toHaveLength(1);
    expect(await drain(store)).toEqual([]);
    const next = aBot(store, at("2026-03-11T08:05Z"));
    await next.until(at("2026-03-11T08:20Z"));
    expect(await drain(store)).toHaveLength(1);
    await aBot(store, at("2026-03-11T09:00Z")).round();
    expect(await drain(store)).toEqual([]);
  });

  it("that were missed are told as one when the bot is back, and from where the last one ended", async () => {
    const store = newStore();
    await aNight(store, at("2026-03-11T07:00Z"));
    await aBot(store, at("2026-03-07T07:59Z")).until(at("2026-03-07T08:01Z"));
    await drain(store);
    await aBot(store, at("2026-03-11T09:30Z")).round();
    const [late, ...others] = await drain(store);
    expect(others).toEqual([]);
    expect(late?.id).toBe(`digest:morning@${at("2026-03-11T08:00Z")}:0`);
    const text = plainText(late!.card);
    expect(text).toContain("From 7 Mar 08:00 UTC to 08:00 UTC.");
    expect(text).toContain("3 digests before it were left out, because I was not running: this one covers them.");
  });

  it("that are too late are not told, and the next one says so", async () => {
    const store = newStore();
    await aBot(store, at("2026-03-07T07:59Z")).until(at("2026-03-07T08:01Z"));
    await drain(store);
    await aBot(store, at("2026-03-08T21:00Z")).until(at("2026-03-09T07:50Z"), 10 * MINUTE);
    expect(await drain(store)).toEqual([]);
    await aBot(store, at("2026-03-09T08:01Z")).round();
    const [next] = await drain(store);
    expect(plainText(next!.card)).toContain("One digest before it was left out");
  });

  it("do not count times from before they were planned, or while they were paused", async () => {
    const store = newStore();
    const bot = aBot(store, at("2026-03-11T08:30Z"));
    await bot.until(at("2026-03-11T09:00Z"));
    expect(await drain(store)).toEqual([]);
    const paused: PlanRecord = { name: "morning", revision: 2, state: "paused", since: bot.now };
    expect(await store.digests.plan(paused, [])).toBe(true);
    await bot.until(at("2026-03-12T09:00Z"), 10 * MINUTE);
    expect(await store.digests.plan({ ...paused, revision: 3, state: "active", since: bot.now }, [])).toBe(true);
    await bot.until(at("2026-03-13T07:00Z"), 10 * MINUTE);
    expect(await drain(store)).toEqual([]);
    await bot.until(at("2026-03-13T08:10Z"), 10 * MINUTE);
    expect(await drain(store)).toHaveLength(1);
  });

  it("of which one cannot be told leave the others alone", async () => {
    const store = newStore();
    const broken = { ...MORNING, name: "broken", cron: "nonsense" };
    const bot = aBot(store, at("2026-03-11T07:59Z"), [broken, MORNING]);
    await bot.until(at("2026-03-11T08:00Z"));
    expect(await drain(store)).toHaveLength(1);
    expect(JSON.stringify(bot.problems)).toContain("broken");
  });

  it("say what could not be asked, and never 0 for it", async () => {
    const store = newStore();
    await aNight(store, at("2026-03-11T08:00Z"));
    const away = () => Promise.reject(new Error("the disk is gone"));
    const lame: Store = { ...store, incidents: { ...store.incidents, live: away, find: away } };
    await aBot(lame, at("2026-03-11T07:59Z")).until(at("2026-03-11T08:00Z"));
    const [told] = await drain(store);
    const text = plainText(told!.card);
    expect(text).toContain("Incidents could not be asked: the disk is gone");
    expect(text).not.toMatch(/Incidents \||Time to/);
    // Whether an alert covers them is not known then.
    expect(text).not.toContain("no alert covers");
  });
});

describe("a handover", () => {
  it("is one message, edited as things are done, with nothing new in it", async () => {
    const store = newStore();
    const now = at("2026-03-11T07:00Z");
    await aNight(store, now);
    const bot = aBot(store, now - MINUTE, [SHIFT]);
    await bot.until(now);
    const sent = [...(await drain(store))];
    expect(sent).toHaveLength(1);
    expect(plainText(sent[0]!.card)).toContain("Critical: checkout: HighErrorRate (production), since 05:00 UTC");
    await bot.until(now + 20 * MINUTE);
    expect(await drain(store)).toEqual([]);

    const [open] = (await store.incidents.live()).filter(({ id }) => id === "inc-aaaaaaaa");
    const over = { ...open!, revision: 2, status: "resolved" as const, endedAt: bot.now, changedAt: bot.now };
    expect(
      await store.incidents.save({ incidents: [over, anIncident("inc-ffffffff", bot.now)], alerts: [], entries: [] }),
    ).toBe(true);
    await bot.until(now + 40 * MINUTE);
    const [edit, ...more] = await drain(store);
    expect(more).toEqual([]);
    expect(edit).toMatchObject({ id: `digest:shift@${now}:0:2`, edits: `digest:shift@${now}:0` });
    const text = plainText(edit!.card);
    expect(text).toContain("Done since it was posted (1):");
    expect(text).toMatch(/Resolved after .*checkout: HighErrorRate/);
    expect(text).not.toContain("inc-ffffffff");

    // After a restart the message is as it was left.
    await aBot(store, bot.now, [SHIFT]).round();
    expect(await drain(store)).toEqual([]);
  });
});
