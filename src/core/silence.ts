import type { Place } from "./chat.ts";
import type { Incident, Responder } from "./incident.ts";
import { readUntil } from "./until.ts";

/** Silences of Alertmanager that somebody asks for here: shown with what they would match, written at a click, ended at another. */

export type Matcher = {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
};

/** `asked`: shown, nothing is written. `active`: it stands in Alertmanager. */
export const SILENCE_STATUSES = ["asked", "active", "ended", "dropped"] as const;
export type SilenceStatus = (typeof SILENCE_STATUSES)[number];

/** A silence as somebody asked for it. All times in unix seconds. */
export type SilenceDraft = {
  readonly id: string;
  readonly revision: number;
  readonly status: SilenceStatus;
  readonly matchers: readonly Matcher[];
  /** It lasts so long from the click on. */
  readonly seconds: number;
  readonly reason: string;
  /** Somebody wrote that it may match everything. */
  readonly isForAll: boolean;
  /** What the matchers matched when it was shown: all of them, and by the alerts' names. */
  readonly matched: {
    readonly total: number;
    readonly names: readonly { readonly name: string; readonly total: number }[];
    /** Anomalies in incidents that go on. */
    readonly anomalies?: number;
  };
  readonly asked: Responder;
  readonly madeAt: number;
  /** The incident it was asked for from. */
  readonly incident?: string;
  readonly places: readonly Place[];
  /** Id of the message in whose thread it stands. */
  readonly under?: string;
  readonly written?: Responder & { readonly until: number; readonly alertmanagerId: string };
  /** That it ends soon was said. */
  readonly announced?: true;
  readonly endedAt?: number;
  /** `by` where a person ended or dropped it. */
  readonly ended?: { readonly because: "person" | "time" | "elsewhere"; readonly by?: Responder };
};

/** What is asked of silences by a word of its own. */
export type SilenceWish =
  | { readonly kind: "list" }
  | { readonly kind: "end"; readonly id: string }
  | {
      readonly kind: "write";
      readonly matchers: string;
      readonly time: string;
      readonly reason: string;
      readonly isForAll: boolean;
    };

const LIST = /^(?:show |list )?(?:my |all |the |active )?silences$/i;
const END = /^(?:unsilence|end silence|expire silence)\s+([0-9a-z-]{4,40})$/i;
const NAME = "[A-Za-z_][A-Za-z0-9_.:]*";
const MATCHER = `${NAME}\\s*(?:=~|!~|!=|=)\\s*(?:"(?:[^"\\\\]|\\\\.)*"|[^\\s,{}"]+)`;
const WRITE = new RegExp(
  `^silence\\s+(everything\\s+(?:where\\s+)?)?(\\{?\\s*${MATCHER}(?:\\s*[\\s,]\\s*${MATCHER})*\\s*,?\\s*\\}?)(?:\\s+([\\s\\S]*))?$`,
  "i",
);

/**
 * "silence alertname=DiskFull host=~"web-.*" for 2h: the disk is being swapped", "silences", "unsilence sil-0a1b2c3d"; undefined for anything else.
 */
export function readSilenceWish(text: string): SilenceWish | undefined {
  const said = text.trim().slice(0, 2000);
  if (LIST.test(said.replace(/[?.!]$/, ""))) return { kind: "list" };
  const end = END.exec(said)?.[1];
  if (end !== undefined) return { kind: "end", id: end };
  const [, all, matchers, rest = ""] = WRITE.exec(said) ?? [];
  if (matchers === undefined) return undefined;
  // A colon within a time is followed by a digit.
  const [time = "", ...reason] = rest.split(/(?::(?!\d)|\bbecause\b)/i);
  return { kind: "write", matchers, time: time.trim(), reason: reason.join(":").trim(), isForAll: all !== undefined };
}

const ONE = new RegExp(`\\s*(${NAME})\\s*(=~|!~|!=|=)\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,{}"]+))\\s*,?`, "y");
const MOST_MATCHERS = 30;

/** Matchers as Alertmanager writes them: `a="b", c=~"d|e"`, with or without braces. A sentence where the text is none. */
export function readMatchers(text: string): readonly Matcher[] | string {
  const said = text.trim().replace(/^\{/, "").replace(/\}$/, "");
  const found: Matcher[] = [];
  for (let at = 0; at < said.trimEnd().length; at = ONE.lastIndex) {
    ONE.lastIndex = at;
    const [, name = "", sign = "", quoted, bare = ""] = ONE.exec(said) ?? [];
    if (name === "")
      return `I cannot read “${said.slice(at, at + 60)}” as a matcher. Write a label, a sign and a value, such as alertname="DiskFull" or host=~"web-.*", with a comma between two of them.`;
    const value =
      quoted === undefined ? bare : quoted.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
    found.push({ name, value, isRegex: sign.endsWith("~"), isEqual: !sign.startsWith("!") });
  }
  if (found.length === 0)
    return 'A silence needs a matcher, such as alertname="DiskFull": without one it would match everything.';
  if (found.length > MOST_MATCHERS)
    return `A silence may have ${MOST_MATCHERS} matchers at most: that were ${found.length}.`;
  return found;
}

/** As Alertmanager reads it. */
export function sayMatcher({ name, value, isRegex, isEqual }: Matcher): string {
  const sign = isEqual ? (isRegex ? "=~" : "=") : isRegex ? "!~" : "!=";
  return `${name}${sign}"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** A value that no label has. */
const IMPROBABLE = "zq7-improbable";

/**
 * True when the matchers leave hardly an alert out: each of them matches also what has nothing to do with it. A pattern that cannot be read here
 * counts as one that does.
 */
export function isForEverything(matchers: readonly Matcher[]): boolean {
  return matchers.every(({ value, isRegex, isEqual }) => {
    if (!isRegex) return !isEqual || value === "";
    const fits = anchored(value);
    return isEqual ? (fits?.(IMPROBABLE) ?? true) || (fits?.("") ?? true) : !(fits?.(IMPROBABLE) ?? false);
  });
}

/** Whether all of these matchers match these labels, as Alertmanager judges it: a label that is not there is empty. A pattern that cannot be read here matches nothing. */
export function isSilenced(labels: Readonly<Record<string, string>>, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ name, value, isRegex, isEqual }) => {
    const found = labels[name] ?? "";
    const fits = isRegex ? anchored(value) : (text: string) => text === value;
    return fits !== undefined && fits(found) === isEqual;
  });
}

function anchored(pattern: string): ((text: string) => boolean) | undefined {
  const [, flags, rest] = /^\(\?([is]+)\)([\s\S]*)$/.exec(pattern) ?? [undefined, "", pattern];
  try {
    const regex = new RegExp(`^(?:${rest})$`, `${flags}u`);
    return (text) => regex.test(text);
  } catch {
    return undefined;
  }
}

const SHORTEST = 60;
const LONGEST = 30 * 86_400;
const DEFAULT = 2 * 3600;

/** How long a silence lasts, in seconds, by what somebody wrote; two hours where they wrote nothing. A sentence where it cannot be. */
export function silenceSeconds(text: string, now: number, zone: string): number | string {
  if (text === "") return DEFAULT;
  const until = readUntil(text, now, zone);
  if (until === undefined)
    return `I cannot read “${text.slice(0, 60)}” as a time. Write how long, such as for 2h, or until when, such as until tomorrow 9:00.`;
  const seconds = Math.round(until - now);
  return seconds >= SHORTEST && seconds <= LONGEST
    ? seconds
    : "A silence lasts for a minute to 30 days. Name another time.";
}

/** Matchers that fit an incident's alerts and little else: the alerts' name, and the labels that all of them share and that name a thing or a place. */
export function matchersFor({ lines, names }: Incident): readonly Matcher[] {
  const equal = (name: string, value: string): Matcher => ({ name, value, isRegex: false, isEqual: true });
  const [first, ...others] = lines;
  const byName: readonly Matcher[] =
    names.length === 1 && names[0] !== undefined
      ? [equal("alertname", names[0].name)]
      : [
          {
            name: "alertname",
            value: names
              .slice(0, 20)
              .map(({ name }) => escapeRegex(name))
              .join("|"),
            isRegex: true,
            isEqual: true,
          },
        ];
  if (first === undefined) return byName;
  const shared = Object.entries(first.labels).filter(
    ([label, value]) => PLACES.test(label) && value !== "" && others.every(({ labels }) => labels[label] === value),
  );
  return [...byName, ...shared.map(([label, value]) => equal(label, value))];
}

const PLACES =
  /^(?:service|service_name|app|application|deployment|statefulset|daemonset|cronjob|job_name|queue|topic|database|datname|node|host|hostname|instance|pod|namespace|cluster|environment|env|stage)$/;

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** What stands behind the reason in Alertmanager: by it, a silence that was written just before a crash is found again. */
export function markOf(id: string): string {
  return `(SmartCloudOps ${id})`;
}

const PREFIX = "silence:";

/** Id of the message that shows it in its nth place. */
export function silenceMessage(id: string, at: number): string {
  return `${PREFIX}${id}:${at}`;
}
