import type { Draft } from "../core/draft.ts";
import type { LiveOn } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outbox } from "../ports/outbox.ts";
import { EnoughError, NotNowError } from "../util/errors.ts";

export type LiveDeps = {
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Something new stands in the outbox. */
  readonly wake: () => void;
  /** Resolves after so many milliseconds, or earlier when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly report: (problem: unknown) => void;
};

/** How often it is looked whether the first draft has arrived in the chat. */
const ARRIVED_MS = 50;

/**
 * Drafts of an answer -> one message in a chat. The first draft goes through the outbox like everything that is said, so that a crash
 * leaves one message at most, which the answer after the restart takes the place of. Newer drafts are shown in it directly, the newest
 * at a time, and as seldom as the platform wants: of those, none is needed. The answer itself goes through the outbox again.
 */
export function createLive({ outbox, clock, wake, pause, report }: LiveDeps): LiveOn {
  return ({ drafts }, { id, place, hint }) => {
    const live = `live:${id}`;
    const paceMs = drafts?.paceMs ?? 0;
    const over = new AbortController();
    const enough = new AbortController();
    let latest: Draft | undefined;
    let changed = Promise.withResolvers<void>();
    let showing: Promise<boolean> | undefined;
    over.signal.addEventListener("abort", () => changed.resolve(), { once: true });

    /** Whether there is a message. */
    async function begin(first: Draft): Promise<boolean> {
      await outbox.put({ id: live, place, card: first.card, at: clock(), ...(hint !== undefined && { hint }) });
      wake();
      await follow(first).catch(report);
      return true;
    }

    async function follow(first: Draft): Promise<void> {
      let reference = await outbox.referenceOf(live);
      while (reference === undefined && !over.signal.aborted) {
        await pause(ARRIVED_MS, over.signal);
        reference = await outbox.referenceOf(live);
      }
      let shown = first;
      while (reference !== undefined && !over.signal.aborted) {
        const wait = latest === shown ? undefined : await redraw(reference, latest!, shown);
        if (wait === undefined) await changed.promise;
        else {
          shown = wait.shown;
          await pause(wait.ms, over.signal);
        }
        changed = Promise.withResolvers<void>();
        if (over.signal.aborted) return;
      }
    }

    async function redraw(reference: string, draft: Draft, before: Draft) {
      try {
        await drafts?.redraw(reference, draft, before, over.signal);
        return { shown: draft, ms: paceMs };
      } catch (problem) {
        if (problem instanceof NotNowError) return { shown: before, ms: Math.max(paceMs, problem.seconds * 1000) };
        if (!(problem instanceof EnoughError)) throw problem;
        enough.abort(problem);
        return { shown: draft, ms: paceMs };
      }
    }

    return {
      onlooker: {
        show(draft) {
          if (drafts === undefined) return;
          latest = draft;
          changed.resolve();
          showing ??= begin(draft).catch((problem: unknown) => {
            report(problem);
            return false;
          });
        },
        enough: enough.signal,
      },
      async end() {
        over.abort();
        if (await showing) return live;
        return (await outbox.referenceOf(live).catch(() => undefined)) === undefined ? undefined : live;
      },
    };
  };
}

/** Shows no answers on their way. */
export const NOTHING_LIVE: LiveOn = () => ({ onlooker: { show() {} }, end: async () => undefined });
