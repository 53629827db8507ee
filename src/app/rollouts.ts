import { setTimeout as sleep } from "node:timers/promises";
import { rolloutTitle } from "../cards/rollout-card.ts";
import type { Config } from "../config.ts";
import type { Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import type { ConceptPacks } from "../core/concept.ts";
import { startLoop } from "../jobs/loop.ts";
import type { Suggester } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { Sharing } from "./sharing.ts";

/** Comparisons of deployments with what was before them, put together. */
export type RolloutDesk = {
  /** Whether a question asks for them by their own word. */
  readonly isAsked: (question: Question) => boolean;
  readonly list: (question: Question) => Promise<Card>;
  /** Begins to compare; only one process of a data folder may. `posted`: a message stands in the outbox. Returns what ends it. */
  readonly start: (posted: () => void) => (graceMs: number) => Promise<void>;
};

type Options = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly clock: Clock;
  readonly log: Log;
  readonly suggest: Suggester;
  readonly sharing?: Sharing | undefined;
};

const LISTED = 20;
/** After the start, others are in more of a hurry. */
const FIRST_MS = 15_000;
const AGAIN_SECONDS = 60;

export function createRollouts(
  config: Config,
  { store, sources, packs, clock, log, suggest, sharing }: Options,
): RolloutDesk {
  const { rollouts: settings, timezone } = config;
  return {
    isAsked: ({ text }) => /^(?:show |list )?(?:the )?rollouts[.?!]?$/i.test(text.trim().slice(0, 60)),
    async list({ user, sources: open }) {
      const zone = user.zone ?? timezone;
      const now = clock();
      const all = (await store.rollouts.open()).filter(({ source }) => open === undefined || open.includes(source));
      const newest = [...all].sort((a, b) => b.at - a.at);
      const items = newest.slice(0, LISTED).map((one) => rolloutTitle(one, { now, zone }));
      return {
        title:
          items.length === 0
            ? "No deployment within the last hour that I know of."
            : `${newest.length} deployment${newest.length === 1 ? "" : "s"} within the last hour.`,
        tone: newest.some(({ verdict }) => verdict === "worse") ? "warning" : "info",
        blocks: [
          ...(items.length === 0 ? [] : [{ kind: "list" as const, items }]),
          {
            kind: "note",
            text: "Each is compared with what was before it, 7 to 30 minutes after. I learn of them from metrics that carry a version, and from pipelines.",
          },
        ],
      };
    },
    start(posted) {
      if (sources.length === 0 || !settings.enabled) return async () => {};
      const ending = new AbortController();
      const lead = sharing?.lead("rollouts");
      let isFirst = true;
      const round = async (signal: AbortSignal): Promise<number> => {
        const either = AbortSignal.any([signal, ending.signal]);
        if (isFirst) await sleep(FIRST_MS, undefined, { signal: either, ref: false }).catch(() => {});
        isFirst = false;
        if (either.aborted || (lead !== undefined && !(await lead.leads()))) return AGAIN_SECONDS;
        const { compareRollouts } = await import("../flows/rollout.ts");
        return compareRollouts(
          {
            ...{ store, sources, packs, clock, zone: timezone, places: settings.places, suggest, posted },
            report: (level, message, data) => log[level](data, message),
          },
          signal,
        );
      };
      const onProblem = (err: unknown) => log.error({ err }, `deployments could not be compared: ${reasonOf(err)}`);
      const loop = startLoop(round, onProblem, AGAIN_SECONDS);
      loop.wake();
      return async (graceMs) => {
        ending.abort();
        await loop.stop(graceMs);
        await lead?.release().catch(() => {});
      };
    },
  };
}
