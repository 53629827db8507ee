import { describe, expect, it } from "vitest";
import type { Urgency } from "../../src/core/urgency.ts";
import { type ReceiveDeps, type Received, receive } from "../../src/flows/receive.ts";
import type { DealHow } from "../../src/ports/chat.ts";
import type { Inbox } from "../../src/ports/store.ts";
import { newStore } from "../fakes/world.ts";

/** A bot on an inbox that outlives it. `deal` stands for its work; without one everything is dealt with at once. */
function world(
  deal: (body: unknown, how: DealHow) => Promise<void> = async () => {},
  inbox = newStore().inbox,
  more: Partial<ReceiveDeps> = {},
) {
  const dealt: { body: unknown; late: boolean }[] = [];
  const reports: Received[] = [];
  const pauses: number[] = [];
  const clock = { now: 1000 };
  const reception = receive({
    platform: "slack",
    inbox,
    clock: () => clock.now,
    deal: async (body, how) => {
      dealt.push({ body, late: how.late });
      await deal(body, how);
    },
    report: (event) => reports.push(event),
    pauseMs: (failures) => {
      pauses.push(failures);
      return 1;
    },
    ...more,
  });
  const offer = (id: string, body: unknown = { text: id }) => reception.offer(id, body, JSON.stringify(body));
  return { reception, offer, dealt, reports, pauses, clock, inbox };
}

const never = () => new Promise<void>(() => {});
const left = async (inbox: Inbox) => (await inbox.left("slack")).map(({ id, attempts }) => `${id} ${attempts}`);

describe("what a platform sends", () => {
  it("is stored before it is acknowledged, dealt with after that, and then forgotten", async () => {
    const store = newStore().inbox;
    const order: string[] = [];
    const inbox: Inbox = {
      ...store,
      take: (...event) => store.take(...event).finally(() => order.push("stored")),
      done: (...id) => store.done(...id).finally(() => order.push("done")),
    };
    const { reception, offer } = world(async () => void order.push("dealt with"), inbox);
    await reception.start();
    expect(await offer("a")).toBe("taken");
    order.push("acknowledged");
    await expect.poll(() => order).toEqual(["stored", "acknowledged", "dealt with", "done"]);
    expect(await left(inbox)).toEqual([]);
  });

  it("is dealt with once, however often it comes, also while it is being dealt with", async () => {
    const hold = Promise.withResolvers<void>();
    const { reception, offer, dealt, inbox } = world(() => hold.promise);
    await reception.start();
    const verdicts = await Promise.all([offer("a"), offer("a"), offer("a")]);
    expect(verdicts.toSorted()).toEqual(["repeated", "repeated", "taken"]);
    await expect.poll(() => dealt.length).toBe(1);
    expect(await offer("a")).toBe("repeated");
    hold.resolve();
    await expect.poll(() => left(inbox)).toEqual([]);
    expect(await offer("a")).toBe("repeated");
    await reception.stop(1000);
    expect(dealt).toHaveLength(1);
  });

  it("is not taken when it cannot be stored, and is when it comes again", async () => {
    const store = newStore().inbox;
    let fails = true;
    const inbox: Inbox = {
      ...store,
      take: async (...event) => (fails ? Promise.reject(new Error("disk full")) : store.take(...event)),
    };
    const { reception, offer, dealt } = world(undefined, inbox);
    await reception.start();
    await expect(offer("a")).rejects.toThrow("disk full");
    fails = false;
    expect(await offer("a")).toBe("taken");
    await expect.poll(() => dealt).toHaveLength(1);
  });

  it("is sent back, and not stored, while too much waits already", async () => {
    const many = world();
    const verdicts = await Promise.all(Array.from({ length: 5002 }, (_, i) => many.offer(`e${i}`)));
    expect(verdicts.filter((verdict) => verdict === "full")).toHaveLength(2);
    expect(await left(many.inbox)).toHaveLength(5000);
    await many.reception.start(); // until then nothing was begun
    await expect.poll(() => many.dealt.length).toBe(5000);
    expect(await many.offer("e5001")).toBe("taken");

    const large = world();
    const body = { text: "x".repeat(1_000_000) };
    const some = await Promise.all(Array.from({ length: 10 }, (_, i) => large.offer(`e${i}`, body)));
    expect(some.filter((verdict) => verdict === "taken")).toHaveLength(7);
    await large.reception.start();
    await expect.poll(() => large.dealt.length).toBe(7);
    expect(await large.offer("again", body)).toBe("taken");
  });

  it("says once for each time that it is full", async () => {
    const { reception, offer, reports } = world();
    await Promise.all(Array.from({ length: 5005 }, (_, i) => offer(`e${i}`)));
    expect(reports).toEqual([{ platform: "slack", outcome: "full" }]);
    await reception.start();
    await reception.stop(10_000);
    expect(await offer("late")).toBe("full"); // it stops, which is something else
    expect(reports).toHaveLength(1);
  });

  it("is tried again when dealing with it fails, and ends when it works", async () => {
    let fails = 1;
    const { reception, offer, dealt, reports, inbox } = world(async () => {
      if (fails-- > 0) throw new Error("locked by another program");
    });
    await reception.start();
    await offer("a");
    await expect.poll(() => left(inbox)).toEqual([]);
    expect(dealt.map(({ late }) => late)).toEqual([false, false]);
    expect(reports).toMatchObject([{ outcome: "failed", problem: { message: "locked by another program" } }]);
  });

  it("is given up when dealing with it fails each time: the last time whoever asked is told, no more", async () => {
    const { reception, offer, dealt, reports, inbox } = world(() => Promise.reject(new Error("no such thing")));
    await reception.start();
    await offer("a");
    await expect.poll(() => left(inbox)).toEqual([]);
    expect(dealt.map(({ late }) => late)).toEqual([false, false, true]);
    expect(reports.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "given up"]);
    expect(await offer("a")).toBe("repeated");
  });

  it("is dealt with when its write failed and had stored it all the same", async () => {
    const store = newStore().inbox;
    let fails = true;
    const inbox: Inbox = {
      ...store,
      take: async (...event) => {
        const isNew = await store.take(...event);
        if (fails) throw new Error("the disk failed");
        return isNew;
      },
    };
    const { reception, offer, dealt } = world(undefined, inbox);
    await reception.start();
    await expect(offer("a")).rejects.toThrow("the disk failed");
    await expect(offer("b")).rejects.toThrow("the disk failed");
    expect(dealt).toEqual([]);
    fails = false;
    expect(await offer("a")).toBe("repeated");
    await expect.poll(() => left(inbox)).toEqual([]);
    await reception.stop(10_000);
    expect(dealt.map(({ body }) => body)).toEqual([{ text: "a" }, { text: "b" }]);
  });

  it("is not dealt with anew in the same run when only its end could not be noted", async () => {
    const store = newStore().inbox;
    let fails = true;
    const failing =
      <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
      (...args: A) =>
        fails ? Promise.reject(new Error("disk full")) : work(...args);
    const inbox: Inbox = { ...store, take: store.take, done: failing(store.done) };
    const { reception, offer, dealt, reports } = world(undefined, inbox);
    await reception.start();
    await offer("a");
    await expect.poll(() => reports.at(0)).toMatchObject({ outcome: "not noted", problem: { message: "disk full" } });
    inbox.take = failing(store.take);
    await expect(offer("b")).rejects.toThrow("disk full");
    fails = false;
    expect(await offer("b")).toBe("taken");
    await reception.stop(10_000);
    expect(dealt.map(({ body }) => body)).toEqual([{ text: "a" }, { text: "b" }]);
  });
});

/** A store that can be away: nothing of it can be read or written then. */
function away(inbox = newStore().inbox) {
  const state = { isAway: false };
  const of =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    (...args: A) =>
      state.isAway ? Promise.reject(new Error("the store is away")) : work(...args);
  const { take, done, left: all, begin, hold } = inbox;
  const kept: Inbox = { take: of(take), done: of(done), left: of(all), begin: of(begin), hold: of(hold) };
  return { state, inbox: kept };
}

describe("a store that is away for a while", () => {
  it("leaves nothing lying that was acknowledged: what could not be dealt with is, once it is back, in the same run", async () => {
    const { state, inbox } = away();
    const bot = world(async () => {
      if (state.isAway) throw new Error("the store is away");
    }, inbox);
    await bot.reception.start();
    const acknowledged = bot.offer("a");
    expect(await acknowledged).toBe("taken");
    state.isAway = true;
    await expect.poll(() => bot.reports.map(({ outcome }) => outcome)).toContain("not noted");
    state.isAway = false;
    await expect.poll(() => left(inbox)).toEqual([]);
    expect(bot.dealt.at(-1)).toEqual({ body: { text: "a" }, late: false });
    expect(bot.reports.map(({ outcome }) => outcome)).not.toContain("given up");
  });

  it("is waited for with a growing pause, and said a few times only", async () => {
    const { state, inbox } = away();
    const bot = world(async () => {
      state.isAway = true;
      throw new Error("the store is away");
    }, inbox);
    await bot.reception.start();
    await bot.offer("a");
    await expect.poll(() => bot.pauses.length).toBeGreaterThan(8);
    expect(bot.pauses.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(bot.reports.map(({ outcome }) => outcome)).toEqual(["failed", "not noted", "not noted"]);
    await bot.reception.stop(0);
  });

  it("at the start leaves nothing lying either", async () => {
    const { state, inbox } = away();
    await inbox.take("slack", { id: "a", body: '{"text":"a"}', at: 1000 });
    const bot = world(undefined, inbox);
    state.isAway = true;
    await bot.reception.start();
    state.isAway = false;
    await expect.poll(() => bot.dealt).toHaveLength(1);
  });

  it("does not make what was dealt with be dealt with again: only its end is noted once it is back", async () => {
    const { state, inbox } = away();
    const bot = world(async () => {
      state.isAway = true;
    }, inbox);
    await bot.reception.start();
    await bot.offer("a");
    await expect.poll(() => bot.pauses.length).toBeGreaterThan(3);
    state.isAway = false;
    await expect.poll(() => left(inbox)).toEqual([]);
    expect(bot.dealt).toHaveLength(1);
  });
});

describe("alerts", () => {
  it("are tried until it works, however often and however late that is", async () => {
    let fails = 12;
    const bot = world(
      async () => {
        if (fails-- > 0) throw new Error("locked by another program");
      },
      undefined,
      { isPatient: true },
    );
    await bot.reception.start();
    await bot.offer("a");
    bot.clock.now += 3600;
    await expect.poll(() => left(bot.inbox)).toEqual([]);
    expect(bot.dealt).toHaveLength(13);
    expect(bot.dealt.some(({ late }) => late)).toBe(false);
    expect(bot.pauses).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(bot.reports.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "failed"]);
  });

  it("are sent back while too many wait to be tried again, and are taken up by the next run", async () => {
    const before = world(() => Promise.reject(new Error("no")), undefined, { isPatient: true, pauseMs: () => 60_000 });
    await before.reception.start();
    const verdicts = await Promise.all(Array.from({ length: 5001 }, (_, i) => before.offer(`e${i}`)));
    expect(verdicts.filter((verdict) => verdict === "full")).toHaveLength(1);
    await expect.poll(() => before.dealt.length).toBe(5000);
    expect(await before.offer("later")).toBe("full");
    await before.reception.stop(0);
    const after = world(undefined, before.inbox, { isPatient: true });
    await after.reception.start();
    await expect.poll(() => left(after.inbox)).toEqual([]);
    expect(after.dealt).toHaveLength(5000);
  });

  it("that three runs did not get through are not given up by the fourth", async () => {
    const inbox = newStore().inbox;
    for (let run = 0; run < 4; run++) {
      const bot = world(never, inbox, { isPatient: true });
      await bot.reception.start();
      if (run === 0) await bot.offer("a");
      await expect.poll(() => bot.dealt).toHaveLength(1);
    }
    expect(await left(inbox)).toEqual(["a 4"]);
  });
});

describe("what goes first", () => {
  const urgencyOf = (body: unknown) => ((body as { text: string }).text === "stop" ? "first" : "usual");
  const hanging = (body: unknown) => (urgencyOf(body) === "first" ? Promise.resolve() : never());

  it("is begun at once, however many questions hang", async () => {
    const { reception, offer, dealt } = world(hanging, undefined, { urgencyOf });
    await reception.start();
    await Promise.all(Array.from({ length: 600 }, (_, i) => offer(`e${i}`)));
    await expect.poll(() => dealt.length).toBe(500);
    expect(await offer("s", { text: "stop" })).toBe("taken");
    await expect.poll(() => dealt.at(-1)?.body).toEqual({ text: "stop" });
  });

  it("is taken while questions are sent back, and has limits of its own", async () => {
    const refused: Urgency[] = [];
    const more = { urgencyOf, refused: (urgency: Urgency) => void refused.push(urgency) };
    const { offer, inbox } = world(hanging, undefined, more);
    await Promise.all(Array.from({ length: 5000 }, (_, i) => offer(`e${i}`)));
    expect(await offer("q")).toBe("full");
    expect(await offer("s", { text: "stop" })).toBe("taken");
    const many = await Promise.all(Array.from({ length: 1000 }, (_, i) => offer(`s${i}`, { text: "stop" })));
    expect(many.filter((verdict) => verdict === "full")).toHaveLength(1);
    expect(refused).toEqual(["usual", "first"]);
    expect(await left(inbox)).toHaveLength(6000);
  });

  it("goes first after a restart, too", async () => {
    const before = world(never, undefined, { urgencyOf });
    await before.reception.start();
    await Promise.all(Array.from({ length: 600 }, (_, i) => before.offer(`e${i}`)));
    await before.offer("s", { text: "stop" });
    await expect.poll(() => left(before.inbox)).toHaveLength(601);
    const after = world(hanging, before.inbox, { urgencyOf });
    await after.reception.start();
    await expect.poll(() => after.dealt.map(({ body }) => body)).toContainEqual({ text: "stop" });
  });
});

describe("a restart", () => {
  it("deals again with what was taken and not done, and with that alone", async () => {
    const before = world((body) => ((body as { text: string }).text === "b" ? never() : Promise.resolve()));
    await before.reception.start();
    for (const id of ["a", "b", "c"]) await before.offer(id);
    await expect.poll(() => left(before.inbox)).toEqual(["b 1"]); // and then it is killed
    const after = world(undefined, before.inbox);
    await after.reception.start();
    await expect.poll(() => after.dealt).toEqual([{ body: { text: "b" }, late: false }]);
    await expect.poll(() => left(after.inbox)).toEqual([]);
    expect(await after.offer("b")).toBe("repeated");
  });

  it("begins with what was left, and then with what came before it started, each in the order in which it came", async () => {
    const before = world(never);
    await before.reception.start();
    for (const id of ["a", "b", "c"]) await before.offer(id);
    await expect.poll(() => before.dealt).toHaveLength(3);
    const after = world(undefined, before.inbox);
    for (const id of ["d", "e"]) await after.offer(id);
    await after.reception.start();
    await after.offer("f");
    await after.reception.stop(10_000);
    expect(after.dealt.map(({ body }) => (body as { text: string }).text).join("")).toBe("abcdef");
  });

  it("does not take what came before its start for something that was left", async () => {
    const { reception, offer, dealt } = world();
    await offer("early");
    await reception.start();
    await reception.start();
    await reception.stop(1000);
    expect(dealt).toHaveLength(1);
  });

  it("happens a few times for one thing: then it is only told, and in the end given up", async () => {
    const inbox = newStore().inbox;
    const lates: boolean[] = [];
    for (let run = 0; run < 3; run++) {
      const bot = world(never, inbox);
      await bot.reception.start();
      if (run === 0) await bot.offer("poison");
      await expect.poll(() => bot.dealt).toHaveLength(1);
      lates.push(bot.dealt[0]!.late);
    }
    expect(lates).toEqual([false, false, true]);
    const last = world(never, inbox);
    await last.reception.start();
    await expect.poll(() => last.reports).toMatchObject([{ outcome: "given up" }]);
    expect(last.dealt).toEqual([]);
    await expect.poll(() => left(inbox)).toEqual([]);
  });

  it("is too late for what came more than ten minutes ago", async () => {
    const before = world(never);
    await before.reception.start();
    await before.offer("a");
    before.clock.now += 300;
    await before.offer("b");
    const after = world(undefined, before.inbox);
    after.clock.now = before.clock.now + 301;
    await after.reception.start();
    await expect.poll(() => after.dealt.map(({ late }) => late)).toEqual([true, false]);
  });

  it("goes on past a row that cannot be read", async () => {
    const { reception, inbox, dealt, reports } = world();
    await inbox.take("slack", { id: "broken", body: "{", at: 1000 });
    await inbox.take("slack", { id: "whole", body: "{}", at: 1000 });
    await reception.start();
    await expect.poll(() => dealt).toHaveLength(1);
    await expect.poll(() => left(inbox)).toEqual([]);
    expect(reports.map(({ outcome }) => outcome)).toEqual(["failed", "given up"]);
  });

  it("serves those who come even when what was left cannot be read, and says so", async () => {
    const store = newStore().inbox;
    const inbox: Inbox = { ...store, left: () => Promise.reject(new Error("a damaged page")) };
    const { reception, offer, dealt, reports } = world(undefined, inbox);
    await reception.start();
    expect(reports).toMatchObject([{ outcome: "not noted", problem: { message: "a damaged page" } }]);
    await offer("a");
    await expect.poll(() => dealt).toHaveLength(1);
  });
});

describe("a stop", () => {
  it("takes nothing more and ends what waits", async () => {
    const { reception, offer, dealt, inbox } = world();
    await reception.start();
    await Promise.all([offer("a"), offer("b")]);
    await reception.stop(10_000);
    expect(dealt).toHaveLength(2);
    expect(await left(inbox)).toEqual([]);
    expect(await offer("c")).toBe("full");
  });

  it("leaves to the next run what it cuts off, however that ends then", async () => {
    const cut = Promise.withResolvers<void>();
    const bot = world(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      cut.resolve();
      throw new Error("cut off");
    });
    await bot.reception.start();
    await bot.offer("a");
    await expect.poll(() => bot.dealt).toHaveLength(1);
    await bot.reception.stop(1);
    await cut.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(await left(bot.inbox)).toEqual(["a 1"]);
    expect(bot.reports).toEqual([]);
  });
});
