import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { type Document, isNamespaced } from "./kubernetes-schema.ts";

/** With `open`, lines that begin with # and no blank after it count: settings that are off. */
type Options = { readonly open?: boolean };

const read = (path: string, { open = false }: Options): string => {
  const text = readFileSync(path, "utf8");
  return open ? text.replace(/^(\s*)#(?=\S)/gm, "$1") : text;
};

/** The documents of a file of YAML. */
export const documentsIn = (path: string, options: Options = {}): Document[] =>
  parseAllDocuments(read(path, options)).map((one) => one.toJS());

/**
 * What `kubectl apply -k FOLDER` sends, of what our kustomizations use: resources, components with JSON patches (RFC 6902), and a namespace,
 * which overwrites that of every object. Throws for what it does not know, and for a patch that finds nothing.
 */
export function kustomized(folder: string, options: Options = {}): Document[] {
  const own = parse(read(join(folder, "kustomization.yaml"), options));
  const { apiVersion: _, kind: __, resources = [], components = [], patches = [], namespace, ...rest } = own;
  if (Object.keys(rest).length > 0) throw new Error(`not known here: ${Object.keys(rest).join(", ")}`);
  const documents = (resources as string[]).flatMap((name) => documentsIn(join(folder, name), options));
  for (const name of components as string[]) {
    const component = parse(read(join(folder, name, "kustomization.yaml"), options));
    if (component.kind !== "Component") throw new Error(`${name} is no component`);
    for (const patch of component.patches) patchIn(documents, patch);
  }
  for (const patch of patches) patchIn(documents, patch);
  if (namespace === undefined) return documents;
  return documents.map((one) =>
    isNamespaced(one) !== true ? one : { ...one, metadata: { ...one.metadata, namespace } },
  );
}

function patchIn(documents: readonly Document[], { target, patch }: Document): void {
  const found = documents.filter(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
  if (found.length === 0) throw new Error(`there is no ${target.kind} ${target.name}`);
  for (const document of found)
    for (const { op, path, value } of parse(patch) as Document[]) {
      const keys = (path as string).slice(1).split("/");
      const last = keys.pop()!;
      const parent = keys.reduce((at, key) => at[key], document);
      if (op === "add" && last === "-") parent.push(value);
      else if (op === "add" && !Array.isArray(parent)) parent[last] = value;
      else if (op === "replace" && last in parent) parent[last] = value;
      else throw new Error(`cannot ${op} ${path}`);
    }
}
