import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { isNamespaced } from "./kubernetes-schema.ts";

// biome-ignore lint/suspicious/noExplicitAny: documents of other programs, read as they are.
export type Document = any;

/** The documents of a file of YAML. */
export const documentsIn = (path: string): Document[] =>
  parseAllDocuments(readFileSync(path, "utf8")).map((one) => one.toJS());

/**
 * What `kubectl apply -k FOLDER` sends, of what our kustomizations use: resources and a namespace, which overwrites that of every object.
 * Throws for a key that it does not know.
 */
export function kustomized(folder: string): Document[] {
  const { apiVersion: _, kind: __, resources = [], namespace, ...rest } = kustomizationIn(folder);
  if (Object.keys(rest).length > 0) throw new Error(`not known here: ${Object.keys(rest).join(", ")}`);
  const documents = (resources as string[]).flatMap((name) => documentsIn(join(folder, name)));
  if (namespace === undefined) return documents;
  return documents.map((one) =>
    isNamespaced(one) !== true ? one : { ...one, metadata: { ...one.metadata, namespace } },
  );
}

const kustomizationIn = (folder: string): Document => parse(readFileSync(join(folder, "kustomization.yaml"), "utf8"));
