import { inertName } from "../../util/inert.ts";

/**
 * The configured entry that the arguments name, or the only one when they name none; otherwise a sentence about it.
 * `what` is what a person calls such an entry: "cluster", "host".
 */
export function choose<T extends { readonly name: string }>(
  entries: readonly T[],
  name: string | undefined,
  what: string,
): { readonly kind: "entry"; readonly entry: T } | { readonly kind: "none"; readonly why: string } {
  const known = entries.map((one) => one.name).join(", ");
  if (name === undefined) {
    const [only] = entries;
    if (entries.length === 1 && only !== undefined) return { kind: "entry", entry: only };
    return { kind: "none", why: `Say which ${what}: ${known} are configured.` };
  }
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return { kind: "entry", entry };
  return {
    kind: "none",
    why: `No ${what} ${inertName(JSON.stringify(name), { max: 80 })} is configured: there is ${known}.`,
  };
}
