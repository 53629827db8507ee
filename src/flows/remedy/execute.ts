import { isDeepStrictEqual } from "node:util";
import { RESTORED } from "../../cards/proposal-words.ts";
import { modeOf } from "../../core/policy/rules.ts";
import { type Standing, whyShort } from "../../core/policy/shortage.ts";
import { type Event, type Proposal, type Seen, type StepRun, stepKey } from "../../core/proposal.ts";
import type { Ran } from "../../ports/changes.ts";
import { reasonOf } from "../../util/errors.ts";
import { change } from "./change.ts";
import type { Point, RemedyDeps } from "./deps.ts";
import { mayReadFreely } from "./free.ts";
import { heldBack } from "./held.ts";
import { lookAt } from "./propose.ts";
import { recall, recallOne, rememberedUntil } from "./recall.ts";
import { recheck } from "./recheck.ts";
import { ruleNow } from "./rule.ts";
import { walk } from "./walk.ts";

/** Seconds that a claim is good for without a sign of life, and between two signs. */
const LEASE = 15;
const BEAT = 4;
/** How much is shown of what a step printed. */
const SHOWN = 2000;
/** Between two looks, while a step runs, whether somebody pressed stop: a small part of the second that a stop may take. */
const WATCH_MS = 100;
const AT_ONCE = 8;
/** Approved changes that are read at once, and that one round looks at: what waits among them keeps the others no longer than the next round. */
const PART = 32;
const LOOKED_AT = 256;
const RECHECK_MS = 15_000;
/** For a look after the last step: well within the lease. */
const LEFT_MS = 5000;

/**
 * Runs what was approved. The returned function makes one round: it takes what may start now, and resolves with the
 * seconds until the next look. Runs go on in between; `idle` resolves when none is left. Order of writes, which is the whole promise: claim -> look
 * again -> started (durable) -> journal (flushed) -> effect -> result. A crash before "started" leaves nothing done; one after
 * leaves a proposal that nobody runs again.
 */
export function execute(deps: RemedyDeps): {
  readonly round: (signal: AbortSignal) => Promise<number>;
  readonly idle: () => Promise<void>;
  /** The bot ends: nothing is claimed or begun any more. What runs goes on. */
  readonly close: () => void;
  /** Proposals that this process is running now. */
  readonly running: ReadonlySet<string>;
} {
  const running = new Set<string>();
  const runs = new Set<Promise<void>>();
  const ready = walk(deps.store, ["claimed", "approved"]);
  let isClosing = false;
  /** The incarnation of the store that the journal was compared with. */
  let compared: string | undefined;

  async function round(signal: AbortSignal): Promise<number> {
    // Unreadable counts as stopped.
    const stopped = await deps.stop.read().catch(() => true);
    if (stopped !== undefined) return 1;
    // Redis was started anew, or an older copy was put back: what it lost, the journal may know.
    const epoch = await deps.store.proposals.epoch();
    if (epoch !== compared && (await recall(deps))) compared = epoch;
    // After an older copy was put back, what it calls approved may have run already.
    const isRestored = (await deps.store.proposals.restored()) !== undefined;
    for (let looked = 0; looked < LOOKED_AT && hasRoom(signal); looked += PART) {
      for (const proposal of await ready.next(PART)) if (hasRoom(signal)) await consider(proposal, isRestored);
      if (ready.wasWhole()) break;
    }
    return 1;
  }

  function hasRoom(signal: AbortSignal): boolean {
    return !isClosing && !signal.aborted && running.size < AT_ONCE;
  }

  async function consider(proposal: Proposal, isRestored: boolean): Promise<void> {
    const { id, status, lease } = proposal;
    if (running.has(id) || (status === "claimed" && lease !== undefined && deps.clock() < lease.until)) return;
    const why = isRestored ? RESTORED : whyNotThere(proposal);
    if (why !== undefined) await wait(id, why);
    else {
      running.add(id);
      const run = carryOut(proposal)
        .catch((err: unknown) =>
          deps.report("error", "a run broke off; what became of it is found out", { err, proposal: id }),
        )
        .finally(() => {
          running.delete(id);
          runs.delete(run);
        });
      runs.add(run);
    }
  }

  /** The mode there may have become another one since it was approved: then it waits until its time is over. */
  function whyNotThere({ spec }: Proposal): string | undefined {
    const mode = modeOf(deps.policy(), spec.environment);
    return mode === "act" ? undefined : `The bot does not run changes there by now (mode ${mode}).`;
  }

  /** Says on its card what keeps it from starting: whoever approved it waits for it. */
  async function wait(id: string, reason: string): Promise<void> {
    const done = await change(deps, id, { kind: "wait", reason });
    if (done.ok) deps.report("warn", "an approved change waits", { proposal: id, reason });
  }

  async function carryOut(proposal: Proposal): Promise<void> {
    const { id } = proposal;
    await at("before claim");
    // Nothing is begun twice under one key, whatever the store says.
    const begun = await deps.journal.get(stepKey(proposal, 0));
    if (begun !== undefined) {
      await recallOne(deps, begun);
      return;
    }
    const claimed = await claim(id);
    if (claimed === undefined) return;
    await at("after claim");
    await at("before recheck");
    const verdict = await recheck(deps, claimed, AbortSignal.timeout(RECHECK_MS));
    await at("after recheck");
    if (verdict.kind === "wait") {
      // Its lease ends, and it is tried again until its time is over.
      await wait(id, verdict.reason);
      return;
    }
    if (verdict.kind !== "good") {
      await change(deps, id, { kind: verdict.kind, reason: verdict.reason });
      return;
    }
    // Others may have been approved for the same target, and one of them has run since.
    const runbook = claimed.spec.runbook && deps.runbooks.get(claimed.spec.runbook.id);
    const busy = runbook && (await heldBack(deps, claimed.spec, runbook, deps.clock()));
    if (busy !== undefined) {
      await change(deps, id, { kind: "supersede", reason: `${busy} Nothing was done.` });
      return;
    }
    await start(claimed);
  }

  async function claim(id: string): Promise<Proposal | undefined> {
    const epoch = await deps.store.proposals.epoch();
    // Somebody may have lost the role since, or turned out to be the one who asked.
    const today = ({ votes, spec }: Proposal): Standing => ({
      votes: votes.map((vote) => ({ ...vote, ...deps.today(vote, vote.roles, "voter") })),
      requester: spec.requester && deps.today(spec.requester, [], "asker"),
    });
    const claimed = await change(deps, id, (proposal) => ({
      kind: "claim",
      owner: deps.owner,
      until: deps.clock() + LEASE,
      epoch,
      rule: ruleNow(deps.policy(), proposal.spec),
      ...today(proposal),
      mayRead: proposal.isFree === true && mayReadFreely(deps, proposal.spec),
    }));
    if (claimed.ok) return claimed.proposal;
    if (claimed.code === "epoch")
      await change(deps, id, {
        kind: "reopen",
        reason: "The store was restored or replaced since this was approved. Please approve it again.",
      });
    else if (claimed.code === "votes")
      await change(deps, id, (proposal) => {
        const { votes, hash, spec } = proposal;
        const given = { votes, requester: spec.requester };
        const why = whyShort(ruleNow(deps.policy(), spec), hash, given, today(proposal));
        return { kind: "reopen", reason: `${why} Please approve it again.` };
      });
    else if (claimed.code === "held") await wait(id, claimed.reason);
    else if (claimed.code === "hash")
      deps.report("error", "a stored proposal is not the one that was shown: it will not run", { proposal: id });
    return undefined;
  }

  /** From here an effect may exist. */
  async function start(claimed: Proposal): Promise<void> {
    const { id, fence } = claimed;
    await at("before start");
    if (isClosing) return;
    if ((await deps.stop.read().catch(() => true)) !== undefined || whyNotThere(claimed) !== undefined) return;
    const leaseEnds = performance.now() + LEASE * 1000;
    const started = await change(deps, id, { kind: "start", fence, until: deps.clock() + LEASE });
    if (!started.ok) return;
    await at("after start");
    const key = stepKey(claimed, 0);
    await at("before journal");
    const end = await journalled(started.proposal, key).then(
      async () => {
        await at("after journal");
        return new Run(deps, started.proposal, leaseEnds, at).all();
      },
      (problem: unknown): Finish => ({
        kind: "finish",
        fence,
        outcome: "failed",
        steps: [],
        reason: `It was not begun, because the journal cannot be written: ${reasonOf(problem)}`,
      }),
    );
    await at("before finish");
    const finished = await change(deps, id, end);
    if (!finished.ok) deps.report("error", "a result could not be noted", { proposal: id, reason: finished.reason });
    await at("after finish");
    const isBegun = end.steps.some(({ notBegun }) => notBegun !== true);
    const { startedAt = 0, spec } = started.proposal;
    const endedAt = deps.clock();
    const ran = { outcome: end.outcome, startedAt, endedAt, until: rememberedUntil(spec) };
    await deps.journal.ended(key, isBegun ? ran : undefined);
    await at("after journal end");
  }

  async function journalled({ id, fence }: Proposal, key: string): Promise<void> {
    await deps.journal.began(key, id, fence);
  }

  async function at(point: Point): Promise<void> {
    deps.point?.(point);
  }

  return {
    round,
    running,
    close() {
      isClosing = true;
    },
    async idle() {
      while (runs.size > 0) await Promise.allSettled(runs);
    },
  };
}

type Finish = Event & { readonly kind: "finish" };

/** What a step came to; `notBegun` where the executor was not even called. */
type Stepped = Ran & { readonly notBegun?: true };

/** The steps of one proposal, with a sign of life while they run. */
class Run {
  readonly #deps: RemedyDeps;
  readonly #proposal: Proposal;
  readonly #at: (point: Point) => Promise<void>;
  #leaseEnds: number;
  #steps: StepRun[] = [];
  #beating: Promise<unknown> = Promise.resolve();

  constructor(deps: RemedyDeps, proposal: Proposal, leaseEnds: number, at: (point: Point) => Promise<void>) {
    this.#deps = deps;
    this.#proposal = proposal;
    this.#leaseEnds = leaseEnds;
    this.#at = at;
  }

  async all(): Promise<Finish> {
    const { spec } = this.#proposal;
    for (const index of spec.steps.keys()) {
      const ran = await this.#step(index);
      // What was not even begun stands there too, and never in the place of the one before it.
      const now = this.#deps.clock();
      if (this.#steps.length === index)
        this.#steps.push({ name: spec.steps[index]!.name, state: "running", output: "", startedAt: now });
      const last = this.#steps.at(-1)!;
      this.#steps[this.#steps.length - 1] = {
        ...last,
        state: ran.outcome,
        output: ran.output.slice(-SHOWN),
        endedAt: now,
        ...(ran.notBegun === true && { notBegun: true as const }),
      };
      if (ran.outcome !== "succeeded") return this.#end(ran, index);
    }
    return { ...this.#event("succeeded", "It ran."), left: await this.#left() };
  }

  /** How it leaves the targets of a way back that may be taken by itself: what somebody does to them afterwards is told by it. */
  async #left(): Promise<readonly Seen[] | undefined> {
    const { rollback } = this.#proposal.spec;
    if (rollback?.auto !== true) return undefined;
    const looked = await lookAt(this.#deps, rollback.steps, AbortSignal.timeout(LEFT_MS));
    if ("looks" in looked) return looked.looks.map(({ identity, precondition }) => ({ identity, precondition }));
    this.#deps.report("warn", "how a change left its target could not be read: its way back is left to people", {
      proposal: this.#proposal.id,
      reason: looked.reason,
    });
    return undefined;
  }

  #stoppedAt(index: number): string {
    if (index === 0) return "The emergency stop was pressed before it began: nothing was done.";
    const later = this.#proposal.spec.steps.slice(index).map(({ name }) => `"${name}"`);
    return `The emergency stop was pressed: not begun ${later.length === 1 ? "was" : "were"} ${later.join(", ")}.`;
  }

  #end({ outcome, output, notBegun }: Stepped, index: number): Finish {
    if (notBegun === true) return this.#event(index === 0 ? "failed" : "partial", output);
    const said = output.trim().split("\n").at(-1) ?? "";
    const { name } = this.#proposal.spec.steps[index]!;
    const tail = said === "" ? "" : `: ${said.slice(0, 300)}`;
    if (outcome === "unknown") return this.#event("unknown", `It is not known what became of "${name}"${tail}`);
    if (outcome === "partial" || index > 0)
      return this.#event("partial", `"${name}" ${outcome === "partial" ? "did a part of it" : "failed"}${tail}`);
    return this.#event("failed", `"${name}" failed${tail}`);
  }

  #event(outcome: "succeeded" | "failed" | "partial" | "unknown", reason: string): Finish {
    return { kind: "finish", fence: this.#proposal.fence, outcome, steps: this.#steps, reason };
  }

  async #step(index: number): Promise<Stepped> {
    const { spec } = this.#proposal;
    const step = spec.steps[index]!;
    const action = this.#deps.actions.get(step.uses);
    if (action === undefined) return { outcome: "failed", output: this.#deps.actions.whyMissing(step.uses) };
    const cut = new AbortController();
    try {
      // The first step insists on what was approved. The ones before a later step changed the world: its target must be the same thing, as it is now.
      let precondition = spec.looks[index]?.precondition ?? {};
      if (index > 0) {
        const look = await action.look(step.with, AbortSignal.timeout(RECHECK_MS));
        if (!isDeepStrictEqual(look.identity, spec.looks[index]?.identity))
          return { outcome: "failed", output: "Its target is another one than the one that was shown." };
        precondition = look.precondition;
      }
      this.#steps.push({ name: step.name, state: "running", output: "", startedAt: this.#deps.clock() });
      await this.#at("before progress");
      if (!(await this.#alive()))
        return { outcome: "failed", output: "The lease ended before this step: it was not begun.", notBegun: true };
      const timeoutMs = spec.stepTimeout * 1000;
      const stopBeating = this.#beat(cut);
      const deadline = AbortSignal.any([cut.signal, AbortSignal.timeout(timeoutMs)]);
      await this.#at("before effect");
      // Pressed while the start was written, or while an earlier step ran: whoever was told that it is stopped was told the truth.
      if ((await this.#deps.stop.read().catch(() => true)) !== undefined) {
        stopBeating();
        return { outcome: "failed", output: this.#stoppedAt(index), notBegun: true };
      }
      // The clock may have stood still since the lease was renewed.
      if (performance.now() >= this.#leaseEnds) {
        stopBeating();
        return { outcome: "failed", output: "The lease ended before this step: it was not begun.", notBegun: true };
      }
      const ran = await settled(
        action.run(step.with, {
          key: stepKey(this.#proposal, index),
          fence: this.#proposal.fence,
          identity: spec.looks[index]?.identity ?? {},
          precondition,
          approvedAt: this.#proposal.approvedAt ?? 0,
          timeoutMs,
          signal: deadline,
          progress: (line) => this.#say(line),
        }),
        deadline,
      );
      await this.#at("after effect");
      stopBeating();
      await this.#beating;
      return ran;
    } catch (problem) {
      // Only `run` may have had an effect, and it does not throw.
      if (this.#steps.length > index) return { outcome: "unknown", output: reasonOf(problem) };
      const output = `"${step.name}" was not begun, because its target could not be looked at: ${reasonOf(problem)}`;
      return { outcome: "failed", output, notBegun: true };
    }
  }

  #say(line: string): void {
    const last = this.#steps.at(-1);
    if (last !== undefined)
      this.#steps[this.#steps.length - 1] = { ...last, output: `${last.output}${line}\n`.slice(-SHOWN) };
  }

  /** Renews the lease and shows how far it is; on a stop, cuts off what may be cut. */
  #beat(cut: AbortController): () => void {
    let ended = false;
    const watch = setInterval(() => {
      void this.#deps.stop
        .read()
        .catch(() => true)
        .then((stopped) => {
          if (stopped !== undefined && !ended && this.#proposal.spec.cancellable) cut.abort(new Error("stopped"));
        });
    }, WATCH_MS);
    const timer = setInterval(() => {
      this.#beating = this.#beating.then(() => (ended ? undefined : this.#alive())).catch(() => {});
    }, BEAT * 1000);
    return () => {
      ended = true;
      clearInterval(watch);
      clearInterval(timer);
    };
  }

  /** Durably notes how far it is, with a longer lease. False when it belongs to somebody else. */
  async #alive(): Promise<boolean> {
    const ends = performance.now() + LEASE * 1000;
    const { id, fence } = this.#proposal;
    const until = this.#deps.clock() + LEASE;
    const done = await change(this.#deps, id, { kind: "progress", fence, steps: [...this.#steps], until });
    if (done.ok) this.#leaseEnds = ends;
    return done.ok;
  }
}

/** An executor that ignores its signal is not waited for: what it does then is unknown. */
function settled(run: Promise<Ran>, signal: AbortSignal): Promise<Ran> {
  const GRACE_MS = 5000;
  return new Promise((resolve) => {
    const give = () => {
      setTimeout(
        () => resolve({ outcome: "unknown", output: "It did not answer in time, and it may have happened." }),
        GRACE_MS,
      ).unref();
    };
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
    run.then(resolve, (problem: unknown) => resolve({ outcome: "unknown", output: reasonOf(problem) }));
  });
}
