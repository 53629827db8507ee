import { findThreshold } from "../language/lexicon.ts";
import { fold } from "../language/normalise.ts";

const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** A cron line of ours (five fields, UTC offset by `zone`) in words: "every day at 09:00 UTC", "every Monday at 08:30 UTC". */
export function sayCron(cron: string, zone: string): string {
  const [minute = "*", hour = "*", day = "*", month = "*", weekday = "*"] = cron.split(" ");
  const step = /^\*\/(\d+)$/.exec(minute)?.[1];
  if (hour === "*" && day === "*" && weekday === "*") {
    if (minute === "*") return "every minute";
    if (step !== undefined) return `every ${step} minutes`;
    if (minute === "0") return "every hour";
  }
  const hours = /^\*\/(\d+)$/.exec(hour)?.[1];
  if (hours !== undefined && minute === "0" && day === "*" && weekday === "*") return `every ${hours} hours`;
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour) || month !== "*") return `on the schedule ${cron} (${zone})`;
  const at = `at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")} ${zone}`;
  if (/^\d+$/.test(day)) return `on day ${day} of every month ${at}`;
  if (weekday === "*") return `every day ${at}`;
  if (weekday === "1-5") return `every weekday ${at}`;
  const names = weekday.split(",").map((one) => DAY_NAMES[Number(one)]);
  return names.every((name) => name !== undefined)
    ? `every ${names.join(" and ")} ${at}`
    : `on the schedule ${cron} (${zone})`;
}

/** "hourly", "daily", "weekly" or "monthly", as a cron line repeats; "" for anything else. */
export function rhythm(cron: string): string {
  const [, hour = "*", day = "*", , weekday = "*"] = cron.split(" ");
  if (day !== "*") return "monthly";
  if (weekday === "1-5") return "weekday";
  if (weekday !== "*") return "weekly";
  return hour === "*" ? "hourly" : hour.startsWith("*/") ? "" : "daily";
}

const REMINDS = /\b(?:remind\w*|reminder|erinner\w*|recuerda\w*|recordatorio|rappel\w*|lembr\w+|yaad)\b/;
const SUMMARY =
  /\b(?:summary|report|digest|overview|recap|zusammenfassung|bericht|uberblick|resumen|informe|resume|rapport|recapitulatif|resumo|relatorio|status)\b/;
const DIGESTS =
  "(?:summar(?:y|ies)|reports?|digests?|recaps?|overviews?|reminders?|bericht\\w*|zusammenfassung\\w*|erinnerung\\w*|uberblick|resumen\\w*|informes?|reporte|recordatorios?|resumes?|rapports?|rappels?|resumos?|relatorios?|lembretes?)";
const FEW = "(?:\\S+ ){0,5}?";
const UNWANTED = new RegExp(
  `\\b(?:(?:dont|don't|do not|no longer) (?:want|need|send|post)|no more|(?:stop|quit) (?:sending|posting|giving|mailing)|keine?n?|no (?:quiero|queremos|necesito|me mandes|me envies)|(?:veux|veut|voulons|souhaite|envoie) (?:plus|pas)|nao (?:quero|queremos|preciso|mande|envie)) ${FEW}${DIGESTS}\\b|\\b${DIGESTS} ${FEW}(?:nicht mehr|mat bhejo|nahi chahiye|band karo)\\b`,
);

/** "I don't want the morning summary any more": the end of a message that repeats. */
export function endsSchedule(text: string): boolean {
  return UNWANTED.test(fold(text).replaceAll("’", "'"));
}

const WATCHES =
  /\b(?:watch|monitor|keep an eye|(?:tell|notify|alert|ping|inform|warn|page|message|text)\s+(?:me|us)\b.{0,40}\b(?:when|if|once|as soon as|whenever)|let (?:me|us) know|alert me|notify me|ping me|bescheid|dis(?:-| )(?:moi|nous) (?:quand|si)|avertis|melde? dich|warne mich|beobachte|benachrichtig\w*|avisa\w*|avise\w*|vigila|notifica\w*|alertame|previens|previens-moi|previens moi|surveille|alerte-moi|alerte moi|me avis[ae]|avise-me|monitore|batana|bata dena|bata do|nazar rakh\w*)\b/;

/** True for a wish to be told later: a reminder, or a watch. `text` as typed: filler like "let me know" is what tells. */
export function wantsLater(text: string): boolean {
  const folded = fold(text);
  return REMINDS.test(folded) || WATCHES.test(folded);
}

/** Which kind of later message a request wants. A reminder says what to think of, a watch waits for a condition, a digest repeats. */
export function laterKind(text: string, repeats: boolean): "reminder" | "watch" | "digest" {
  const folded = fold(text);
  if (REMINDS.test(folded)) return "reminder";
  if (WATCHES.test(folded) && !repeats) return "watch";
  return SUMMARY.test(folded) || repeats ? "digest" : WATCHES.test(folded) ? "watch" : "digest";
}

const REMINDER_WORDS =
  /\b(?:please|pls|bitte|por favor|s'il (?:te|vous) plait|can you|could you|set (?:me |us )?(?:a |an )?reminder|remind(?:er)? (?:me|us|the team)?|remind|erinnere? (?:mich|uns)|recu[eé]rda(?:me|nos)|recordatorio|rappelle[- ](?:moi|nous)|(?:me|nos) lembr[ae]r?|lembr[ae]-?me|mujhe|hamein|(?:ki |ko )?yaad(?: dila(?:na|o)?(?: do)?)?)\b/giu;
const LEADING =
  /^(?:[\s,:;.–-]|(?:to|about|that|daran|an|dass|de|que|a|sobre|para|of|for|le|la|und|zu|do)(?=[\s,])|d'|d’)+/iu;

/** What a reminder is about: the request without its time and without "remind me". `times` are spans in `text`. */
export function reminderOf(text: string, times: readonly { readonly start: number; readonly end: number }[]): string {
  let rest = text;
  for (const { start, end } of [...times].sort((a, b) => b.start - a.start))
    rest = `${rest.slice(0, start)} ${rest.slice(end)}`;
  return rest
    .replace(REMINDER_WORDS, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^(?:me|us|mich|uns)\s+/i, "")
    .replace(LEADING, "")
    .replace(/[\s.,;!?]+(?:baad|ko|ki)?[\s.,;!?]*$/i, "")
    .replace(/[\s.,;!?]*\b(?:at|in|on|um|am|a|en|dans)$/i, "")
    .trim()
    .slice(0, 120);
}

export type Condition = {
  readonly op: ">" | ">=" | "<" | "<=";
  readonly threshold: number;
  readonly unit: string;
  readonly text: string;
};

const FALLS =
  /\b(?:drops?|falls?|goes (?:down|below|under)|sinks?|below|under|less than|unter|fallt|sinkt|baja|cae|por debajo|descend|tombe|passe sous|cai|abaixo|neeche|kam)\b/;
const RISES =
  /\b(?:above|over|exceeds?|reach(?:es)?|hits?|more than|rises?|goes (?:up|over|above)|climbs?|crosses|uber|steigt|ubersteigt|uberschreitet|sube|supera|pasa|por encima|sobre|depasse|monte|atteint|acima|passa|ultrapassa|upar|zyada)\b/;

/** The limit that a watch waits for: "over 30000", "drops below 500ms", "steigt über 90 %". Undefined without a number. */
export function conditionOf(text: string, names: readonly string[]): Condition | undefined {
  let rest = text;
  for (const name of names) rest = rest.replaceAll(name, "x");
  const found = findThreshold(rest);
  if (found !== undefined)
    return {
      op: found.value.op,
      threshold: found.value.value,
      unit: found.value.unit === "none" ? "" : found.value.unit,
      text: found.value.text,
    };
  const folded = fold(rest);
  const number = /(?<![\w.-])(\d+(?:[.,]\d+)?)\s?(k|%|ms|s|gb|mb|gib|mib)?(?![\w.])/.exec(folded);
  if (number?.[1] === undefined || !(FALLS.test(folded) || RISES.test(folded))) return undefined;
  const as = findThreshold(`more than ${number[0]}`);
  return as === undefined
    ? undefined
    : {
        op: FALLS.test(folded) ? "<" : ">",
        threshold: as.value.value,
        unit: as.value.unit === "none" ? "" : as.value.unit,
        text: as.value.text,
      };
}

/** What a watch without a number waits for, as typed: "the deploy is done". Undefined when the text names no condition. */
export function awaited(text: string): string | undefined {
  const after =
    /\b(?:when(?:ever)?|if|once|as soon as|wenn|sobald|falls|cuando|si|quand|lorsque|des que|quando|se|assim que|jab|agar)\s+(.{3,120})$/iu.exec(
      text.trim(),
    )?.[1];
  return after?.replace(/[\s.!?]+$/, "");
}
