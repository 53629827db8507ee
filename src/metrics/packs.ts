import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { Concept, ConceptPacks } from "../core/concept.ts";

const ConceptYaml = z.strictObject({
  id: z.string().regex(/^[a-z][\w.]*$/, "use lower-case words joined by dots, as in host.cpu"),
  name: z.string().min(1),
  says: z.array(z.coerce.string().min(1)).min(1),
  about: z.string(),
  narrows: z.array(z.string()).default([]),
  metrics: z.record(z.string(), z.array(z.string()).min(1)),
  labels: z.record(z.string(), z.array(z.string()).min(1)).default({}),
  promql: z.string().min(1),
  count: z.string().optional(),
  unit: z.enum([
    "ratio",
    "seconds",
    "milliseconds",
    "bytes",
    "bytes/s",
    "per_s",
    "per_min",
    "per_hour",
    "count",
    "cores",
    "celsius",
    "money",
    "bool",
    "timestamp",
    "none",
  ]),
  noun: z.string().default(""),
  worse: z.enum(["up", "down", "none"]).default("none"),
  warn: z.number().optional(),
  critical: z.number().optional(),
  intent: z.string(),
  rows: z.array(z.string()).default([]),
  fold: z.enum(["sum", "avg", "max", "min", "none"]).default("none"),
  shows: z.string().optional(),
  window: z
    .string()
    .regex(/^\d+[smhdw]$/, "use a PromQL duration such as 5m")
    .optional(),
});

const PackYaml = z.strictObject({ pack: z.string(), concepts: z.array(ConceptYaml) });

/** A pack that cannot be used. The message names file, place, rule and cure. */
export class PackError extends Error {
  override readonly name = "PackError";
}

/**
 * Reads the shipped packs and then the user's folders, in order of file name. A concept of an id seen before replaces it.
 * @throws PackError when a file is not readable, not YAML, or not a pack.
 */
export async function loadPacks(extraFolders: readonly string[]): Promise<ConceptPacks> {
  const shipped = path.join(path.dirname(fileURLToPath(import.meta.url)), "packs");
  const byId = new Map<string, Concept>();
  for (const folder of [shipped, ...extraFolders]) {
    for (const concept of await readFolder(folder)) byId.set(concept.id, concept);
  }
  return Object.freeze({ concepts: [...byId.values()] });
}

async function readFolder(folder: string): Promise<Concept[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new PackError(`The pack folder ${folder} cannot be read. Correct \`packs\` in the configuration.`, { cause });
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const packs = await Promise.all(files.map((name) => readPack(path.join(folder, name))));
  return packs.flat();
}

async function readPack(file: string): Promise<Concept[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new PackError(`${file} cannot be read. A pack is a readable YAML file.`, { cause });
  });
  const document = parseDocument(text, { uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw new PackError(`${file}: ${problem.message}`);
  const parsed = PackYaml.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!parsed.success) throw new PackError(`${file}: ${z.prettifyError(parsed.error)}`);
  for (const concept of parsed.data.concepts) checkVariables(file, concept);
  return parsed.data.concepts;
}

const BUILT_IN = new Set(["match", "by", "window", "quantile"]);

/** Every `$variable` of a query must be something, and every pattern must compile. */
function checkVariables(file: string, concept: z.infer<typeof ConceptYaml>): void {
  const known = new Set([...BUILT_IN, ...Object.keys(concept.metrics), ...Object.keys(concept.labels)]);
  for (const template of [concept.promql, concept.count ?? ""]) {
    for (const [, braced, plain] of template.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
      const name = braced ?? plain ?? "";
      if (!known.has(name))
        throw new PackError(`${file}: ${concept.id} uses $${name}, which is neither in its metrics nor in its labels.`);
    }
  }
  for (const candidate of Object.values(concept.metrics).flat()) {
    if (!candidate.startsWith("/")) continue;
    try {
      new RegExp(candidate.slice(1, -1));
    } catch (cause) {
      throw new PackError(
        `${file}: ${concept.id} has the metric pattern ${candidate}, which is not a regular expression.`,
        { cause },
      );
    }
  }
}
