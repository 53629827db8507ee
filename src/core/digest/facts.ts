import { never } from "../../util/never.ts";
import { lineOf, type Run } from "../ci/run.ts";
import type { DoraRow } from "../ci/teams.ts";
import type { KeptForecast } from "../forecast/score.ts";
import type { IsActed } from "../incident/acted.ts";
import type { Threshold } from "../incident/threshold.ts";
import type { Incident } from "../incident.ts";
import { type Pattern, patternName } from "../pattern/pattern.ts";
import type { Proposal } from "../proposal.ts";
import type { Resource, Waste, WasteSum } from "../waste.ts";
import type { Anomaly } from "../watch/anomaly.ts";
import type { Noise } from "./noise.ts";

/** What digests are made of, and what they keep of it. */

/** Something that was asked of the store: what came, or why nothing did. */
export type Asked<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly reason: string };

/** How useful the posts of one watch were. */
export type WatchUse = {
  readonly watch: string;
  readonly posts: number;
  readonly useful: number;
  readonly notUseful: number;
  readonly expected: number;
};

/** What a digest is made of. Each list may hold more than the period; it reaches back over the one before, too. */
export type Facts = {
  readonly incidents: Asked<readonly Incident[]>;
  /** Whether somebody did something about one of them. */
  readonly isActed?: IsActed | undefined;
  readonly proposals: Asked<readonly Proposal[]>;
  readonly anomalies: Asked<readonly Anomaly[]>;
  /** Of posts within the period. */
  readonly watches: Asked<readonly WatchUse[]>;
  readonly forecasts: Asked<readonly KeptForecast[]>;
  readonly waste: Asked<readonly Waste[]>;
  /** Runs of pipelines. */
  readonly runs: Asked<readonly Run[]>;
  /** Those below: undefined where nothing is configured that could be asked, or this kind of digest does not tell of it. */
  readonly silences?: Asked<readonly EndingSilence[]>;
  readonly duties?: Asked<readonly Duty[]>;
  readonly budgets?: Asked<readonly Budget[]>;
  readonly patterns?: Asked<readonly Pattern[]>;
  /** Thresholds that would have kept alerts away, by the alert's name. */
  readonly thresholds?: ReadonlyMap<string, Threshold>;
  /** Name of a project's team. */
  readonly teamOf?: (project: string) => string | undefined;
  /** Since when the bot keeps anything, unix seconds: before that, nothing is no 0. */
  readonly knownSince: number;
};

/** A silence of Alertmanager, whoever wrote it. `until`: unix seconds. */
export type EndingSilence = {
  readonly id: string;
  readonly matchers: string;
  readonly until: number;
  readonly by: string;
};

/** Who is on call for one schedule, until when, and who comes then. People by name; undefined: nobody. Times in unix seconds. */
export type Duty = {
  readonly schedule: string;
  readonly person: string | undefined;
  readonly until?: number;
  readonly next?: { readonly person: string | undefined; readonly at: number };
};

/** What is left of a service's error budget, as a share of it. `burn`: 1 is as fast as it lasts. */
export type Budget = {
  readonly service: string;
  readonly source: string;
  readonly environment?: string;
  readonly left: number;
  readonly days: number;
  readonly burn?: number;
};

/** A pipeline of a main branch that fails: since when, and how many runs in a row. */
export type RedLine = Pick<Run, "project" | "pipeline" | "branch"> & { readonly since: number; readonly runs: number };

export type Item =
  | { readonly kind: "incident"; readonly incident: Incident }
  | { readonly kind: "anomaly"; readonly anomaly: Anomaly }
  | { readonly kind: "proposal"; readonly proposal: ToldProposal }
  | { readonly kind: "forecast"; readonly forecast: Pick<KeptForecast, "id" | "reaches"> }
  | { readonly kind: "noise"; readonly noise: Noise & { readonly threshold?: Threshold } }
  | { readonly kind: "silence"; readonly silence: EndingSilence }
  | { readonly kind: "duty"; readonly duty: Duty }
  | { readonly kind: "budget"; readonly budget: Budget }
  | { readonly kind: "red"; readonly red: RedLine }
  | { readonly kind: "pattern"; readonly pattern: Pattern }
  | { readonly kind: "delivery"; readonly delivery: DoraRow }
  | { readonly kind: "watch"; readonly watch: WatchUse }
  | { readonly kind: "waste"; readonly waste: ToldWaste };

/** What a digest keeps of what one source wastes: the sums alone. */
export type ToldWaste = Pick<Waste, "id" | "days" | "prices"> & { readonly resource: Resource; readonly sum: WasteSum };

/** What a digest keeps of a proposal. `asked`: the words in which somebody asked for it. */
export type ToldProposal = Pick<Proposal, "id" | "status" | "endedAt" | "note"> & {
  readonly action: Proposal["spec"]["action"];
  readonly runbook: Proposal["spec"]["runbook"];
  readonly target: string;
  readonly environment: string | undefined;
  readonly asked: string | undefined;
};

/** The incident as a digest keeps it. */
export function ofIncident(incident: Incident): Item {
  return { kind: "incident", incident: { ...incident, lines: [], keys: [] } };
}

/** The anomaly as a digest keeps it. */
export function ofAnomaly(anomaly: Anomaly): Item {
  return { kind: "anomaly", anomaly: { ...anomaly, points: [], events: [], because: [], terms: [] } };
}

/** The proposal as a digest keeps it. */
export function ofProposal(one: Proposal): Item {
  return { kind: "proposal", proposal: toldOf(one) };
}

function toldOf({ id, status, endedAt, note, spec }: Proposal): ToldProposal {
  return {
    ...{ id, status, action: spec.action, runbook: spec.runbook, target: spec.target.name },
    environment: spec.environment,
    asked: spec.cause.kind === "ask" ? spec.cause.text : undefined,
    ...(endedAt !== undefined && { endedAt }),
    ...(note !== undefined && { note }),
  };
}

/** Tells one item from the others. */
export function keyOf(item: Item): string {
  switch (item.kind) {
    case "incident":
      return `incident ${item.incident.id}`;
    case "anomaly":
      return `anomaly ${item.anomaly.id}`;
    case "proposal":
      return `proposal ${item.proposal.id}`;
    case "forecast":
      return `forecast ${item.forecast.id}`;
    case "noise":
      return `noise ${item.noise.name}`;
    case "silence":
      return `silence ${item.silence.id}`;
    case "duty":
      return `duty ${item.duty.schedule}`;
    case "budget":
      return `budget ${item.budget.source} ${item.budget.service}`;
    case "red":
      return `red ${lineOf(item.red)}`;
    case "pattern":
      return `pattern ${patternName(item.pattern)}`;
    case "delivery":
      return `delivery ${item.delivery.kind} ${item.delivery.name}`;
    case "waste":
      return `waste ${item.waste.id} ${item.waste.resource}`;
    case "watch":
      return `watch ${item.watch.watch}`;
    default:
      return never(item);
  }
}
