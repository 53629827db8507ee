import type { Clock, Deal, Held, Inbox, Reception } from "../ports.ts";
import { createWorkQueue } from "../util/work-queue.ts";

export type ReceiveDeps = {
  readonly platform: string;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly deal: Deal;
  readonly report: (event: Received) => void;
};

/**
 * What went wrong with something that came in. `failed`: dealing with it threw, which ends it. `given up`: it was begun too
 * often. `not noted`: the store could not be written or read, so it may be dealt with once more after a restart.
 */
export type Received = {
  readonly platform: string;
  readonly outcome: "failed" | "given up" | "not noted";
  readonly problem?: unknown;
};

/** Questions being answered at the same time. Each waits for Prometheus most of its time. */
const AT_ONCE = 100;
/** What waits beyond them, in number and in UTF-16 units of JSON: some minutes of work, and some ten MB. */
const MOST_WAITING = 5000;
const MOST_UNITS = 8_000_000;
/** An acknowledgement waits no longer than about this for work that begins, or this while acknowledging takes as long. */
const SLICE_MS = 5;
const LONGEST_SLICE_MS = 40;
/** Whoever asked longer ago has looked elsewhere, and an answer would tell about another moment than was meant. */
const LATE_SECONDS = 600;
/** Attempts at one thing. The last one only says that it did not work out: the thing itself may be what ends the bot. */
const TRIES = 3;

/**
 * A platform -> inbox -> whoever deals with it. What is acknowledged is in the inbox before, and leaves it when it was dealt
 * with: what a crash cut off is dealt with again, in all `TRIES` times. So dealing has to bear repetition.
 */
export function receive({ platform, inbox, clock, deal, report }: ReceiveDeps): Reception {
  const queue = createWorkQueue({ atOnce: AT_ONCE, sliceMs: SLICE_MS, longestSliceMs: LONGEST_SLICE_MS });
  const stopping = new AbortController();
  /** What this run has in hand, so that `start` does not take it for something left by an earlier one. */
  const inHand = new Set<string>();
  /** What is held in memory and not begun: counted before it is stored, so that a burst cannot get past the limits. */
  const waiting = { count: 0, units: 0 };
  let isStopped = false;
  let started: Promise<void> | undefined;

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
      } catch (problem) {
        report({ platform, outcome: "not noted", problem });
      } finally {
        inHand.delete(id);
      }
    });
  }

  async function attempt(id: string, at: number, attempts: number, body: () => unknown): Promise<void> {
    const late = attempts >= TRIES || clock() - at > LATE_SECONDS;
    try {
      await deal(body(), { late, signal: stopping.signal });
    } catch (problem) {
      if (!stopping.signal.aborted) report({ platform, outcome: "failed", problem });
    }
    if (!stopping.signal.aborted) await inbox.done(platform, id);
  }

  async function again({ id, body, at, attempts }: Held): Promise<void> {
    if (attempts >= TRIES) {
      report({ platform, outcome: "given up" });
      return inbox.done(platform, id);
    }
    await inbox.begin(platform, id);
    return attempt(id, at, attempts + 1, () => JSON.parse(body));
  }

  async function resume(): Promise<void> {
    try {
      for (const held of await inbox.left(platform)) {
        if (inHand.has(held.id)) continue;
        inHand.add(held.id);
        count(1, held.body.length);
        enqueue(held.id, held.body.length, () => again(held));
      }
    } catch (problem) {
      report({ platform, outcome: "not noted", problem });
    }
    queue.start();
  }

  return {
    async offer(id, body, json) {
      const units = json.length;
      if (isStopped || waiting.count >= MOST_WAITING || waiting.units + units > MOST_UNITS) return "full";
      const at = clock();
      const isInHand = inHand.has(id);
      inHand.add(id);
      count(1, units);
      let isNew = false;
      try {
        isNew = await inbox.take(platform, { id, body: json, at });
      } finally {
        if (!isNew) count(-1, units);
        if (!isNew && !isInHand) inHand.delete(id);
      }
      if (!isNew) return "repeated";
      enqueue(id, units, () => attempt(id, at, 1, () => body));
      return "taken";
    },
    start() {
      started ??= resume();
      return started;
    },
    async stop(graceMs) {
      isStopped = true;
      await queue.stop(graceMs);
      stopping.abort(new Error("the bot is stopping"));
    },
  };
}
