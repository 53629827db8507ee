import type { Clock, Deal, Held, Inbox, Lease, Reception } from "../ports.ts";
import { createWorkQueue } from "../util/work-queue.ts";

export type ReceiveDeps = {
  readonly platform: string;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly deal: Deal;
  /** Where others deal with things of the same inbox. */
  readonly shared?: Shared | undefined;
  readonly report: (event: Received) => void;
};

/** How several processes share one inbox. */
export type Shared = {
  /** Long enough that `every` comes several times within it. */
  readonly lease: () => Lease;
  /** Calls that regularly, never twice at once. Returns what ends it. */
  readonly every: (work: () => Promise<void>) => () => Promise<void>;
};

/**
 * What went wrong with something that came in. `failed`: dealing with it threw, and it is tried again. `given up`: it was
 * tried too often. `not noted`: the store could not be written or read, so it may be dealt with once more after a restart.
 * `full`: the platform has to send it again; told once for each time that the inbox fills up.
 */
export type Received = {
  readonly platform: string;
  readonly outcome: "failed" | "given up" | "not noted" | "full";
  readonly problem?: unknown;
};

/**
 * Things begun at the same time. Questions wait for their turn once more further on, which clicks on buttons and the
 * emergency stop do not: so these should seldom wait here.
 */
const AT_ONCE = 500;
/** What waits beyond them, in number and in UTF-16 units of JSON: some minutes of work, and some ten MB. */
const MOST_WAITING = 5000;
const MOST_UNITS = 8_000_000;
/** An acknowledgement waits no longer than about this for work that begins, or this while acknowledging takes as long. */
const SLICE_MS = 5;
const LONGEST_SLICE_MS = 40;
/** Whoever asked longer ago has looked elsewhere, and an answer would tell about another moment than was meant. */
const LATE_SECONDS = 600;
/** Attempts at one thing, whether they threw or ended the bot. The last one only says that it did not work out. */
const TRIES = 3;

/**
 * A platform -> inbox -> whoever deals with it. What is acknowledged is in the inbox before, and leaves it when it was dealt
 * with: what a crash cut off is dealt with again, in all `TRIES` times. So dealing has to bear repetition. Things begin in
 * the order in which they came.
 */
export function receive({ platform, inbox, clock, deal, report, shared }: ReceiveDeps): Reception {
  const queue = createWorkQueue({ atOnce: AT_ONCE, sliceMs: SLICE_MS, longestSliceMs: LONGEST_SLICE_MS });
  const stopping = new AbortController();
  /** What this run has in hand, so that it is not taken for something left by an earlier one. */
  const inHand = new Set<string>();
  /** What is held in memory and not begun: counted before it is stored, so that a burst cannot get past the limits. */
  const waiting = { count: 0, units: 0 };
  /** What came before `start`: its turn is after what was left. Undefined from then on. */
  let early: (() => void)[] | undefined = [];
  let started: Promise<void> | undefined;
  let unshare: (() => Promise<void>) | undefined;
  let isStopped = false;
  let isFull = false;
  /** A write failed; what it was to store may be there all the same. */
  let isInDoubt = false;

  function count(sign: 1 | -1, units: number): void {
    waiting.count += sign;
    waiting.units += sign * units;
  }

  /** `units` were counted. */
  function enqueue(id: string, units: number, work: () => Promise<void>): void {
    queue.add(async () => {
      count(-1, units);
      try {
        await work();
        inHand.delete(id);
      } catch (problem) {
        // It stays in hand: this run has dealt with it.
        report({ platform, outcome: "not noted", problem });
      }
    });
  }

  /** Tries until it is dealt with. What throws may be the fault of the world, which can be another one the next time. */
  async function work(id: string, at: number, attempts: number, body: () => unknown): Promise<void> {
    for (let tries = attempts; !(await attempt(at, tries, body)); tries++)
      if (!(await inbox.begin(platform, id, shared?.lease()))) return;
    if (!stopping.signal.aborted) await inbox.done(platform, id);
  }

  /** Whether nothing more is to be tried in this run. */
  async function attempt(at: number, attempts: number, body: () => unknown): Promise<boolean> {
    const { signal } = stopping;
    const late = attempts >= TRIES || clock() - at > LATE_SECONDS;
    try {
      await deal(body(), { late, signal });
      return true;
    } catch (problem) {
      if (signal.aborted) return true;
      report({ platform, outcome: late ? "given up" : "failed", problem });
      return late;
    }
  }

  async function again({ id, body, at, attempts }: Held): Promise<void> {
    if (attempts >= TRIES) {
      report({ platform, outcome: "given up" });
      return inbox.done(platform, id);
    }
    if (!(await inbox.begin(platform, id, shared?.lease()))) return;
    return work(id, at, attempts + 1, () => JSON.parse(body));
  }

  /** Takes up what is in the inbox and in nobody's hand. */
  async function takeUp(): Promise<void> {
    const known = new Set(inHand);
    try {
      for (const held of await inbox.left(platform, shared && clock())) {
        if (known.has(held.id) || inHand.has(held.id)) continue;
        inHand.add(held.id);
        count(1, held.body.length);
        enqueue(held.id, held.body.length, () => again(held));
      }
    } catch (problem) {
      report({ platform, outcome: "not noted", problem });
    }
  }

  async function begin(): Promise<void> {
    await takeUp();
    for (const add of early ?? []) add();
    early = undefined;
    queue.start();
    unshare = shared?.every(async () => {
      await inbox.hold(platform, [...inHand], shared.lease()).catch(() => undefined);
      await takeUp();
    });
  }

  function hasRoom(units: number): boolean {
    // Something that is larger than all that may wait is taken once nothing else does.
    const isRoom = waiting.count === 0 || (waiting.count < MOST_WAITING && waiting.units + units <= MOST_UNITS);
    if (!isRoom && !isFull) report({ platform, outcome: "full" });
    isFull = !isRoom;
    return isRoom;
  }

  return {
    async offer(id, body, json) {
      const units = json.length;
      if (isStopped || !hasRoom(units)) return "full";
      const at = clock();
      const isInHand = inHand.has(id);
      inHand.add(id);
      count(1, units);
      let isNew = false;
      try {
        isNew = await inbox.take(platform, { id, body: json, at }, shared?.lease());
      } catch (problem) {
        isInDoubt = true;
        throw problem;
      } finally {
        if (!isNew) count(-1, units);
        if (!isNew && !isInHand) inHand.delete(id);
      }
      if (isInDoubt && early === undefined) {
        isInDoubt = false; // it can be written again
        void takeUp();
      }
      if (!isNew) return "repeated";
      const add = () => enqueue(id, units, () => work(id, at, 1, () => body));
      if (early === undefined) add();
      else early.push(add);
      return "taken";
    },
    start() {
      started ??= begin();
      return started;
    },
    async stop(graceMs) {
      isStopped = true;
      await queue.stop(graceMs);
      stopping.abort(new Error("the bot is stopping"));
      await unshare?.();
      // What is not done is anybody's from now on.
      if (shared !== undefined)
        await inbox.hold(platform, [...inHand], { ...shared.lease(), until: 0 }).catch(() => undefined);
    },
  };
}
