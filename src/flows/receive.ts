import type { Urgency } from "../core/urgency.ts";
import type { Deal, Reception } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Held, Inbox, Shared } from "../ports/store.ts";
import { createLane, type Lane } from "./receive/lane.ts";

export type ReceiveDeps = {
  readonly platform: string;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly deal: Deal;
  /** Of a thing as it came. Without it, nothing goes first. */
  readonly urgencyOf?: ((body: unknown) => Urgency) | undefined;
  /**
   * For what may be dealt with any number of times and at any time, as alerts may: it is tried until it works. Other things are told late
   * and then given up, because whoever asked has looked elsewhere.
   */
  readonly isPatient?: boolean;
  /** Where others deal with things of the same inbox. */
  readonly shared?: Shared | undefined;
  readonly report: (event: Received) => void;
  /** Something was sent back because too much waits. */
  readonly refused?: (urgency: Urgency) => void;
  /** Milliseconds until the next try after so many that failed. */
  readonly pauseMs?: (failures: number) => number;
};

/**
 * What went wrong with something that came in. `failed`: dealing with it threw, and it is tried again. `given up`: it was
 * tried too often. `not noted`: the store could not be written or read, which is tried again; a restart meanwhile may deal with it once
 * more. `full`: the platform has to send it again; told once for each time that the inbox fills up.
 */
export type Received = {
  readonly platform: string;
  readonly outcome: "failed" | "given up" | "not noted" | "full";
  readonly problem?: unknown;
};

/**
 * Each urgency has its own limits, so that no number of questions keeps an approval or the emergency stop from being taken and begun.
 * Questions wait for their turn once more further on. What waits is some minutes of work, and some ten MB.
 */
const LIMITS = {
  first: { atOnce: 100, most: 1000, mostUnits: 2_000_000 },
  usual: { atOnce: 500, most: 5000, mostUnits: 8_000_000 },
};
/** Whoever asked longer ago has looked elsewhere, and an answer would tell about another moment than was meant. */
const LATE_SECONDS = 600;
/** Attempts at one thing, whether they threw or ended the bot. The last one only says that it did not work out. */
const TRIES = 3;
const LONGEST_PAUSE_MS = 60_000;

/** Something that came in, in hand. */
type Thing = {
  readonly id: string;
  readonly at: number;
  readonly lane: Lane;
  body: () => unknown;
  units: number;
  /** Those that began, in earlier runs too. */
  attempts: number;
  /** In this run, of dealing with it or of noting that. */
  failures: number;
  /** `begin`: another attempt is noted before it begins. `done`: it was dealt with, which the store does not know yet. */
  next: "begin" | "deal" | "done";
};

/**
 * A platform -> inbox -> whoever deals with it. What is acknowledged is in the inbox before, and leaves it when it was dealt
 * with: what fails, or a crash cut off, is dealt with again. So dealing has to bear repetition. Things of one urgency begin in
 * the order in which they came.
 */
export function receive(deps: ReceiveDeps): Reception {
  const { platform, inbox, clock, deal, report, shared, urgencyOf = () => "usual", isPatient = false } = deps;
  const { pauseMs = (failures: number) => Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (failures - 1)) } = deps;
  const full = () => report({ platform, outcome: "full" });
  const lanes: Readonly<Record<Urgency, Lane>> = {
    first: createLane(LIMITS.first, full),
    usual: createLane(LIMITS.usual, full),
  };
  const stopping = new AbortController();
  /** What this run has in hand, so that it is not taken for something left by an earlier one. */
  const inHand = new Set<string>();
  const pauses = new Set<NodeJS.Timeout>();
  /** What came before `start`: its turn is after what was left. Undefined from then on. */
  let early: Thing[] | undefined = [];
  let started: Promise<void> | undefined;
  let unshare: (() => Promise<void>) | undefined;
  let isStopped = false;
  /** A write failed; what it was to store may be there all the same. */
  let isInDoubt = false;
  let misses = 0;

  /** It was counted in its lane. */
  function enqueue(thing: Thing): void {
    thing.lane.add(async () => {
      thing.lane.count(-1, thing.units);
      try {
        await pass(thing);
      } catch (problem) {
        if (isFirstFew(thing)) report({ platform, outcome: "not noted", problem });
        again(thing);
      }
    });
  }

  /** As far as it comes. Throws when the store cannot be read or written: then it goes on from there. */
  async function pass(thing: Thing): Promise<void> {
    const { id } = thing;
    if (thing.next === "begin" && isSpent(thing)) {
      report({ platform, outcome: "given up" });
      thing.next = "done";
    }
    if (thing.next === "begin") {
      // Gone, or in another one's hand by now.
      if (!(await inbox.begin(platform, id, shared?.lease()))) return void inHand.delete(id);
      thing.attempts++;
      thing.next = "deal";
    }
    if (thing.next === "deal") {
      const isDealt = await attempt(thing);
      if (stopping.signal.aborted) return;
      if (!isDealt) {
        thing.next = "begin";
        return again(thing);
      }
      Object.assign(thing, { next: "done", units: 0, body: () => undefined });
    }
    await inbox.done(platform, id);
    inHand.delete(id);
  }

  /** Whether nothing more is to be tried. What throws may be the fault of the world, which can be another one the next time. */
  async function attempt(thing: Thing): Promise<boolean> {
    const { signal } = stopping;
    const late = isSpent(thing) || (!isPatient && clock() - thing.at > LATE_SECONDS);
    try {
      await deal(thing.body(), { late, signal });
      return true;
    } catch (problem) {
      if (signal.aborted) return true;
      if (late || isFirstFew(thing)) report({ platform, outcome: late ? "given up" : "failed", problem });
      return late;
    }
  }

  function isSpent({ attempts }: Thing): boolean {
    return !isPatient && attempts >= TRIES;
  }

  /** Said of a thing only so often: an outage may last. */
  function isFirstFew({ failures }: Thing): boolean {
    return failures < TRIES;
  }

  /** It waits, and counts among what waits, until it is its turn once more. */
  function again(thing: Thing): void {
    thing.failures++;
    thing.lane.count(1, thing.units);
    afterPause(thing.failures, () => enqueue(thing));
  }

  function afterPause(failures: number, work: () => void): void {
    if (isStopped) return;
    const timer = setTimeout(() => {
      pauses.delete(timer);
      work();
    }, pauseMs(failures));
    pauses.add(timer);
  }

  /** Takes up what is in the inbox and in nobody's hand. */
  async function takeUp(): Promise<void> {
    const known = new Set(inHand);
    try {
      for (const held of await inbox.left(platform, shared && clock()))
        if (!known.has(held.id) && !inHand.has(held.id)) takeOver(held);
      misses = 0;
    } catch (problem) {
      report({ platform, outcome: "not noted", problem });
      afterPause(++misses, () => void takeUp());
    }
  }

  function takeOver({ id, body, at, attempts }: Held): void {
    const [units, read] = [body.length, () => JSON.parse(body)];
    const thing: Thing = {
      id,
      at,
      lane: lanes[urgencyIn(read)],
      body: read,
      units,
      attempts,
      failures: 0,
      next: "begin",
    };
    inHand.add(id);
    thing.lane.count(1, units);
    // What may have ended the bot again and again lets others go first.
    if (isPatient && attempts >= TRIES) afterPause(attempts, () => enqueue(thing));
    else enqueue(thing);
  }

  function urgencyIn(read: () => unknown): Urgency {
    try {
      return urgencyOf(read());
    } catch {
      return "usual"; // dealing with it says what is wrong with it
    }
  }

  async function begin(): Promise<void> {
    await takeUp();
    for (const thing of early ?? []) enqueue(thing);
    early = undefined;
    for (const lane of Object.values(lanes)) lane.start();
    unshare = shared?.every(async () => {
      await inbox.hold(platform, [...inHand], shared.lease()).catch(() => undefined);
      await takeUp();
    });
  }

  return {
    async offer(id, body, json) {
      const units = json.length;
      const urgency = urgencyIn(() => body);
      const lane = lanes[urgency];
      if (isStopped || !lane.hasRoom(units)) {
        deps.refused?.(urgency);
        return "full";
      }
      const at = clock();
      const isInHand = inHand.has(id);
      inHand.add(id);
      lane.count(1, units);
      let isNew = false;
      try {
        isNew = await inbox.take(platform, { id, body: json, at }, shared?.lease());
      } catch (problem) {
        isInDoubt = true;
        throw problem;
      } finally {
        if (!isNew) lane.count(-1, units);
        if (!isNew && !isInHand) inHand.delete(id);
      }
      if (isInDoubt && early === undefined) {
        isInDoubt = false; // it can be written again
        void takeUp();
      }
      if (!isNew) return "repeated";
      const thing: Thing = { id, at, lane, body: () => body, units, attempts: 1, failures: 0, next: "deal" };
      if (early === undefined) enqueue(thing);
      else early.push(thing);
      return "taken";
    },
    start() {
      started ??= begin();
      return started;
    },
    async stop(graceMs) {
      isStopped = true;
      for (const timer of pauses) clearTimeout(timer);
      await Promise.all(Object.values(lanes).map((lane) => lane.stop(graceMs)));
      stopping.abort(new Error("the bot is stopping"));
      await unshare?.();
      // What is not done is anybody's from now on.
      if (shared !== undefined)
        await inbox.hold(platform, [...inHand], { ...shared.lease(), until: 0 }).catch(() => undefined);
    },
  };
}
