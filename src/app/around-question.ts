import type { AskReply } from "../core/answer.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Investigator } from "../ports/model.ts";
import type { Store } from "../ports/store.ts";
import type { Log } from "../util/log.ts";

/** What a question is given in place of the model, the store and the sources, so that what happens to it is seen and can be taken back. */

/** Notes that a model would have been asked. */
export function notYet(note: () => void): Investigator {
  return {
    async readIntent() {
      note();
      return undefined;
    },
    async investigate() {
      note();
      return { kind: "nothing", why: "" };
    },
  };
}

/** The same store, but what is remembered of an answer is only written on `release`. */
export function holdBack(store: Store) {
  const waiting: (() => Promise<unknown>)[] = [];
  const later = (work: () => Promise<unknown>) => {
    waiting.push(work);
  };
  const held: Store = Object.assign(Object.create(store) as Store, {
    conversations: {
      recent: (...args: Parameters<Store["conversations"]["recent"]>) => store.conversations.recent(...args),
      append: async (...args: Parameters<Store["conversations"]["append"]>) => {
        later(() => store.conversations.append(...args));
        return true;
      },
    },
    evidence: Object.assign(Object.create(store.evidence) as Store["evidence"], {
      save: async (...args: Parameters<Store["evidence"]["save"]>) => later(() => store.evidence.save(...args)),
    }),
  });
  return {
    store: held,
    async release() {
      for (const work of waiting.splice(0)) await work();
    },
  };
}

/** The same source, noting when it cannot even say what exists: then no query is asked, and none can be seen to fail. */
export function overheard(source: Metrics, seen: { unreachable: boolean }, log: Log): Metrics {
  const { name } = source;
  const instant: Metrics["instant"] = (promql, at, signal) => {
    log.debug({ source: name, promql, at }, "a query");
    return source.instant(promql, at, signal);
  };
  const range: Metrics["range"] = (promql, window, signal) => {
    log.debug({ source: name, promql, ...window }, "a query");
    return source.range(promql, window, signal);
  };
  const catalogue: Metrics["catalogue"] = (signal) =>
    source.catalogue(signal).catch((problem: unknown) => {
      seen.unreachable = true;
      throw problem;
    });
  return Object.assign(Object.create(source) as Metrics, { catalogue, instant, range });
}

/** Nothing came back from any query, and something failed. */
export function couldNotAsk({ sources }: AskReply, isUnreachable: boolean): boolean {
  return (isUnreachable || sources.length > 0) && sources.every(({ readings }) => typeof readings !== "number");
}

/** Settles when the work does, or rejects when the signal fires first: work that ignores its signal keeps nobody waiting. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
