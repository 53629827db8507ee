import { fold } from "../language/normalise.ts";
import { OPINIONS, type OpinionKind } from "./anomaly.ts";

/** What is asked of the scheduled detector by a word of its own, and what buttons under its messages say. */
export type WatchWish =
  | { readonly kind: "anomalies" }
  | { readonly kind: "scan" }
  | { readonly kind: "judge"; readonly anomaly: string; readonly opinion: OpinionKind };

const WISH = /^(?:(anomalies)|(scan)(?: now)?|anomaly ([\w.-]{1,200}) (useful|not useful|expected))$/;

/** "anomalies", "scan", "anomaly 3f2a useful"; undefined for anything else: questions in other words are answered like any. */
export function readWatchWish(text: string): WatchWish | undefined {
  const said = text
    .trim()
    .slice(0, 300)
    .replace(/\s+/g, " ")
    .replace(/[?.!]$/, "");
  const [, anomalies, scan, anomaly, opinion] = WISH.exec(fold(said)) ?? [];
  if (anomalies !== undefined) return { kind: "anomalies" };
  if (scan !== undefined) return { kind: "scan" };
  const kind = OPINIONS.find((one) => one === opinion);
  // Ids have capitals at times.
  const id = /^anomaly (\S+) /i.exec(said)?.[1];
  return anomaly === undefined || kind === undefined || id === undefined
    ? undefined
    : { kind: "judge", anomaly: id, opinion: kind };
}
