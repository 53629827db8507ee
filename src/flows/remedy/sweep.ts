import { OPEN, type Proposal } from "../../core/proposal.ts";
import { reasonOf } from "../../util/errors.ts";
import { change } from "./change.ts";
import type { RemedyDeps } from "./deps.ts";
import { probe } from "./probe.ts";
import { test } from "./recheck.ts";
import { walk } from "./walk.ts";

/** Seconds between looks whether the reason of a proposal still holds, and after which an unknown one is asked about again. */
const TRIGGER_EVERY = 30;
const PROBES = [0, 5, 30, 120, 600];
const PROBE_MS = 15_000;
/** Of each status, in one round. */
const LOOKED_AT = 50;
/** Seconds after which nobody asks any more whether a change helped. */
const VERIFIED_WITHIN = 7 * 86_400;

/**
 * Ends what nobody decided or started in time, withdraws what has lost its reason, and finds out what became of runs that
 * were cut off. The returned function makes one round and resolves with the seconds until the next. `running` are this
 * process's own runs, which are no business of the sweep.
 */
export function sweep(deps: RemedyDeps, running: ReadonlySet<string>): (signal: AbortSignal) => Promise<number> {
  const asked = new Map<string, { times: number; next: number }>();
  const looked = new Map<string, number>();

  async function one(proposal: Proposal, signal: AbortSignal): Promise<void> {
    const { id, status, spec } = proposal;
    const now = deps.clock();
    if (status === "pending" || status === "approved" || status === "claimed") {
      if (running.has(id)) return;
      const done = await change(deps, id, (one) => ({ kind: "expire", ...leaptOver(one) }));
      if (!done.ok && status !== "claimed") await withdrawn(proposal, now, signal);
    } else if (status === "started") {
      if (!running.has(id))
        await change(deps, id, {
          kind: "lose",
          reason: "The bot was interrupted while this ran. It will not be run again by itself.",
        });
    } else if (status === "unknown") await settleByProbe(proposal, now, signal);
    else if (spec.verify !== undefined) await change(deps, id, { kind: "verify" });
  }

  /** Its time ran out while the clock jumped: people had less of it than the card said. */
  function leaptOver({ status, spec, executeBy = 0 }: Proposal): { readonly why?: string } {
    const leap = deps.leapt?.();
    const until = status === "pending" ? spec.approveBy : executeBy;
    if (leap === undefined || until <= leap.from || until > leap.to) return {};
    const minutes = Math.round((leap.to - leap.from) / 60);
    return {
      why: `The clock of this machine jumped forward by ${minutes} min just then (it slept, or was set), so there was less time than the card said.`,
    };
  }

  async function withdrawn({ id, spec }: Proposal, now: number, signal: AbortSignal): Promise<void> {
    const { trigger } = spec.cause;
    if (trigger === undefined || now < (looked.get(id) ?? 0) + TRIGGER_EVERY) return;
    looked.set(id, now);
    const is = await test(deps.sources, trigger, spec.source, signal);
    if (!is.holds)
      await change(deps, id, { kind: "withdraw", reason: `The reason for it has gone: ${is.text}. Nothing was done.` });
  }

  async function settleByProbe(proposal: Proposal, now: number, signal: AbortSignal): Promise<void> {
    const before = asked.get(proposal.id) ?? { times: 0, next: now };
    const pause = PROBES[before.times + 1];
    if (now < before.next || before.times >= PROBES.length) return;
    asked.set(proposal.id, { times: before.times + 1, next: now + (pause ?? 0) });
    const { outcome, reason } = await probe(deps, proposal, AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]));
    if (outcome !== undefined) await change(deps, proposal.id, { kind: "settle", outcome, reason });
  }

  // What is open is looked after however old it is, and however much there is: the bot may have been down for long.
  const all = walk(deps.store, [...OPEN]);
  return async (signal) => {
    const { proposals } = deps.store;
    const since = deps.clock() - VERIFIED_WITHIN;
    const open = [
      ...(await all.next(LOOKED_AT)),
      ...(await proposals.find({ status: ["succeeded", "partial"], since, limit: 200 })),
    ];
    for (const proposal of open) {
      if (signal.aborted) break;
      await one(proposal, signal).catch((err: unknown) =>
        deps.report("warn", "a proposal could not be looked after", { proposal: proposal.id, reason: reasonOf(err) }),
      );
    }
    if (!all.wasWhole()) return 1;
    const ids = new Set(open.map(({ id }) => id));
    for (const map of [asked, looked]) for (const id of map.keys()) if (!ids.has(id)) map.delete(id);
    return 1;
  };
}
