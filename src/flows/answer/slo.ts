import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import { queryFor } from "../../core/concept.ts";
import { promDuration } from "../../core/language/duration.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration, formatValue } from "../../core/units.ts";
import { placeName } from "./measure.ts";
import type { Turn } from "./turn.ts";

const WEEK = "7d";

/** One service against its objective: availability, what is left of the error budget, and how fast it burns. */
export async function objective(turn: Turn, subject: Subject): Promise<Answer> {
  const { read, ask, index, now } = turn;
  // "availability" may also be the value of a label of the objective; only the service itself narrows
  const filters = subject.filters.filter((filter) => filter.label === subject.bound.names["self"]);
  const asked = subject.bound.concept.id;
  const seconds =
    read.window === undefined ? undefined : Math.max(60, Math.round(Math.min(read.window.to, now) - read.window.from));
  const at = read.window === undefined ? (read.at?.at ?? ask.now) : Math.min(read.window.to, ask.now);
  const window = seconds === undefined ? undefined : promDuration(seconds);
  const valueFor = async (id: string, length: string): Promise<number | undefined> => {
    const bound = index.byId.get(id);
    if (bound === undefined) return undefined;
    const by = [bound.names["self"] ?? "service"];
    const answer = await ask.instant(queryFor(bound, { filters, by, window: length, quantile: 0.95, form: "rate" }), {
      at,
    });
    return answer.ok ? answer.data[0]?.value : undefined;
  };
  const burnWindow = asked === "slo.burn" && window !== undefined ? window : "1h";
  const long = asked === "slo.burn" ? WEEK : (window ?? WEEK);
  const [availability, target, budget, burn] = await Promise.all([
    valueFor("slo.availability", long),
    valueFor("slo.objective", WEEK),
    valueFor("slo.budget", long),
    valueFor("slo.burn", burnWindow),
  ]);
  const name = placeName(subject);
  const over = `over ${formatDuration(spanOf(long))}`;
  const ratio = (value: number): string => formatValue(value, "ratio");
  if (availability === undefined && target === undefined) {
    const [reason] = ask.degraded;
    return reason === undefined
      ? answerOf(`No data: there is neither an objective nor request data for ${name}.`, { tone: "warning" })
      : answerOf(`I could not ask Prometheus for the objective of ${name}.`, { tone: "danger", details: [reason] });
  }
  const said = {
    availability: availability === undefined ? undefined : `availability of ${name} is ${ratio(availability)} ${over}`,
    target: target === undefined ? undefined : `its objective is ${ratio(target)}`,
    budget:
      budget === undefined
        ? undefined
        : budget < 0
          ? `the error budget of ${name} is used up, ${ratio(budget)} left ${over}`
          : `${ratio(budget)} of the error budget of ${name} is left ${over}`,
    burn:
      burn === undefined
        ? undefined
        : `it burns the budget at ${formatValue(burn, "none")}x over ${formatDuration(spanOf(burnWindow))}`,
  };
  const order =
    asked === "slo.burn"
      ? [said.burn, said.budget, said.availability, said.target]
      : asked === "slo.budget"
        ? [said.budget, said.availability, said.target, said.burn]
        : asked === "slo.objective"
          ? [said.target, said.availability, said.budget, said.burn]
          : [said.availability, said.target, said.budget, said.burn];
  const [first = `there is no objective for ${name}`, ...rest] = order.filter((one) => one !== undefined);
  const met = availability !== undefined && target !== undefined ? availability >= target : undefined;
  const lead = read.yesNo && met !== undefined ? `${answersYes(read.plain, met) ? "Yes" : "No"}: ` : "";
  const values: Value[] = [
    ["availability", availability, "ratio"],
    ["objective", target, "ratio"],
    ["error budget left", budget, "ratio"],
    ["burn rate", burn, "none"],
  ].flatMap(([label, value, unit]) =>
    typeof value === "number" && Number.isFinite(value)
      ? [{ name: `${label} of ${name}`, value, unit: String(unit), labels: {}, at }]
      : [],
  );
  return answerOf(`${lead}${lead === "" ? capitalFirst(first) : first}.`, {
    tone: met === false ? "danger" : burn !== undefined && burn > 1 ? "warning" : "good",
    details: rest.map((one) => `${capitalFirst(one)}.`),
    values,
    notes: target === undefined ? ["There is no objective metric for it, so nothing is said about a budget."] : [],
    next: [askButton("Which SLOs are out of budget?"), askButton(`Why? (${name})`, `why is ${name} failing`)],
  });
}

/** "is it within" and "is it breaking" want opposite words for the same fact. */
function answersYes(question: string, met: boolean): boolean {
  return /\b(?:out of|breach\w*|violat\w*|miss\w*|break\w*|exhaust\w*|burn\w*|below|used up|over budget|failing|verletz\w*)\b/i.test(
    question,
  )
    ? !met
    : met;
}

function capitalFirst(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function spanOf(duration: string): number {
  let seconds = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)([smhdw])/g))
    seconds += Number(count) * ({ s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit ?? "s"] ?? 1);
  return seconds;
}
