import { pages } from "../cli/audit/pages.ts";
import type { Config } from "../config.ts";
import { type Anchor, type AuditRecord, type ChainVerdict, createVerifier } from "../core/audit.ts";
import type { Store } from "../ports/store.ts";
import { type AnchorLine, readAnchors } from "../store/anchors.ts";
import { readPublicKeys } from "../util/signature.ts";

/** Whether the record of what happened is whole, on an open store. */

/** The chain of an open store, compared with these anchors. */
export async function verifyAll(
  store: Store,
  lines: readonly AnchorLine[],
  given: readonly Anchor[],
  publicKeys: readonly string[] | undefined,
): Promise<{ readonly verdict: ChainVerdict; readonly lost: number }> {
  const restores: AuditRecord[] = [];
  for await (const page of pages(store.audit)) restores.push(...page.filter(({ action }) => action === "restored"));
  const epoch = await store.proposals.epoch();
  const anchors = lines.filter((line) => isInForce(line, epoch, restores));
  const verifier = createVerifier({ anchors: [...anchors, ...given], ...(publicKeys && { publicKeys }) });
  for await (const page of pages(store.audit)) if (page.some((record) => verifier.add(record) !== undefined)) break;
  return { verdict: verifier.end(), lost: lines.length - anchors.length };
}

/**
 * Anchors of an incarnation that an older copy took the place of hold up to the record that says so: what came after it
 * in that incarnation is gone, and the chain admits it.
 */
export function isInForce(
  { epoch, seq }: Pick<AnchorLine, "epoch" | "seq">,
  current: string,
  restores: readonly Pick<AuditRecord, "seq" | "from">[],
): boolean {
  // Where each start of the store's server is an incarnation of its own, that is said after the one that anchors know.
  if (current.startsWith(epoch) || restores.length === 0) return true;
  const ended = restores.filter(({ from }) => from === epoch);
  return seq < Math.min(...(ended.length > 0 ? ended : restores).map((one) => one.seq));
}

/** The same in a sentence for people, with what the configuration and the data folder know. */
export async function auditVerdict(
  store: Store,
  { dataDir, audit }: Pick<Config, "dataDir" | "audit">,
): Promise<{ readonly isWhole: boolean; readonly text: string }> {
  // The anchors first: what is recorded in between only takes the chain further.
  const known = readAnchors(dataDir);
  const keys = audit.key && readPublicKeys(audit.key.reveal());
  const { verdict } = await verifyAll(store, known?.lines ?? [], [], keys);
  switch (verdict.kind) {
    case "whole":
      return known === undefined
        ? {
            isWhole: false,
            text: `The audit's ${verdict.records} records fit together, but audit.anchors is gone: nothing tells whether the end is missing.`,
          }
        : {
            isWhole: true,
            text: `The audit is whole: ${verdict.records} records, ${verdict.signed === 0 ? "none" : verdict.signed === verdict.records ? "all" : verdict.signed} of them signed.`,
          };
    case "broken":
      return {
        isWhole: false,
        text: `The audit is BROKEN at record ${verdict.at}: ${verdict.reason}. Nothing from there on can be relied on.`,
      };
    default:
      return {
        isWhole: false,
        text: `The end of the audit is MISSING: there are ${verdict.records} records, and an anchor knows ${verdict.wanted}.`,
      };
  }
}
