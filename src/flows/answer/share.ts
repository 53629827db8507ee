import { type Answer, answerOf } from "../../core/answer.ts";
import { queryFor } from "../../core/concept.ts";
import { promDuration } from "../../core/language/duration.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatValue } from "../../core/units.ts";
import { inertName } from "../../util/inert.ts";
import { sayWindow } from "./query.ts";
import type { Turn } from "./turn.ts";

/** Labels whose values are kinds of outcome: a share is taken of all outcomes. */
const OUTCOMES = ["status", "result", "outcome", "code", "state", "reason", "template", "type", "kind", "method"];

/** "What percentage of X transactions was approved": the part with that outcome, of all. Undefined when no outcome is named. */
export async function share(turn: Turn, subject: Subject): Promise<Answer | undefined> {
  const { read, ask, now, zone } = turn;
  const part = subject.filters.find((filter) => OUTCOMES.includes(filter.label));
  if (part === undefined) return undefined;
  const window = read.window;
  const length =
    window === undefined ? "5m" : promDuration(Math.max(60, Math.round(Math.min(window.to, now) - window.from)));
  const asking = { by: [], window: length, quantile: 0.95, form: "rate" as const };
  const some = queryFor(subject.bound, { ...asking, filters: subject.filters });
  const all = queryFor(subject.bound, { ...asking, filters: subject.filters.filter((filter) => filter !== part) });
  const at = window === undefined ? (read.at?.at ?? ask.now) : Math.min(window.to, ask.now);
  const answer = await ask.instant(`${some} / ${all}`, { at });
  const value = answer.ok ? answer.data[0]?.value : undefined;
  if (!answer.ok)
    return answerOf("I could not ask Prometheus for that share.", { tone: "danger", details: [answer.reason] });
  if (value === undefined || !Number.isFinite(value)) return undefined;
  const when = window === undefined ? "now" : sayWindow(window.from, Math.min(window.to, now), now, zone);
  const others = subject.filters
    .filter((filter) => filter !== part)
    .flatMap((filter) => filter.values)
    .map((name) => inertName(name));
  return answerOf(
    `${formatValue(value, "ratio")} of ${subject.bound.concept.name}${others.length === 0 ? "" : ` of ${others.join(", ")}`} ${part.values.length === 1 ? "is" : "are"} ${part.values.map((name) => inertName(name)).join(" or ")} ${when}.`,
    {
      values: [{ name: `share of ${part.values.join(" or ")}`, value, unit: "ratio", labels: {}, at }],
    },
  );
}
