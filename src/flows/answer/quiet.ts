import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { tooBroad } from "../../core/change/breadth.ts";
import { whyNotDuration } from "../../core/change/limits.ts";
import { readMatcher } from "../../core/change/parameters.ts";
import { promDuration, readDurations } from "../../core/language/duration.ts";
import { fold } from "../../core/language/normalise.ts";
import { readTimes } from "../../core/language/time.ts";
import { formatDuration } from "../../core/units.ts";
import { inertName } from "../../util/inert.ts";
import { lately } from "./focus.ts";
import { propose, type Wish } from "./propose.ts";
import type { Turn } from "./turn.ts";

const DEFAULT_SECONDS = 3600;
/** Nine o'clock, in seconds of a day. */
const MORNING = 9 * 3600;
const TOMORROW = /\b(?:tomorrow|morgen|manana|demain|amanha|kal)\b/;
const THINGS = [
  "service",
  "deployment",
  "host",
  "node",
  "queue",
  "domain",
  "database",
  "pod",
  "namespace",
  "job",
  "instance",
];

/** A silence, its end, or an acknowledgement: of an alert, of a thing, or of what a matcher selects. */
export async function quiet(turn: Turn, type: "silence" | "unsilence" | "ack"): Promise<Answer> {
  const { read } = turn;
  const alert = alertNamed(turn);
  const thing = read.mentions
    .filter((mention) => mention.first >= 0 && mention.text.toLowerCase() !== alert?.toLowerCase())
    .flatMap(
      (mention) =>
        mention.entities.find((entity) => THINGS.includes(entity.kind)) ??
        (mention.strong ? (mention.entities[0] ?? []) : []),
    )[0];
  const matcher = readMatcher(read.text);
  const broad = tooBroad(read.plain, alert !== undefined || thing !== undefined || matcher !== undefined);
  if (broad !== undefined) return refuseAll(type);
  const params: Record<string, string | number> = {};
  const facts: string[] = [];
  let target =
    alert ??
    (matcher === undefined
      ? thing?.name
      : matcher.label === "alertname"
        ? matcher.value
        : `${matcher.label}${matcher.op}${matcher.value}`);
  if (target === undefined) {
    const [unknown] = read.unknown;
    if (unknown !== undefined)
      return answerOf(`I know no alert or thing called ${inertName(unknown.text)}.`, {
        tone: "warning",
        details: unknown.near.map((entity) => `Did you mean ${inertName(entity.name)}?`),
        next: unknown.near.slice(0, 3).map((entity) => askButton(`${type} ${entity.name}`)),
      });
    const said = alertsLately(turn);
    const things = said.length > 0 ? [] : lately(turn, THINGS).map((entity) => entity.name);
    const carried = read.mentions
      .filter((mention) => mention.first < 0)
      .flatMap((mention) => mention.entities.find((entity) => THINGS.includes(entity.kind))?.name ?? []);
    const candidates = said.length > 0 ? said : things.length > 0 ? things : carried;
    const [only] = candidates;
    if (only === undefined || candidates.length > 1) return whichAlert(type, candidates);
    target = only;
    facts.push(`I took ${inertName(only)} from what was said before.`);
  }
  if (matcher !== undefined) params["matcher"] = `${matcher.label}${matcher.op}"${matcher.value}"`;
  if (alert !== undefined && thing !== undefined) params[thing.kind] = thing.name;
  if (type === "unsilence") {
    const gone = await withoutSilence(turn, target);
    if (gone !== undefined) return gone;
  }
  if (type === "silence") {
    const asked = silenceSeconds(turn);
    const seconds = Math.max(1, Math.round((asked ?? DEFAULT_SECONDS) / 60)) * 60;
    const why = whyNotDuration(seconds);
    if (why !== undefined)
      return answerOf(why, {
        tone: "warning",
        intent: "silence",
        details: ["Nothing was proposed. Please name another length."],
        next: [askButton(`silence ${target} for 1h`), askButton(`silence ${target} for 1d`)],
      });
    params["duration"] = promDuration(seconds);
    params["seconds"] = seconds;
    facts.push(
      asked === undefined
        ? `You named no length, so it would last ${formatDuration(seconds)}, until ${endOf(turn, seconds)}.`
        : `It would last ${formatDuration(seconds)}, until ${endOf(turn, seconds)}.`,
    );
  }
  const wish: Wish = { type, target, params, facts };
  return propose(turn, [wish]);
}

/** If it were approved at once. */
function endOf({ now }: Turn, seconds: number): string {
  return `${new Date((now + seconds) * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC if it began now`;
}

function refuseAll(type: string): Answer {
  const verb = type === "ack" ? "acknowledge" : type;
  return answerOf(`I will not ${verb} every alert at once: that is too broad.`, {
    tone: "warning",
    intent: type === "ack" ? "ack" : "silence",
    details: ["Please name which alert, service or host, and for how long. For example: silence HighErrorRate for 1h."],
    next: [askButton("Show active alerts")],
  });
}

function whichAlert(type: string, candidates: readonly string[]): Answer {
  const verb = type === "ack" ? "acknowledge" : type;
  return answerOf(`Which alert should I propose to ${verb}?`, {
    intent: "clarify",
    details:
      candidates.length === 0
        ? ["Please name which alert, service or host, and for how long. For example: silence HighErrorRate for 1h."]
        : [
            `Several were named before: ${candidates
              .slice(0, 8)
              .map((name) => inertName(name))
              .join(", ")}.`,
          ],
    next:
      candidates.length === 0
        ? [askButton("Show active alerts")]
        : candidates.slice(0, 8).map((name) => askButton(`${verb} ${name}`)),
  });
}

/** Seconds a silence should last: a length, or until a moment. Undefined when neither is named. */
function silenceSeconds({ read, now, zone }: Turn): number | undefined {
  if (/(?:\b(?:until|till|til|bis|hasta|jusqu\w*|ate|tak)\b)/.test(fold(read.plain))) {
    for (const time of readTimes(read.plain, now, zone)) {
      const end =
        time.kind === "future" ? time.to : time.kind === "at" ? time.at : time.kind === "window" ? time.to : undefined;
      if (end === undefined) continue;
      // "Until tomorrow" means the morning of that day, not its last minute.
      if (time.kind === "future" && TOMORROW.test(fold(time.words)) && !/\d/.test(time.words))
        return end - 86_400 + MORNING - now;
      // A bare clock time is read as the last one; a silence ends at the next.
      if (end > now + 30) return end - now;
      if (end > now - 86_400) return end + 86_400 - now;
    }
  }
  return readDurations(read.plain)[0]?.seconds ?? read.window?.seconds ?? read.ahead?.seconds;
}

/** Says so when Alertmanager was asked and holds no silence about that; undefined when there is one, or it is not known. */
async function withoutSilence({ alertmanager, signal }: Turn, target: string): Promise<Answer | undefined> {
  if (alertmanager === undefined || alertmanager === "closed") return undefined;
  const silences = await alertmanager.silences(signal).catch(() => undefined);
  if (silences === undefined) return undefined;
  const folded = target.toLowerCase();
  if (
    silences.some(
      (silence) =>
        silence.id.toLowerCase() === folded ||
        silence.matchers.some((matcher) => matcher.value.toLowerCase().includes(folded)),
    )
  )
    return undefined;
  return answerOf(`There is no active silence on ${inertName(target)}: nothing to remove.`, {
    intent: "silence",
    details: [
      silences.length === 0
        ? "Alertmanager holds no active silences."
        : `Alertmanager holds ${silences.length} active silence${silences.length === 1 ? "" : "s"}, none of them about it.`,
    ],
    next: [askButton("Show silences")],
  });
}

/** Alerts that the last answer of the thread named. */
function alertsLately(turn: Turn): readonly string[] {
  const last = turn.history.findLast((said) => said.author === "bot")?.text ?? "";
  return knownAlerts(turn).filter((name) => last.includes(name));
}

function knownAlerts(turn: Turn): readonly string[] {
  return turn.catalogue.metrics.get("ALERTS")?.labels.get("alertname") ?? [];
}

/** The alert a question names: one that is known, or a word written like one (TwoCapitals). */
function alertNamed(turn: Turn): string | undefined {
  const folded = turn.read.text.toLowerCase();
  const hit = [...knownAlerts(turn)]
    .sort((a, b) => b.length - a.length)
    .find((name) => folded.includes(name.toLowerCase()));
  return hit ?? /\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b/.exec(turn.read.text)?.[0];
}
