import { setTimeout as sleep } from "node:timers/promises";
import type { Question } from "../core/chat.ts";
import type { Enough, FurtherLook, Onlooker } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Shelf } from "../ports/shelf.ts";

/** How replicas on one store hear of each other's looks. */
export type SharedLooks = {
  readonly looks: Shelf<FurtherLook>;
  readonly clock: Clock;
  /** Milliseconds between two looks at whether somebody wants no more. */
  readonly everyMs: number;
  readonly report: (problem: unknown) => void;
};

/** Revisions by two replicas at once are rare, and there are three of one look. */
const ATTEMPTS = 5;

/**
 * Questions that are being answered for somebody who looks on, so that others can end the further look into one. Where replicas share a store, whichever
 * hears the wish notes it there, and the one that looks finds it.
 */
export function createRunning(shared?: SharedLooks) {
  const running = new Map<string, { readonly question: Question; readonly ended: AbortController }>();

  const enough: Enough = async (id, channel, by) => {
    const one = running.get(id);
    if (one !== undefined) {
      if (!isSame(one.question.place, channel)) return "over";
      one.ended.abort(stoppedBy(by));
      return "stopping";
    }
    if (shared === undefined) return "over";
    try {
      const now = await change(shared, id, (known) =>
        known?.state === "looking" && isSame(known, channel) ? { ...known, state: "enough", by } : undefined,
      );
      return now?.state === "enough" && isSame(now, channel) ? "stopping" : "over";
    } catch (problem) {
      shared.report(problem);
      return "unknown";
    }
  };

  return {
    enough,
    /** Does the work with an onlooker who may also be ended by `enough`. */
    async during<T>(
      question: Question,
      onlooker: Onlooker | undefined,
      work: (watched: Onlooker | undefined) => Promise<T>,
    ): Promise<T> {
      if (onlooker === undefined) return work(undefined);
      const ended = new AbortController();
      running.set(question.id, { question, ended });
      const own = onlooker.enough;
      let follow: Following | undefined;
      try {
        return await work({
          show(draft) {
            // Nobody can press a button that was never shown.
            if (shared !== undefined) follow ??= following(shared, question, ended);
            onlooker.show(draft);
          },
          enough: own === undefined ? ended.signal : AbortSignal.any([own, ended.signal]),
        });
      } finally {
        if (running.get(question.id)?.ended === ended) running.delete(question.id);
        await follow?.end();
      }
    },
  };
}

type Following = { readonly end: () => Promise<void> };

/** Notes that a look goes on here, and ends it once a wish for that is in the store. Never rejects. */
function following(shared: SharedLooks, question: Question, ended: AbortController): Following {
  const { looks, clock, everyMs, report } = shared;
  const { platform, channel } = question.place;
  const over = new AbortController();
  const begun = () =>
    change(shared, question.id, (known) => {
      // Another replica looked, and died: what was wished then holds.
      if (known?.state === "enough") return undefined;
      const now = clock();
      return { id: question.id, revision: 0, madeAt: now, endedAt: now, platform, channel, state: "looking" };
    });
  const followed = async () => {
    // Until it is noted, others take it for one that is over.
    for (let isNoted = false; !over.signal.aborted; ) {
      const known: FurtherLook | undefined = await (isNoted ? looks.get(question.id) : begun()).catch((problem) => {
        report(problem);
        return undefined;
      });
      isNoted ||= known !== undefined;
      if (known?.state === "enough") return ended.abort(stoppedBy(known.by ?? "somebody"));
      await sleep(everyMs, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
    }
  };
  const work = followed();
  return {
    async end() {
      over.abort();
      await work;
      await change(shared, question.id, (known) => {
        if (known === undefined) return undefined;
        const { by: _, ...rest } = known;
        return { ...rest, state: "over" };
      }).catch(report);
    },
  };
}

/** Stores what `make` makes of the look as it is stored, and gives back how it stands then. `make` gives undefined where nothing is to change. */
async function change(
  { looks }: SharedLooks,
  id: string,
  make: (known: FurtherLook | undefined) => FurtherLook | undefined,
): Promise<FurtherLook | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await looks.get(id);
    const made = make(known);
    if (made === undefined) return known;
    const next = { ...made, revision: (known?.revision ?? 0) + 1 };
    if (await looks.save([next], [])) return next;
  }
  throw new Error(`others changed the look ${id} each time`);
}

type Channel = Parameters<Enough>[1];
const isSame = (one: Channel, other: Channel) => one.platform === other.platform && one.channel === other.channel;
const stoppedBy = (by: string) => new Error(`Stopped by ${by}`);
