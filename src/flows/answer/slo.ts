import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import { queryFor } from "../../core/concept.ts";
import { promDuration } from "../../core/language/duration.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration, formatValue } from "../../core/units.ts";
import { capitalFirst } from "../../util/capital.ts";
import { inertName } from "../../util/inert.ts";
import { placeName } from "./measure.ts";
import type { Turn } from "./turn.ts";

const WEEK = "7d";

/** What was asked for each service. `failed` says why it could not be asked. */
type Measured = { readonly of: ReadonlyMap<string, number>; readonly failed?: string };

/** One service in figures. NaN where nothing was requested, undefined where there is no such series. */
type Standing = {
  readonly service: string;
  readonly availability: number | undefined;
  readonly target: number | undefined;
  readonly budget: number | undefined;
  readonly burn: number | undefined;
};

/** Services against their objective: availability, what is left of the error budget, and how fast it burns. */
export async function objective(turn: Turn, subject: Subject): Promise<Answer> {
  const { read, ask, now } = turn;
  const asked = subject.bound.concept.id;
  const seconds =
    read.window === undefined ? undefined : Math.max(60, Math.round(Math.min(read.window.to, now) - read.window.from));
  const at = read.window === undefined ? (read.at?.at ?? ask.now) : Math.min(read.window.to, ask.now);
  const window = seconds === undefined ? undefined : promDuration(seconds);
  const burnWindow = asked === "slo.burn" && window !== undefined ? window : "1h";
  const long = asked === "slo.burn" ? WEEK : (window ?? WEEK);
  const [availability, target, budget, burn] = await Promise.all([
    measured(turn, subject, "slo.availability", long, at),
    measured(turn, subject, "slo.objective", WEEK, at),
    measured(turn, subject, "slo.budget", long, at),
    measured(turn, subject, "slo.burn", burnWindow, at),
  ]);
  const services = [...new Set([availability, target, budget, burn].flatMap(({ of }) => [...of.keys()]))].sort();
  const failed = [...new Set([availability, target, budget, burn].flatMap(({ failed: why }) => why ?? []))];
  const name = placeName(subject);
  const [only] = services;
  if (only === undefined)
    return failed.length === 0
      ? answerOf(`No data: there is neither an objective nor request data for ${name}.`, { tone: "warning" })
      : answerOf(`I could not ask Prometheus for the objective of ${name}.`, { tone: "danger", details: failed });
  const standings = services.map(
    (service): Standing => ({
      service,
      availability: availability.of.get(service),
      target: target.of.get(service),
      budget: budget.of.get(service),
      burn: burn.of.get(service),
    }),
  );
  const spans = { long, burn: burnWindow };
  const values = standings.flatMap((one) => valuesOf(one, services.length === 1 ? name : inertName(one.service), at));
  const notes = failed.map((why) => `Not all of it could be asked: ${why}`);
  if (target.failed === undefined && target.of.size === 0)
    notes.push("There is no objective metric for it, so nothing is said about a budget.");
  const [single = standings[0]!] = standings;
  if (services.length === 1) return { ...sayOne(turn, asked, single, name, spans), values, notes };
  const unasked =
    availability.failed !== undefined ? "availability" : target.failed !== undefined ? "objective" : undefined;
  return { ...sayMany(turn, standings, spans, unasked), values, notes };
}

/** The figure of each service; only the filter on services narrows it, since "availability" may be a label's value too. */
async function measured(
  { ask, index }: Turn,
  subject: Subject,
  id: string,
  length: string,
  at: number,
): Promise<Measured> {
  const bound = index.byId.get(id);
  if (bound === undefined) return { of: new Map() };
  const self = bound.names["self"] ?? "service";
  const filters = subject.filters.filter((filter) => filter.label === subject.bound.names["self"]);
  const promql = queryFor(bound, { filters, by: [self], window: length, quantile: 0.95, form: "rate" });
  const answer = await ask.instant(promql, { at });
  if (!answer.ok) return { of: new Map(), failed: answer.reason };
  return { of: new Map(answer.data.map(({ labels, value }) => [labels[self] ?? "", value])) };
}

type Spans = { readonly long: string; readonly burn: string };

const ratio = (value: number): string => formatValue(value, "ratio");

function isMet({ availability, target }: Standing): boolean | undefined {
  return availability === undefined || target === undefined || Number.isNaN(availability)
    ? undefined
    : availability >= target;
}

function sayOne({ read }: Turn, asked: string, one: Standing, name: string, spans: Spans): Answer {
  const over = `over ${formatDuration(spanOf(spans.long))}`;
  const { availability, target, budget, burn } = one;
  // Without a series nothing was measured, which is not the same as nothing being asked.
  const isAsked = asked !== "slo.objective";
  const isIdle = availability !== undefined && Number.isNaN(availability);
  const said = {
    availability:
      availability === undefined && isAsked
        ? `there is no request data of ${name}`
        : isIdle
          ? `nothing was asked of ${name} ${over}, so it has no availability`
          : availability === undefined
            ? undefined
            : `availability of ${name} is ${ratio(availability)} ${over}`,
    target: target === undefined ? undefined : `its objective is ${ratio(target)}`,
    budget:
      budget === undefined || Number.isNaN(budget)
        ? undefined
        : budget < 0
          ? `the error budget of ${name} is used up, ${ratio(budget)} left ${over}`
          : `${ratio(budget)} of the error budget of ${name} is left ${over}`,
    burn:
      burn === undefined || Number.isNaN(burn)
        ? undefined
        : `it burns the budget at ${formatValue(burn, "none")}x over ${formatDuration(spanOf(spans.burn))}`,
  };
  const order =
    asked === "slo.burn"
      ? [said.burn, said.budget, said.availability, said.target]
      : asked === "slo.budget"
        ? [said.budget, said.availability, said.target, said.burn]
        : asked === "slo.objective"
          ? [said.target, said.availability, said.budget, said.burn]
          : [said.availability, said.target, said.budget, said.burn];
  const [first = `there is no objective for ${name}`, ...rest] = order.filter((line) => line !== undefined);
  const met = isMet(one);
  const lead = read.yesNo && met !== undefined ? `${answersYes(read.plain, met) ? "Yes" : "No"}: ` : "";
  return answerOf(`${lead}${lead === "" ? capitalFirst(first) : first}.`, {
    tone: toneOf([one]),
    details: rest.map((line) => `${capitalFirst(line)}.`),
    next: [askButton("Which SLOs are out of budget?"), askButton(`Why? (${name})`, `why is ${name} failing`)],
  });
}

/** Worst first: what is left of the budget decides, else the distance to the objective. */
function sayMany(
  { read }: Turn,
  standings: readonly Standing[],
  { long, burn: burnWindow }: Spans,
  unasked: string | undefined,
): Answer {
  const left = ({ availability = Number.NaN, target = Number.NaN, budget = Number.NaN }: Standing): number => {
    const rest = Number.isNaN(budget) ? availability - target : budget;
    return Number.isNaN(rest) ? Number.POSITIVE_INFINITY : rest;
  };
  const ordered = [...standings].sort((a, b) => left(a) - left(b));
  const missed = ordered.filter((one) => isMet(one) === false).map(({ service }) => inertName(service));
  const known = ordered.filter((one) => isMet(one) !== undefined).length;
  const over = `over ${formatDuration(spanOf(long))}`;
  const idle = standings.length - known;
  const fact =
    unasked !== undefined
      ? `I could not ask Prometheus for the ${unasked} of these services, so I cannot tell which meet their objective`
      : known === 0
        ? `none of ${standings.length} services has both an objective and requests ${over}`
        : missed.length === 0
          ? `${idle === 0 ? `all ${known}` : `${known} of ${standings.length}`} services ${known === 1 ? "meets its" : "meet their"} objective ${over}${idle === 0 ? "" : ", and the others cannot be judged"}`
          : `${missed.length} of ${known} services ${missed.length === 1 ? "misses its" : "miss their"} objective ${over}: ${missed.join(", ")}`;
  const lead = read.yesNo && known > 0 ? `${answersYes(read.plain, missed.length === 0) ? "Yes" : "No"}: ` : "";
  const [worst] = missed;
  return answerOf(`${lead}${lead === "" ? capitalFirst(fact) : fact}.`, {
    tone: toneOf(standings),
    list: ordered.map(({ service, availability, target, budget, burn }) => {
      const parts = [
        availability === undefined
          ? []
          : Number.isNaN(availability)
            ? ["no requests"]
            : [`availability ${ratio(availability)}`],
        target === undefined ? [] : [`objective ${ratio(target)}`],
        budget === undefined || Number.isNaN(budget)
          ? []
          : [budget < 0 ? `budget used up, ${ratio(budget)} left` : `${ratio(budget)} of the budget left`],
        burn === undefined || Number.isNaN(burn)
          ? []
          : [`burning at ${formatValue(burn, "none")}x over ${formatDuration(spanOf(burnWindow))}`],
      ];
      return `${inertName(service)}: ${parts.flat().join(", ")}`;
    }),
    next: worst === undefined ? [] : [askButton(`Why? (${worst})`, `why is ${worst} failing`)],
  });
}

/** Good only when it is known to be. */
function toneOf(standings: readonly Standing[]): Answer["tone"] {
  if (standings.some((one) => isMet(one) === false || (one.budget !== undefined && one.budget < 0))) return "danger";
  if (standings.some(({ burn }) => burn !== undefined && burn > 1)) return "warning";
  return standings.every((one) => isMet(one) === true) ? "good" : "info";
}

function valuesOf({ availability, target, budget, burn }: Standing, name: string, at: number): Value[] {
  return (
    [
      ["availability", availability, "ratio"],
      ["objective", target, "ratio"],
      ["error budget left", budget, "ratio"],
      ["burn rate", burn, "none"],
    ] as const
  ).flatMap(([label, value, unit]) =>
    value !== undefined && Number.isFinite(value) ? [{ name: `${label} of ${name}`, value, unit, labels: {}, at }] : [],
  );
}

/** "is it within" and "is it breaking" want opposite words for the same fact. */
function answersYes(question: string, met: boolean): boolean {
  return /\b(?:out of|breach\w*|violat\w*|miss\w*|break\w*|exhaust\w*|burn\w*|below|used up|over budget|failing|verletz\w*)\b/i.test(
    question,
  )
    ? !met
    : met;
}

function spanOf(duration: string): number {
  let seconds = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)([smhdw])/g))
    seconds += Number(count) * ({ s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit ?? "s"] ?? 1);
  return seconds;
}
