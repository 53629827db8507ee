import { registerHooks } from "node:module";
import type { Sources } from "./files.ts";

/**
 * Loads code from the texts that were hashed, and from nothing else: what is approved by its hash is what runs, whatever is written to
 * the disk meanwhile. It may import Node's own modules and its own files; a package has to be bundled into it.
 */

const SCHEME = "extension:";
/** Text by address, of all that was ever loaded. */
const texts = new Map<string, string>();
let isHooked = false;

/** The module's exports. The same content gives the same module. Throws what the module throws, or an `Error` with a sentence. */
export async function importSources({
  name,
  hash,
  main,
  texts: own,
}: Sources): Promise<Readonly<Record<string, unknown>>> {
  const base = `${SCHEME}//${name}/${hash}/`;
  for (const [path, text] of own) texts.set(base + encodeURI(path), text);
  if (!isHooked) hook();
  isHooked = true;
  return import(/* @vite-ignore */ base + encodeURI(main));
}

function hook(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL?.startsWith(SCHEME) !== true)
        return texts.has(specifier) ? { url: specifier, shortCircuit: true } : next(specifier, context);
      if (specifier.startsWith("node:")) return next(specifier, context);
      const url = /^\.{1,2}\//.test(specifier) ? URL.parse(specifier, context.parentURL)?.href : undefined;
      if (url !== undefined && texts.has(url)) return { url, shortCircuit: true };
      throw new Error(
        `it imports ${JSON.stringify(specifier)}, and may import Node's own modules ("node:fs") and files of its own folder only. Bundle it into the extension`,
      );
    },
    load(url, context, next) {
      const source = texts.get(url);
      if (source === undefined) return next(url, context);
      const format = url.endsWith(".ts") ? "module-typescript" : url.endsWith(".json") ? "json" : "module";
      return { format, source, shortCircuit: true };
    },
  });
}
