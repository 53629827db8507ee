import type { Proposal } from "../core/proposal.ts";
import { canonicalJson, type Json, sha256 } from "../util/canonical.ts";

/**
 * What two proposals of the same thing have in common: runbook and its version, source, values, target and what they take
 * back; for a wish that no runbook can fulfil, what was wished for. What reads another source, or runs another text, is
 * another thing: whoever approves the one has not seen the other.
 */
export function sameKey({ spec }: Pick<Proposal, "spec">): string {
  const { runbook, params, target, action, cause, source } = spec;
  const values = Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value]));
  const thing: Json =
    runbook === undefined
      ? { wish: action.type, target: action.target, params: action.params, source }
      : {
          runbook: runbook.id,
          version: runbook.version,
          source,
          params: values,
          target: target.key,
          undoes: cause.undoes,
        };
  return sha256(canonicalJson(thing));
}
