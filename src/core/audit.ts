import { canonicalJson, sha256 } from "../util/canonical.ts";
import { signatureCheck } from "../util/signature.ts";

/** What happened, in a chain that shows any change made to it afterwards. */

/** One thing that happened, before it is a link. */
export type AuditEntry = {
  /** Random id of the person, or a name of the bot's own such as "bot:sweep". */
  readonly actor: string;
  readonly platform: string;
  /** Such as "propose", "approve", "start". */
  readonly action: string;
  /** Id of the proposal or of what else it is about. */
  readonly id: string;
  /** Whole hash of the spec; empty where there is none. */
  readonly hash: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  /**
   * Id of the question, click, call or command that it came of, as the log's lines carry it. Absent for what the bot does by itself, and in
   * records of before there were such ids: their hash is made without it.
   */
  readonly cause?: string;
};

/** A link of the chain. `at` is unix seconds by the store's clock. */
export type AuditRecord = AuditEntry & {
  readonly seq: number;
  readonly at: number;
  /** `record_hash` of the record before; 64 zeros for the first. */
  readonly prev: string;
  readonly record_hash: string;
  /** Ed25519 over `record_hash`, base64; undefined without a key. */
  readonly signature?: string;
};

/** Where the chain stood at some time, kept outside of it. `record_hash` may be its first digits only, 12 at least. */
export type Anchor = { readonly seq: number; readonly record_hash: string };

export const FIRST_PREV = "0".repeat(64);

/** Makes the next link. `sign` gives the signature of a text, where there is a key. */
export function sealRecord(
  entry: AuditEntry,
  head: Anchor | undefined,
  at: number,
  sign?: (text: string) => string,
): AuditRecord {
  const { actor, platform, action, id, hash, from, to, reason, cause } = entry;
  const said = { actor, platform, action, id, hash, from, to, reason, ...(cause !== undefined && { cause }) };
  const body = { seq: (head?.seq ?? 0) + 1, at, ...said };
  const prev = head?.record_hash ?? FIRST_PREV;
  const record_hash = sha256(prev + canonicalJson(body));
  return { ...body, prev, record_hash, ...(sign && { signature: sign(record_hash) }) };
}

/** What a chain turned out to be. `at` is the number of the first record that is not as it was written. */
export type ChainVerdict =
  | {
      readonly kind: "whole";
      readonly records: number;
      readonly signed: number;
      readonly head: Anchor | undefined;
    }
  | { readonly kind: "broken"; readonly at: number; readonly reason: string }
  | { readonly kind: "short"; readonly records: number; readonly wanted: number };

/** What a chain is held against. Without anchors or keys, a cut end or a chain written anew cannot be told. */
export type Against = {
  readonly anchors?: readonly Anchor[];
  /** PEM. With them the newest record must be signed by one: its signature covers all before it. */
  readonly publicKeys?: readonly string[];
};

/** The verdict on a whole chain, from its first record on. */
export function verifyChain(records: Iterable<AuditRecord>, against: Against = {}): ChainVerdict {
  const verifier = createVerifier(against);
  for (const record of records) if (verifier.add(record) !== undefined) break;
  return verifier.end();
}

/** The same for a chain that comes in parts. `add` returns the verdict once it is certain, and then stays with it. */
export function createVerifier({ anchors = [], publicKeys }: Against = {}): {
  add(record: AuditRecord): ChainVerdict | undefined;
  end(): ChainVerdict;
} {
  const isSigned = publicKeys && signatureCheck(publicKeys);
  const wanted = new Map<number, string[]>();
  for (const { seq, record_hash } of anchors) wanted.set(seq, [...(wanted.get(seq) ?? []), record_hash]);
  const last = Math.max(0, ...wanted.keys());
  let head: AuditRecord | undefined;
  let signed = 0;
  let broken: ChainVerdict | undefined;

  function whyBroken(record: AuditRecord): string | undefined {
    const seq = (head?.seq ?? 0) + 1;
    if (record.seq !== seq) return `it should have the number ${seq} and has ${String(record.seq)}`;
    const odd = Object.keys(record).find((name) => !NAMES.has(name));
    if (odd !== undefined) return `it holds "${odd}", which no record does`;
    if (record.prev !== (head?.record_hash ?? FIRST_PREV)) return "it does not follow the record before it";
    if (record.record_hash !== rehash(record, head)) return "its content does not fit its hash";
    if (wanted.get(seq)?.some((hash) => !record.record_hash.startsWith(hash)))
      return "it is not the record that an anchor names";
    if (isSigned === undefined) return undefined;
    if (record.signature === undefined) return signed > 0 ? "it is not signed, and one before it is" : undefined;
    return isSigned(record.record_hash, record.signature) ? undefined : "its signature is not by a known key";
  }

  return {
    add(record) {
      if (broken !== undefined) return broken;
      const reason = whyBroken(record);
      if (reason !== undefined) {
        broken = { kind: "broken", at: (head?.seq ?? 0) + 1, reason };
        return broken;
      }
      if (record.signature !== undefined) signed++;
      head = record;
      return undefined;
    },
    end() {
      if (broken !== undefined) return broken;
      const records = head?.seq ?? 0;
      if (records < last) return { kind: "short", records, wanted: last };
      if (isSigned !== undefined && head !== undefined && head.signature === undefined)
        return { kind: "broken", at: records, reason: "it is the newest record and is not signed" };
      return {
        kind: "whole",
        records,
        signed,
        head: head && { seq: head.seq, record_hash: head.record_hash },
      };
    },
  };
}

const NAMES: ReadonlySet<string> = new Set([
  ...["seq", "at", "actor", "platform", "action", "id", "hash", "from", "to", "reason", "cause"],
  ...["prev", "record_hash", "signature"],
]);

/** The hash that the record's content asks for, or undefined for content that no record can have. */
function rehash(record: AuditRecord, head: Anchor | undefined): string | undefined {
  try {
    return sealRecord(record, head, record.at).record_hash;
  } catch {
    return undefined;
  }
}
