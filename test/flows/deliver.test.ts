import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivered, deliver } from "../../src/flows/deliver.ts";
import type { Sender } from "../../src/ports/chat.ts";
import type { Outgoing, Queued } from "../../src/ports/outbox.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { NeverError, NotNowError } from "../../src/util/errors.ts";

const DAY = 86_400;
const SIGNAL = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function message(id: string, channel = "C1", more: Partial<Outgoing> = {}): Outgoing {
  return {
    id,
    place: { platform: "slack", channel, thread: "" },
    card: { title: id, tone: "info", blocks: [] },
    at: 0,
    ...more,
  };
}

/** A chat that does what `how` says with each message; what it takes stands in `said`. */
function chat(how: (message: Queued, edited: string | undefined) => void = () => {}, room?: () => number) {
  let now = 1000;
  const store = createMemoryStore({
    retention: { conversations: DAY, evidence: DAY, seenEvents: DAY, proposals: DAY },
  });
  const said: string[] = [];
  const events: Delivered[] = [];
  const sender: Sender = {
    platform: "slack",
    ...(room !== undefined && { room }),
    async send(queued, edited) {
      how(queued, edited);
      said.push(`${queued.id}${edited === undefined ? "" : ` edits ${edited}`}`);
      return `ts-${queued.id}`;
    },
  };
  const makeRound = () =>
    deliver({
      outbox: store.outbox,
      sender,
      clock: () => now,
      pause: turn,
      chance: () => 0,
      report: (event) => events.push(event),
    });
  const round = makeRound();
  return {
    store,
    said,
    events,
    makeRound,
    round: () => round(SIGNAL),
    /** Lets so many seconds pass, with rounds where they are due. */
    async pass(seconds: number) {
      const end = now + seconds;
      for (;;) {
        const pause = await round(SIGNAL);
        const next = pause === undefined ? end : Math.min(end, now + pause);
        if (next >= end) break;
        now = next;
      }
      now = end;
      await round(SIGNAL);
    },
  };
}

describe("delivery to a platform that is left alone", () => {
  it("begins nothing: messages wait, count no attempt, and go in their order once it is back", async () => {
    let most = 0;
    const attempts: number[] = [];
    const { store, said, events, round } = chat(
      (queued) => attempts.push(queued.attempts),
      () => most,
    );
    for (const id of ["a", "b"]) await store.outbox.put(message(id));
    await store.outbox.put(message("x", "C2"));
    for (let n = 0; n < 20; n++) expect(await round()).toBe(1);
    expect({ said, events }).toEqual({ said: [], events: [] });
    most = Number.POSITIVE_INFINITY;
    expect(await round()).toBeUndefined();
    expect(said.filter((id) => id !== "x")).toEqual(["a", "b"]);
    expect(attempts).toEqual([1, 1, 1]);
  });

  it("tries with one message, not with all that wait", async () => {
    let flying = 0;
    let most = 1;
    const { store, said, round } = chat(
      () => {
        flying++;
        if (flying === 1) {
          most = 0;
          throw new NotNowError("still away", 30, "platform");
        }
      },
      () => most,
    );
    for (const channel of ["C1", "C2", "C3"]) await store.outbox.put(message(channel, channel));
    await round();
    expect({ flying, said }).toEqual({ flying: 1, said: [] });
  });
});

describe("delivery", () => {
  it("says everything once, in order within a channel, and then waits to be woken", async () => {
    const { store, said, round } = chat();
    for (const id of ["a", "b", "c"]) await store.outbox.put(message(id));
    await store.outbox.put(message("x", "C2"));
    expect(await round()).toBeUndefined();
    expect(said.filter((id) => id !== "x")).toEqual(["a", "b", "c"]);
    expect(said).toContain("x");
    expect(await round()).toBeUndefined();
    expect(said).toHaveLength(4);
  });

  it("edits what an earlier message became, and says it anew when that one never arrived", async () => {
    const { store, said, round } = chat(({ id }) => {
      if (id === "lost") throw new NeverError("the channel is archived");
    });
    await store.outbox.put(message("a"));
    await store.outbox.put(message("b", "C1", { edits: "a" }));
    await store.outbox.put(message("lost", "C2"));
    await store.outbox.put(message("c", "C2", { edits: "lost" }));
    await round();
    expect(said.toSorted()).toEqual(["a", "b edits ts-a", "c"]);
  });

  it("waits as long as the platform says, with that channel alone", async () => {
    let refusals = 2;
    const { store, said, events, pass } = chat(({ id }) => {
      if (id === "a" && refusals-- > 0) throw new NotNowError("rate limited", 30, "channel");
    });
    await store.outbox.put(message("a"));
    await store.outbox.put(message("b"));
    await store.outbox.put(message("x", "C2"));
    await pass(29);
    expect(said).toEqual(["x"]);
    await pass(70);
    expect(said).toEqual(["x", "a", "b"]);
    expect(events.filter(({ outcome }) => outcome === "later").map(({ seconds }) => seconds)).toEqual([30, 30]);
  });

  it("lets nobody knock while the whole platform is away", async () => {
    let calls = 0;
    const { store, pass, said } = chat(() => {
      if (calls++ === 0) throw new NotNowError("not reachable", 60, "platform");
    });
    for (const channel of ["C1", "C2", "C3"]) await store.outbox.put(message(channel, channel));
    await pass(0);
    const knocked = calls;
    await pass(55);
    expect(calls).toBe(knocked);
    await pass(10);
    expect(said.toSorted()).toEqual(["C1", "C2", "C3"]);
  });

  it("does not let other channels wait for a call that hangs", async () => {
    const hanging = Promise.withResolvers<string>();
    const store = createMemoryStore({
      retention: { conversations: DAY, evidence: DAY, seenEvents: DAY, proposals: DAY },
    });
    const said: string[] = [];
    const sender: Sender = {
      platform: "slack",
      async send({ id }) {
        if (id === "stuck") await hanging.promise;
        said.push(id);
        return id;
      },
    };
    const round = deliver({
      outbox: store.outbox,
      sender,
      clock: () => 1000,
      pause: turn,
      chance: () => 0,
      report: () => {},
    });
    await store.outbox.put(message("stuck", "C1"));
    await store.outbox.put(message("behind", "C1"));
    const running = round(SIGNAL);
    await turn();
    await store.outbox.put(message("other", "C2"));
    for (let i = 0; i < 20 && said.length === 0; i++) await turn();
    expect(said).toEqual(["other"]);
    hanging.resolve("");
    await running;
    expect(said).toEqual(["other", "stuck", "behind"]);
  });

  it("says that the store cannot be written, once nothing is on its way any more", async () => {
    const { store, round, said } = chat();
    await store.outbox.put(message("a"));
    const { begin } = store.outbox;
    store.outbox.begin = async () => {
      throw new Error("the disk is full");
    };
    await expect(round()).rejects.toThrow("the disk is full");
    store.outbox.begin = begin;
    await round();
    expect(said).toEqual(["a"]);
  });

  it("gives up what can never arrive, says why, and goes on behind it", async () => {
    const { store, said, events, round } = chat(({ id }) => {
      if (id === "a") throw new NeverError("the channel is archived");
    });
    await store.outbox.put(message("a"));
    await store.outbox.put(message("b"));
    await round();
    expect(said).toEqual(["b"]);
    expect(events).toContainEqual(
      expect.objectContaining({ id: "a", outcome: "given up", reason: "the channel is archived" }),
    );
  });

  it("has what can never arrive stored elsewhere before it is given up, again after a crash in between", async () => {
    const { store } = chat();
    const elsewhere: string[] = [];
    const roundThat = (hopeless: () => Promise<void>) =>
      deliver({
        ...{ outbox: store.outbox, clock: () => 1000, pause: turn, chance: () => 0, report: () => {} },
        sender: { platform: "slack", send: () => Promise.reject(new NeverError("the channel is archived")) },
        hopeless: async ({ id }, reason) => {
          await hopeless();
          elsewhere.push(`${id}: ${reason}, ${(await store.outbox.waiting("slack")).count} waits`);
        },
      })(SIGNAL);
    await store.outbox.put(message("a"));
    await expect(roundThat(() => Promise.reject(new Error("the store is away")))).rejects.toThrow("the store is away");
    await roundThat(async () => {});
    expect(elsewhere).toEqual(["a: the channel is archived, 1 waits"]);
    expect((await store.outbox.waiting("slack")).count).toBe(0);
  });

  it("tries a mistake of our own some times, and not for ever", async () => {
    let calls = 0;
    const { store, said, pass } = chat(({ id }) => {
      if (id !== "a") return;
      calls++;
      throw new TypeError("undefined is not a function");
    });
    await store.outbox.put(message("a"));
    await store.outbox.put(message("b"));
    await pass(DAY);
    expect(calls).toBe(8);
    expect(said).toEqual(["b"]);
  });

  it("tells the sender that an attempt was cut off before", async () => {
    const attempts: number[] = [];
    const { store, makeRound, round } = chat(({ attempts: count }) => void attempts.push(count));
    await store.outbox.put(message("a"));
    await store.outbox.begin("a"); // and then the process was killed
    await makeRound()(SIGNAL);
    expect(attempts).toEqual([2]);
    expect(await round()).toBeUndefined();
  });

  it("holds what it attempts for as long as that takes, and what a dead process attempted is soon another's", async () => {
    const { store } = chat();
    const arrived: string[] = [];
    let now = 1000;
    let arrive = () => {};
    const roundOf = (owner: string, renewals: Set<() => Promise<void>>) =>
      deliver({
        ...{ outbox: store.outbox, clock: () => now, pause: turn, chance: () => 0, report: () => {} },
        sender: {
          platform: "slack",
          async send(_, __, signal) {
            await new Promise<void>((resolve, reject) => {
              arrive = resolve;
              signal.addEventListener("abort", () => reject(new Error("it was killed")));
            });
            arrived.push(owner);
            return owner;
          },
        },
        shared: {
          lease: () => ({ owner, now, until: now + 15 }),
          every(work) {
            renewals.add(work);
            return async () => void renewals.delete(work);
          },
        },
      });
    const [first, second] = [new Set<() => Promise<void>>(), new Set<() => Promise<void>>()];
    await store.outbox.put(message("a"));
    const slow = roundOf("first", first)(SIGNAL);
    await turn();
    for (let passed = 0; passed < 120; passed += 10) {
      now += 10;
      for (const renew of first) await renew();
      await roundOf("second", second)(SIGNAL);
    }
    arrive();
    await slow;
    expect([arrived, first.size]).toEqual([["first"], 0]);

    await store.outbox.put(message("b"));
    const killed = new AbortController();
    const itsRound = roundOf("killed", new Set())(killed.signal); // renews nothing from here on
    await turn();
    now += 16;
    const taken = roundOf("second", second)(SIGNAL);
    await turn();
    arrive();
    await taken;
    expect([arrived, await store.outbox.referenceOf("b")]).toEqual([["first", "second"], "second"]);
    killed.abort();
    await itsRound;
  });

  it("calls an attempt off when it can no longer say that it has it, and tries it again later", async () => {
    const { store } = chat();
    let now = 1000;
    let renew = async () => {};
    const [events, sends]: [Delivered[], number[]] = [[], []];
    let isAway = false;
    const hold = async (...given: Parameters<typeof store.outbox.hold>) => {
      if (isAway) throw new Error("the store is away");
      return store.outbox.hold(...given);
    };
    const round = deliver({
      ...{ outbox: { ...store.outbox, hold }, clock: () => now, pause: turn, chance: () => 0 },
      report: (event) => events.push(event),
      sender: {
        platform: "slack",
        send: (_, __, signal) => {
          sends.push(now);
          if (sends.length > 1) return Promise.resolve("ts");
          return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
      },
      shared: {
        lease: () => ({ owner: "one", now, until: now + 15 }),
        every(work) {
          renew = work;
          return async () => {};
        },
      },
    });
    await store.outbox.put(message("a"));
    const first = round(SIGNAL);
    await turn();
    now += 4;
    await renew();
    isAway = true;
    now += 8;
    await renew();
    expect(events).toEqual([]); // it has it for 7 s more
    now += 4;
    await renew();
    await first;
    expect(events).toMatchObject([{ outcome: "later", reason: "the store could not be reached while it was sent" }]);
    now += 60;
    await round(SIGNAL);
    expect(events).toMatchObject([{ outcome: "later" }, { outcome: "sent" }]);
  });

  it("loses nothing and doubles nothing in half an hour without chat and a restart", async () => {
    let isAway = true;
    const { store, said, pass, makeRound } = chat(() => {
      if (isAway) throw new NotNowError("not reachable", 0, "platform");
    });
    const ids = Array.from({ length: 300 }, (_, i) => `m${i}`);
    for (const [i, id] of ids.entries()) {
      await store.outbox.put(message(id, `C${i % 7}`));
      if (i % 10 === 0) await pass(60);
    }
    isAway = false;
    await makeRound()(SIGNAL); // a new process
    await pass(400);
    expect(said.toSorted()).toEqual(ids.toSorted());
    for (let channel = 0; channel < 7; channel++)
      expect(said.filter((id) => Number(id.slice(1)) % 7 === channel)).toEqual(ids.filter((_, i) => i % 7 === channel));
  });

  it("keeps order and loses nothing whatever goes wrong in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("C1", "C2"), fc.nat({ max: 3 })), { maxLength: 12 }),
        async (plan) => {
          const left = new Map(plan.map(([, failures], i) => [`m${i}`, failures]));
          const { store, said, pass } = chat(({ id }) => {
            const failures = left.get(id)!;
            left.set(id, failures - 1);
            if (failures > 0) throw new NotNowError("busy", failures, failures === 3 ? "platform" : "channel");
          });
          for (const [i, [channel]] of plan.entries()) await store.outbox.put(message(`m${i}`, channel));
          await pass(1000);
          for (const channel of ["C1", "C2"])
            expect(said.filter((id) => plan[Number(id.slice(1))]![0] === channel)).toEqual(
              plan.flatMap(([of], i) => (of === channel ? [`m${i}`] : [])),
            );
        },
      ),
      { numRuns: 60 },
    );
  });
});
