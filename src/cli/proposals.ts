import type { Card } from "../core/card.ts";
import { codeOf, HOLDING, type Proposal } from "../core/proposal.ts";
import { rfc3339 } from "../core/zone.ts";
import type { Store } from "../ports/store.ts";
import { proposalJson } from "../wire/proposal.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { printCard, printList } from "./list.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const MOST = 1000;

/** `proposals list | show ID`: changes that were proposed, newest first, and one of them whole. Decisions are in decide.ts. */
export async function run(call: Call): Promise<number> {
  const [verb, id, ...more] = call.words;
  if (verb === "list" && id === undefined) return list(call);
  if (verb === "show" && id !== undefined && more.length === 0) return show(call, id);
  if (verb === "show") throw new UsageError("proposals show wants the id of one proposal: proposals show ID.");
  return (await import("./decide.ts")).run(call);
}

async function list(call: Call): Promise<number> {
  const found = await readStore(readConfig(call), (store) => store.proposals.find({ limit: MOST }));
  return printList(call, (found ?? []).map(proposalJson), {
    title: "No change was proposed.",
    columns: ["id", "what", "on", "state", "asked by", "decide by (UTC)"],
    row: (one) => [
      one.id,
      one.runbook ?? one.type,
      one.target,
      one.status,
      one.requester?.name ?? "the bot",
      one.expires_at ?? "",
    ],
  });
}

async function show(call: Call, wanted: string): Promise<number> {
  const found = await readStore(readConfig(call), (store) => findOne(store, wanted));
  if (found === undefined) {
    call.stderr.write(
      `smartcloudops: there is no proposal ${JSON.stringify(wanted)}. "proposals list" has them all.\n`,
    );
    return EXIT.failed;
  }
  if (call.flags.json === true) {
    call.stdout.write(`${JSON.stringify(found)}\n`);
    return EXIT.ok;
  }
  return printCard(call, wholeCard(found));
}

/** By its id, or by the short code that its card shows. */
async function findOne(store: Store, wanted: string): Promise<Proposal | undefined> {
  const byId = await store.proposals.get(wanted);
  if (byId !== undefined || !/^[0-9a-f]{8}$/.test(wanted)) return byId;
  return (await store.proposals.find({ limit: MOST })).find((one) => codeOf(one) === wanted);
}

function wholeCard(proposal: Proposal): Card {
  const { spec, hash, votes, steps = [], measured = [], note, lease, status } = proposal;
  const item = (name: string, value: string | undefined) => (value === undefined ? [] : [{ name, value }]);
  const time = (at: number | undefined) => (at === undefined ? undefined : rfc3339(at));
  const run = spec.runbook;
  return {
    title: `${run?.title ?? `${spec.action.type} ${spec.action.target}`}: ${status.replace("_", " ")}`,
    tone: HOLDING.has(status) ? "warning" : "info",
    blocks: [
      {
        kind: "facts",
        items: [
          { name: "id", value: spec.id },
          { name: "hash", value: hash },
          ...item("runbook", run && `${run.id} (version ${run.version})`),
          { name: "target", value: `${spec.target.kind} ${spec.target.name}`.trim() },
          ...item("environment", spec.environment),
          ...Object.entries(spec.params).map(([name, { value, origin }]) => ({ name, value: `${value} (${origin})` })),
          { name: "risk", value: spec.risk },
          { name: "asked by", value: spec.requester ? nameOf(spec.requester) : "the bot itself" },
          { name: "because", value: spec.cause.text },
          { name: "proposed", value: rfc3339(spec.createdAt) },
          ...item("decide by", status === "pending" ? time(spec.approveBy) : undefined),
          ...item("approved", time(proposal.approvedAt)),
          ...item("held by", lease && `${lease.owner} until ${rfc3339(lease.until)}`),
          ...item("started", time(proposal.startedAt)),
          ...item("ended", time(proposal.endedAt)),
          ...item("note", note),
          ...item("see also", proposal.successor),
        ],
      },
      ...(votes.length === 0
        ? []
        : [
            {
              kind: "list" as const,
              items: votes.map((vote) =>
                `${nameOf(vote)} ${vote.decision === "approve" ? "approved" : "rejected"} at ${rfc3339(vote.at)} ${vote.reason ?? ""}`.trim(),
              ),
            },
          ]),
      {
        kind: "list",
        items: spec.steps.map(({ name, uses, with: given }) => `${name}: ${uses} ${JSON.stringify(given)}`),
      },
      ...steps.map(({ name, state, output }) => ({
        kind: "text" as const,
        text: `${name}: ${state}\n${output}`.trim(),
      })),
      ...measured.map(({ name, verdict, promql }) => ({
        kind: "text" as const,
        text: `${name}: ${verdict} (${promql})`,
      })),
    ],
  };
}

function nameOf({ name, platform, account }: { name: string; platform: string; account: string }): string {
  return `${name} (${platform} ${account})`;
}
