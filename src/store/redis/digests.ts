import type { KeptDigest } from "../../core/digest/digest.ts";
import type { Digests } from "../../ports/digests.ts";
import { DigestRow, PlanRow } from "../rows-digests.ts";
import type { Db } from "./client.ts";
import type { RedisLedger } from "./ledger.ts";
import { atMost, type Indexes, parsed, put, type Row, rowOf, still, table } from "./rows.ts";

const PLANS = "digest_plans";

/** `Digests` in Redis. */
export function redisDigests(db: Db, ledger: RedisLedger): Digests {
  const rowFor = ({ name, slot, revision, ...rest }: KeptDigest): Row => ({
    ...{ name, slot, revision },
    body: JSON.stringify({ name, slot, revision, ...rest }),
  });
  const kept = table(db, "digests", DigestRow, digestIndexes);
  return {
    keep: (digest) => kept.add(digest.id, rowFor(digest)),
    revise: (digest) =>
      kept.change(digest.id, (row) => (row["revision"] === digest.revision - 1 ? rowFor(digest) : undefined)),
    newest: async (name) => (await kept.page(`name ${name}`, { newestFirst: true, limit: 1 }))[0],
    find: ({ since = "-inf", until = "+inf", limit }) =>
      kept.page("age", { min: since, max: until, newestFirst: true, limit: atMost(limit) }),
    async plans() {
      const found = (await db.page(PLANS, "all")).map(({ text }) => parsed(PlanRow, rowOf(text)));
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    plan: (record, entries) =>
      ledger.commit(async () => {
        const text = await db.get(PLANS, record.name);
        const before = text === undefined ? 0 : parsed(PlanRow, rowOf(text)).revision;
        if (record.revision !== before + 1) return { result: false };
        const write = put(PLANS, record.name, { body: JSON.stringify(record) }, { all: 0 });
        return { result: true, checks: [still(PLANS, record.name, text)], entries, writes: () => [write] };
      }),
  };
}

/** Where a digest is found. */
export function digestIndexes({ name, slot }: Row): Indexes {
  return { age: Number(slot), [`name ${String(name)}`]: Number(slot) };
}
