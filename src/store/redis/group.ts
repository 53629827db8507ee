import type { Op } from "./client.ts";

/** Which changes that were planned at the same moment can be made in one step. */

/** What one plan comes to. */
export type Planned = { readonly checks: readonly Op[]; readonly writes: readonly Op[] };

/** Operations of one step: it holds up everybody on that Redis for as long as it takes. */
const OPERATIONS = 500;

/**
 * Parts plans into those that go into one step, in their order, and those that have to be planned anew after it: they rest on what another one of the step
 * changes, or are too many. The first always goes.
 */
export function together<T extends Planned>(
  plans: readonly T[],
): { readonly now: readonly T[]; readonly later: readonly T[] } {
  const changed = new Set<string>();
  const now: T[] = [];
  const later: T[] = [];
  let operations = 0;
  for (const plan of plans) {
    const size = plan.checks.length + plan.writes.length;
    const isFree = plan.checks.flatMap(restsOn).every((key) => !changed.has(key));
    if (now.length > 0 && (!isFree || later.length > 0 || operations + size > OPERATIONS)) {
      later.push(plan);
      continue;
    }
    now.push(plan);
    operations += size;
    for (const key of plan.writes.flatMap(changes)) changed.add(key);
  }
  return { now, later };
}

/** What a check looks at. Those of sets are about what may have been added; see `changes`. */
function restsOn([name, a = "", b = ""]: Op): readonly string[] {
  if (name === "is" || name === "none") return [`${a} ${b}`];
  if (name === "only" || name === "count") return [`z:${a}`, `z:${String(a).split(":")[0]}`];
  return [];
}

/** What an operation may change: the row, and the sets that it is put into. Which sets a row leaves is not known here: then none of its table is left alone. */
function changes([name, a = "", b = "", , ...indexes]: Op): readonly string[] {
  if (name === "put")
    return [`t:${a} ${b}`, ...indexes.flatMap((index, at) => (at % 2 === 0 ? [`z:${a}:${index}`] : []))];
  if (name === "del" || name === "expire") return [`t:${a} ${b}`, `z:${a}`];
  if (name === "set" || name === "unset" || name === "most") return [`${a} ${b}`];
  return [];
}
