import { randomUUID } from "node:crypto";
import type { AuditRecord } from "../../core/audit.ts";
import type { Identity } from "../../core/people.ts";
import type { Audit } from "../../ports/store.ts";
import { EPOCH } from "../restored.ts";
import { caused, insistOnEntries, type Ledger, type SealSettings, sealAll } from "../seal.ts";

type Actor = { readonly id: string; readonly identity: Identity };

/** The chain of records in memory, and the `Audit` that reads it. */
export function memoryAudit(
  settings: SealSettings,
  use: <T>(work: () => T) => Promise<T>,
): {
  readonly ledger: Ledger;
  readonly audit: Audit;
  /** Whom ids stand for, and how one of them is forgotten. */
  readonly actors: {
    readonly rows: () => readonly Readonly<Record<string, unknown>>[];
    readonly drop: (row: Readonly<Record<string, unknown>>) => void;
  };
  /** The latest time of a record, or `least`. */
  readonly latest: (least: number) => number;
} {
  const chain: AuditRecord[] = [];
  const actors: Actor[] = [];
  const meta = new Map<string, string>([[EPOCH, randomUUID()]]);

  const ledger: Ledger = {
    now: settings.now,
    meta: {
      get: (key) => meta.get(key),
      set: (key, value) => (value === undefined ? meta.delete(key) : meta.set(key, value)),
    },
    together(work) {
      const before = { chain: chain.length, actors: [...actors], meta: [...meta] };
      try {
        return work();
      } catch (problem) {
        chain.splice(before.chain);
        actors.splice(0, actors.length, ...before.actors);
        meta.clear();
        for (const [key, value] of before.meta) meta.set(key, value);
        throw problem;
      }
    },
    seal(entries) {
      insistOnEntries(entries);
      chain.push(...sealAll(caused(entries), chain.at(-1), settings));
      return chain.length;
    },
    actorOf(identity) {
      const { person, platform, account, name, isLinked } = identity;
      const id = actors.find((one) => one.identity.person === person)?.id ?? `a-${randomUUID()}`;
      const known = actors.findIndex(
        ({ identity: one }) => one.person === person && one.platform === platform && one.account === account,
      );
      if (known >= 0) actors.splice(known, 1);
      actors.push({ id, identity: { person, platform, account, name, isLinked } });
      return id;
    },
  };

  /** The one used last first. */
  function accounts(ids: readonly string[]): Map<string, Identity[]> {
    const found = new Map<string, Identity[]>();
    for (const { id, identity } of [...actors].reverse())
      if (ids.includes(id)) found.set(id, [...(found.get(id) ?? []), identity]);
    return found;
  }

  const audit: Audit = {
    append: (entries) =>
      use(() => {
        if (entries.length > 0) ledger.together(() => ledger.seal(entries));
      }),
    range: (after, limit) =>
      use(() => chain.slice(Math.max(0, after), Math.max(0, after) + Math.max(0, limit)).map((one) => ({ ...one }))),
    head: () =>
      use(() => {
        const head = chain.at(-1);
        return head && { ...head };
      }),
    actorOf: (identity) => use(() => ledger.actorOf(identity)),
    actors: (ids) => use(() => new Map([...accounts(ids)].map(([id, identities]) => [id, identities[0]!]))),
    accounts: (ids) => use(() => accounts(ids)),
    forget: (person) =>
      use(() => {
        const left = actors.filter(({ identity }) => identity.person !== person);
        const isGone = left.length < actors.length;
        actors.splice(0, actors.length, ...left);
        return isGone;
      }),
  };
  const known = {
    rows: () => actors.map(({ id, identity }) => ({ id, ...identity })),
    drop: (row: Readonly<Record<string, unknown>>) => {
      const at = actors.findIndex(
        ({ identity }) =>
          identity.person === row["person"] &&
          identity.platform === row["platform"] &&
          identity.account === row["account"],
      );
      if (at >= 0) actors.splice(at, 1);
    },
  };
  return {
    ledger,
    audit,
    actors: known,
    latest: (least) => chain.reduce((latest, { at }) => Math.max(latest, at), least),
  };
}
