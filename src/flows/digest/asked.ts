import { digestCard } from "../../cards/digest-card.ts";
import { plansCard } from "../../cards/digest-plans-card.ts";
import { mayReadProposal } from "../../core/access.ts";
import type { AuditEntry } from "../../core/audit.ts";
import type { Card } from "../../core/card.ts";
import { isOfProgram, type Question, topOf } from "../../core/chat.ts";
import type { Period } from "../../core/digest/counts.ts";
import { type Digest, digestOf } from "../../core/digest/digest.ts";
import {
  beginOf,
  type DigestKind,
  type DigestPlan,
  type PlanRecord,
  plansInForce,
} from "../../core/digest/schedule.ts";
import type { CronFields } from "../../core/digest/slots.ts";
import type { DigestWish } from "../../core/digest/wish.ts";
import type { Incident } from "../../core/incident.ts";
import type { Identity } from "../../core/people.ts";
import { isZone } from "../../core/zone.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { inertName } from "../../util/inert.ts";
import { never } from "../../util/never.ts";
import { type GatherDeps, gather } from "./gather.ts";
import { patternsAsked, type RecurringDeps, thresholdAsked } from "./recurring.ts";

export type AskedDeps = Omit<GatherDeps, "store"> & {
  readonly store: GatherDeps["store"] & Pick<Store, "digests" | "audit">;
  readonly clock: Clock;
  readonly zone: string;
  readonly plans: readonly DigestPlan[];
  readonly readCron: (expression: string) => CronFields | { readonly wrong: string };
  readonly identify: (question: Question) => Identity;
  readonly mayReadIncident: (incident: Incident) => boolean;
  /** Plans were changed. */
  readonly changed: () => void;
};

const DAY = 86_400;
/** A handover without a shift that is planned reaches back so far, in seconds. */
const SHIFT = 43_200;
const MOST_PLANS = 100;
const TRIES = 5;

/** A wish about digests -> a card. Plans are changed at once by those allowed, with a record; nothing else changes. */
export async function askedDigest(deps: AskedDeps, question: Question, wish: DigestWish): Promise<Card> {
  switch (wish.kind) {
    case "show": {
      const period = wish.period ?? (await periodOf(deps, wish.digest));
      const digest = await digestAsked(deps, question, { kind: wish.digest }, period);
      return digestCard(digest, { zone: deps.zone });
    }
    case "plans":
      return plansCard(plansInForce(deps.plans, await deps.store.digests.plans()), deps, !isOfProgram(question));
    case "try":
      return tried(deps, question, wish.name);
    case "patterns":
      return patternsAsked(recurringFor(deps, question), wish.name);
    case "threshold":
      return thresholdAsked(recurringFor(deps, question), wish.alert);
    case "add":
    case "pause":
    case "resume":
    case "remove":
      return change(deps, question, wish);
    case "unclear":
      return refused(HOW);
    default:
      return never(wish);
  }
}

function recurringFor(deps: AskedDeps, question: Question): RecurringDeps {
  return {
    ...{ store: deps.store, outside: deps.outside, now: deps.clock(), zone: deps.zone, open: question.sources },
    may: { incident: deps.mayReadIncident, change: (proposal) => mayReadProposal(question, proposal) },
  };
}

/** What a planned digest would say now, for whoever asks alone: nothing is posted, and its next time stays as it is. */
async function tried(deps: AskedDeps, question: Question, name: string): Promise<Card> {
  const { store, clock, readCron } = deps;
  const found = plansInForce(deps.plans, await store.digests.plans()).find(
    (one) => one.plan.name.toLowerCase() === name,
  );
  if (found === undefined) return refused(`There is no digest ${inertName(name)}. What is planned: digests.`);
  const { plan } = found;
  const fields = readCron(plan.cron);
  if ("wrong" in fields) return refused(`${inertName(plan.name)} cannot be made: ${fields.wrong}.`);
  const told = (await store.digests.newest(plan.name))?.slot;
  const period = { from: beginOf(plan, fields, told, clock()), to: clock() };
  const digest = await digestAsked(deps, question, plan, period);
  const card = digestCard(digest, { zone: plan.zone });
  return { ...card, title: `As ${inertName(plan.name)} would say now, posted nowhere. ${card.title}` };
}

/** The digest of a stretch, of what is open to whoever asks. */
export async function digestAsked(
  deps: Pick<AskedDeps, "store" | "environmentOf" | "outside" | "clock" | "mayReadIncident">,
  question: Pick<Question, "sources" | "place">,
  { kind, only }: Pick<DigestPlan, "kind" | "only">,
  period: Period,
): Promise<Digest> {
  const { sources } = question;
  const now = deps.clock();
  const facts = await gather(deps, period, now, {
    kind,
    ...(only !== undefined && { only }),
    mayReadIncident: deps.mayReadIncident,
    mayReadProposal: (proposal) => mayReadProposal(question, proposal),
    ...(sources !== undefined && { sources }),
  });
  return digestOf(kind, facts, period, now);
}

/** Up to now: a day, a week, or since the last handover that was told. */
async function periodOf({ store, clock }: AskedDeps, kind: DigestKind): Promise<Period> {
  const to = clock();
  if (kind !== "handover") return { from: to - (kind === "weekly" ? 7 * DAY : DAY), to };
  const told = await store.digests.find({ since: to - 3 * DAY, limit: 200 });
  const last = told.find(({ digest }) => digest.kind === "handover");
  return { from: last?.slot ?? to - SHIFT, to };
}

const HOW =
  "Say it like this: digest add morning daily at 08:00 on weekdays (or five fields of cron, and a time zone at the end); digest pause morning; digest resume morning; digest remove morning; digest try morning. What is planned: digests.";

type Change = DigestWish & { readonly kind: "add" | "pause" | "resume" | "remove" };

async function change(deps: AskedDeps, question: Question, wish: Change): Promise<Card> {
  const no = whyNot(question);
  if (no !== undefined) return refused(no);
  const who = deps.identify(question);
  for (let tries = 0; tries < TRIES; tries++) {
    const records = await deps.store.digests.plans();
    const made = wish.kind === "add" ? added(deps, question, records, wish) : changed(deps, records, wish);
    if (typeof made === "string") return refused(made);
    const now = deps.clock();
    const record: PlanRecord = { ...made.record, since: now, by: { person: who.person, name: who.name, at: now } };
    const actor = await deps.store.audit.actorOf(who);
    const entry: AuditEntry = {
      ...{ actor, platform: who.platform, action: `${wish.kind} digest`, id: record.name, hash: "" },
      ...{ from: made.from, to: record.state, reason: record.plan === undefined ? "" : planWords(record.plan) },
    };
    if (!(await deps.store.digests.plan(record, [entry]))) continue;
    deps.changed();
    const card = plansCard(plansInForce(deps.plans, await deps.store.digests.plans()), deps);
    return { ...card, title: `${DONE[wish.kind](inertName(record.name))} ${card.title}`, tone: "good" };
  }
  return refused("The plans change faster than I could write. Please say it again.");
}

const DONE: Readonly<Record<Change["kind"], (name: string) => string>> = {
  add: (name) => `Planned: ${name} is posted here.`,
  pause: (name) => `${name} is paused: times until it goes on are left out.`,
  resume: (name) => `${name} goes on from now.`,
  remove: (name) => `${name} is removed.`,
};

/** A digest tells of everything, so whoever plans one may read everything where they ask. */
function whyNot({ isOutsider, sources }: Question): string | undefined {
  if (isOutsider === true) return "Guests and people of other organisations cannot plan digests.";
  if (sources !== undefined)
    return "A digest tells of every source, and not all of them are open to you here. Ask somebody to whom they are.";
  return undefined;
}

type Made = { readonly record: Omit<PlanRecord, "since" | "by">; readonly from: string };

function added(
  deps: AskedDeps,
  { place, user }: Question,
  records: readonly PlanRecord[],
  { name, digest, cron, zone = user.zone ?? deps.zone }: DigestWish & { readonly kind: "add" },
): Made | string {
  if (place.platform === "terminal")
    return "A digest is planned in the channel that it is to be posted in. Say it there, or list it under digests in the file.";
  if (cron === undefined) return `I could not read when. ${HOW}`;
  const fields = deps.readCron(cron);
  if ("wrong" in fields) return `I could not read when: ${fields.wrong}. ${HOW}`;
  if (!isZone(zone))
    return `${inertName(zone, { max: 60 })} is no time zone that I know. Use a name such as Europe/Berlin.`;
  const inForce = plansInForce(deps.plans, records);
  const same = inForce.find(({ plan }) => plan.name.toLowerCase() === name);
  if (same !== undefined)
    return `There is a digest ${inertName(same.plan.name)} already. Take another name, or remove that one first.`;
  if (inForce.length >= MOST_PLANS) return `${MOST_PLANS} digests are planned already: remove one first.`;
  const plan = { name, kind: digest, cron, zone, to: [topOf(place.platform, place.channel)] };
  const old = records.find((one) => one.name === name);
  return { record: { name, revision: (old?.revision ?? 0) + 1, state: "active", plan }, from: old?.state ?? "" };
}

function changed(
  deps: AskedDeps,
  records: readonly PlanRecord[],
  { kind, name }: Change & { readonly kind: "pause" | "resume" | "remove" },
): Made | string {
  const found = plansInForce(deps.plans, records).find(({ plan }) => plan.name.toLowerCase() === name);
  if (found === undefined) return `There is no digest ${inertName(name)}. What is planned: digests.`;
  const { plan, origin, record } = found;
  const state = record?.state ?? "active";
  if (kind === "remove" && origin === "file")
    return `${inertName(plan.name)} stands in the bot's configuration: take it out there, or pause it here.`;
  const wanted = kind === "pause" ? "paused" : kind === "resume" ? "active" : "removed";
  if (state === wanted) return `${inertName(plan.name)} is ${state} already.`;
  return {
    record: {
      ...{ name: plan.name, revision: (record?.revision ?? 0) + 1, state: wanted },
      ...(origin === "chat" && { plan }),
    },
    from: state,
  };
}

function planWords({ kind, cron, zone, to }: DigestPlan): string {
  return `${kind}, ${cron} in ${zone}, to ${to.map(({ platform, channel }) => `${platform} ${channel}`).join(", ")}`;
}

function refused(title: string): Card {
  return { title, tone: "warning", blocks: [] };
}
