import { HOLDING, type Proposal, type Spec } from "../../core/proposal.ts";
import type { Runbook } from "../../core/runbook.ts";
import type { RemedyDeps } from "./deps.ts";
import { suspension } from "./record.ts";

const HOUR = 3600;
const WEEK = 7 * 86_400;

/**
 * Why the target has to be left alone at `now` (unix seconds), as a sentence: the runbook is suspended for such targets, something else runs there, or it
 * has run lately. Asked when a change is proposed and again before it starts, since several may have been approved meanwhile.
 */
export async function heldBack(
  deps: Pick<RemedyDeps, "store">,
  spec: Pick<Spec, "target" | "nonce" | "runbook"> & { readonly cause: Pick<Spec["cause"], "kind"> },
  runbook: Runbook,
  now: number,
): Promise<string | undefined> {
  if (runbook.readOnly || spec.cause.kind === "rollback") return undefined;
  const suspended = await suspension(deps, spec);
  if (suspended !== undefined) return suspended.reason;
  const { key: target } = spec.target;
  const isOther = (one: Proposal) => one.spec.nonce !== spec.nonce;
  // What is unknown holds its target until somebody settles it, however long that takes.
  const [running] = (await deps.store.proposals.find({ target, status: [...HOLDING], limit: 10 })).filter(isOther);
  const others = (await deps.store.proposals.find({ target, since: now - WEEK, limit: 500 })).filter(isOther);
  if (running !== undefined)
    return `Proposal ${running.id} is ${running.status} on ${spec.target.name}: nothing else can be proposed there until that is settled.`;
  // When each began and ended; they need not have run in the order in which they were proposed.
  const runs = others.flatMap(({ spec: one, startedAt, endedAt = startedAt }) =>
    startedAt === undefined || endedAt === undefined || one.runbook?.id !== runbook.id ? [] : [{ startedAt, endedAt }],
  );
  const last = runs.reduce((a, b) => (b.endedAt > a.endedAt ? b : a), { startedAt: 0, endedAt: 0 });
  const until = last.endedAt + runbook.cooldown;
  if (runs.length > 0 && until > now)
    return `${runbook.title} ran on ${spec.target.name} ${Math.round((now - last.startedAt) / 60)} min ago, and its cooldown lasts ${Math.ceil((until - now) / 60)} min more.`;
  const lately = runs.filter(({ startedAt }) => startedAt > now - HOUR).length;
  return lately >= runbook.perHour
    ? `${runbook.title} ran on ${spec.target.name} ${lately} times in the last hour, which is as often as it may.`
    : undefined;
}
