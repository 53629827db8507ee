import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { kindsOf } from "../../core/language/link.ts";
import type { Subject } from "../../core/language/subject.ts";
import { meets } from "../../core/language/threshold.ts";
import { capital, couldNotAsk, listed, measure, nameWithQuantile, placeWords } from "./measure.ts";
import { plan } from "./query.ts";
import { rowsOf, say, sorted, valuesOf } from "./rows.ts";
import type { Turn } from "./turn.ts";

/** One subject -> its highest or lowest rows. The asked-for number of them, one when a single thing is asked for. */
export async function rank(turn: Turn, subject: Subject): Promise<Answer> {
  const { read, ask, now, zone } = turn;
  const how = plan(read, subject, now, zone, { by: rankBy(turn, subject) });
  const answer = await ask.instant(how.promql, { at: how.at });
  if (!answer.ok) return couldNotAsk(subject, answer.reason);
  const { rows } = rowsOf(subject.bound, answer.data);
  const { concept } = subject.bound;
  const direction = read.ranking?.direction ?? (concept.worse === "down" ? "low" : "high");
  const limit = read.threshold?.valueIn(concept.unit);
  const ordered = sorted(rows, direction).filter(
    (row) => read.threshold === undefined || limit === undefined || meets(row.value, read.threshold.op, limit),
  );
  const k = Math.min(read.ranking?.k ?? 1, 50);
  const top = ordered.slice(0, k);
  const [first] = top;
  if (ordered.length === 1) return measure(turn, subject);
  const name = nameWithQuantile(subject, read.quantile);
  const place = placeWords(subject);
  if (first === undefined)
    return answerOf(`No data: there is nothing to rank by ${name}${place}.`, { tone: "warning" });
  const word = direction === "high" ? "highest" : "lowest";
  const fold = (value: number): string => say(subject.bound, value, how.form);
  const base = {
    values: valuesOf(subject.bound, top, how.form),
    next: [
      askButton(
        `Why? (${first.name})`,
        `why is ${name} of ${first.name} ${direction === "high" ? "so high" : "so low"}`,
      ),
      askButton("What is unusual right now?"),
    ],
  };
  if (k === 1) {
    const tied = ordered.filter((row) => row.value === first.value);
    if (tied.length > 1 && tied.length <= 5) {
      return answerOf(
        `${tied.map((row) => row.name).join(", ")} share the ${word} ${name}${place}: ${fold(first.value)} ${how.when}.`,
        base,
      );
    }
    const rest = ordered.slice(1, 4);
    if (concept.id === "deploy.last" && direction === "low")
      return answerOf(`${first.name} was deployed most recently: ${fold(first.value)} ago.`, {
        ...base,
        details:
          rest.length === 0
            ? []
            : [`Next in line: ${rest.map((row) => `${row.name} ${fold(row.value)} ago`).join(", ")}.`],
      });
    if (concept.id === "cert.expiry" && direction === "low")
      return answerOf(`The certificate of ${first.name} expires first: in ${fold(first.value)}.`, {
        ...base,
        details:
          rest.length === 0
            ? []
            : [`Next in line: ${rest.map((row) => `${row.name} in ${fold(row.value)}`).join(", ")}.`],
      });
    return answerOf(`${first.name} has the ${word} ${name}${place}: ${fold(first.value)} ${how.when}.`, {
      ...base,
      details:
        rest.length === 0 ? [] : [`Next in line: ${rest.map((row) => `${row.name} ${fold(row.value)}`).join(", ")}.`],
    });
  }
  return answerOf(`${capital(word)} ${top.length} by ${name}${place} ${how.when}:`, {
    ...base,
    list:
      top.length > 12
        ? listed(top, (row) => `${row.name}: ${fold(row.value)}`)
        : top.map((row, index) => `${index + 1}. ${row.name}: ${fold(row.value)}`),
    details: top.length < k ? [`There are only ${top.length}.`] : [],
  });
}

const LABEL_OF: Readonly<Record<string, string>> = { host: "instance", database: "datname", deployment: "container" };

/** What the ranking runs over: the label the question names, the concept's own thing, or the one label that tells series apart. */
function rankBy(turn: Turn, subject: Subject): readonly string[] {
  const { bound } = subject;
  const { read } = turn;
  if (read.by !== undefined && bound.metric.labels.has(read.by)) return [read.by];
  const self = bound.names["self"];
  const asked = read.tokens.map((token) => kindsOf(token.fold)).find((kinds) => kinds !== undefined);
  const label = asked
    ?.map((kind) => LABEL_OF[kind] ?? kind)
    .find(
      (one) =>
        one !== self &&
        bound.metric.labels.has(one) &&
        !read.mentions.some((mention) => mention.entities.some((entity) => entity.kind === one)),
    );
  if (
    label !== undefined &&
    !(asked ?? []).some((kind) => (LABEL_OF[kind] ?? kind) === self || kind === bound.concept.about)
  )
    return [label];
  if (self !== undefined)
    return [self, ...bound.concept.rows.filter((label) => label !== self && bound.metric.labels.has(label))];
  return plan(read, subject, turn.now, turn.zone).by.slice(0, 1);
}
