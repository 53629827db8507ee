import type { Block, Card } from "../core/card.ts";
import { formatDuration } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import type { DependencyView } from "../util/dependencies.ts";
import { inertName } from "../util/inert.ts";

type Look = { readonly now: number; readonly zone: string };

/** How the store stands: the only one without a breaker, since without it nothing may be said or done. */
export type StoreState = { readonly where: string; readonly trouble: string | undefined };

/** Everything that the bot calls, with what works meanwhile where it does not. */
export function dependenciesCard(views: readonly DependencyView[], store: StoreState, look: Look): Card {
  const away = views.filter(isAway);
  const isDown = store.trouble !== undefined;
  const lines = [...away, ...views.filter((one) => !isAway(one))].map((one) => lineOf(one, look));
  const storeLine = isDown
    ? `The store (${store.where}): ${inertName(store.trouble ?? "", { max: 200 })}. Nothing is decided or run until it is back; what comes in is refused, so that it is sent again.`
    : `The store (${store.where}): works.`;
  return {
    title: titleOf(away, isDown),
    tone: isDown ? "danger" : away.length > 0 ? "warning" : "good",
    blocks: [
      { kind: "list", items: isDown ? [storeLine, ...lines] : [...lines, storeLine] },
      { kind: "note", text: "What failed several times in a row is left alone for a while; then one call tries." },
    ],
  };
}

/** For the end of an overview: what is left alone, with all that matters about it; nothing when nothing is. */
export function dependencyBlocks(views: readonly DependencyView[], look: Look): readonly Block[] {
  const away = views.filter(isAway);
  if (away.length === 0) return [];
  const answered = views.filter((one) => !isAway(one) && one.answeredAt !== undefined && one.trouble === undefined);
  const names = answered.map(({ service }) => service).join(", ");
  const notes: readonly Block[] = names === "" ? [] : [{ kind: "note", text: `It reaches ${names}.` }];
  return [
    { kind: "text", text: titleOf(away, false) },
    { kind: "list", items: away.map((one) => lineOf(one, look)) },
    ...notes,
  ];
}

function isAway({ state }: DependencyView): boolean {
  return state !== "closed";
}

function titleOf(away: readonly DependencyView[], isDown: boolean): string {
  if (isDown) return "The bot's store cannot be used.";
  if (away.length === 0) return "The bot has no trouble with what it calls.";
  const names = away.slice(0, 3).map(({ service }) => service);
  const more = away.length > names.length ? ` and ${away.length - names.length} more` : "";
  return `The bot leaves alone, after failures in a row: ${names.join(", ")}${more}.`;
}

function lineOf(view: DependencyView, { now, zone }: Look): string {
  const { service, state, since, retryIn, trouble, answeredAt } = view;
  const last = trouble === undefined ? "" : ` Last error (${sayTime(trouble.at, now, zone)}): ${said(trouble.text)}`;
  if (state === "closed") {
    const answer = answeredAt === undefined ? "not asked yet" : `answered ${ago(now - answeredAt)}`;
    return trouble === undefined
      ? `${service}: ${answeredAt === undefined ? answer : `works; ${answer}`}.`
      : `${service}: is asked; its last call failed.${last}`;
  }
  const next =
    state === "half-open"
      ? "being tried now"
      : retryIn > 0
        ? `tried again in ${seconds(retryIn)}`
        : "tried again by the next call";
  return `${service}: left alone since ${sayTime(since, now, zone)}, ${next}.${last} Meanwhile: ${meanwhile(view.name)}`;
}

/** An error's text ends as a sentence does. */
function said(text: string): string {
  const short = inertName(text, { max: 300 });
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}

function ago(past: number): string {
  return past < 1 ? "just now" : `${seconds(past)} ago`;
}

function seconds(value: number): string {
  return formatDuration(Math.max(1, Math.round(value)));
}

/** What works while it is left alone, by the kind of dependency. */
const MEANWHILE: Readonly<Record<string, string>> = {
  prometheus:
    "questions about it are answered with why it could not be asked, and nothing is called healthy or unusual by it; alerts, approvals and other sources go on.",
  alertmanager: "alerts come in by its webhook all the same; silences are neither listed nor written.",
  model: "questions are answered by templates and queries, without it.",
  slack: "messages wait in the outbox, in their order; what Slack sends is dealt with.",
  teams: "messages wait in the outbox, in their order; what Teams sends is dealt with.",
  "teams/keys": "keys that are known stay good; what is signed with a new one is refused, and Teams sends it again.",
  executor:
    "changes there are neither proposed nor begun; what was approved waits until its time is over, and nothing is run twice.",
  notifier: "what it has to be told waits, in its order; after five minutes the incident's channel is told so.",
  calendar: "its last copy says who is on call.",
};

export function meanwhile(name: string): string {
  return MEANWHILE[name] ?? MEANWHILE[name.split("/")[0] ?? ""] ?? "everything else goes on.";
}
