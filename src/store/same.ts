import type { Proposal } from "../core/proposal.ts";
import { canonicalJson, type Json, sha256 } from "../util/canonical.ts";

/**
 * What two proposals of the same thing have in common: runbook, values, target and what they take back; for a wish that
 * no runbook can fulfil, what was wished for.
 */
export function sameKey({ spec }: Pick<Proposal, "spec">): string {
  const { runbook, params, target, action, cause } = spec;
  const values = Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value]));
  const thing: Json =
    runbook === undefined
      ? { wish: action.type, target: action.target, params: action.params }
      : { runbook: runbook.id, params: values, target: target.key, undoes: cause.undoes };
  return sha256(canonicalJson(thing));
}
