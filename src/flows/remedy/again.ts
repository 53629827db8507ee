import { randomBytes } from "node:crypto";
import type { Identity } from "../../core/people.ts";
import { hashOf, type Proposal, type Spec, type Status } from "../../core/proposal.ts";
import { inertName } from "../../util/inert.ts";
import { change } from "./change.ts";
import { BOT, type RemedyDeps } from "./deps.ts";
import { extensionsOf, whyOtherCode } from "./extensions.ts";
import { blastOf, lookAt, propose, seal, store } from "./propose.ts";
import { howMoved } from "./recheck.ts";

export type Again =
  | { readonly kind: "undo" }
  | { readonly kind: "change"; readonly values: Readonly<Record<string, string>> };

type Made = { readonly proposal: Proposal } | { readonly reason: string };

/**
 * A proposal made of an earlier one: its way back, or the same with other parameters. Either is a new proposal with votes of
 * its own; the changed one is overtaken by it.
 */
export async function again(
  deps: RemedyDeps,
  proposal: Proposal,
  how: Again,
  by: Identity,
  signal: AbortSignal,
): Promise<Made> {
  return how.kind === "undo" ? undo(deps, proposal, by, signal) : changed(deps, proposal, how.values, by, signal);
}

async function changed(
  deps: RemedyDeps,
  proposal: Proposal,
  values: Readonly<Record<string, string>>,
  by: Identity,
  signal: AbortSignal,
): Promise<Made> {
  const { spec, places } = proposal;
  if (spec.runbook === undefined) return { reason: "No runbook can do this, so there is nothing to change." };
  // Its steps are the way back of another one: with other values the runbook would make the change instead.
  if (spec.cause.undoes !== undefined) return { reason: "A way back is taken as it is, or not at all." };
  const unknown = Object.keys(values).find((name) => spec.params[name] === undefined);
  if (unknown !== undefined) return { reason: `The runbook has no parameter ${unknown}.` };
  const differing = Object.entries(values).filter(([name, value]) => String(spec.params[name]?.value) !== value.trim());
  if (differing.length === 0) return { reason: "Nothing is different, so the proposal stays as it is." };
  const own = Object.fromEntries(
    differing.map(([name, value]) => [name, { value: value.trim(), origin: "user" as const }]),
  );
  const params = Object.fromEntries(
    Object.entries(spec.action.params).map(([name, value]) => [name, own[name]?.value ?? value]),
  );
  // What nobody gave is found anew: a default is no value that somebody may offer.
  const given = Object.fromEntries(
    Object.entries(spec.params).filter(([, { origin }]) => origin !== "default" && origin !== "captured"),
  );
  const made = await propose(
    deps,
    {
      action: { ...spec.action, params },
      kinds: [spec.target.kind],
      values: { ...given, ...own },
      runbook: spec.runbook.id,
      environment: spec.environment,
      source: spec.source,
      requester: by,
      places,
      cause: { ...spec.cause, kind: "button", text: `changed from proposal ${spec.id}: ${spec.cause.text}` },
      facts: [`${inertName(by.name)} changed ${differing.map(([name]) => name).join(", ")} of proposal ${spec.id}.`],
    },
    signal,
  );
  if (made.kind === "refused") return { reason: made.reason };
  if (made.kind === "observed") return { reason: "The bot only observes there (mode observe)." };
  if (made.proposal.id === spec.id) return { reason: "Nothing is different, so the proposal stays as it is." };
  const reason = `Its parameters were changed: proposal ${made.proposal.id} took its place.`;
  await change(deps, spec.id, { kind: "supersede", reason, successor: made.proposal.id }, by);
  return { proposal: made.proposal };
}

/** Those that were to take it back, newest first. */
async function takingBack(deps: RemedyDeps, { id, spec }: Proposal): Promise<readonly Proposal[]> {
  const later = await deps.store.proposals.find({ target: spec.target.key, since: spec.createdAt, limit: 500 });
  return later.filter((one) => one.spec.cause.undoes === id);
}

/** Ends of a way back after which people may ask for it again. */
const IN_VAIN: ReadonlySet<Status> = new Set(["rejected", "expired", "superseded", "withdrawn", "failed"]);

async function undo(deps: RemedyDeps, proposal: Proposal, by: Identity, signal: AbortSignal): Promise<Made> {
  const made = await wayBack(deps, proposal, by, signal);
  if ("reason" in made) return made;
  const { proposal: stored } = await store(deps, made.spec, { places: proposal.places, facts: made.facts }, signal);
  await change(deps, proposal.id, { kind: "link", successor: stored.id }, by);
  return { proposal: stored };
}

/**
 * The way back of one that made things worse, where that was approved together with it: the same votes, carried over to
 * what was shown on the same card, for the one who asked for the change. Policy, freeze, mode and stop are looked at when
 * it is claimed, as for any other. Otherwise nothing: a person proposes it with the button. Called again, it makes no second.
 */
export async function undoByItself(deps: RemedyDeps, proposal: Proposal, signal: AbortSignal): Promise<void> {
  if (proposal.status !== "worse" || proposal.spec.rollback?.auto !== true || proposal.successor !== undefined) return;
  if (proposal.isKept === true) return;
  const { spec, endedAt = deps.clock() } = proposal;
  const [other] = await takingBack(deps, proposal);
  if (other !== undefined) {
    await change(deps, proposal.id, { kind: "link", successor: other.id });
    return;
  }
  // Later than an approval is good for, people may have mended it otherwise: they have the button.
  if (deps.clock() >= endedAt + (spec.verify?.deadline ?? 0) + spec.rule.executeWithin)
    return keep(deps, proposal, "The time in which that was approved is over.");
  const made = await wayBack(deps, proposal, undefined, signal);
  if ("reason" in made) {
    deps.report("error", "a change made things worse and cannot be taken back by itself yet", {
      proposal: proposal.id,
      reason: made.reason,
    });
    return;
  }
  const otherCode = whyOtherCode(deps, spec, made.spec.steps);
  if (otherCode !== undefined) return keep(deps, proposal, otherCode.reason);
  const moved = isSameThing(spec, made.spec)
    ? movedSince(deps, proposal, made.spec)
    : `${spec.target.name} is another one now.`;
  if (moved !== undefined) return keep(deps, proposal, moved);
  const now = deps.clock();
  const hash = hashOf(made.spec);
  const approved: Proposal = {
    id: made.spec.id,
    revision: 1,
    spec: made.spec,
    hash,
    status: "approved",
    places: proposal.places,
    facts: made.facts,
    evidence: [],
    votes: proposal.votes.map((vote) => ({ ...vote, hash, reason: `approved with proposal ${proposal.id}` })),
    approvedAt: now,
    executeBy: now + made.spec.rule.executeWithin,
    epoch: await deps.store.proposals.epoch(),
    fence: 0,
  };
  const entry = {
    actor: "bot",
    platform: BOT.platform,
    action: "take back",
    id: approved.id,
    hash,
    from: "",
    to: "approved",
  };
  const stored = await deps.store.proposals.insert(approved, [{ ...entry, reason: `approved with ${proposal.id}` }]);
  if (stored.kind === "inserted") await change(deps, proposal.id, { kind: "link", successor: approved.id });
}

/** Leaves it to people, and says so on its card: they have the button. */
async function keep(deps: RemedyDeps, { id }: Proposal, why: string): Promise<void> {
  const reason = `It was not taken back by itself: ${why}`;
  const done = await change(deps, id, { kind: "keep", reason });
  if (done.ok)
    deps.report("error", "a change made things worse and was not taken back by itself", { proposal: id, reason });
}

/** What is no more as the change left it: somebody did something since, which the way back would undo with it. */
function movedSince({ actions }: RemedyDeps, { spec, left }: Proposal, back: Spec): string | undefined {
  if (left === undefined) return `How the change left ${spec.target.name} could not be read.`;
  for (const [at, step] of back.steps.entries()) {
    const how = howMoved(actions.get(step.uses) ?? {}, left[at], back.looks[at]!, "the change was made");
    if (how !== undefined) return `${spec.target.name} ${how}.`;
  }
  return undefined;
}

/** Members of an identity that tell what is sent or run rather than what it is done to: the way back may differ in them. */
const NO_THING: ReadonlySet<string> = new Set(["url", "program", "inode", "changed", "bytes"]);

/**
 * Whether each step back is about a thing that was shown, and approved, with the change: of what both looks tell of it, all is the same.
 * A person who clicks is shown the thing of now on a card of its own.
 */
function isSameThing(change: Spec, back: Spec): boolean {
  return back.looks.every(({ identity }) => {
    const shared = change.looks
      .map((look) => Object.entries(look.identity).filter(([name]) => name in identity && !NO_THING.has(name)))
      .filter((members) => members.length > 0);
    return shared.length === 0 || shared.some((members) => members.every(([name, value]) => identity[name] === value));
  });
}

async function wayBack(
  deps: RemedyDeps,
  proposal: Proposal,
  by: Identity | undefined,
  signal: AbortSignal,
): Promise<{ readonly spec: Spec; readonly facts: readonly string[] } | { readonly reason: string }> {
  const { spec, status } = proposal;
  const other = (await takingBack(deps, proposal)).find((one) => !IN_VAIN.has(one.status));
  if (other !== undefined) return { reason: `Proposal ${other.id} takes it back already.` };
  if (spec.rollback === undefined || spec.runbook === undefined)
    return { reason: `There is no way back: ${spec.backOut}` };
  if (!["succeeded", "partial", "verifying", "verified", "no_effect", "worse"].includes(status))
    return { reason: `It is ${status.replace("_", " ")}, so there is nothing to take back.` };
  const runbook = deps.runbooks.get(spec.runbook.id);
  if (runbook === undefined) return { reason: `The runbook ${spec.runbook.id} is not in the catalogue any more.` };
  const { steps } = spec.rollback;
  const looked = await lookAt(deps, steps, signal);
  if ("reason" in looked) return looked;
  const { rollback: _, verify: __, extensions: ___, risk, rule, policyVersion, approveBy, ...kept } = spec;
  const { spec: sealed, because } = seal(
    deps,
    {
      ...kept,
      id: deps.newId(),
      nonce: randomBytes(12).toString("base64url"),
      runbook: { ...spec.runbook, version: runbook.version, title: `Take back: ${spec.runbook.title}` },
      conditions: [],
      steps,
      looks: looked.looks.map(({ identity, precondition }) => ({ identity, precondition })),
      rollback: undefined,
      ...extensionsOf(deps, steps),
      verify: spec.verify,
      blast: blastOf(looked.looks),
      backOut: "propose the change itself again.",
      // What runs without a click was asked for, and approved, together with the change.
      requester: by ?? spec.requester,
      cause: { kind: "rollback", text: `takes back proposal ${spec.id}`, undoes: spec.id },
      createdAt: deps.clock(),
    },
    spec.risk,
  );
  return { spec: sealed, facts: [...looked.looks.flatMap(({ facts }) => facts), ...because] };
}
