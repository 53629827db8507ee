import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import { onsetOf } from "../../core/cause/onset.ts";
import { ranked } from "../../core/cause/rank.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { capitalFirst } from "../../util/capital.ts";
import { inertName } from "../../util/inert.ts";
import { changes, newAlerts } from "./cause-changes.ts";
import { deployExplanations, reachOf } from "./cause-deploys.ts";
import { against, type Explanation, figureOf, type Search, times } from "./cause-explain.ts";
import { type Focus, focusFrom, focusOf, withNodes } from "./cause-focus.ts";
import { endpoints, growth, leaks, neighbours, pipelines } from "./cause-places.ts";
import { breakdown, relatedExplanations, sharedExplanations } from "./cause-shared.ts";
import { history, stepFor } from "./cause-signals.ts";
import { askedTime, findSymptoms, type Symptom } from "./cause-symptom.ts";
import { findTrouble } from "./findings.ts";
import { say } from "./rows.ts";
import type { Turn } from "./turn.ts";

const HOUR = 3600;
const CHANGE_TALK =
  /\b(?:what|which|anything|something|has|was)\b.{0,40}\b(?:changed?|changes|differs?|different|new)\b|\bwas hat sich (?:geandert|geändert|verandert|verändert)|que (?:ha )?cambi|qu'est-ce qui a change|o que mudou/i;
/** How many explanations get a look at when they began. */
const TRACKED = 14;
const LISTED = 7;

/** Why something is as it is: question and Prometheus in; likely cause, evidence and what was not looked at out. */
export async function cause(turn: Turn, subject: Subject | undefined): Promise<Answer> {
  const time = askedTime(turn);
  const named = await focusOf(turn, subject, Math.min(time?.to ?? turn.ask.now, turn.ask.now));
  if (CHANGE_TALK.test(turn.read.plain) && !/\bwhy\b/i.test(turn.read.plain)) return changes(turn, named);
  let focus = named;
  let symptoms = await findSymptoms(turn, subject, focus);
  if (symptoms.main === undefined && focus.entities.length === 0) {
    // Nothing was named: what is worst now is what is meant.
    const { found } = await findTrouble(turn);
    const worst = found.find((one) => one.bound !== undefined && one.row !== undefined);
    if (worst === undefined) return changes(turn, focus);
    const entities = Object.values(worst.row?.labels ?? {}).flatMap((value) =>
      turn.catalogue.named(value.replace(/^https?:\/\//, "").replace(/:\d+$/, "")),
    );
    focus = focusFrom(turn, entities);
    symptoms = await findSymptoms(turn, undefined, focus);
  }
  const { main } = symptoms;
  if (!symptoms.couldAsk)
    return answerOf(
      `I could not ask Prometheus, so I cannot tell why${named.name === "" ? "" : ` for ${inertName(named.name)}`}.`,
      { tone: "danger", details: turn.ask.degraded.slice(0, 2), notes: ["This says nothing about the system itself."] },
    );
  if (main === undefined)
    return answerOf(
      `I know no measure by which ${focus.name === "" ? "that" : inertName(focus.name)} could be off, so I cannot look for a cause.`,
      {
        tone: "warning",
        details: ["Name a measure with it, such as latency, errors, CPU or disk."],
        isOpen: true,
        next: [askButton("What is unusual right now?"), askButton("What changed today?")],
      },
    );
  if (!main.off) return notOff(turn, focus, main);
  // A symptom found by its measure alone ("queued jobs") is about the things in its labels.
  if (focus.entities.length === 0)
    focus = focusFrom(
      turn,
      Object.entries(main.labels).flatMap(([, value]) =>
        turn.catalogue.named(value.replace(/^https?:\/\//, "").replace(/:\d+$/, "")),
      ),
    );
  return explain(turn, focus, main, symptoms.others);
}

async function explain(turn: Turn, plainFocus: Focus, symptom: Symptom, others: readonly Symptom[]): Promise<Answer> {
  const { at } = symptom;
  const { focus, nodeOf } = await withNodes(turn, plainFocus, at);
  const onset = symptom.onset?.since ?? at;
  const past = history(turn);
  const search: Search = { turn, focus, symptom, at, onset, past, nodeOf };
  const [deploys, shared, related, split, near, grown, leaking, built, ends, alerts] = await Promise.all([
    deployExplanations(search),
    sharedExplanations(search),
    relatedExplanations(search),
    breakdown(search),
    neighbours(search),
    growth(search),
    leaks(search),
    pipelines(search),
    endpoints(search),
    newAlerts(turn, { ...focus, name: "" }, onset - HOUR / 2, Math.min(at, onset + HOUR)),
  ]);
  const all = [
    ...deploys.found,
    ...shared.found,
    ...related,
    ...split,
    ...near,
    ...grown,
    ...leaking,
    ...built,
    ...ends,
  ];
  const reach = reachOf(symptom.family);
  const slack =
    symptom.family === "disk" || symptom.family === "memory"
      ? 36 * HOUR
      : Math.max(600, 2 * stepFor(at - onset + 6 * HOUR));
  const tracked = await track(search, ranked(all, onset, reach, slack), onset);
  const best = ranked(tracked, onset, reach, slack).filter(unique());
  return worded(turn, focus, symptom, others, best, {
    shared,
    deployNote: deploys.note,
    deploysLooked: deploys.looked,
    alerts: alerts.map((one) => `${sayTime(one.at, turn.now, turn.zone)}: ${one.text}`),
  });
}

/** Since when the best explanations hold: a range query each, from well before the symptom on. */
async function track(
  search: Search,
  list: readonly (Explanation & { readonly score: number })[],
  onset: number,
): Promise<Explanation[]> {
  const start = Math.max(search.at - 13.5 * 24 * HOUR, Math.min(onset - 6 * HOUR, search.at - 12 * HOUR));
  return Promise.all(
    list.map(async (one, index): Promise<Explanation> => {
      if (one.track === undefined || index >= TRACKED) return one;
      const points = await search.past(one.track.promql, one.track.labels, start, search.at, index < 4);
      const found = onsetOf(points, one.track.before, search.at);
      if (found === undefined) return one;
      const [begin] = points;
      const born = begin !== undefined && begin[0] > start + 2 * stepFor(search.at - start);
      return found.whole && !born
        ? { ...one, since: found.since - 6 * HOUR, open: true }
        : { ...one, since: found.since };
    }),
  );
}

/** Keeps the first of each kind: two pods of one deployment are one cause. */
function unique(): (one: Explanation) => boolean {
  const seen = new Set<string>();
  const perSignal = new Map<string, number>();
  return (one) => {
    const signal = one.kind.split(" ")[0] ?? one.kind;
    const count = (perSignal.get(signal) ?? 0) + 1;
    if (seen.has(one.kind) || count > 3) return false;
    seen.add(one.kind);
    perSignal.set(signal, count);
    return true;
  };
}

type Looked = {
  readonly shared: { readonly looked: number; readonly failed: number };
  readonly deployNote: string | undefined;
  readonly deploysLooked: boolean;
  readonly alerts: readonly string[];
};

/** Below this an explanation is only listed, not called likely. */
const LIKELY = 0.3;

function worded(
  turn: Turn,
  focus: Focus,
  symptom: Symptom,
  others: readonly Symptom[],
  best: readonly (Explanation & { readonly score: number })[],
  looked: Looked,
): Answer {
  const { now } = turn;
  const brief = turn.read.brief;
  const [first, ...rest] = best;
  const said = saySymptom(symptom);
  const sinceSaid = saySince(turn, symptom);
  const likely = first !== undefined && first.score >= LIKELY ? first : undefined;
  // A state (fewer consumers, a throttled pod) has a cause itself: the best event beside it is named with it.
  const behind =
    likely === undefined
      ? undefined
      : (rest.find(
          (one) =>
            one.score >= 0.5 * likely.score &&
            one.chain !== likely.chain &&
            one.kind.split(" ")[0] !== likely.kind.split(" ")[0],
        ) ?? rest.find((one) => one.score >= 0.75 * likely.score));
  const verdict =
    likely === undefined
      ? `${said}${sinceSaid}, but nothing I looked at explains it.`
      : `Likely cause: ${likely.line}${sayWhen(turn, likely)}${behind === undefined ? "" : `; with it, ${behind.line}`}.`;
  const shown = best.filter(
    (one) => one !== likely && one !== behind && one.score >= Math.max(0.05, 0.15 * (likely?.score ?? 0)),
  );
  const list = [
    ...shown.slice(0, brief ? 2 : LISTED).map((one) => `${one.line}${sayWhen(turn, one)}`),
    ...(brief ? [] : looked.alerts.slice(0, 4)),
  ];
  const details = [
    ...(likely === undefined ? [] : [`${said}${sinceSaid}.`]),
    ...others
      .filter((one) => one.bound.concept.id !== symptom.bound.concept.id)
      .slice(0, brief ? 0 : 2)
      .map((one) => `Also: ${saySymptom(one)}.`),
    ...(looked.deployNote === undefined || brief ? [] : [looked.deployNote]),
  ];
  const values: Value[] = [
    figureOf(symptom.bound, symptom.name, symptom.labels, symptom.after, symptom.at),
    ...[likely, behind, ...shown.slice(0, 4)].flatMap((one) => one?.values ?? []),
  ];
  const deployed = best.find(
    (one) => one.deployed !== undefined && focus.names.has(one.deployed.toLowerCase()) && one.score >= LIKELY,
  )?.deployed;
  const notes = [
    "Correlation in time, not proof.",
    ...(brief
      ? []
      : [
          `Looked at ${looked.shared.looked + (looked.deploysLooked ? 1 : 0)} kinds of signal${looked.shared.failed > 0 ? ` (${looked.shared.failed} could not be asked)` : ""}; not at logs, traces, code or the network.`,
        ]),
  ];
  return answerOf(verdict, {
    tone: symptom.at > now - 600 ? "warning" : "info",
    details,
    list,
    values,
    notes,
    ...(likely === undefined && { isOpen: true as const }),
    next: [
      ...(deployed === undefined
        ? []
        : [askButton(`Propose: roll back ${inertName(deployed)}`, `roll back ${deployed}`)]),
      ...(focus.name === "" ? [] : [askButton(`Status of ${inertName(focus.name)}`, `status of ${focus.name}`)]),
      askButton(
        "Deployments near it",
        symptom.at > now - 24 * HOUR
          ? "what changed in the last 24 hours"
          : `what changed ${Math.round((now - symptom.at) / HOUR)} hours ago`,
      ),
    ],
  });
}

/** "p95 latency of checkout is 1.2 s against 380 ms usual (×3.2)". */
function saySymptom({ bound, name, labels, after, before }: Symptom): string {
  const { concept } = bound;
  const label = concept.id === "service.latency" ? "p95 latency" : concept.name;
  if (concept.shows !== undefined) return `${name} is in ${inertName(labels[concept.shows] ?? concept.name)}`;
  if (concept.id === "pod.pending") return `${name} is ${inertName(labels["phase"] ?? "pending")}`;
  if (concept.unit === "bool")
    return `${capitalFirst(label)}${name === "" ? "" : ` of ${name}`} is ${say(bound, after)}`;
  return `${capitalFirst(label)}${name === "" ? "" : ` of ${name}`}: ${against(bound, after, before)}${times(after, before)}`;
}

function saySince(turn: Turn, symptom: Symptom): string {
  const { now, zone } = turn;
  const past = symptom.at < now - 600 ? ` at ${sayTime(symptom.at, now, zone)}` : "";
  if (symptom.onset === undefined) return past;
  const ago = formatDuration(Math.max(60, Math.round((symptom.at - symptom.onset.since) / 60) * 60));
  if (symptom.onset.whole) return `${past}, for at least ${ago}`;
  return past === ""
    ? `, since ${sayTime(symptom.onset.since, now, zone)} (${ago})`
    : `${past}; it began ${sayTime(symptom.onset.since, now, zone)}`;
}

function sayWhen(turn: Turn, one: Explanation): string {
  if (one.open === true) return " (for longer already)";
  if (one.since === undefined || one.deployed !== undefined || one.kind === "pipeline" || one.kind === "leak")
    return "";
  return ` (since about ${sayTime(one.since, turn.now, turn.zone)})`;
}

/** What was asked about is as usual: say so, with its number, and what was compared. */
function notOff(turn: Turn, focus: Focus, { bound, name, labels, after, before, at }: Symptom): Answer {
  const when = at < turn.ask.now - 600 ? ` at ${sayTime(at, turn.now, turn.zone)}` : "";
  const label = bound.concept.id === "service.latency" ? "p95 latency" : bound.concept.name;
  const usual =
    bound.concept.unit === "bool" || bound.concept.shows !== undefined
      ? ""
      : `, usual at this time of day is ${say(bound, before)}`;
  return answerOf(
    `I cannot confirm that: ${label}${name === "" ? "" : ` of ${name}`} is ${say(bound, after)}${when}${usual}.`,
    {
      tone: "good",
      values: [figureOf(bound, name, labels, after, at)],
      notes: [
        "Compared with the same time of the last 13 days, and with the last day at its worst. Not looked at: logs, traces, code, network.",
      ],
      next: [
        ...(focus.name === "" ? [] : [askButton(`Status of ${inertName(focus.name)}`, `status of ${focus.name}`)]),
        askButton("What is unusual right now?"),
      ],
    },
  );
}
