import type { Answer, ModelAccount } from "../../core/answer.ts";
import type { Intent } from "../../core/language/classify.ts";
import type { ModelRecord } from "../../core/recording.ts";
import type { Case, Investigator } from "../../ports/model.ts";
import { reasonOf } from "../../util/errors.ts";
import { refuseByText } from "./approvals.ts";
import { deploysIn, deploysQuery } from "./cause-deploys.ts";
import { type Responded, respond } from "./respond.ts";
import type { Teaching } from "./teach.ts";
import type { Turn } from "./turn.ts";

export type Further = Responded & {
  readonly account?: ModelAccount;
  readonly record?: ModelRecord;
  /** Why the answer without a model stands, where one was asked. */
  readonly degraded: readonly string[];
};

/** How somebody looks on at the model's part, and ends it. */
export type LookedOn = Pick<Case, "watch" | "enough">;

/** Kinds of questions that may be looked into. Wishes for changes, approvals and talk are none: a model has no part in them. */
const ASKING: ReadonlySet<Intent> = new Set<Intent>([
  "status_overview",
  "health_check",
  "resource_usage",
  "golden_signal",
  "metric_query",
  "top_k",
  "compare",
  "anomaly",
  "alerts",
  "forecast",
  "root_cause",
  "capacity",
  "slo",
  "cert_expiry",
  "ci_status",
  "deploy_status",
  "k8s_state",
  "clarify",
  "discovery",
]);

/** What a model may say that an unclear question is. The last ones end it: the answer without a model stands. */
const OFFERED: readonly Intent[] = [
  "status_overview",
  "health_check",
  "resource_usage",
  "golden_signal",
  "metric_query",
  "top_k",
  "compare",
  "anomaly",
  "alerts",
  "forecast",
  "root_cause",
  "discovery",
  "remediation",
  "out_of_scope",
  "smalltalk",
];

/** What is shown of an unclear question until the model has sorted it. */
const UNSORTED = { verdict: "Looking into it…", tone: "info", details: [], values: [], next: [] } as const;

/** Below this the classifier only guesses that a question is about something else. */
const SURE = 0.7;

/**
 * The answer of the templates, and a model's further look where they could not settle the question: it was unclear, nothing was found
 * for a "why", or it asks several things. What a model cannot improve stays as it is.
 */
export async function further(
  turn: Turn,
  teaching: Teaching | undefined,
  model: Investigator | undefined,
  lookedOn: LookedOn,
): Promise<Further> {
  const first = await respond(turn, teaching);
  const stands = { ...first, degraded: [] };
  if (model === undefined || teaching !== undefined || !mayLook(turn)) return stands;
  const one = { ...turn, text: turn.read.plain, deploys: deploysOf(turn) };
  let found = first;
  if (first.answer.intent === "clarify" || turn.read.intent === "clarify" || turn.read.intent === "out_of_scope") {
    lookedOn.watch?.({ answer: { ...first.answer, ...UNSORTED }, status: "Finding out what is asked…" });
    const { enough } = lookedOn;
    const intent = (await model.readIntent({ ...one, ...(enough && { enough }) }, OFFERED, turn.signal)) as
      | Intent
      | undefined;
    if (enough?.aborted) return { ...first, degraded: [`${reasonOf(enough.reason)}.`] };
    if (intent === undefined || !ASKING.has(intent)) return stands;
    if (intent !== turn.read.intent) {
      const again = await respond({ ...turn, read: { ...turn.read, intent } }, undefined);
      found = { ...again, answer: { ...again.answer, intent: again.answer.intent ?? intent } };
    }
    if (found !== first && !isOpen(turn, found.answer)) return { ...found, degraded: [] };
  } else if (!isOpen(turn, first.answer)) return stands;
  const looked = await model.investigate({ ...one, ...lookedOn, found: found.answer }, turn.signal);
  if (looked.kind === "said") {
    const { answer, account, record } = looked;
    return { ...found, answer, account, record, degraded: [] };
  }
  const { why, account, record, proposed = [], proposals = [] } = looked;
  // Never worse than without a model: what only its reading of the question led to goes too.
  const { answer } = first;
  return {
    ...first,
    answer: {
      ...answer,
      details: [...answer.details, ...proposed],
      proposals: [...answer.proposals, ...proposals],
    },
    ...(account && { account }),
    ...(record && { record }),
    degraded: [why],
  };
}

/** Deployments shown at a glance: each takes two queries for its versions. */
const MOST_DEPLOYS = 5;

function deploysOf(turn: Turn): NonNullable<Case["deploys"]> {
  return async (since, signal) => {
    const promql = deploysQuery(turn);
    const list = await deploysIn(turn, since, turn.ask.now, { most: MOST_DEPLOYS, background: true, signal });
    return promql === undefined || list === undefined ? undefined : { promql, list };
  };
}

function mayLook(turn: Turn): boolean {
  const { read } = turn;
  if (read.hostile !== undefined || read.action?.imperative === true) return false;
  if (refuseByText(turn) !== undefined) return false;
  if (read.intent === "out_of_scope") return (read.ranked[0]?.p ?? 1) < SURE;
  return ASKING.has(read.intent);
}

/** Two questions in one: "is it slow and what changed", "why …? and since when …?" */
const COMPOUND =
  /\?\s*\S[^?]*\?|\b(?:and|but|or|und|y|et|e|aur)\b[,\s]+(?:(?:if so|then|also|in that case|since|for)\s+)?(?:why|what|when|how|which|who|where|whether|is|are|did|does|do|was|were|has|have|warum|was|wann|por qu[eé]|cu[aá]ndo|pourquoi|quand|quando|kyon|kab)\b/i;
const WHY = /\b(?:why|how come|what caused|warum|wieso|por qu[eé]|pourquoi|kyon|kyun)\b/i;

function isOpen({ read }: Turn, answer: Answer): boolean {
  if (answer.intent === "clarify" || answer.isOpen === true) return true;
  if (COMPOUND.test(read.plain)) return true;
  return WHY.test(read.plain) && read.intent !== "root_cause" && read.intent !== "anomaly";
}
