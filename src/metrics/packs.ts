import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Concept, ConceptPacks } from "../core/concept.ts";
import { UNITS } from "../core/units.ts";
import { reasonOf } from "../util/errors.ts";
import { spotAt, spotOf } from "../util/yaml-place.ts";
import { parse } from "./promql.ts";

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
  unit: z.enum(UNITS),
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

/** Packs that cannot be used. The message names file, place, rule and cure of each problem, and so does each of `problems`. */
export class PackError extends Error {
  override readonly name = "PackError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1 ? problems[0] : `${problems.length} problems in the concept packs:\n${problems.join("\n")}`,
    );
    this.problems = problems;
  }
}

/**
 * Reads the shipped packs and then the user's folders, in order of file name. A concept of an id seen before replaces it.
 * @throws PackError with every file that is not readable, not YAML, or not a pack.
 */
export async function loadPacks(extraFolders: readonly string[]): Promise<ConceptPacks> {
  const shipped = path.join(path.dirname(fileURLToPath(import.meta.url)), "packs");
  const read = await Promise.all([shipped, ...extraFolders].map(readFolder));
  const problems = read.flatMap((folder) => folder.problems);
  if (problems.length > 0) throw new PackError(problems);
  const byId = new Map<string, Concept>();
  for (const concept of read.flatMap((folder) => folder.concepts)) byId.set(concept.id, concept);
  return Object.freeze({ concepts: [...byId.values()] });
}

type Read = { readonly concepts: readonly Concept[]; readonly problems: readonly string[] };

const wrong = (...problems: string[]): Read => ({ concepts: [], problems });

async function readFolder(folder: string): Promise<Read> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    return wrong(
      `The pack folder ${folder} cannot be read: ${reasonOf(cause)}. Correct \`packs\` in the configuration.`,
    );
  }
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const packs = await Promise.all(files.map((name) => readPack(path.join(folder, name))));
  return { concepts: packs.flatMap((pack) => pack.concepts), problems: packs.flatMap((pack) => pack.problems) };
}

async function readPack(file: string): Promise<Read> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    return wrong(`${file} cannot be read: ${reasonOf(cause)}. A pack is a readable YAML file.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, lineCounter: lines });
  const at = (spot: { readonly line: number; readonly column: number }) => `${file}:${spot.line}:${spot.column}`;
  if (document.errors.length > 0)
    return wrong(...document.errors.map(({ message, pos }) => `${at(spotAt(lines, pos[0]))}: ${message}`));
  const parsed = PackYaml.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!parsed.success)
    return wrong(
      ...parsed.error.issues.map(
        ({ path, message }) => `${at(spotOf(document, lines, path))}: ${path.map(String).join(".")}: ${message}.`,
      ),
    );
  const { concepts } = parsed.data;
  const problems = concepts.flatMap((concept, index) =>
    problemsOf(concept).map((said) => `${at(spotOf(document, lines, ["concepts", index]))}: ${said}`),
  );
  return { concepts, problems };
}

const BUILT_IN = new Set(["match", "by", "window", "quantile"]);

/** Every `$variable` of a query must be something, every query PromQL, and every pattern must compile. */
function problemsOf(concept: z.infer<typeof ConceptYaml>): string[] {
  const known = new Set([...BUILT_IN, ...Object.keys(concept.metrics), ...Object.keys(concept.labels)]);
  const problems: string[] = [];
  for (const template of [concept.promql, ...(concept.count === undefined ? [] : [concept.count])]) {
    const unknown = variablesIn(template).filter((name) => !known.has(name));
    for (const name of unknown)
      problems.push(`${concept.id} uses $${name}, which is neither in its metrics nor in its labels.`);
    const parsed = parse(filledIn(template));
    if (unknown.length === 0 && "errorAt" in parsed)
      problems.push(`${concept.id} has a query that is not PromQL: ${template}. Try it in Prometheus first.`);
  }
  for (const candidate of Object.values(concept.metrics).flat()) {
    if (!candidate.startsWith("/")) continue;
    try {
      new RegExp(candidate.slice(1, -1));
    } catch (cause) {
      problems.push(
        `${concept.id} has the metric pattern ${candidate}, which is not a regular expression: ${reasonOf(cause)}.`,
      );
    }
  }
  return problems;
}

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g;

function variablesIn(template: string): string[] {
  return [...template.matchAll(VARIABLE)].map(([, braced, plain]) => braced ?? plain ?? "");
}

/** The template with something harmless in each place, to see whether it is a query at all. */
function filledIn(template: string): string {
  const samples: Readonly<Record<string, string>> = { match: 'x="y"', by: "x", window: "5m", quantile: "0.5" };
  return template.replace(VARIABLE, (_, braced?: string, plain?: string) => samples[braced ?? plain ?? ""] ?? "x");
}
