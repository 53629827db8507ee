import { fold } from "../language/normalise.ts";
import { readTimes } from "../language/time.ts";
import type { Period } from "./counts.ts";
import { DIGEST_KINDS, type DigestKind } from "./schedule.ts";

/** What is asked about digests. */
export type DigestWish =
  /** `period` where one was named. `isPlain`: asked in plain words, which are no command. */
  | { readonly kind: "show"; readonly digest: DigestKind; readonly period?: Period; readonly isPlain?: true }
  | { readonly kind: "plans" }
  /** `cron` undefined: the words for when could not be read. `zone` where one was named. */
  | {
      readonly kind: "add";
      readonly name: string;
      readonly digest: DigestKind;
      readonly cron: string | undefined;
      readonly zone?: string;
    }
  | { readonly kind: "pause" | "resume" | "remove"; readonly name: string }
  | { readonly kind: "try"; readonly name: string }
  /** What comes again; `name` of one pattern. */
  | { readonly kind: "patterns"; readonly name?: string }
  /** Which threshold would be quieter. */
  | { readonly kind: "threshold"; readonly alert: string }
  /** It begins like a command and is none. */
  | { readonly kind: "unclear" };

const KIND = `(${DIGEST_KINDS.join("|")})`;
const NAME = "([a-z0-9][a-z0-9._-]{0,62})";
const SHOW = new RegExp(
  `^(?:show |give me |make )?(?:me )?(?:the |my |a )?(?:(?:${KIND} )?digest(?: ${KIND})?|${KIND} report)(?: please)?$`,
);
const HANDOVER =
  /^(?:(?:the |my |write a |prepare the )?(?:shift )?handover(?: summary| please| for the next shift| for my colleague)?|(?:schicht)?ubergabe|zusammenfassung fur die ubergabe|entrega de turno|relevo(?: de turno)?|passation(?: de service)?|passagem de turno)$/;
const PLANS = /^(?:list |show )?(?:the |my |all |planned )?digests$/;
const CHANGE = new RegExp(`^digest (pause|resume|remove|try) ${NAME}$`);
const PATTERNS = /^(?:show |list )?(?:the |my |all )?(?:recurring )?patterns$/;
const PATTERN = /^pattern\s+(\S.*)$/i;
const THRESHOLD = /^(?:what )?threshold (?:of|for) (?:"([^"]+)"|([A-Za-z_][\w:.-]*))$/i;
const ADD = new RegExp(`^digest add ${NAME} ${KIND} (.+)$`);

/** Words for "what happened" that leave the stretch of time to others, folded, in the languages that questions are read in. */
const HAPPENED = [
  /^(?:so )?(?:what(?: all| has)? (?:happened|went on|was going on|changed and broke)|whats? happened|what was up|(?:did )?anything happen(?:ed)?|what did i miss)$/,
  /^(?:was ist(?: alles)? (?:passiert|los gewesen)|was passierte|was war(?: alles)?(?: los)?|was habe? ich verpasst|ist (?:et)?was passiert)$/,
  /^(?:que (?:paso|ha pasado|ocurrio|sucedio)|que me (?:perdi|he perdido))$/,
  /^(?:que s ?est il passe|qu ?est ce qui s ?est passe|qu ?ai je (?:manque|rate)|qu ?est ce que j ?ai (?:manque|rate))$/,
  /^(?:o que (?:aconteceu|houve|ocorreu)|que aconteceu|o que (?:eu )?perdi)$/,
  /^(?:kya (?:kya )?hua(?: tha)?|kya ho gaya|kya chhoot gaya)$/,
] as const;
/** With no time named, only these are about the time away. */
const MISSED =
  /^(?:what did i miss|catch me up|what happened (?:during my shift|while i (?:was (?:asleep|away|out)|slept))|was hab(?:e)? ich verpasst|que me (?:perdi|he perdido)|qu ?ai je (?:manque|rate)|o que (?:eu )?perdi|kya chhoot gaya)$/;

/** The question for the threshold of an alert, which `readDigestWish` reads: names of alerts may be of several words. */
export function thresholdQuestion(alert: string): string {
  const isOneWord = THRESHOLD.exec(`threshold of ${alert}`)?.[2] !== undefined;
  return `threshold of ${isOneWord ? alert : `"${alert.replaceAll('"', "'")}"`}`;
}

/** "digest weekly", "what happened last night?" -> what is wanted; undefined for anything else. `now` is unix seconds, `zone` the asker's. */
export function readDigestWish(text: string, now: number, zone: string): DigestWish | undefined {
  const said = text.trim().slice(0, 300);
  const plain = plainly(said);
  const typed = fold(said)
    .replace(/\s+/g, " ")
    .replace(/[?.!]$/, "");
  if (PLANS.test(plain)) return { kind: "plans" };
  const show = SHOW.exec(plain);
  if (show !== null) return { kind: "show", digest: (show[1] ?? show[2] ?? show[3] ?? "daily") as DigestKind };
  const change = CHANGE.exec(typed);
  if (change?.[1] === "try") return { kind: "try", name: change[2]! };
  if (change !== null) return { kind: change[1] as "pause" | "resume" | "remove", name: change[2]! };
  if (PATTERNS.test(plain)) return { kind: "patterns" };
  const pattern = PATTERN.exec(said)?.[1];
  if (pattern !== undefined) return { kind: "patterns", name: pattern.replace(/\s+/g, " ").trim() };
  const [, quoted, plainName] = THRESHOLD.exec(said.replace(/\?$/, "")) ?? [];
  const alert = quoted ?? plainName;
  if (alert !== undefined) return { kind: "threshold", alert };
  if (ADD.test(typed)) return readAdd(said, now, zone);
  if (/^digest (?:add|pause|resume|remove|try|delete|stop)\b/.test(plain)) return { kind: "unclear" };
  if (HANDOVER.test(plain) || MISSED.test(plain)) return { kind: "show", digest: "handover", isPlain: true };
  return readHappened(said, now, zone);
}

/** "what happened" and nothing more than one stretch of the past beside it. */
function readHappened(said: string, now: number, zone: string): DigestWish | undefined {
  const folded = plainly(said);
  if (!MAY_HAPPEN.test(folded)) return undefined;
  const times = readTimes(said, now, zone);
  const [time] = times;
  if (times.length !== 1 || time?.kind !== "window" || time.tooLong === true) return undefined;
  const rest = plainly(`${said.slice(0, time.start)} ${said.slice(time.end)}`)
    .replace(/\b(?:in|over|during|on|since|seit|im|am|en|durante|pendant|na|no|mein)$/, "")
    .trim();
  if (!HAPPENED.some((pattern) => pattern.test(rest))) return undefined;
  return { kind: "show", digest: "daily", period: { from: time.from, to: time.to }, isPlain: true };
}

/** Reading times costs more than looking for one of these words. */
const MAY_HAPPEN =
  /happen|going on|went on|was up|miss|passier|was war|verpasst|pas[os]|ocurrio|sucedio|perd|manque|rate|aconteceu|houve|ocorreu|hua|gaya/;

const DAYS = "(?:mon|tue|wed|thu|fri|sat|sun)";
const AT = new RegExp(
  `^at (\\d{1,2})(?::(\\d{2}))?(?: on (weekdays|${DAYS}(?:[-,]${DAYS})*))?(?: (?:in )?([a-z]+(?:/[a-z0-9_+-]+)*))?$`,
  "i",
);
const CRON = /^((?:[\d*/,a-z-]+ ){4}[\d*/,a-z-]+)(?: (?:in )?([a-z]+(?:\/[a-z0-9_+-]+)*))?$/i;

/** "digest add morning daily at 08:00 on weekdays", or five fields of cron in place of the time, and a zone at the end. */
function readAdd(said: string, now: number, zone: string): DigestWish {
  const [, name = "", digest = "", when = ""] = /^\S+\s+\S+\s+(\S+)\s+(\S+)\s+([\s\S]+)$/.exec(said) ?? [];
  const wish = { kind: "add", name: name.toLowerCase(), digest: digest.toLowerCase() as DigestKind } as const;
  const tidy = when
    .replace(/["“”'`]/g, "")
    .replace(/\s+/g, " ")
    .replace(/[.!]$/, "")
    .trim();
  const at = AT.exec(tidy);
  if (at !== null && Number(at[1]) < 24 && Number(at[2] ?? 0) < 60) {
    const days = at[3]?.toLowerCase() ?? (wish.digest === "weekly" ? "mon" : "*");
    const cron = `${Number(at[2] ?? 0)} ${Number(at[1])} * * ${days === "weekdays" ? "mon-fri" : days}`;
    return { ...wish, cron, ...(at[4] !== undefined && { zone: at[4] }) };
  }
  const cron = CRON.exec(tidy);
  if (cron !== null) return { ...wish, cron: cron[1], ...(cron[2] !== undefined && { zone: cron[2] }) };
  const [time] = readTimes(tidy, now, zone);
  if (time?.kind === "schedule")
    return { ...wish, cron: time.cron, ...(time.zone !== undefined && { zone: time.zone }) };
  return { ...wish, cron: undefined };
}

function plainly(text: string): string {
  return fold(text)
    .replace(/[’'-]/g, " ")
    .replace(/[?.!¿¡,]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
