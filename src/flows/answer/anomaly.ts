import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { type Bound, stateQuery } from "../../core/concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import { seriesKey } from "../../core/series.ts";
import { inertName } from "../../util/inert.ts";
import { filtersFor, findTrouble, linesOf } from "./findings.ts";
import { askAgain, placeName } from "./measure.ts";
import { rowsOf, say } from "./rows.ts";
import { scopeOf } from "./scope.ts";
import type { Turn } from "./turn.ts";
import { hourlyHistory, standing, type Usual, usualAt } from "./usual.ts";
import { foundByWatching } from "./watched.ts";

/** Measures that have a usual level: compared with the same hour of the last two weeks. */
const WATCHED = [
  "service.requests",
  "service.errors",
  "service.latency",
  "host.cpu",
  "host.memory",
  "host.net_in",
  "queue.depth",
  "pg.connections",
  "redis.hit_ratio",
  "access.login_failures",
];

/** A change smaller than this factor is not worth a line, even outside the usual range. */
const WORTH_SAYING = 1.25;

export type Deviation = {
  readonly bound: Bound;
  readonly name: string;
  readonly value: number;
  readonly usual: Usual;
  readonly where: "above" | "below";
  readonly factor: number;
};

/** "Anything weird?": everything, one thing, or one measure, against what is usual at this hour. */
export async function anomaly(turn: Turn, subject: Subject | undefined): Promise<Answer> {
  const scope = scopeOf(turn.read);
  if (
    subject !== undefined &&
    subject.score > 0.5 &&
    !WIDE.has(subject.bound.concept.about === "" ? "" : subject.bound.concept.id)
  )
    return one(turn, subject);
  const [trouble, compared, watched] = await Promise.all([
    findTrouble(turn, scope),
    deviations(turn, scope, WATCHED),
    foundByWatching(turn, scope),
  ]);
  const { looked, usual } = compared;
  // What the schedule follows is said by it: it knows more of the series than a look at this hour of two weeks.
  const found = compared.found.filter((one) => !watched.covers(one));
  const name = scope[0] === undefined ? "" : inertName(scope[0].name);
  const odd = [...found].sort((a, b) => b.factor - a.factor).map(sayDeviation);
  const lines = [...watched.lines, ...odd.slice(0, 10), ...linesOf(trouble.found)];
  const values = found.map(
    (deviation): Value => ({
      name: `${deviation.bound.concept.name} of ${deviation.name}`,
      value: deviation.value,
      unit: deviation.bound.concept.unit,
      labels: {},
      at: turn.now,
    }),
  );
  const notes = [
    ...(trouble.failed.length === 0 ? [] : [`Could not check: ${trouble.failed.slice(0, 6).join(", ")}.`]),
    ...watched.notes,
    `Compared ${looked} series with their usual range at this hour, and ${trouble.checked} limits.`,
  ];
  if (looked === 0 && trouble.checked === 0 && lines.length === 0)
    return answerOf("I could not ask Prometheus, so I cannot tell what is unusual.", {
      tone: "danger",
      details: turn.ask.degraded.slice(0, 2),
    });
  if (lines.length === 0) {
    return answerOf(
      `${name === "" ? "Nothing unusual" : `${name} looks normal`}: ${name === "" ? "everything compared" : "all its measures"} ${looked === 1 ? "is" : "are"} within the usual range for this hour.`,
      { tone: "good", notes, values, list: usual.slice(0, 6) },
    );
  }
  return answerOf(
    `${name === "" ? "" : `${name}: `}${lines.length} unusual thing${lines.length === 1 ? "" : "s"}. First: ${lines[0]}.`,
    {
      tone: "warning",
      list: lines.slice(0, 18),
      notes: lines.length > 18 ? [...notes, `${lines.length - 18} more; ask about one service or host.`] : notes,
      values: [...watched.values, ...values],
      next: [
        askButton(
          `Why? (${found[0]?.name ?? trouble.found[0]?.subject ?? ""})`,
          `why: ${found[0]?.name ?? trouble.found[0]?.subject ?? ""}`,
        ),
        askButton("Show active alerts"),
      ],
    },
  );
}

const WIDE = new Set(["pod.info", "deployment.replicas"]);

async function one(turn: Turn, subject: Subject): Promise<Answer> {
  const { bound } = subject;
  const { ask, zone } = turn;
  const at = turn.read.at?.at ?? ask.now;
  let compared = 0;
  const promql = stateQuery(bound, subject.filters, turn.read.quantile);
  const [current, history] = await Promise.all([
    ask.instant(promql, { at: turn.read.at?.at ?? ask.now }),
    hourlyHistory(ask, promql, turn.read.at?.at ?? ask.now),
  ]);
  if (!current.ok)
    return answerOf(`I could not ask Prometheus for ${bound.concept.name}.`, {
      tone: "danger",
      details: [current.reason],
    });
  const { rows } = rowsOf(bound, current.data);
  const ranges = new Map(history.map(({ labels, points }) => [seriesKey(labels), usualAt(points, at, zone)]));
  const name = placeName(subject);
  const lines: string[] = [];
  let odd = 0;
  for (const row of rows) {
    const usual = rows.length === 1 ? usualAt(history[0]?.points ?? [], at, zone) : ranges.get(row.key);
    if (usual === undefined) {
      lines.push(`${row.name}: ${say(bound, row.value)}, too little history to say what is usual`);
      continue;
    }
    const where = factorOf(row.value, usual) < WORTH_SAYING ? "usual" : standing(row.value, usual);
    compared += 1;
    if (where !== "usual") odd += 1;
    lines.push(
      `${row.name || bound.concept.name}: ${say(bound, row.value)} is ${where === "usual" ? "about" : where === "above" ? "higher than" : "lower than"} the usual ${say(bound, usual.low)} to ${say(bound, usual.high)}`,
    );
  }
  const values = rows.map(
    (row): Value => ({
      name: `${bound.concept.name} of ${row.name}`,
      value: row.value,
      unit: bound.concept.unit,
      labels: row.labels,
      at: row.at,
    }),
  );
  if (rows.length === 0)
    return answerOf(`No data for ${bound.concept.name}${name === "" ? "" : ` of ${name}`}.`, { tone: "warning" });
  const [line] = lines;
  if (compared === 0)
    return answerOf(
      `I cannot say what is usual for ${bound.concept.name}${name === "" ? "" : ` of ${name}`}: there is too little history.`,
      { tone: "warning", values, list: lines.slice(0, 12) },
    );
  if (odd === 0)
    return answerOf(
      `Normal: ${rows.length === 1 ? line : `${bound.concept.name}${name === "" ? "" : ` of ${name}`} looks as usual for this hour`}.`,
      { tone: "good", values, list: rows.length === 1 ? [] : lines.slice(0, 12) },
    );
  return answerOf(
    `Unusual: ${rows.length === 1 ? line : `${odd} of ${rows.length} series are outside their usual range`}.`,
    {
      tone: "warning",
      values,
      list: rows.length === 1 ? [] : lines.slice(0, 12),
      next: [askButton("Why?", `why is ${askAgain(subject, turn.read.quantile)} unusual`)],
    },
  );
}

/** Which series are outside their usual range now, or at `turn.read.at`. */
export async function deviations(
  turn: Turn,
  scope: readonly Entity[],
  ids: readonly string[],
): Promise<{ readonly found: readonly Deviation[]; readonly looked: number; readonly usual: readonly string[] }> {
  const { ask, index, zone } = turn;
  const at = turn.read.at?.at ?? ask.now;
  const found: Deviation[] = [];
  const usualLines: string[] = [];
  let looked = 0;
  await Promise.all(
    ids.map(async (id) => {
      const bound = index.byId.get(id);
      const filters = bound === undefined ? undefined : filtersFor(bound, scope);
      if (bound === undefined || filters === undefined) return;
      const promql = stateQuery(bound, filters);
      const [current, history] = await Promise.all([
        ask.instant(promql, { at, background: scope.length === 0 }),
        hourlyHistory(ask, promql, at),
      ]);
      if (!current.ok) return;
      const past = new Map(history.map(({ labels, points }) => [seriesKey(labels), points]));
      const { rows } = rowsOf(bound, current.data);
      for (const row of rows) {
        const usual = usualAt(past.get(row.key) ?? [], at, zone);
        if (usual === undefined) continue;
        looked += 1;
        const where = standing(row.value, usual);
        const factor = factorOf(row.value, usual);
        if (where === "usual" || factor < WORTH_SAYING || harmless(bound, where, row.value)) {
          usualLines.push(
            `${bound.concept.name} of ${row.name || "all"}: ${say(bound, row.value)}, usual ${say(bound, usual.low)} to ${say(bound, usual.high)}`,
          );
          continue;
        }
        found.push({ bound, name: row.name || bound.concept.name, value: row.value, usual, where, factor });
      }
    }),
  );
  return { found, looked, usual: usualLines };
}

/** Fewer errors, a shorter queue: good news is no anomaly. Nor is anything far below the limit from which people should look. */
function harmless(bound: Bound, where: "above" | "below", value: number): boolean {
  const { warn, worse, unit } = bound.concept;
  if (worse === "up" && unit === "ratio" && warn !== undefined && value < warn / 3) return true;
  return (bound.concept.worse === "up" && where === "below") || (bound.concept.worse === "down" && where === "above");
}

function factorOf(value: number, usual: Usual): number {
  const typical = Math.abs(usual.typical);
  if (typical === 0) return value === 0 ? 1 : 100;
  const ratio = Math.abs(value) / typical;
  return ratio >= 1 ? ratio : 1 / Math.max(ratio, 0.01);
}

export function sayDeviation({ bound, name, value, usual, where, factor }: Deviation): string {
  // Of nothing, there is no so many times.
  const isTimes = factor >= 1.5 && usual.typical !== 0;
  const times = isTimes ? ` (×${Number((value / usual.typical).toPrecision(2))})` : "";
  const label = bound.concept.id === "service.latency" ? "p95 latency" : bound.concept.name;
  return `${label} of ${name} is ${say(bound, value)}, ${where === "above" ? "higher" : "lower"} than the usual ${say(bound, usual.low)} to ${say(bound, usual.high)}${times}`;
}
