import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import { sayVerb } from "../../core/change/targets.ts";
import type { Proposal, ProposedAction } from "../../core/proposal.ts";
import { formatDuration } from "../../core/units.ts";
import { inertName } from "../../util/inert.ts";
import type { Turn } from "./turn.ts";

/** One change as understood, before it is stored. `facts` are sentences about how things are now or how it was read. */
export type Wish = {
  readonly type: string;
  readonly target: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly facts?: readonly string[];
  /** Numbers that the facts state. */
  readonly values?: readonly Value[];
};

/** What an approver should know about a change that cannot be taken back, or that hurts while it happens. */
const RISKS: Readonly<Record<string, string>> = {
  purge_queue: "Purging deletes the messages that wait in it; they cannot be brought back.",
  flush_cache: "Flushing makes every reader miss the cache until it is warm again.",
  drop_replication_slot: "A consumer that still uses the slot would have to start over.",
  kill_queries: "The database undoes what those queries changed so far.",
  failover: "Connections break while the primary changes.",
  drain: "Draining evicts every pod on the node.",
  delete_pod: "Its controller, if it has one, starts another in its place.",
  free_disk: "Which files would be removed is decided by the runbook, not by this message.",
  resize_volume: "Most volumes can grow but never shrink.",
};

/** Parameters that only repeat another one for machines. */
const SILENT = new Set(["seconds", "zone", "longer_than_seconds", "unit"]);

/** Stores wishes as pending proposals and says so. Nothing runs, and the words never claim that anything did. */
export async function propose(turn: Turn, wishes: readonly Wish[]): Promise<Answer> {
  const actions: ProposedAction[] = [];
  const ids: string[] = [];
  for (const { type, target, params } of wishes) {
    const action: ProposedAction = { type, target, params, status: "pending", executed: false };
    const id = turn.newId();
    await turn.store.proposals.insert({
      id,
      action,
      requester: { platform: turn.question.user.platform, id: turn.question.user.id, name: turn.question.user.name },
      place: turn.question.place,
      at: turn.now,
    });
    actions.push(action);
    ids.push(id);
  }
  const said = actions.map(sayAction);
  const [only] = said;
  const facts = wishes.flatMap((wish) => wish.facts ?? []);
  const risks = [
    ...new Set(
      actions.flatMap((action) =>
        action.type === "scale" && action.params["replicas"] === 0
          ? ["With 0 replicas it serves nothing."]
          : (RISKS[action.type] ?? []),
      ),
    ),
  ];
  return answerOf(
    said.length === 1
      ? `Proposed: ${only}. It waits for approval.`
      : `Proposed ${said.length} changes: ${said.join("; ")}. They wait for approval.`,
    {
      tone: "info",
      details: [
        ...facts,
        ...risks,
        "Nothing was changed. No text in the chat approves it, and this version does not execute proposals.",
        `${ids.length === 1 ? "Proposal" : "Proposals"} ${ids.join(", ")}.`,
      ],
      proposals: actions,
      values: wishes.flatMap((wish) => wish.values ?? []),
      next: [
        askButton("Show pending approvals"),
        ...actions
          .slice(0, 1)
          .filter((action) => turn.catalogue.named(action.target).length > 0)
          .map((action) => askButton(`How is ${action.target}?`, `how is ${action.target} doing`)),
      ],
    },
  );
}

/** "scale cart (replicas 4)". Names in it are inert. */
export function sayAction({ type, target, params }: Pick<ProposedAction, "type" | "target" | "params">): string {
  const parts = Object.entries(params)
    .filter(([name]) => !SILENT.has(name) && !(type === "set_limit" && name === "resource"))
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${inertName(String(value))}`);
  const older = params["longer_than_seconds"];
  if (older !== undefined) parts.push(`older than ${formatDuration(Number(older))}`);
  const verb = type === "set_limit" ? `set the ${params["resource"]} limit of` : sayVerb(type);
  return `${verb} ${inertName(target)}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

/** Somebody to whom not all sources are open sees the proposals of this channel only. */
export function maySee({ question }: Turn, { place }: Proposal): boolean {
  return (
    question.sources === undefined ||
    (place.platform === question.place.platform && place.channel === question.place.channel)
  );
}
