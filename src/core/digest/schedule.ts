import type { Place } from "../chat.ts";
import type { Route } from "../incident/route.ts";
import { type CronFields, slotBefore, slotsBetween } from "./slots.ts";

/** Digests that come by themselves: which, when, and where. */

export const DIGEST_KINDS = ["daily", "weekly", "handover"] as const;
export type DigestKind = (typeof DIGEST_KINDS)[number];

/** One digest by the calendar. */
export type DigestPlan = {
  /** Chosen by whoever planned it; no two have the same. */
  readonly name: string;
  readonly kind: DigestKind;
  /** Five fields of cron, and the IANA zone that they are meant in. */
  readonly cron: string;
  readonly zone: string;
  readonly to: readonly Place[];
  /** Only what is of these environments and labels. Undefined: everything. */
  readonly only?: Pick<Route, "environments" | "labels">;
};

/**
 * What the store knows of a plan. A plan of the configuration is noted when it is first seen, so that times missed from then on are known;
 * one that was made in a chat stands here alone.
 */
export type PlanRecord = {
  readonly name: string;
  /** 1 for a new one; each change is one more. */
  readonly revision: number;
  readonly state: "active" | "paused" | "removed";
  /** Times up to here are not its own: when it was made, or last let go on. Unix seconds. */
  readonly since: number;
  /** The plan, where it was made in a chat. */
  readonly plan?: DigestPlan;
  /** Who made it so: a name for people, and when. Absent where nobody did. */
  readonly by?: { readonly person: string; readonly name: string; readonly at: number };
};

/** A plan as it stands: of the configuration where it names it, else as it was made in a chat. */
export type PlanInForce = { readonly plan: DigestPlan; readonly origin: "file" | "chat"; readonly record?: PlanRecord };

/** Plans of the configuration and those made in chats, by name. Removed ones are gone. */
export function plansInForce(
  configured: readonly DigestPlan[],
  records: readonly PlanRecord[],
): readonly PlanInForce[] {
  const known = new Map(records.map((record) => [record.name, record]));
  const ofFile = configured.map((plan) => withRecord({ plan, origin: "file" as const }, known.get(plan.name)));
  const names = new Set(configured.map(({ name }) => name));
  const ofChats = records.flatMap((record) =>
    record.plan === undefined || record.state === "removed" || names.has(record.name)
      ? []
      : [{ plan: record.plan, origin: "chat" as const, record }],
  );
  return [...ofFile, ...ofChats].sort((a, b) => (a.plan.name < b.plan.name ? -1 : 1));
}

function withRecord(one: Omit<PlanInForce, "record">, record: PlanRecord | undefined): PlanInForce {
  // A plan of the file cannot be removed in a chat: an older one of that name was.
  return record === undefined || record.state === "removed" ? one : { ...one, record };
}

/** A time that has come and was not told yet. */
export type DueSlot = {
  /** Unix seconds: the newest of them. */
  readonly slot: number;
  /** How many before it came and were not told either: this one covers them. */
  readonly missed: number;
};

/** Older than this, a digest is not told late: the next one says that it was left out. Seconds. */
export const LATEST: Readonly<Record<DigestKind, number>> = { daily: 43_200, handover: 43_200, weekly: 172_800 };

/** Further back than this nothing is looked for, and no digest reaches. */
const LONGEST = 31 * 86_400;

/**
 * What is due. `told` is the newest time that was told, `since` the time from which on it counts. Several that were missed are one, the newest;
 * undefined when there is none or it is too old to be told.
 */
export function dueSlot(
  fields: CronFields,
  { kind, zone }: Pick<DigestPlan, "kind" | "zone">,
  { told, since }: { readonly told: number | undefined; readonly since: number },
  now: number,
): DueSlot | undefined {
  const slots = slotsBetween(fields, zone, Math.max(told ?? 0, since, now - LONGEST), now);
  const slot = slots.at(-1);
  if (slot === undefined || now - slot > LATEST[kind]) return undefined;
  return { slot, missed: slots.length - 1 };
}

/**
 * Where a digest at `slot` begins: where the last one ended, else at the planned time before; a day or a week back where there was none. Unix
 * seconds.
 */
export function beginOf(
  { kind, zone }: Pick<DigestPlan, "kind" | "zone">,
  fields: CronFields,
  told: number | undefined,
  slot: number,
): number {
  if (told !== undefined && slot - told <= LONGEST) return told;
  return slotBefore(fields, zone, slot, 31) ?? slot - (kind === "weekly" ? 7 : 1) * 86_400;
}

/** Id of what was told at a time: no digest is told twice for one. */
export function digestId(name: string, slot: number): string {
  return `${name}@${slot}`;
}

/** Id of the message that shows a digest in its nth place. Edits of it have more after a further colon. */
export function digestMessage(id: string, at: number): string {
  return `digest:${id}:${at}`;
}
