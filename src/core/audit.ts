import { canonicalJson, sha256 } from "../util/canonical.ts";

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

export const FIRST_PREV = "0".repeat(64);

/** Makes the next link. `sign` gives the signature of a text, where there is a key. */
export function sealRecord(
  entry: AuditEntry,
  head: { readonly seq: number; readonly record_hash: string } | undefined,
  at: number,
  sign?: (text: string) => string,
): AuditRecord {
  const { actor, platform, action, id, hash, from, to, reason } = entry;
  const body = { seq: (head?.seq ?? 0) + 1, at, actor, platform, action, id, hash, from, to, reason };
  const prev = head?.record_hash ?? FIRST_PREV;
  const record_hash = sha256(prev + canonicalJson(body));
  return { ...body, prev, record_hash, ...(sign && { signature: sign(record_hash) }) };
}
