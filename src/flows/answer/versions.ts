import { type Answer, answerOf } from "../../core/answer.ts";
import { queryFor } from "../../core/concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import { sayTime } from "../../core/zone.ts";
import { inertName } from "../../util/inert.ts";
import { placeName } from "./measure.ts";
import type { Turn } from "./turn.ts";

const LOOK_BACK = 14 * 86_400;
const STEP = 900;

/** Which versions ran within two weeks, and which one came before the current one. */
export async function versions(turn: Turn, subject: Subject): Promise<Answer> {
  const { ask, now, zone } = turn;
  const label = subject.bound.concept.shows ?? "version";
  const promql = queryFor(subject.bound, {
    filters: subject.filters,
    by: [],
    window: "5m",
    quantile: 0.95,
    form: "rate",
  });
  const end = Math.floor(now / STEP) * STEP;
  const answer = await ask.range(promql, { start: end - LOOK_BACK, end, step: STEP });
  const name = placeName(subject);
  if (!answer.ok)
    return answerOf(`I could not ask Prometheus for the versions of ${name}.`, {
      tone: "danger",
      details: [answer.reason],
    });
  const spans = new Map<string, { from: number; to: number }>();
  for (const { labels, points } of answer.data) {
    const version = labels[label];
    const [first] = points;
    const last = points.at(-1);
    if (version === undefined || first === undefined || last === undefined) continue;
    const known = spans.get(version);
    spans.set(version, {
      from: Math.min(first[0], known?.from ?? first[0]),
      to: Math.max(last[0], known?.to ?? last[0]),
    });
  }
  const ordered = [...spans].sort((a, b) => b[1].to - a[1].to || b[1].from - a[1].from);
  const [current, previous] = ordered;
  if (current === undefined)
    return answerOf(`No data: there is no version of ${name} within two weeks.`, { tone: "warning" });
  if (previous === undefined)
    return answerOf(`Only ${inertName(current[0])} of ${name} ran within two weeks; what came before is not kept.`);
  return answerOf(
    `Before ${inertName(current[0])}, ${name} ran ${inertName(previous[0])} until ${sayTime(previous[1].to, now, zone)}.`,
    {
      list: ordered.map(
        ([version, span]) =>
          `${inertName(version)}: ${sayTime(span.from, now, zone)} to ${sayTime(span.to, now, zone)}`,
      ),
    },
  );
}
