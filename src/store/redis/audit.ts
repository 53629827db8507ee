import { z } from "zod";
import type { Identity } from "../../core/people.ts";
import type { Audit } from "../../ports/store.ts";
import { once } from "../../util/once.ts";
import type { Db, Found } from "./client.ts";
import { actorsBy, forgetActor, headOf, type RedisLedger, recordsOf } from "./ledger.ts";
import { parsed, rowOf } from "./rows.ts";

const AccountRow = once(() =>
  z
    .object({ person: z.string(), platform: z.string(), account: z.string(), name: z.string(), is_linked: z.number() })
    .transform(({ is_linked, ...identity }): Identity => ({ ...identity, isLinked: is_linked === 1 })),
);

/** `Audit` in Redis. */
export function redisAudit(db: Db, ledger: RedisLedger): Audit {
  const identityOf = ({ text }: Found) => parsed(AccountRow, rowOf(text));
  async function accounts(ids: readonly string[]): Promise<Map<string, Identity[]>> {
    const found = await Promise.all(
      [...new Set(ids)].map(async (id) => [id, (await actorsBy(db, "id", id)).map(identityOf)] as const),
    );
    return new Map(found.filter(([, identities]) => identities.length > 0));
  }
  return {
    async append(entries) {
      if (entries.length > 0) await ledger.commit(async () => ({ result: undefined, entries }));
    },
    range: (after, limit) => recordsOf(db, after, limit),
    head: async () => (await headOf(db)).record,
    actorOf: (identity) => ledger.together(identity, (inside) => inside.actorOf(identity)),
    actors: async (ids) => new Map([...(await accounts(ids))].map(([id, identities]) => [id, identities[0]!])),
    accounts,
    async forget(person) {
      const found = await actorsBy(db, "person", person);
      if (found.length > 0) await db.step(found.map(forgetActor));
      return found.length > 0;
    },
  };
}
