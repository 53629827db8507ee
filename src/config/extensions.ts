import type { ExtensionEntry } from "../core/extension/extension.ts";
import type { Json } from "../util/canonical.ts";
import type { EntryAt } from "./entry.ts";

type Written = {
  readonly uses: string;
  readonly settings?: Readonly<Record<string, Json>> | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
};

/** An entry of an extension. Whether its settings are those that the extension asks for is found when that is loaded. */
export function readExtended({ uses, settings = {}, secrets = {} }: Written, at: EntryAt): ExtensionEntry {
  const read = Object.keys(secrets).flatMap((name) => {
    const value = at.secret("secrets", name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...at.named, uses, settings, secrets: Object.fromEntries(read) };
}
