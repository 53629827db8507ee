import { describe, expect, it } from "vitest";
import { type Received, receive } from "../../src/flows/receive.ts";
import type { DealHow, Inbox } from "../../src/ports.ts";
import { newStore } from "../fakes/world.ts";

/** A bot on an inbox that outlives it. `deal` stands for its work; without one everything is dealt with at once. */
function world(deal: (body: unknown, how: DealHow) => Promise<void> = async () => {}, inbox = newStore().inbox) {
  const dealt: { body: unknown; late: boolean }[] = [];
  const reports: Received[] = [];
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
  });
  const offer = (id: string, body: unknown = { text: id }) => reception.offer(id, body, JSON.stringify(body));
  return { reception, offer, dealt, reports, clock, inbox };
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
    await expect.poll(() => reports).toMatchObject([{ outcome: "not noted", problem: { message: "disk full" } }]);
    inbox.take = failing(store.take);
    await expect(offer("b")).rejects.toThrow("disk full");
    fails = false;
    expect(await offer("b")).toBe("taken");
    await reception.stop(10_000);
    expect(dealt.map(({ body }) => body)).toEqual([{ text: "a" }, { text: "b" }]);
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
