import type { Json } from "../../util/canonical.ts";
import type { Secret } from "../../util/secret.ts";
import type { ActionShape } from "../runbook/actions.ts";
import type { Fields } from "./fields.ts";

/** Code of somebody else that runs in the bot: what is known of it apart from the code itself. */

/** Which code it was: its name, and the SHA-256 of all of its files. */
export type ExtensionId = { readonly name: string; readonly hash: string };

/** An entry of the configuration that an extension makes an executor or a notifier of. */
export type ExtensionEntry = {
  readonly name: string;
  readonly environment?: string;
  /** The extension's name. */
  readonly uses: string;
  readonly settings: Readonly<Record<string, Json>>;
  readonly secrets: Readonly<Record<string, Secret>>;
};

/** By a prefix that no executor of the bot's own has, so that neither hides the other, now or in a later version. */
const PREFIX = "x-";

/** What runbooks call the actions of an extension by, before the slash: "x-switchboard". */
export function kindOf(extension: string): string {
  return `${PREFIX}${extension}`;
}

/** The extension that an action ("x-switchboard/set") or kind is of; undefined for the bot's own. */
export function extensionIn(action: string): string | undefined {
  return action.startsWith(PREFIX) ? action.slice(PREFIX.length).split("/")[0] : undefined;
}

/** The argument that names a configured entry, of the actions of every extension. */
export const ENTRY = "entry";

/** What runbooks need to know of one action of an extension. */
export function shapeOf(action: {
  readonly changes: boolean;
  readonly arguments: Fields;
  readonly captures?: readonly string[] | undefined;
}): ActionShape {
  const { properties, required = [] } = action.arguments;
  return {
    changes: action.changes,
    required,
    optional: [ENTRY, ...Object.keys(properties).filter((name) => !required.includes(name))],
    captures: action.captures ?? [],
    fields: properties,
  };
}

/** Short form of a hash for people: 8 hexadecimal digits. */
export function shortId({ name, hash }: ExtensionId): string {
  return `${name} (${hash.slice(0, 8)})`;
}
