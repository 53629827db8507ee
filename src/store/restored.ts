import type { AuditEntry, AuditRecord } from "../core/audit.ts";
import type { Identity } from "../core/people.ts";
import type { AnchorLine } from "./anchors.ts";
import { insistOnEntries, type Ledger } from "./seal.ts";

/** Tells a store that was put back from an older copy, by what an anchor outside of it knows. */

export const EPOCH = "epoch";
export const RESTORED = "restored";

/** Why the store cannot be the one that the anchor is of, as a sentence; undefined when it can. */
export function whyRestored(
  anchor: AnchorLine | undefined,
  store: {
    readonly epoch: string;
    readonly head: AuditRecord | undefined;
    readonly at: (seq: number) => string | undefined;
  },
): string | undefined {
  const has = store.head?.seq ?? 0;
  // A store without records has nothing that could be lost.
  if (anchor === undefined)
    return has === 0
      ? undefined
      : `the store holds ${has} audit records, and audit.anchors beside it, which would say whether some are missing, is gone`;
  if (anchor.seq > has)
    return `audit.anchors knows ${Number.isFinite(anchor.seq) ? `record ${anchor.seq}` : "nothing that can be read"}, and the store ends at ${has}: an older copy was put back, or its file was lost`;
  if (anchor.epoch !== store.epoch)
    return "audit.anchors is of another incarnation of the store: an older copy was put back, or its file was lost";
  if (anchor.seq > 0 && store.at(anchor.seq) !== anchor.record_hash)
    return `record ${anchor.seq} is not the one that audit.anchors names: another copy was put back, or the records were changed`;
  return undefined;
}

/** Epochs that an older copy took the place of, where several replicas have anchors of their own: a JSON list of them. */
export const ENDED = "ended_epochs";

export function endedEpochs({ meta }: Pick<Ledger, "meta">): readonly string[] {
  return JSON.parse(meta.get(ENDED) ?? "[]") as string[];
}

/** Why a store that several replicas share has lost what the anchor of one of them knows, as a sentence; undefined when it has it. */
export function whyLost(
  anchor: AnchorLine,
  store: { readonly has: number; readonly there: string | undefined },
): string | undefined {
  if (anchor.seq > store.has)
    return `audit.anchors knows ${Number.isFinite(anchor.seq) ? `record ${anchor.seq}` : "nothing that can be read"}, and the store ends at ${store.has}: an older copy was put back, or its data was lost`;
  if (anchor.seq > 0 && store.there !== anchor.record_hash)
    return `record ${anchor.seq} is not the one that audit.anchors names: an older copy was put back and went on, or the records were changed`;
  return undefined;
}

/** Gives the store a new epoch, so that what was approved in the old one is asked for again, and notes why. */
export function markRestored(ledger: Ledger, reason: string, newEpoch: string): void {
  const from = ledger.meta.get(EPOCH) ?? "";
  ledger.meta.set(EPOCH, newEpoch);
  ledger.meta.set(RESTORED, reason);
  ledger.seal([entry("restored", from, newEpoch, reason)]);
}

/** What `Proposals` says about it, on any store. */
export function restoredPart(ledger: Ledger): {
  restored(): string | undefined;
  acceptRestored(by: Identity, claimed?: string): boolean;
} {
  return {
    restored: () => ledger.meta.get(RESTORED),
    acceptRestored: (by, claimed = "") =>
      ledger.together(() => {
        const reason = ledger.meta.get(RESTORED);
        if (reason === undefined) return false;
        ledger.meta.set(RESTORED, undefined);
        const entries = [
          {
            ...entry(
              "accept_restored",
              "frozen",
              "running",
              claimed === "" ? reason : `${reason}; said to be ${claimed}`,
            ),
            actor: ledger.actorOf(by),
            platform: by.platform,
          },
        ];
        insistOnEntries(entries);
        ledger.seal(entries);
        return true;
      }),
  };
}

function entry(action: string, from: string, to: string, reason: string): AuditEntry {
  return { actor: "bot:store", platform: "bot", action, id: "store", hash: "", from, to, reason };
}
