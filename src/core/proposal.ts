import { canonicalJson, type Json, sha256 } from "../util/canonical.ts";
import { never } from "../util/never.ts";
import type { AuditEntry } from "./audit.ts";
import type { Chart, EvidenceLine } from "./card.ts";
import type { Place } from "./chat.ts";
import type { ExtensionId } from "./extension/extension.ts";
import type { Identity } from "./people.ts";
import { approvalsOf, isEnough, type Rule, type Vote } from "./policy.ts";
import type { Condition, Origin, Risk, RunbookStep, Verification } from "./runbook.ts";

/** A change as `ask --json` tells it. */
export type ProposedAction = {
  /** Standard verb: restart, scale, rollback, cordon, uncordon, drain, free_disk, silence, ack, schedule, … */
  readonly type: string;
  readonly target: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly status: "pending";
  readonly executed: false;
};

export type Status =
  | "pending"
  | "approved"
  | "claimed"
  | "started"
  | "unknown"
  | "succeeded"
  | "failed"
  | "partial"
  | "verifying"
  | "verified"
  | "no_effect"
  | "worse"
  | "rejected"
  | "expired"
  | "superseded"
  | "withdrawn";

/**
 * What is proposed, frozen: people approve exactly this, and exactly this runs. Nothing in it ever changes; its hash is
 * what a vote is for.
 */
export type Spec = {
  readonly v: 1;
  readonly id: string;
  /** Random: two proposals of the same thing differ. */
  readonly nonce: string;
  readonly action: {
    readonly type: string;
    readonly target: string;
    readonly params: Readonly<Record<string, string | number>>;
  };
  /** Undefined for a wish that no runbook can fulfil: it is written down, can be rejected, and can never run. */
  readonly runbook:
    | {
        readonly id: string;
        readonly version: string;
        readonly title: string;
        readonly readOnly: boolean;
        /** What a person needs for it by hand, for the report. */
        readonly minutesByHand?: number;
      }
    | undefined;
  readonly environment: string | undefined;
  /** Name of the Prometheus source that conditions and checks are asked of; undefined for the first. */
  readonly source: string | undefined;
  readonly params: Readonly<Record<string, { readonly value: string | number | boolean; readonly origin: Origin }>>;
  readonly target: {
    readonly kind: string;
    readonly name: string;
    /** Locks, cooldown and limits go by it. */
    readonly key: string;
  };
  readonly conditions: readonly Condition[];
  readonly steps: readonly RunbookStep[];
  /**
   * How each step's target was when proposed: what tells it from another of the same name, and what the executor insists on
   * (generation, replicas, revision, unit state, …). In the order of the steps.
   */
  readonly looks: readonly Seen[];
  readonly rollback: { readonly auto: boolean; readonly steps: readonly RunbookStep[] } | undefined;
  /** Whose code carries out steps, there and back, where it is not the bot's own: exactly this is approved. */
  readonly extensions?: readonly ExtensionId[];
  readonly verify: Verification | undefined;
  /** What it touches and how it is taken back, as shown: sentences. */
  readonly blast: string;
  readonly backOut: string;
  readonly risk: Risk;
  readonly rule: Rule;
  readonly policyVersion: string;
  readonly cooldown: number;
  readonly cancellable: boolean;
  readonly stepTimeout: number;
  /** The person behind it. Undefined when the bot proposed it by itself. */
  readonly requester: Identity | undefined;
  readonly cause: {
    readonly kind: "ask" | "button" | "alert" | "incident" | "anomaly" | "model" | "rollback";
    /** In the words it came in. */
    readonly text: string;
    /** The query that made it, which must still hold at the click and at the start. */
    readonly trigger?: Condition;
    /** Id of the proposal that this one takes back. */
    readonly undoes?: string;
  };
  /** Unix seconds. */
  readonly createdAt: number;
  readonly approveBy: number;
};

/** How a target was: what tells it from another of the same name, and what of it a change depends on. */
export type Seen = {
  readonly identity: Readonly<Record<string, string>>;
  readonly precondition: Readonly<Record<string, Json>>;
};

/** What one step came to. */
export type StepRun = {
  readonly name: string;
  readonly state: "running" | "succeeded" | "failed" | "partial" | "unknown";
  readonly output: string;
  /** Unix seconds. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** It failed before anything was asked of the target: a stop, or a lease that ended. */
  readonly notBegun?: true;
};

export type Measured = {
  readonly name: string;
  readonly promql: string;
  readonly unit: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Median after minus median before, over the scaled MAD of before; and the rank-sum test's p. */
  readonly effect: number | undefined;
  readonly p: number | undefined;
  readonly verdict: "better" | "same" | "worse" | "unmeasured";
};

/** One person's word about what became of something unknown: a vote for one outcome. */
export type Opinion = Vote & { readonly decision: "approve"; readonly outcome: "succeeded" | "failed" };

export type Proposal = {
  readonly id: string;
  /** Counts every change: a writer who read an older one loses. */
  readonly revision: number;
  readonly spec: Spec;
  /** Whole hash of `spec`. */
  readonly hash: string;
  readonly status: Status;
  /** Where its card is shown; the first is where it came from. */
  readonly places: readonly Place[];
  /** Sentences for the card that are no part of what is approved: how things are now, what the bot assumed. */
  readonly facts: readonly string[];
  readonly evidence: readonly EvidenceLine[];
  readonly chart?: Chart;
  readonly votes: readonly Vote[];
  /** It only reads, and the policy lets whoever asked do that without an approval. */
  readonly isFree?: true;
  readonly approvedAt?: number;
  readonly executeBy?: number;
  /** The store's incarnation that the approval was given in. */
  readonly epoch?: string;
  /** Counts claims: a late writer of an older claim loses. */
  readonly fence: number;
  readonly lease?: { readonly owner: string; readonly until: number };
  readonly startedAt?: number;
  readonly steps?: readonly StepRun[];
  readonly endedAt?: number;
  /** How it left the targets of its way back, in the order of those steps: only where that is taken by itself, and could be read. */
  readonly left?: readonly Seen[];
  /** It made things worse, and is left to people: why its way back was not taken by itself stands in the note. */
  readonly isKept?: true;
  /** What people said became of it, while it was unknown: the last word of each. */
  readonly opinions?: readonly Opinion[];
  readonly measured?: readonly Measured[];
  /** When the verdict was given. Unix seconds. */
  readonly measuredAt?: number;
  /** A person let its suspended runbook go on after it. */
  readonly reenabled?: { readonly by: string; readonly at: number; readonly reason: string };
  /** Why it is as it is, in a sentence: the last one said. */
  readonly note?: string;
  /** The proposal that took its place, or that takes it back. */
  readonly successor?: string;
  readonly simulated?: { readonly by: string; readonly at: number; readonly text: string };
};

/** How a run ended that the store has lost. Times are unix seconds. */
export type Remembered = {
  readonly outcome: "succeeded" | "failed" | "partial" | "unknown";
  readonly startedAt: number;
  readonly endedAt: number;
};

export type Event =
  | {
      readonly kind: "vote";
      readonly vote: Vote /** The stricter of the rule then and the rule now. */;
      readonly rule: Rule;
      readonly epoch: string;
    }
  /** `why`: a sentence more, where its time was shorter than it was said to be. */
  | { readonly kind: "expire"; readonly why?: string }
  | { readonly kind: "withdraw" | "supersede"; readonly reason: string; readonly successor?: string }
  | { readonly kind: "reopen"; readonly reason: string }
  /** It was approved and cannot start now: why, for its card. */
  | { readonly kind: "wait"; readonly reason: string }
  | {
      readonly kind: "claim";
      readonly owner: string;
      readonly until: number;
      readonly epoch: string;
      readonly rule: Rule;
      /** The votes, and who asked, with the people and roles of now. */
      readonly votes: readonly Vote[];
      readonly requester: Identity | undefined;
      /** By the policy of now, whoever asked may read without an approval. */
      readonly mayRead?: boolean;
    }
  | { readonly kind: "start"; readonly fence: number; readonly until: number }
  | { readonly kind: "progress"; readonly fence: number; readonly steps: readonly StepRun[]; readonly until: number }
  | {
      readonly kind: "finish";
      readonly fence: number;
      readonly outcome: "succeeded" | "failed" | "partial" | "unknown";
      readonly steps: readonly StepRun[];
      readonly reason: string;
      readonly left?: readonly Seen[];
    }
  | { readonly kind: "lose"; readonly reason: string }
  /** The journal knows of a start that the store has lost: it may have run, or, where it knows its end too, that is what it came to. */
  | { readonly kind: "recall"; readonly fence: number; readonly ran?: Remembered; readonly reason: string }
  | { readonly kind: "settle"; readonly outcome: "succeeded" | "failed" | "partial"; readonly reason: string }
  | {
      /** A person says what became of it. It is settled once enough people say the same. */
      readonly kind: "opine";
      readonly opinion: Opinion;
      /** See `settlingRule`. */
      readonly rule: Rule;
      /** What was said before, and who asked, with the people and roles of now. */
      readonly opinions: readonly Opinion[];
      readonly requester: Identity | undefined;
    }
  | { readonly kind: "verify" }
  | {
      readonly kind: "measure";
      readonly verdict: "verified" | "no_effect" | "worse";
      readonly measured: readonly Measured[];
      readonly reason: string;
    }
  | { readonly kind: "simulate"; readonly by: string; readonly text: string }
  | { readonly kind: "link"; readonly successor: string }
  /** It is not taken back by itself, though that was approved: why. */
  | { readonly kind: "keep"; readonly reason: string }
  /** A person lets its runbook go on, which was suspended for this run and those before it. */
  | { readonly kind: "re_enable"; readonly by: string; readonly reason: string }
  /** It was asked for again elsewhere: its card is shown there too. */
  | { readonly kind: "place"; readonly place: Place };

/** Why an event changes nothing, in a sentence for whoever caused it. */
export type Refusal = {
  readonly ok: false;
  readonly code: "too-late" | "expired" | "hash" | "fence" | "twice" | "votes" | "epoch" | "early" | "wish";
  readonly reason: string;
};

export type Advanced =
  | { readonly ok: true; readonly proposal: Proposal; readonly entry: Omit<AuditEntry, "actor" | "platform"> }
  | Refusal;

/** The whole hash of a spec: SHA-256 over its canonical JSON, with a prefix that keeps it from meaning anything else. */
export function hashOf(spec: Spec): string {
  return sha256(`sco.v1\n${canonicalJson(spec as unknown as Json)}`);
}

/** The key that an executor carries to the target: the same for every attempt at that step (from 0). 32 hexadecimal digits. */
export function stepKey({ id, hash }: Pick<Proposal, "id" | "hash">, step: number): string {
  return sha256(`${id}:${hash}:${step}`).slice(0, 32);
}

/** What buttons carry of the hash: base64url of its first 16 bytes. */
export function shortHash(hash: string): string {
  return Buffer.from(hash.slice(0, 32), "hex").toString("base64url");
}

/** Short form of the hash for people: 8 hexadecimal digits. */
export function codeOf({ hash }: Pick<Proposal, "hash">): string {
  return hash.slice(0, 8);
}

export const STATUSES = [
  ...(["pending", "approved", "claimed", "started", "unknown", "succeeded", "failed", "partial"] as const),
  ...(["verifying", "verified", "no_effect", "worse", "rejected", "expired", "superseded", "withdrawn"] as const),
] satisfies readonly Status[];

/** States that hold the lock on their target. */
export const HOLDING: ReadonlySet<Status> = new Set(["claimed", "started", "unknown"]);
/** States of something that is still to be decided or done. */
export const OPEN: ReadonlySet<Status> = new Set(["pending", "approved", "claimed", "started", "unknown"]);

/**
 * The whole life of a proposal. Nothing else makes a new state; who may vote was asked before, and is asked again here.
 * `now` is unix seconds by the store's clock. The proposal's spec is hashed anew: a stored one that was changed is refused.
 *
 *   pending -> approved -> claimed -> started -> succeeded | partial -> verifying -> verified | no_effect | worse
 *      |          |           |          '-> failed | unknown -> succeeded | partial | failed
 *      '----------'-----------'-> rejected | expired | superseded | withdrawn
 */
export function advance(proposal: Proposal, event: Event, now: number): Advanced {
  if (hashOf(proposal.spec) !== proposal.hash)
    return refuse("hash", "The stored proposal is not the one that was shown. It will not run; ask for it anew.");
  const { status } = proposal;
  switch (event.kind) {
    case "vote":
      return vote(proposal, event, now);
    case "expire":
      if (status === "pending" && now >= proposal.spec.approveBy)
        return to(proposal, "expired", event.kind, {
          endedAt: now,
          note: also("Nobody decided in time, so nothing was done.", event.why),
        });
      if (
        (status === "approved" || (status === "claimed" && leaseOver(proposal, now))) &&
        now >= (proposal.executeBy ?? 0)
      )
        return to(proposal, "expired", event.kind, {
          endedAt: now,
          lease: undefined,
          note: also(
            `It was approved but could not start in time, so nothing was done.${proposal.note === undefined ? "" : ` It waited: ${proposal.note}`}`,
            event.why,
          ),
        });
      return late(proposal);
    case "withdraw":
    case "supersede":
      if (status !== "pending" && status !== "approved" && status !== "claimed") return late(proposal);
      return to(proposal, event.kind === "withdraw" ? "withdrawn" : "superseded", event.kind, {
        endedAt: now,
        lease: undefined,
        note: event.reason,
        ...(event.successor !== undefined && { successor: event.successor }),
      });
    case "reopen":
      if (status !== "approved" && status !== "claimed") return late(proposal);
      return to(proposal, "pending", event.kind, {
        ...UNDONE,
        votes: [],
        note: event.reason,
      });
    case "wait":
      if (status !== "approved" && status !== "claimed") return late(proposal);
      if (proposal.note === event.reason) return refuse("twice", "Its card says so already.");
      return to(proposal, status, event.kind, { note: event.reason });
    case "claim":
      return claim(proposal, event, now);
    case "start":
      if (status !== "claimed") return late(proposal);
      if (proposal.fence !== event.fence) return FENCED;
      if (leaseOver(proposal, now)) return refuse("fence", "The lease ended before the start.");
      if (now >= (proposal.executeBy ?? 0)) return refuse("expired", "The time to start it is over.");
      return to(proposal, "started", event.kind, {
        startedAt: now,
        steps: [],
        note: undefined,
        lease: { owner: proposal.lease?.owner ?? "", until: event.until },
      });
    case "progress":
      if (status !== "started") return late(proposal);
      if (proposal.fence !== event.fence) return FENCED;
      return to(proposal, "started", event.kind, {
        steps: event.steps,
        lease: { owner: proposal.lease?.owner ?? "", until: event.until },
      });
    case "finish":
      // A result that comes late, after the lease ended, is still the truth about the same attempt.
      if (status !== "started" && status !== "unknown") return late(proposal);
      if (proposal.fence !== event.fence) return FENCED;
      if (status === "unknown" && event.outcome === "unknown") return late(proposal);
      return to(proposal, event.outcome, event.kind, {
        steps: event.steps,
        lease: undefined,
        endedAt: now,
        note: event.reason,
        ...(event.left !== undefined && { left: event.left }),
      });
    case "lose":
      if (status !== "started" || !leaseOver(proposal, now)) return late(proposal);
      return to(proposal, "unknown", event.kind, { lease: undefined, note: event.reason });
    case "recall":
      return recall(proposal, event);
    case "settle":
      if (status !== "unknown") return late(proposal);
      return to(proposal, event.outcome, event.kind, { endedAt: now, note: event.reason });
    case "opine":
      return opine(proposal, event, now);
    case "verify":
      if (status !== "succeeded" && status !== "partial") return late(proposal);
      if (proposal.spec.verify === undefined) return refuse("wish", "Its runbook has nothing to verify.");
      return to(proposal, "verifying", event.kind, {});
    case "measure":
      if (status !== "verifying") return late(proposal);
      return to(proposal, event.verdict, event.kind, {
        measured: event.measured,
        measuredAt: now,
        note: event.reason,
      });
    case "simulate":
      if (status !== "pending") return late(proposal);
      return to(proposal, status, event.kind, { simulated: { by: event.by, at: now, text: event.text } });
    case "link":
      return to(proposal, status, event.kind, { successor: event.successor });
    case "keep":
      if (status !== "worse" || proposal.successor !== undefined) return late(proposal);
      if (proposal.isKept === true) return refuse("twice", "It was left to people already.");
      return to(proposal, status, event.kind, {
        isKept: true,
        note: also(proposal.note ?? "It got worse.", event.reason),
      });
    case "re_enable":
      if (status !== "failed" && status !== "no_effect" && status !== "worse") return late(proposal);
      if (proposal.reenabled !== undefined) return refuse("twice", "Its runbook was let go on after it already.");
      return to(
        proposal,
        status,
        event.kind,
        { reenabled: { by: event.by, at: now, reason: event.reason } },
        event.reason,
      );
    case "place":
      if (!OPEN.has(status)) return late(proposal);
      if (isShownIn(proposal, event.place)) return refuse("twice", "Its card is there already.");
      if (proposal.places.length >= PLACES) return refuse("twice", `Its card is in ${PLACES} places already.`);
      return to(proposal, status, event.kind, { places: [...proposal.places, event.place] });
    default:
      return never(event);
  }
}

/** How many messages may show one proposal. */
const PLACES = 10;

/** True when a card of it stands in that channel, in whichever thread. */
export function isShownIn({ places }: Pick<Proposal, "places">, { platform, channel }: Place): boolean {
  return places.some((one) => one.platform === platform && one.channel === channel);
}

function vote(proposal: Proposal, { vote: given, rule, epoch }: Event & { kind: "vote" }, now: number): Advanced {
  const { status, spec, hash } = proposal;
  const isReject = given.decision === "reject";
  // A no counts until something started.
  if (status !== "pending" && !(isReject && (status === "approved" || status === "claimed"))) return late(proposal);
  if (now >= spec.approveBy && status === "pending") return refuse("expired", "The time to decide it is over.");
  if (given.hash !== hash) return refuse("hash", "That decision is for another version of this proposal.");
  if (!isReject && spec.runbook === undefined)
    return refuse("wish", "No runbook can do this, so there is nothing to approve.");
  const before = proposal.votes.find(({ person }) => person === given.person);
  if (before?.decision === given.decision && before.breakGlass === given.breakGlass)
    return refuse("twice", `You ${isReject ? "rejected" : "approved"} it already.`);
  const votes = [...proposal.votes.filter(({ person }) => person !== given.person), given];
  if (isReject) {
    const rejects = votes.filter(({ decision }) => decision === "reject").length;
    return rejects >= Math.max(1, rule.rejectsToKill)
      ? to(
          proposal,
          "rejected",
          "reject",
          { votes, endedAt: now, lease: undefined, note: given.reason ?? "" },
          given.reason,
        )
      : refused(proposal, votes, rule, given.reason);
  }
  if (approvalsOf(rule, [given], hash, spec.requester) === 0)
    return refuse("votes", "Your approval cannot count for this proposal.");
  const action = given.breakGlass === true ? "break-glass" : "approve";
  if (!isEnough(rule, votes, hash, spec.requester)) return to(proposal, "pending", action, { votes }, given.reason);
  const executeBy = now + rule.executeDelay + rule.executeWithin;
  return to(proposal, "approved", action, { votes, approvedAt: now, executeBy, epoch, note: undefined }, given.reason);
}

/** A no that does not end it. Where it takes an approval back that is needed, more are asked for; nothing has started yet. */
function refused(proposal: Proposal, votes: readonly Vote[], rule: Rule, reason: string | undefined): Advanced {
  const { status, hash, spec } = proposal;
  if (status === "pending" || isEnough(rule, votes, hash, spec.requester))
    return to(proposal, status, "reject", { votes }, reason);
  return to(proposal, "pending", "reject", { ...UNDONE, votes }, reason);
}

function opine(
  proposal: Proposal,
  { opinion, rule, opinions: before, requester }: Event & { kind: "opine" },
  now: number,
): Advanced {
  const { status, hash } = proposal;
  if (status !== "unknown") return late(proposal);
  if (opinion.hash !== hash) return refuse("hash", "That word is about another version of this proposal.");
  const mine = before.find(({ person }) => person === opinion.person);
  if (mine?.outcome === opinion.outcome) return refuse("twice", "You said so already.");
  if (approvalsOf(rule, [opinion], hash, requester) === 0)
    return refuse("votes", "Your word cannot count for this proposal.");
  const opinions = [...before.filter(({ person }) => person !== opinion.person), opinion];
  const agreeing = opinions.filter(({ outcome }) => outcome === opinion.outcome);
  const said = opinion.outcome === "succeeded" ? "it ran" : "it did not run";
  if (!isEnough(rule, agreeing, hash, requester))
    return to(proposal, "unknown", "opine", { opinions }, `Looked: ${said}. More have to agree.`);
  const names = agreeing.map(({ name }) => name);
  const note = `${names.length < 2 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`} looked: ${said}.`;
  // The audit has whoever did it by an id: a name in its words could never be forgotten.
  return to(proposal, opinion.outcome, "settle", { opinions, endedAt: now, note }, `Looked: ${said}.`);
}

/** What an approval and a claim have set. */
const UNDONE = { isFree: undefined, lease: undefined, approvedAt: undefined, executeBy: undefined, epoch: undefined };

function claim(
  proposal: Proposal,
  { owner, until, epoch, rule, votes, requester, mayRead = false }: Event & { kind: "claim" },
  now: number,
): Advanced {
  const { status, hash } = proposal;
  if (status !== "approved" && !(status === "claimed" && leaseOver(proposal, now))) return late(proposal);
  if (now >= (proposal.executeBy ?? 0)) return refuse("expired", "The time to start it is over.");
  if (now < (proposal.approvedAt ?? 0) + rule.executeDelay)
    return refuse("early", "The time to press stop is not over yet.");
  if (proposal.epoch !== epoch) return refuse("epoch", "The store is not the one in which this was approved.");
  const isFree = proposal.isFree === true && mayRead && proposal.spec.runbook?.readOnly === true;
  if (!isFree && !isEnough(rule, votes, hash, requester))
    return refuse("votes", "By the policy of now, the approvals are not enough.");
  return to(proposal, "claimed", "claim", { fence: proposal.fence + 1, lease: { owner, until } });
}

/** What the store has lost of a run: its end, where that is known. */
function recall(proposal: Proposal, { fence, ran, reason }: Event & { kind: "recall" }): Advanced {
  const { status, startedAt = proposal.approvedAt ?? proposal.spec.createdAt } = proposal;
  const isWaiting = status === "pending" || status === "approved" || status === "claimed";
  const lost = { fence: Math.max(proposal.fence, fence), lease: undefined, note: reason };
  if (ran === undefined || ran.outcome === "unknown") {
    if (!isWaiting) return late(proposal);
    // When it began is lost: not before this.
    return to(proposal, "unknown", "recall", { ...lost, startedAt: ran?.startedAt ?? startedAt, steps: [] });
  }
  // Of another attempt, which is under way, it says nothing.
  const isThis = (status === "started" || status === "unknown") && proposal.startedAt === ran.startedAt;
  if (!isWaiting && !isThis) return late(proposal);
  const { outcome, endedAt } = ran;
  return to(proposal, outcome, "recall", { ...lost, startedAt: ran.startedAt, endedAt, ...(!isThis && { steps: [] }) });
}

function also(note: string, why: string | undefined): string {
  return why === undefined ? note : `${note} ${why}`;
}

function leaseOver({ lease }: Proposal, now: number): boolean {
  return lease === undefined || now >= lease.until;
}

const FENCED: Refusal = { ok: false, code: "fence", reason: "Somebody else has taken it over since." };

function late({ status }: Proposal): Refusal {
  return refuse("too-late", `It is ${status.replace("_", " ")} already.`);
}

function refuse(code: Refusal["code"], reason: string): Refusal {
  return { ok: false, code, reason };
}

type Changed = { readonly [K in keyof Proposal]?: Proposal[K] | undefined };

function to(
  proposal: Proposal,
  status: Status,
  action: string,
  changed: Changed,
  reason = changed.note ?? "",
): Advanced {
  const next = Object.fromEntries(
    Object.entries({ ...proposal, ...changed, status, revision: proposal.revision + 1 }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Proposal;
  return {
    ok: true,
    proposal: next,
    entry: { action, id: proposal.id, hash: proposal.hash, from: proposal.status, to: status, reason },
  };
}
