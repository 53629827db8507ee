import type { Drift } from "../anomaly/drift.ts";
import type { Gate } from "../anomaly/versions.ts";
import type { Watch } from "../watch.ts";

/**
 * What judges a watch, in versions. A version is what its series are like, learnt from a stretch of their past, and how far their threshold is
 * moved. Version 1 learns as it goes, from the first look on; others were learnt anew. Plain data; times are unix seconds.
 */
export type ModelVersion = {
  readonly number: number;
  /**
   * `shadow`: judges beside the active one, and nobody is told what it finds. `refused`: it did not pass the gate, or did worse beside
   * it. `retired`: another took its place.
   */
  readonly status: "active" | "shadow" | "refused" | "retired";
  readonly madeAt: number;
  readonly why: "first" | "weekly" | "drift" | "asked";
  /** Multiplies the threshold of every series of the watch. */
  readonly threshold: number;
  /** What it was learnt from, and how many of the watch's series it was tried on. */
  readonly learnt?: { readonly from: number; readonly to: number; readonly series: number; readonly tried: number };
  readonly gate?: Gate;
  /** What it and the active one raised while it was a shadow. */
  readonly shadow?: {
    readonly from: number;
    readonly to: number;
    readonly alerts: number;
    readonly activeAlerts: number;
  };
  /** When it was refused or retired, or last became active. */
  readonly changedAt: number;
  /** Who made it active by a command: a name for people. */
  readonly by?: string;
};

/** Whether a watch's series are what they were: the last day against the same day a week before. */
export type DriftFound = {
  readonly at: number;
  /** Series that were compared, and those that differ. */
  readonly compared: number;
  readonly drifted: number;
  /** The strongest of them, and that of the scores; undefined where too little is known. */
  readonly inputs: Drift | undefined;
  readonly scores: Drift | undefined;
  readonly isDrift: boolean;
};

/** All versions of one watch. `id` is its key (`versionOf`): another query begins anew. */
export type WatchModel = {
  readonly id: string;
  readonly revision: number;
  readonly madeAt: number;
  /** Set once the watch is gone. */
  readonly endedAt?: number;
  readonly watch: string;
  /** Name of the Prometheus source. */
  readonly source: string;
  /** Oldest first; one of them is active. */
  readonly versions: readonly ModelVersion[];
  /** The highest score of each hour, oldest first: eight days of them. */
  readonly scores: readonly number[];
  readonly drift?: DriftFound;
  /** When somebody last set about learning it anew, and why nothing came of it. */
  readonly tried?: { readonly at: number; readonly problem?: string };
};

/** Versions that are listed, at most. */
const KEPT = 10;
const SCORE_HOURS = 8 * 24;
export const LEARN_AGAIN_SECONDS = 7 * 86_400;
/** After a try, drift does not lead to another one for so long. */
const REST_SECONDS = 86_400;
/** So long a new version judges beside the old one. */
export const SHADOW_SECONDS = 86_400;
/** It may raise a quarter more than the old one meanwhile, and this many more may be chance. */
const MORE_ALERTS = 1.25;
const CHANCE = 2;

/** The model of a watch that was never learnt anew. */
export function newModel(id: string, { id: watch, source }: Pick<Watch, "id" | "source">, now: number): WatchModel {
  const first: ModelVersion = {
    ...{ number: 1, status: "active", madeAt: now, why: "first", threshold: 1, changedAt: now },
  };
  return { id, revision: 1, madeAt: now, watch, source, versions: [first], scores: [] };
}

/** Whether what was kept is a model that can be gone on with. */
export function isSound({ versions, scores }: WatchModel): boolean {
  return (
    Array.isArray(scores) &&
    Array.isArray(versions) &&
    versions.filter(({ status }) => status === "active").length === 1 &&
    versions.every(({ number, threshold }) => Number.isInteger(number) && threshold > 0.1 && threshold < 10)
  );
}

/** The version in force: number 1 where nothing is known. */
export function activeOf(model: WatchModel | undefined): Pick<ModelVersion, "number" | "threshold"> {
  return model?.versions.find(({ status }) => status === "active") ?? { number: 1, threshold: 1 };
}

export function shadowOf(model: WatchModel | undefined): ModelVersion | undefined {
  return model?.versions.find(({ status }) => status === "shadow");
}

/** The key under which the states of one version of a watch are kept. */
export function stateKey(id: string, number: number): string {
  return number === 1 ? id : `${id}.v${number}`;
}

/** Whether states under that key are of a version that judges now: others keep what they know for a while. */
export function isJudging(key: string, models: readonly Pick<WatchModel, "id" | "versions">[]): boolean {
  const [, id = key, number = "1"] = /^(.*)\.v(\d+)$/.exec(key) ?? [];
  const model = models.find((one) => one.id === id);
  const active = model?.versions.find(({ status }) => status === "active")?.number ?? 1;
  return String(active) === number;
}

/** Why it should be learnt anew now, if it should. */
export function whyLearn(model: WatchModel, now: number): "weekly" | "drift" | undefined {
  if (shadowOf(model) !== undefined) return undefined;
  const last = model.tried?.at ?? model.madeAt;
  if (now - last >= LEARN_AGAIN_SECONDS) return "weekly";
  const isNews = model.drift?.isDrift === true && model.drift.at > last;
  return isNews && now - last >= REST_SECONDS ? "drift" : undefined;
}

/** With a version that was just learnt: a shadow when it passed its gate. The number is the next one. */
export function withVersion(
  model: WatchModel,
  made: Pick<ModelVersion, "why" | "threshold" | "learnt"> & { readonly gate: Gate },
  now: number,
): WatchModel {
  const number = Math.max(...model.versions.map((one) => one.number)) + 1;
  const version: ModelVersion = {
    ...made,
    number,
    status: made.gate.passed ? "shadow" : "refused",
    madeAt: now,
    changedAt: now,
    ...(made.gate.passed && { shadow: { from: now, to: now, alerts: 0, activeAlerts: 0 } }),
  };
  // A newer shadow takes the place of one that is not done yet.
  const others = model.versions.map((one) =>
    version.status === "shadow" && one.status === "shadow"
      ? { ...one, status: "refused" as const, changedAt: now }
      : one,
  );
  return next(model, { versions: kept([...others, version]), tried: { at: now } });
}

/** With what a shadow and the active version raised since the last time. */
export function withShadowed(model: WatchModel, to: number, alerts: number, activeAlerts: number): WatchModel {
  return next(model, {
    versions: model.versions.map((one) =>
      one.status !== "shadow" || one.shadow === undefined
        ? one
        : {
            ...one,
            shadow: {
              ...one.shadow,
              to,
              alerts: one.shadow.alerts + alerts,
              activeAlerts: one.shadow.activeAlerts + activeAlerts,
            },
          },
    ),
  });
}

/** What becomes of a shadow: it waits until it has judged for a day. */
export function verdictOn({ shadow }: ModelVersion): "wait" | "promote" | "refuse" {
  if (shadow === undefined || shadow.to - shadow.from < SHADOW_SECONDS) return "wait";
  const most = Math.max(shadow.activeAlerts * MORE_ALERTS, shadow.activeAlerts + CHANCE);
  return shadow.alerts > most ? "refuse" : "promote";
}

/** With the end of its shadow's time: in force from now on, or refused. */
export function decided(model: WatchModel, verdict: "promote" | "refuse", now: number): WatchModel {
  const shadow = shadowOf(model);
  if (shadow === undefined) return model;
  if (verdict === "promote") return inForce(model, shadow.number, now);
  return next(model, {
    versions: model.versions.map((one) =>
      one.status === "shadow" ? { ...one, status: "refused", changedAt: now } : one,
    ),
  });
}

/** Why that version cannot be put in force by a command, as a sentence; undefined when it can. */
export function whyNotRollBack(model: WatchModel, number: number): string | undefined {
  const found = model.versions.find((one) => one.number === number);
  const known = model.versions.filter(({ status }) => status === "retired").map((one) => `v${one.number}`);
  const cure = known.length === 0 ? "There is none to go back to." : `You can go back to ${known.join(", ")}.`;
  if (found === undefined) return `${model.watch} has no version ${number}. ${cure}`;
  if (found.status === "active") return `Version ${number} of ${model.watch} is in force already. ${cure}`;
  if (found.status === "shadow")
    return `Version ${number} of ${model.watch} was never in force: it still runs as a shadow. ${cure}`;
  if (found.status === "refused") return `Version ${number} of ${model.watch} was refused and never in force. ${cure}`;
  return undefined;
}

/** With that version in force, by somebody's command or because its time as a shadow is over. The one before is retired, and a shadow too. */
export function inForce(model: WatchModel, number: number, now: number, by?: string): WatchModel {
  return next(model, {
    versions: model.versions.map((one): ModelVersion => {
      if (one.number === number) return { ...one, status: "active", changedAt: now, ...(by !== undefined && { by }) };
      if (one.status === "active") return { ...one, status: "retired", changedAt: now };
      // Somebody went back: what was learnt meanwhile is not put in force behind their back.
      return one.status === "shadow" ? { ...one, status: "refused", changedAt: now } : one;
    }),
  });
}

/** With the highest score of one more hour. */
export function withScore(model: WatchModel, score: number): WatchModel {
  return next(model, { scores: [...model.scores, Number(score.toFixed(2))].slice(-SCORE_HOURS) });
}

/** The next revision with these changes. */
export function next(model: WatchModel, change: Partial<Omit<WatchModel, "id" | "revision">>): WatchModel {
  return { ...model, ...change, revision: model.revision + 1 };
}

/** The newest, and those in use. */
function kept(versions: readonly ModelVersion[]): readonly ModelVersion[] {
  const newest = new Set(versions.slice(-KEPT));
  return versions.filter((one) => newest.has(one) || one.status === "active");
}
