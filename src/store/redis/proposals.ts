import { HOLDING, OPEN, type Proposal } from "../../core/proposal.ts";
import type { Proposals } from "../../ports/store.ts";
import { StoreError } from "../errors.ts";
import { RESTORED, restoredPart } from "../restored.ts";
import { isUndecided } from "../retention.ts";
import { ProposalRow } from "../rows.ts";
import { sameKey } from "../same.ts";
import { insistOnEntries } from "../seal.ts";
import type { Db, Found, Op } from "./client.ts";
import type { RedisLedger } from "./ledger.ts";
import { atMost, type Indexes, parsed, put, type Row, rowOf, still } from "./rows.ts";

const TABLE = "proposals";

/** `Proposals` in Redis. Each write is one step together with its records. */
export function redisProposals(db: Db, ledger: RedisLedger): Proposals {
  const read = (text: string): Proposal => parsed(ProposalRow, rowOf(text));
  const first = async (index: string, except = "") =>
    (await db.page(TABLE, index, { limit: 2 })).find(({ id }) => id !== except);
  const epoch = async () => {
    const { run, epoch: incarnation } = await db.who();
    return epochOf(incarnation, run);
  };

  /** What that status may only be given in the incarnation that the approval was given in. */
  async function inItsEpoch({ status, epoch: approvedIn }: Proposal): Promise<readonly Op[]> {
    if (status !== "claimed" && status !== "started") return [];
    const { run, epoch: incarnation } = await db.who();
    if (approvedIn !== undefined && approvedIn !== epochOf(incarnation, run))
      throw new StoreError(
        "unsafe",
        "Redis was started anew since this was approved, so it does not start: it may be an older copy. Nothing was stored. It is asked for again by itself.",
      );
    return [
      ["run", run],
      ["is", "meta", "epoch", incarnation],
    ];
  }

  return {
    insert: async (proposal, entries) => {
      insistOnEntries(entries);
      const same = `same ${sameKey(proposal)}`;
      return ledger.commit<Awaited<ReturnType<Proposals["insert"]>>>(async () => {
        const taken = await db.get(TABLE, proposal.id);
        if (taken !== undefined) return { result: { kind: "exists" as const, proposal: read(taken) } };
        const isOpen = OPEN.has(proposal.status);
        const open = isOpen ? await first(same) : undefined;
        if (open !== undefined) return { result: { kind: "same" as const, proposal: read(open.text) } };
        return {
          result: { kind: "inserted" as const },
          checks: [
            still(TABLE, proposal.id, undefined),
            ...(isOpen ? [["count", `${TABLE}:${same}`, 0] as const] : []),
          ],
          entries,
          writes: (changed) => [putProposal(proposal, { changed, shown: 0 })],
        };
      });
    },

    async get(id) {
      const text = await db.get(TABLE, id);
      return text === undefined ? undefined : read(text);
    },

    async find({ status, target, runbook, since, until, limit, skip = 0, oldestFirst }) {
      const wanted = atMost(limit);
      const filters = [
        ...(target === undefined ? [] : [`target ${target}`]),
        ...(runbook === undefined ? [] : [`runbook ${runbook}`]),
      ];
      const indexes = filters.length > 0 ? filters.slice(0, 1) : (status?.map((one) => `status ${one}`) ?? ["all"]);
      // A second filter is looked at in what the first one found: then it cannot be known how much is enough.
      const isExact = filters.length + (filters.length > 0 && status !== undefined ? 1 : 0) <= 1;
      const range = { min: since ?? "-inf", max: until ?? "+inf", newestFirst: oldestFirst !== true };
      if (isExact && indexes.length === 1)
        return (await db.page(TABLE, indexes[0]!, { ...range, skip, limit: wanted })).map(({ text }) => read(text));
      const enough = { ...range, ...(isExact && { limit: skip + wanted }) };
      const found = (await Promise.all(indexes.map((index) => db.page(TABLE, index, enough)))).flat();
      return found
        .sort((a, b) => (oldestFirst === true ? newestFirst(b, a) : newestFirst(a, b)))
        .map(({ text }) => read(text))
        .filter((one) => status?.includes(one.status) ?? true)
        .filter(({ spec }) => runbook === undefined || spec.runbook?.id === runbook)
        .slice(skip, skip + wanted);
    },

    replace: async (next, entries) => {
      insistOnEntries(entries);
      return ledger.commit<"done" | "stale" | "held">(async () => {
        const before = await db.get(TABLE, next.id);
        const stored = before === undefined ? undefined : read(before);
        if (before === undefined || stored?.revision !== next.revision - 1 || stored.hash !== next.hash)
          return { result: "stale" as const };
        const target = `held ${next.spec.target.key}`;
        const isHolding = HOLDING.has(next.status);
        if (isHolding && (await first(target, next.id)) !== undefined) return { result: "held" as const };
        const { shown } = rowOf(before);
        return {
          result: "done" as const,
          checks: [
            still(TABLE, next.id, before),
            ...(isHolding ? [["only", `${TABLE}:${target}`, next.id] as const] : []),
            ...(stored.status === next.status ? [] : await inItsEpoch(next)),
          ],
          entries,
          writes: (changed) => [putProposal(next, { changed, shown: Number(shown) })],
        };
      });
    },

    async unshown(limit) {
      return (await db.page(TABLE, "unshown", { limit: atMost(limit) })).map(({ text }) => read(text));
    },

    async shown(id, revision) {
      await ledger.commit(async () => {
        const text = await db.get(TABLE, id);
        if (text === undefined) return { result: undefined };
        const row = rowOf(text);
        if (revision !== 0 && Number(row["shown"]) >= revision) return { result: undefined };
        const write = putProposal(read(text), { changed: Number(row["changed"]), shown: revision });
        return { result: undefined, checks: [still(TABLE, id, text)], writes: () => [write] };
      });
    },

    epoch,
    restored: () => ledger.metaOf(RESTORED),
    acceptRestored: (by, claimed) => ledger.together(by, (inside) => restoredPart(inside).acceptRestored(by, claimed)),
  };
}

/** Another one after each start of the server: what it lost by that nobody can tell from inside. */
function epochOf(incarnation: string, run: string): string {
  return `${incarnation}-${run}`;
}

function newestFirst(a: Found, b: Found): number {
  return b.score - a.score || (a.stands < b.stands ? 1 : -1);
}

/** The operation that stores a proposal. */
export function putProposal(proposal: Proposal, row: { readonly changed: number; readonly shown: number }): Op {
  const { id, spec, status, revision, endedAt = 0 } = proposal;
  const all: Row = { ...row, body: JSON.stringify(proposal) };
  const indexes: Indexes = {
    all: spec.createdAt,
    [`status ${status}`]: spec.createdAt,
    [`target ${spec.target.key}`]: spec.createdAt,
    ...(spec.runbook !== undefined && { [`runbook ${spec.runbook.id}`]: spec.createdAt }),
    ...(OPEN.has(status) && { [`same ${sameKey(proposal)}`]: 0 }),
    ...(HOLDING.has(status) && { [`held ${spec.target.key}`]: 0 }),
    ...(row.shown < revision && { unshown: row.changed }),
    ...(!isUndecided(status) && { age: Math.max(endedAt, spec.createdAt) }),
  };
  return put(TABLE, id, all, indexes);
}
