import { OPEN, type Spec } from "../../core/proposal.ts";
import type { Begun } from "../../ports/store.ts";
import { type Changed, change } from "./change.ts";
import type { RemedyDeps } from "./deps.ts";
import { every } from "./walk.ts";

/** Seconds more than an approval can be good for, in which a replica that was away comes back and says what it knows. */
const AWAY = 7 * 86_400;

/** Until when a run is remembered: no copy of the store, however old, can have it approved and started later. */
export function rememberedUntil({ approveBy, rule }: Spec): number {
  return approveBy + rule.executeDelay + rule.executeWithin + AWAY;
}

/**
 * Compares the journal with the store before anything is carried out, and again in each new incarnation of the store. What began and has no
 * end noted may have run, also where the store, put back from an older copy, still says that it waits: then it is unknown, and is looked at
 * rather than run. What ended and waits there again becomes what it came to. Resolves with whether all of it is looked after.
 */
export async function recall(deps: RemedyDeps): Promise<boolean> {
  const all = await deps.journal.all();
  const ended = new Map(all.flatMap((begun) => (begun.ran === undefined ? [] : [[begun.proposal, begun]])));
  // Most of what ended stands so in the store: only what is open there is of interest.
  const waiting = ended.size === 0 ? [] : (await every(deps.store, [...OPEN])).flatMap(({ id }) => ended.get(id) ?? []);
  let isDone = true;
  for (const begun of [...all.filter(({ ran }) => ran === undefined), ...waiting]) {
    const done = await recallOne(deps, begun);
    if (done.ok) continue;
    // Another one holds its target: it is tried again.
    if (done.code === "held") isDone = false;
    if (done.code !== "too-late")
      deps.report("error", "what the journal says was begun cannot be looked after", {
        proposal: begun.proposal,
        reason: done.reason,
      });
    else if (begun.ran === undefined) await end(deps, begun);
  }
  return isDone;
}

/** Tells the store what the journal knows of that run. Refused where the store knows as much. */
export async function recallOne(deps: RemedyDeps, { proposal: id, fence, ran }: Begun): Promise<Changed> {
  const done = await change(deps, id, {
    kind: "recall",
    fence,
    ...(ran !== undefined && { ran }),
    reason: reasonOf(ran),
  });
  if (done.ok)
    deps.report("warn", "the journal knows of a start that the store had lost", {
      proposal: id,
      outcome: done.proposal.status,
    });
  return done;
}

function reasonOf(ran: Begun["ran"]): string {
  if (ran === undefined) return "It was begun, though the store no longer knew that: an older copy was put back.";
  const at = new Date(ran.startedAt * 1000).toISOString().slice(0, 19).replace("T", " ");
  return `It ${SAID[ran.outcome]} at ${at} UTC, though the store no longer knew that: an older copy was put back.`;
}

const SAID = {
  succeeded: "ran",
  failed: "was tried and failed",
  partial: "ran in part",
  unknown: "was begun",
} as const;

/** Notes the end of one that the store knows to be over. */
async function end({ store, journal }: RemedyDeps, { key, proposal: id }: Begun): Promise<void> {
  const proposal = await store.proposals.get(id);
  if (proposal === undefined || OPEN.has(proposal.status)) return;
  const { status, spec, startedAt, endedAt } = proposal;
  if (startedAt === undefined || endedAt === undefined) return journal.ended(key);
  const isKnown = status === "failed" || status === "partial";
  const outcome = isKnown ? status : "succeeded";
  await journal.ended(key, { outcome, startedAt, endedAt, until: rememberedUntil(spec) });
}
