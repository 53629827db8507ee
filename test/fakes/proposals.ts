import type { AuditEntry } from "../../src/core/audit.ts";
import type { Place } from "../../src/core/chat.ts";
import type { Identity, Voter } from "../../src/core/people.ts";
import type { Rule, Vote } from "../../src/core/policy.ts";
import { advance, type Event, hashOf, type Proposal, type Spec } from "../../src/core/proposal.ts";

/** Proposals and people for tests. Every function takes what should differ. */

/** Unix seconds at which all of it happens. */
export const NOW = 1_790_000_000;
export const THREAD: Place = { platform: "slack", channel: "C1", thread: "17900.1" };

export const ann: Identity = person("ann", "Ann", "U1");
export const bob: Identity = person("bob", "Bob", "U2");
export const cleo: Identity = person("cleo", "Cleo", "U3");
/** An account that the configuration links to nobody. */
export const stranger: Identity = {
  person: "slack:U9",
  name: "Stranger",
  platform: "slack",
  account: "U9",
  isLinked: false,
};

function person(id: string, name: string, account: string): Identity {
  return { person: id, name, platform: "slack", account, isLinked: true };
}

export function aVoter(who: Identity = bob, more: Partial<Voter> = {}): Voter {
  return { ...who, roles: ["oncall"], isGuest: false, isExternal: false, ...more };
}

export function aRule(more: Partial<Rule> = {}): Rule {
  return {
    approvals: 1,
    approvers: ["oncall"],
    distinctRoles: [],
    fourEyes: true,
    approveWithin: 1800,
    executeWithin: 300,
    executeDelay: 0,
    rejectsToKill: 1,
    reason: "optional",
    typedCode: false,
    ...more,
  };
}

/** Ann wants the deployment shop/checkout restarted. */
export function aSpec(more: Partial<Spec> = {}): Spec {
  return {
    v: 1,
    id: "p1",
    nonce: "n1",
    action: { type: "restart", target: "checkout", params: { deployment: "checkout" } },
    runbook: { id: "restart-deployment", version: "a".repeat(64), title: "Restart a deployment", readOnly: false },
    environment: "production",
    source: undefined,
    blast: "3 pods of shop/checkout, one after the other.",
    backOut: "none: a restart cannot be taken back.",
    params: {
      namespace: { value: "shop", origin: "default" },
      name: { value: "checkout", origin: "user" },
    },
    target: {
      kind: "deployment",
      name: "shop/checkout",
      key: "kubernetes:prod/shop/deployment/checkout",
    },
    conditions: [],
    steps: [
      {
        name: "restart",
        uses: "kubernetes/restart",
        with: { cluster: "prod", namespace: "shop", kind: "deployment", name: "checkout" },
      },
    ],
    looks: [{ identity: { uid: "6f0c" }, precondition: { resourceVersion: "17" } }],
    rollback: undefined,
    verify: {
      settle: 30,
      deadline: 300,
      checks: [{ name: "errors", promql: "sum(rate(errors_total[5m]))", unit: "per second", better: "down" }],
    },
    risk: "medium",
    rule: aRule(),
    policyVersion: "b".repeat(64),
    cooldown: 600,
    cancellable: false,
    stepTimeout: 60,
    requester: ann,
    cause: { kind: "ask", text: "restart checkout" },
    createdAt: NOW,
    approveBy: NOW + 1800,
    ...more,
  };
}

/** A pending proposal of that spec, or of one that differs as told. `more` is laid over it as it is. */
export function aProposal(spec: Partial<Spec> = {}, more: Partial<Proposal> = {}): Proposal {
  const whole = aSpec({ ...spec, nonce: spec.nonce ?? `nonce of ${spec.id ?? "p1"}` });
  return {
    id: whole.id,
    revision: 1,
    spec: whole,
    hash: hashOf(whole),
    status: "pending",
    places: [THREAD],
    facts: ["3 of 3 replicas are ready."],
    evidence: [],
    votes: [],
    fence: 0,
    ...more,
  };
}

export function aVote(proposal: Pick<Proposal, "hash">, who: Identity = bob, more: Partial<Vote> = {}): Vote {
  return { ...who, decision: "approve", hash: proposal.hash, roles: ["oncall"], at: NOW + 10, ...more };
}

/** What `advance` makes of it. Throws with the reason when it refuses. */
export function advanced(
  proposal: Proposal,
  event: Event,
  { now = NOW + 10, actor = "a1", platform = "slack" } = {},
): { readonly proposal: Proposal; readonly entry: AuditEntry } {
  const result = advance(proposal, event, now);
  if (!result.ok) throw new Error(`${event.kind} was refused: ${result.reason}`);
  return { proposal: result.proposal, entry: { actor, platform, ...result.entry } };
}

/** The proposal with Bob's approval: the next revision. */
export function approvedBy(proposal: Proposal, who: Identity = bob, epoch = "e1"): Proposal {
  const vote = aVote(proposal, who);
  return advanced(proposal, { kind: "vote", vote, rule: proposal.spec.rule, epoch }).proposal;
}

/** The approved proposal, claimed: the next revision. */
export function claimed(proposal: Proposal, owner = "w1", until = NOW + 60): Proposal {
  const { epoch = "e1", spec } = proposal;
  return advanced(
    proposal,
    { kind: "claim", owner, until, epoch, rule: spec.rule, votes: proposal.votes, requester: spec.requester },
    { now: NOW + 11 },
  ).proposal;
}

export function anEntry(more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    actor: "a1",
    platform: "slack",
    action: "propose",
    id: "p1",
    hash: "",
    from: "",
    to: "pending",
    reason: "",
    ...more,
  };
}
