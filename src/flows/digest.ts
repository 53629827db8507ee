import { digestCard } from "../cards/digest-card.ts";
import type { Period } from "../core/digest/counts.ts";
import { againOf, type Digest, digestOf, isSame, type KeptDigest } from "../core/digest/digest.ts";
import { type Item, ofAnomaly, ofIncident, ofProposal } from "../core/digest/facts.ts";
import {
  beginOf,
  type DigestPlan,
  digestId,
  digestMessage,
  dueSlot,
  LATEST,
  type PlanInForce,
  plansInForce,
} from "../core/digest/schedule.ts";
import type { CronFields } from "../core/digest/slots.ts";
import { postOrEdit } from "../core/posted.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { type GatherDeps, gather } from "./digest/gather.ts";

export type DigestDeps = Omit<GatherDeps, "store"> & {
  readonly store: GatherDeps["store"] & Pick<Store, "digests" | "outbox">;
  readonly clock: Clock;
  /** The plans of the configuration. */
  readonly plans: readonly DigestPlan[];
  /** The fields of an expression, or why it is none. */
  readonly readCron: (expression: string) => CronFields | { readonly wrong: string };
  readonly report: (level: "info" | "error", message: string, data: Readonly<Record<string, unknown>>) => void;
  /** A message stands in the outbox. */
  readonly wake: () => void;
  /** `lateSeconds`: after its planned time. */
  readonly told?: (kind: DigestPlan["kind"], lateSeconds: number) => void;
};

/** A handover is looked at again so often, in seconds: what was done since is marked. */
const AGAIN = 300;

/**
 * Plans -> the outbox: one digest for each planned time, kept before it is posted, so that it is posted once however many processes try and
 * whatever cuts them off. The returned function makes one round.
 */
export function plannedDigests(deps: DigestDeps): () => Promise<void> {
  const { store, clock } = deps;
  const shown = new Set<string>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  return async () => {
    const now = clock();
    const isTime = now - lookedAt >= AGAIN || now < lookedAt;
    if (isTime) lookedAt = now;
    await noteNew(now);
    for (const one of plansInForce(deps.plans, await store.digests.plans())) {
      try {
        const newest = await tell(one, now);
        if (newest !== undefined) await keepShown(newest, now, isTime);
      } catch (err) {
        deps.report("error", "a digest could not be told", { err, digest: one.plan.name });
      }
    }
  };

  /** From when on a plan of the configuration counts. */
  async function noteNew(now: number): Promise<void> {
    const records = new Map((await store.digests.plans()).map((record) => [record.name, record]));
    for (const { name } of deps.plans) {
      const record = records.get(name);
      if (record !== undefined && record.state !== "removed") continue;
      await store.digests.plan({ name, revision: (record?.revision ?? 0) + 1, state: "active", since: now }, []);
    }
  }

  /** Tells what is due, and returns the newest that was told. */
  async function tell({ plan, record }: PlanInForce, now: number): Promise<KeptDigest | undefined> {
    const newest = await store.digests.newest(plan.name);
    if (record === undefined || record.state !== "active") return undefined;
    const fields = deps.readCron(plan.cron);
    if ("wrong" in fields) throw new Error(`its expression cannot be read: ${fields.wrong}`);
    const due = dueSlot(fields, plan, { told: newest?.slot, since: record.since }, now);
    if (due === undefined) return newest;
    const { slot, missed } = due;
    const period = { from: beginOf(plan, fields, newest?.slot, slot), to: slot };
    const kept: KeptDigest = {
      ...{ id: digestId(plan.name, slot), name: plan.name, slot, revision: 1, missed, zone: plan.zone },
      places: plan.to,
      digest: await digestFor(deps, plan, period, now),
    };
    if (!(await store.digests.keep(kept))) return store.digests.newest(plan.name);
    deps.told?.(plan.kind, Math.max(0, now - slot));
    if (missed > 0)
      deps.report("info", "planned digests were missed; the newest one covers them", { digest: plan.name, missed });
    return kept;
  }

  /** Its message as it stands, after a restart too; of a handover, what was done since. */
  async function keepShown(kept: KeptDigest, now: number, isTime: boolean): Promise<void> {
    const { digest } = kept;
    if (now - kept.slot > LATEST[digest.kind]) return;
    if (!shown.has(`${kept.id}:${kept.revision}`)) await show(kept, now);
    if (digest.kind !== "handover" || !isTime || now - digest.madeAt < AGAIN) return;
    const plan = plansInForce(deps.plans, await store.digests.plans()).find((one) => one.plan.name === kept.name)?.plan;
    const again = againOf(digest, await digestFor(deps, plan ?? { kind: digest.kind }, digest, now));
    const renewed = { ...again, done: await Promise.all(again.done.map((item) => asItIs(store, item))) };
    if (isSame(digest, renewed)) return;
    const next = { ...kept, revision: kept.revision + 1, digest: renewed };
    if (await store.digests.revise(next)) await show(next, now);
  }

  async function show(kept: KeptDigest, now: number): Promise<void> {
    const card = digestCard(kept.digest, { zone: kept.zone, kept });
    for (const [at, place] of kept.places.entries()) {
      const message = { id: digestMessage(kept.id, at), place, card, at: now, revision: kept.revision };
      if (kept.revision === 1) await store.outbox.put(message);
      else await postOrEdit(store.outbox.put, message, String(kept.revision));
    }
    shown.add(`${kept.id}:${kept.revision}`);
    deps.wake();
  }
}

/** The digest of a plan, as things stand now. */
export async function digestFor(
  deps: Pick<DigestDeps, "store" | "environmentOf" | "outside">,
  { kind, only }: Pick<DigestPlan, "kind" | "only">,
  period: Period,
  now: number,
): Promise<Digest> {
  const { from, to } = period;
  const facts = await gather(deps, { from, to }, now, { kind, ...(only !== undefined && { only }) });
  return digestOf(kind, facts, { from, to }, now);
}

/** What was to be done, as it is now; as it was told where it is not known any more. */
async function asItIs(store: GatherDeps["store"], item: Item): Promise<Item> {
  switch (item.kind) {
    case "incident": {
      const found = await store.incidents.get(item.incident.id);
      return found === undefined ? item : ofIncident(found);
    }
    case "anomaly": {
      const found = await store.detection.anomaly(item.anomaly.id);
      return found === undefined ? item : ofAnomaly(found);
    }
    case "proposal": {
      const found = await store.proposals.get(item.proposal.id);
      return found === undefined ? item : ofProposal(found);
    }
    default:
      return item;
  }
}
