import { describe, expect, it } from "vitest";
import { testNotice } from "../../src/cards/incident-notice.ts";
import { messageId } from "../../src/core/incident/message.ts";
import { notifierPlace } from "../../src/core/incident/notice.ts";
import { deliver } from "../../src/flows/deliver.ts";
import { notifierSender } from "../../src/notifiers/sender.ts";
import type { Notifier } from "../../src/ports/notifier.ts";
import type { Outgoing } from "../../src/ports/outbox.ts";
import { NeverError, NotNowError } from "../../src/util/errors.ts";
import { newStore } from "../fakes/world.ts";
import { AT, aNotice } from "./worlds.ts";

/** From the outbox to a notifier. */

const never = new AbortController().signal;

function aBot(tell: Notifier["tell"], hasEnd = true) {
  const store = newStore();
  let now = AT;
  const late: string[] = [];
  const reports: string[] = [];
  const notifier: Notifier = { name: "pager", kind: "pager", hasEnd, tell, check: async () => "" };
  const sender = notifierSender(notifier, { clock: () => now, late: (id, reason) => late.push(`${id} ${reason}`) });
  const start = () =>
    deliver({
      ...{ outbox: store.outbox, sender, clock: () => now, chance: () => 0 },
      pause: async () => {},
      report: ({ outcome, reason = "" }) => reports.push(`${outcome} ${reason}`.trim()),
    });
  const put = (id: string, notice = aNotice("opened"), more: Partial<Outgoing> = {}) =>
    store.outbox.put({
      ...{ id, place: notifierPlace("pager"), card: { title: notice.title, tone: "info", blocks: [] }, at: now },
      ...{ hint: JSON.stringify(notice), ...more },
    });
  return {
    ...{ store, sender, late, reports, put },
    round: () => start()(never),
    later: (seconds: number) => {
      now += seconds;
    },
  };
}

describe("a notifier behind the outbox", () => {
  it("gets the reference of what was opened with all that follows, also after a restart", async () => {
    const told: string[] = [];
    const bot = aBot(async (notice, { reference, attempts }) => {
      told.push(`${notice.kind} ${reference} ${attempts}`);
      return "OPS-1";
    });
    await bot.put("incident:inc-1:0:as-warning");
    await bot.put("incident:inc-1:0:note:resolved-0", aNotice("resolved"), { under: "incident:inc-1:0:as-warning" });
    await bot.round();
    expect(told).toEqual(["opened undefined 1", "resolved OPS-1 1"]);
    await bot.round();
    expect(told).toHaveLength(2);
  });

  it("is tried on for a day, and somebody else hears of it after five minutes", async () => {
    let isDown = true;
    const bot = aBot(async () => {
      if (isDown) throw new NotNowError("the pager is down", 0, "channel");
      return "";
    });
    const id = messageId("inc-1", 0);
    await bot.put(id);
    await bot.round();
    expect(bot.late).toEqual([]);
    expect(bot.sender.trouble()).toBe("the pager is down");
    bot.later(600);
    await bot.round();
    expect(bot.late).toEqual([`${id} not for 10 minutes, and it is tried on: the pager is down`]);
    isDown = false;
    bot.later(600);
    await bot.round();
    expect(await bot.store.outbox.fateOf(id)).toMatchObject({ state: "sent" });
    expect(bot.sender.trouble()).toBeUndefined();
    isDown = true;
    await bot.put("other");
    bot.later(86_401);
    await bot.round();
    expect(await bot.store.outbox.fateOf("other")).toMatchObject({ state: "given up" });
    expect(bot.reports.at(-1)).toBe("given up it could not be told within a day: the pager is down");
  });

  it("that says never is given up at once, and what it cannot read, too", async () => {
    const bot = aBot(async () => {
      throw new NeverError("no such project");
    });
    await bot.put("one");
    await bot.put("two", aNotice("opened"), { hint: '{"kind":"unheard of"}' });
    await bot.round();
    await bot.round();
    expect(bot.reports).toEqual(["given up no such project", "given up it was written by another version of the bot"]);
  });

  it.each([true, false])("closes what a test opened, where it keeps things open: %s", async (hasEnd) => {
    const told: string[] = [];
    const bot = aBot(async ({ kind, title }) => {
      told.push(`${kind} ${title.slice(0, 5)}`);
      return "7";
    }, hasEnd);
    await bot.put("test:1:0", testNotice({ id: "test:1:0", route: "all", by: "Ann", at: AT }));
    await bot.round();
    expect(told).toEqual(hasEnd ? ["opened TEST:", "resolved TEST:"] : ["test TEST:"]);
  });

  it("that hangs leaves the others alone", async () => {
    const hanging = aBot(() => new Promise(() => {}));
    await hanging.put("stuck");
    const stop = new AbortController();
    const round = deliver({
      ...{ outbox: hanging.store.outbox, sender: hanging.sender, clock: () => AT, chance: () => 0 },
      pause: async () => stop.abort(new Error("the bot stops")),
      report: () => {},
    });
    // Its own loop ends when the bot does; the outbox keeps the notice.
    await round(stop.signal);
    expect(await hanging.store.outbox.fateOf("stuck")).toMatchObject({ state: "waiting" });
  });
});
