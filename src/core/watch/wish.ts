import { fold } from "../language/normalise.ts";
import { OPINIONS, type OpinionKind } from "./anomaly.ts";

/** What is asked of the scheduled detector by a word of its own, and what buttons under its messages say. */
export type WatchWish =
  | { readonly kind: "anomalies" }
  | { readonly kind: "scan" }
  /** What is asked for and not used. */
  | { readonly kind: "waste" }
  /** How forecasts turned out. */
  | { readonly kind: "forecasts" }
  /** What judges the watch of that name, and what did. */
  | { readonly kind: "versions"; readonly watch: string }
  /** An anomaly, or those of an incident: what people may say of it. */
  | { readonly kind: "rate"; readonly anomaly: string }
  | { readonly kind: "judge"; readonly anomaly: string; readonly opinion: OpinionKind };

const FORECASTS = /^(?:forecasts|how (?:good|accurate|right) (?:were|are) (?:my|your|the|our) forecasts)$/;
const WASTE =
  /^(?:waste|what (?:do|are) we wast(?:e|ing)|where do we waste (?:money|resources)|how much do we waste|(?:which|what) (?:deployments|workloads|services|pods) (?:are (?:idle|over-?provisioned|oversized)|waste (?:money|resources))|idle (?:deployments|workloads|replicas))$/;
const VERSIONS = /^(?:versions of watch|watch versions(?: of)?) ([\w./:-]{1,200})$/;
const WISH = /^(?:(anomalies)|(scan)(?: now)?|anomaly ([\w.-]{1,200})(?: (useful|not useful|expected))?)$/;

/** "anomalies", "scan", "anomaly 3f2a useful"; undefined for anything else: questions in other words are answered like any. */
export function readWatchWish(text: string): WatchWish | undefined {
  const said = text
    .trim()
    .slice(0, 300)
    .replace(/\s+/g, " ")
    .replace(/[?.!]$/, "");
  const folded = fold(said);
  if (WASTE.test(folded)) return { kind: "waste" };
  if (FORECASTS.test(folded)) return { kind: "forecasts" };
  const watch = VERSIONS.exec(folded)?.[1];
  if (watch !== undefined) return { kind: "versions", watch };
  const [, anomalies, scan, anomaly, opinion] = WISH.exec(folded) ?? [];
  if (anomalies !== undefined) return { kind: "anomalies" };
  if (scan !== undefined) return { kind: "scan" };
  const kind = OPINIONS.find((one) => one === opinion);
  // Ids have capitals at times.
  const id = /^anomaly (\S+)/i.exec(said)?.[1];
  if (anomaly === undefined || id === undefined) return undefined;
  return kind === undefined ? { kind: "rate", anomaly: id } : { kind: "judge", anomaly: id, opinion: kind };
}
