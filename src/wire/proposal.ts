import * as z from "zod";
import { type Proposal, STATUSES } from "../core/proposal.ts";
import { rfc3339 } from "../core/zone.ts";
import { once } from "../util/once.ts";
import { text, time } from "./parts.ts";

/** Proposals as other programs read them: a contract. Null where there is nothing. */

const whoSchema = once(() =>
  z
    .object({
      person: text("Their id, or platform:account where the configuration does not know them."),
      name: z.string(),
      platform: z.string(),
      account: z.string(),
    })
    .meta({ id: "Who" }),
);

export const proposalSchema = once(() =>
  z
    .object({
      id: z.string(),
      hash: text("SHA-256 of what was shown and is decided about."),
      type: text("Standard verb: restart, scale, …"),
      runbook: z.string().nullable(),
      version: z.string().nullable(),
      target: z.string(),
      environment: z.string().nullable(),
      params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      status: z.enum(STATUSES),
      requester: whoSchema().nullable().describe("Null where the bot proposed it by itself."),
      votes: z.array(
        whoSchema().extend({
          decision: z.enum(["approve", "reject"]),
          at: time("When."),
          reason: z.string().nullable(),
        }),
      ),
      created_at: time("When it was proposed."),
      expires_at: time("Until when it can be decided, or run.").nullable(),
      outcome: z.enum(["succeeded", "failed", "partial", "unknown"]).nullable().describe("What the executor reported."),
      verdict: z.enum(["verified", "no_effect", "worse"]).nullable().describe("Whether it helped."),
      note: z.string().nullable(),
    })
    .meta({ id: "Proposal" }),
);

export function proposalJson(proposal: Proposal): z.infer<ReturnType<typeof proposalSchema>> {
  const { id, hash, spec, status, votes } = proposal;
  const { runbook, requester } = spec;
  const expiresAt =
    status === "pending"
      ? spec.approveBy
      : status === "approved" || status === "claimed"
        ? proposal.executeBy
        : undefined;
  return {
    id,
    hash,
    type: spec.action.type,
    runbook: runbook?.id ?? null,
    version: runbook?.version ?? null,
    target: spec.target.name,
    environment: spec.environment ?? null,
    params: Object.fromEntries(Object.entries(spec.params).map(([name, { value }]) => [name, value])),
    status,
    requester: requester ? who(requester) : null,
    votes: votes.map((vote) => ({
      ...who(vote),
      decision: vote.decision,
      at: rfc3339(vote.at),
      reason: vote.reason ?? null,
    })),
    created_at: rfc3339(spec.createdAt),
    expires_at: expiresAt === undefined ? null : rfc3339(expiresAt),
    outcome: outcomeOf(proposal),
    verdict: status === "verified" || status === "no_effect" || status === "worse" ? status : null,
    note: proposal.note ?? null,
  };
}

function who({ person, name, platform, account }: NonNullable<Proposal["spec"]["requester"]>) {
  return { person, name, platform, account };
}

/** What the executor reported, which stays true while the world is watched afterwards. */
function outcomeOf({ status, steps = [] }: Pick<Proposal, "status" | "steps">) {
  switch (status) {
    case "succeeded":
    case "failed":
    case "partial":
    case "unknown":
      return status;
    case "verifying":
    case "verified":
    case "no_effect":
    case "worse":
      return steps.some(({ state }) => state === "partial") ? "partial" : "succeeded";
    default:
      return null;
  }
}
