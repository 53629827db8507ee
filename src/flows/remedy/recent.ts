import { titleOf } from "../../cards/proposal-card.ts";
import { mayReadProposal } from "../../core/access.ts";
import type { AuditRecord } from "../../core/audit.ts";
import type { Block, Card } from "../../core/card.ts";
import type { ListWish } from "../../core/change/lists.ts";
import type { Question } from "../../core/chat.ts";
import type { Voter } from "../../core/people.ts";
import { whyNotVote } from "../../core/policy.ts";
import { OPEN, type Proposal } from "../../core/proposal.ts";
import { sayTime } from "../../core/zone.ts";
import { inertName } from "../../util/inert.ts";
import type { RemedyDeps } from "./deps.ts";
import { ruleNow } from "./rule.ts";

type RecentDeps = Pick<RemedyDeps, "store" | "policy" | "clock"> & { readonly zone: string };
type Asked = Pick<Question, "place" | "sources">;

const SHOWN = 10;
const RECORDS = 20;
const LATELY = 30 * 86_400;

/**
 * What waits for a decision, what this person asked for, and what was decided lately, newest first, of what is open to them where
 * they ask. For that person alone.
 */
export async function approvalsCard(
  { store, policy, clock, zone }: RecentDeps,
  voter: Voter,
  asked: Asked,
  { which }: ListWish & { readonly kind: "approvals" },
): Promise<Card> {
  const now = clock();
  const [waiting, lately] = await Promise.all([
    store.proposals.find({ status: [...OPEN], limit: 500 }),
    store.proposals.find({ since: now - LATELY, limit: 500 }),
  ]);
  const known = [...new Map([...waiting, ...lately].map((one) => [one.id, one])).values()];
  const isMine = (one: Proposal) => one.spec.requester?.person === voter.person;
  const isPending = (one: Proposal) => one.status === "pending" && one.spec.runbook !== undefined;
  const mayDecide = (one: Proposal) =>
    whyNotVote(ruleNow(policy(), one.spec), voter, "approve", one.spec.requester) === undefined &&
    one.votes.every(({ person }) => person !== voter.person);
  const all = known.filter((one) => mayReadProposal(asked, one, isMine(one) || mayDecide(one)));
  const line = (one: Proposal) => lineOf(one, now, zone);
  const pending = all.filter(isPending);
  const parts: [name: typeof which, head: string, found: readonly Proposal[], none: string][] = [
    ["pending", "Waiting for your decision", pending.filter(mayDecide), "Nothing waits for your decision."],
    ["pending", "Waiting for others", pending.filter((one) => !mayDecide(one)), ""],
    ["mine", "You asked for", all.filter(isMine), "You asked for no change lately."],
    [
      "history",
      "Decided or ended lately",
      all.filter(({ status }) => !OPEN.has(status)),
      "Nothing was decided lately.",
    ],
  ];
  const shown = parts.filter(([name]) => which === "all" || which === name);
  const count = pending.length;
  return {
    title:
      count === 0
        ? "No change waits for a decision."
        : `${count} change${count === 1 ? " waits" : "s wait"} for a decision, ${pending.filter(mayDecide).length || "none"} of them for yours.`,
    tone: count === 0 ? "good" : "info",
    blocks: [
      ...shown.flatMap(([, head, found, none]): Block[] =>
        found.length === 0
          ? none === ""
            ? []
            : [{ kind: "text", text: none }]
          : [
              { kind: "text", text: `${head}:` },
              { kind: "list", items: found.slice(0, SHOWN).map(line) },
              ...(found.length > SHOWN ? [{ kind: "note" as const, text: `${found.length - SHOWN} more.` }] : []),
            ],
      ),
      {
        kind: "note",
        text: "Decided with the buttons of its own card, or `smartcloudops proposals approve ID`; never by text.",
      },
    ],
  };
}

function lineOf({ id, spec, status, note }: Proposal, now: number, zone: string): string {
  const who = spec.requester === undefined ? "the bot itself" : inertName(spec.requester.name);
  const until = status === "pending" ? `, until ${sayTime(spec.approveBy, now, zone)}` : "";
  const why = note === undefined || note === "" || status === "pending" ? "" : `: ${inertName(note)}`;
  const word = spec.runbook === undefined && status === "pending" ? "noted only" : status.replace("_", " ");
  return `${id}: ${titleOf(spec)} · ${word}${until}, ${spec.risk} risk, asked by ${who}${why}`;
}

/**
 * The newest records of the audit and whether all of it is whole, for those who may approve changes and to whom every source is
 * open: it tells of all of them. `verdict` says, in a sentence, what verifying came to.
 */
export async function auditCard(
  { store, policy, clock, zone }: RecentDeps,
  voter: Voter,
  { sources }: Asked,
  verdict: () => Promise<{ readonly isWhole: boolean; readonly text: string }>,
): Promise<Card> {
  const roles = [...new Set(Object.values(policy().rules).flatMap(({ approvers }) => approvers))];
  const refused = (text: string): Card => ({ title: text, tone: "warning", blocks: [] });
  if (voter.isGuest || voter.isExternal || !voter.roles.some((role) => roles.includes(role)))
    return refused(
      roles.length === 0
        ? "Nobody may read the audit in the chat: the policy names no approvers. `smartcloudops audit export` has it."
        : `Only people who may approve changes (${roles.map((role) => inertName(role)).join(", ")}) may read the audit in the chat.`,
    );
  if (sources !== undefined)
    return refused("The audit tells of every source, and not all of them are open to you here.");
  const head = await store.audit.head();
  if (head === undefined) return { title: "The audit is empty: nothing was recorded yet.", tone: "info", blocks: [] };
  const [records, { isWhole, text }] = await Promise.all([
    store.audit.range(Math.max(0, head.seq - RECORDS), RECORDS),
    verdict(),
  ]);
  const actors = await store.audit.actors([...new Set(records.map(({ actor }) => actor))]);
  const nameOf = ({ actor, platform }: AuditRecord) => {
    const who = actors.get(actor);
    return who === undefined ? inertName(actor) : `${inertName(who.name)} (${inertName(platform)})`;
  };
  return {
    title: text,
    tone: isWhole ? "good" : "danger",
    blocks: [
      { kind: "text", text: "The newest records, newest first:" },
      {
        kind: "list",
        items: records.toReversed().map((record) => {
          const { seq, at, action, id, from, to, reason } = record;
          const change = from === to || to === "" ? "" : `, ${from === "" ? "" : `${from} to `}${to}`;
          const why = reason === "" ? "" : `: ${inertName(reason, { max: 160 })}`;
          return `${seq} · ${sayTime(at, clock(), zone)} · ${inertName(action)} ${inertName(id)}${change} by ${nameOf(record)}${why}`;
        }),
      },
      {
        kind: "note",
        text: "All of it: `smartcloudops audit export`; what it comes to: `smartcloudops audit report`.",
      },
    ],
  };
}
