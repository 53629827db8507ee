import { randomUUID } from "node:crypto";
import type { Visitor } from "../../core/access.ts";
import type { Card } from "../../core/card.ts";
import type { Decider, ProposalView } from "../../ports/chat.ts";
import { loggedWith } from "../../util/log.ts";
import type { SocketRequest } from "./schema.ts";

/** What the running bot does about changes for a command on this machine. */
export type SocketDecisions = {
  readonly decide: Decider;
  readonly proposal: (id: string) => Promise<ProposalView | undefined>;
  /** Stops everything that changes something. The card says what stopped. */
  readonly stop: (by: Visitor, reason: string) => Promise<Card>;
  /** One person's wish to resume. The card says how many are missing. */
  readonly resume: (by: Visitor) => Promise<Card>;
  /** The person at the other end of the socket: see terminal/visitor.ts. */
  readonly visitor: () => Visitor;
};

export type DecisionRequest = Extract<SocketRequest, { kind: "proposal" | "decide" | "stop" | "resume" }>;

export function isDecisionRequest(request: SocketRequest): request is DecisionRequest {
  return ["proposal", "decide", "stop", "resume"].includes(request.kind);
}

/** Answers such a request, with what `callSocket` gives back as JSON. */
export async function answerDecision(request: DecisionRequest, deps: SocketDecisions): Promise<unknown> {
  switch (request.kind) {
    case "proposal":
      return (await deps.proposal(request.id)) ?? null;
    case "decide": {
      const { kind: _, id, ...decided } = request;
      return deps.decide({ ...decided, id: `terminal:${id}`, visitor: deps.visitor(), message: undefined });
    }
    case "stop":
      return commanded(() => deps.stop(deps.visitor(), request.reason));
    default:
      return commanded(() => deps.resume(deps.visitor()));
  }
}

/** With an id on the log's lines and in the audit: questions and decisions bring one. */
function commanded<T>(work: () => T): T {
  return loggedWith({ command: randomUUID() }, work);
}
