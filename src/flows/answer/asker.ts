import { type Given, type GivenEvidence, MOST_GIVEN } from "../../core/basis.ts";
import type { Evidence } from "../../core/reading.ts";
import type { Sample, Series } from "../../core/series.ts";
import type { Metrics, TimeWindow } from "../../ports/metrics.ts";
import { QueryRefusedError, RefusedError, UnreachableError } from "../../util/errors.ts";

/** What came back, or why nothing could. "guarded": our own guard refused; "refused": Prometheus did; else it was not reached. */
export type Asked<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly why: "guarded" | "refused" | "unreachable"; readonly reason: string };

/** Asks one source on behalf of one question and remembers every query as evidence. Equal queries are sent once. */
export type Asker = {
  readonly source: Metrics;
  /** Unix seconds: the moment the question is about. */
  readonly now: number;
  instant(promql: string, options?: AskOptions): Promise<Asked<readonly Sample[]>>;
  range(promql: string, window: TimeWindow, options?: AskOptions): Promise<Asked<readonly Series[]>>;
  readonly evidence: readonly RecordedEvidence[];
  /** Adds a query whose result was kept from a little earlier. */
  recall(earlier: Evidence): void;
  /** Failures so far, each once, as sentences. */
  readonly degraded: readonly string[];
};

/** `background`: kept as a source of the answer, but not shown among its queries. `signal` ends this query alone. */
export type AskOptions = { readonly at?: number; readonly background?: boolean; readonly signal?: AbortSignal };

export type RecordedEvidence = GivenEvidence & { readonly background: boolean };

/** Three hours: what the link of an instant query opens, so that the person sees how it came to be. */
const LINK_SECONDS = 3 * 3600;

/**
 * @param live the question is about this very moment: instant queries then leave the time to the server, whose clock and
 *   newest sample are the ones that count.
 */
export function createAsker(source: Metrics, now: number, signal: AbortSignal, live: boolean): Asker {
  const evidence: RecordedEvidence[] = [];
  const degraded = new Set<string>();
  const instants = new Map<string, Promise<Asked<readonly Sample[]>>>();

  async function asked<T extends readonly unknown[]>(
    query: Omit<Evidence, "readings" | "source">,
    background: boolean,
    ending: AbortSignal,
    newestOf: (one: T[number]) => Given | undefined,
    send: () => Promise<T>,
  ): Promise<Asked<T>> {
    const slot = evidence.push({ ...query, source: source.name, readings: 0, background }) - 1;
    const note = (readings: Evidence["readings"], given: readonly Given[] = []): void => {
      const gave = given.length > 0 && { given };
      // Who asks the same again may have made it one that is shown; what was never answered is not.
      const isBackground = isHidden || (background && evidence[slot]?.background !== false);
      evidence[slot] = { ...query, source: source.name, readings, background: isBackground, ...gave };
    };
    let isHidden = false;
    try {
      const data = await send();
      note(
        data.length,
        data.slice(0, MOST_GIVEN).flatMap((one) => newestOf(one) ?? []),
      );
      return { ok: true, data };
    } catch (error) {
      if (ending.aborted) {
        isHidden = true; // nobody knows what it would have come to
        note({ failed: "it was stopped" });
        throw error;
      }
      const failure = failureOf(error);
      if (failure.why === "guarded") isHidden = true; // it was never asked
      note({ failed: failure.reason });
      if (failure.why !== "guarded") degraded.add(failure.reason);
      return failure;
    }
  }

  function endedBy(own: AbortSignal | undefined): AbortSignal {
    return own === undefined ? signal : AbortSignal.any([signal, own]);
  }

  return {
    source,
    now,
    get evidence() {
      return evidence;
    },
    get degraded() {
      return [...degraded];
    },
    recall(earlier) {
      evidence.push({ ...earlier, background: true });
    },
    instant(promql, { at = now, background = false, signal: own } = {}) {
      const key = `${at} ${promql}`;
      const before = instants.get(key);
      if (before !== undefined) {
        // Asked first in the background and now stated: its query is shown.
        if (!background)
          for (const [slot, one] of evidence.entries())
            if (
              one.background &&
              one.promql === promql &&
              one.start === at &&
              one.step === 0 &&
              typeof one.readings === "number"
            )
              evidence[slot] = { ...one, background: false };
        return before;
      }
      const url = source.linkTo(promql, { start: at - LINK_SECONDS, end: at, step: 0 });
      const query = { promql, start: at, end: at, step: 0, ...(url === undefined ? {} : { url }) };
      const ending = endedBy(own);
      const answer = asked(query, background, ending, ofSample, () =>
        source.instant(promql, live && at === now ? undefined : at, ending),
      );
      instants.set(key, answer);
      answer.catch(() => instants.delete(key));
      return answer;
    },
    range(promql, window, { background = false, signal: own } = {}) {
      const url = source.linkTo(promql, window);
      const ending = endedBy(own);
      return asked({ promql, ...window, ...(url === undefined ? {} : { url }) }, background, ending, ofSeries, () =>
        source.range(promql, window, ending),
      );
    },
  };
}

function ofSample({ labels, value, at }: Sample): Given | undefined {
  return Number.isFinite(value) ? { labels, value, at } : undefined;
}

function ofSeries({ labels, points }: Series): Given | undefined {
  const newest = points.findLast(([, value]) => Number.isFinite(value));
  return newest === undefined ? undefined : { labels, at: newest[0], value: newest[1] };
}

function failureOf(error: unknown): Extract<Asked<never>, { ok: false }> {
  if (error instanceof QueryRefusedError) return { ok: false, why: "guarded", reason: error.message };
  if (error instanceof RefusedError) return { ok: false, why: "refused", reason: error.message };
  if (error instanceof UnreachableError) return { ok: false, why: "unreachable", reason: error.message };
  throw error;
}
