import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { kindOf } from "../core/extension/extension.ts";
import type { Parameter, Runbook } from "../core/runbook.ts";
import type { Runbooks } from "../ports/changes.ts";
import type { Clock } from "../ports/clock.ts";
import { readFolder } from "./catalogue/files.ts";
import { type Checks, parseRunbook } from "./catalogue/parse.ts";
import { keepVersions, readDeprecated } from "./catalogue/versions.ts";
import { knownActions } from "./extension/shapes.ts";

/** Runbooks that cannot be used. The message names file, place and rule of each problem, and so does each of `problems`. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems in the runbooks:\n${problems.join("\n")}`);
    this.problems = problems;
  }
}

/** `uses` for one of an extension. */
type ConfiguredEntry = { readonly name: string; readonly environment?: string; readonly uses?: string };

export type CatalogueSettings = {
  readonly builtin: boolean;
  readonly folders: readonly string[];
  /** What is configured, by executor: a parameter that names one takes one of these. */
  readonly executors?: Readonly<Record<string, readonly ConfiguredEntry[]>>;
  /** The bot's data folder, where those that were taken out of use are noted. */
  readonly dataDir?: string;
};

export type Catalogue = Runbooks & {
  /** File by id. */
  readonly files: ReadonlyMap<string, string>;
  /** As they are written, without what the configuration adds. */
  readonly written: readonly Runbook[];
};

/** The folder of those that come with the bot. */
export const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), "runbooks");

/**
 * Reads the shipped runbooks and then the user's folders. An id stands for one runbook: one of the user's takes the place
 * of a shipped one only where it says `overrides: true`. Throws `CatalogueError` with every problem of every file.
 */
export function readRunbooks(settings: CatalogueSettings, checks: Partial<Checks> = {}): Catalogue {
  const { found, problems } = readAll(settings, { ...knownActions([]), ...checks });
  if (problems.length > 0) throw new CatalogueError(problems);
  const written = [...found.values()].map(({ runbook }) => runbook);
  const bound = new Map(written.map((runbook) => [runbook.id, bind(runbook, byKind(settings.executors ?? {}))]));
  const inForce = (runbook: Runbook): Runbook =>
    settings.dataDir !== undefined && readDeprecated(settings.dataDir).has(runbook.id)
      ? { ...runbook, state: "deprecated" }
      : runbook;
  return {
    all: () => [...bound.values()].map(inForce),
    get(id) {
      const runbook = bound.get(id);
      return runbook === undefined ? undefined : inForce(runbook);
    },
    files: new Map([...found].map(([id, { file }]) => [id, file])),
    written,
  };
}

/**
 * The same, and every version that is new is kept in the data folder, for `runbooks history`. Where that cannot be written
 * the runbooks are there nevertheless: `report` is told.
 */
export async function loadRunbooks(
  settings: CatalogueSettings,
  {
    clock = () => Date.now() / 1000,
    report = () => {},
    ...checks
  }: Partial<Checks> & { readonly clock?: Clock; readonly report?: (problem: unknown) => void } = {},
): Promise<Catalogue> {
  const catalogue = readRunbooks(settings, checks);
  if (settings.dataDir !== undefined)
    await keepVersions(settings.dataDir, catalogue.written, clock()).catch((problem: unknown) => report(problem));
  return catalogue;
}

/** Every problem of these folders, without throwing; for `runbooks lint`. */
export function lintFolders(
  settings: Pick<CatalogueSettings, "builtin" | "folders">,
  checks: Partial<Checks> = {},
): { readonly count: number; readonly problems: readonly string[] } {
  const { found, problems } = readAll(settings, { ...knownActions([]), ...checks });
  return { count: found.size, problems };
}

type Found = ReadonlyMap<string, { readonly runbook: Runbook; readonly file: string }>;

function readAll(
  { builtin, folders }: Pick<CatalogueSettings, "builtin" | "folders">,
  checks: Checks,
): { readonly found: Found; readonly problems: readonly string[] } {
  const found = new Map<string, { readonly runbook: Runbook; readonly file: string; readonly isShipped: boolean }>();
  const problems: string[] = [];
  for (const folder of [...(builtin ? [SHIPPED] : []), ...folders])
    for (const entry of readFolder(folder)) {
      if ("problem" in entry) {
        problems.push(`${entry.file}: ${entry.problem}.`);
        continue;
      }
      const parsed = parseRunbook(entry.text, checks);
      if ("problems" in parsed) {
        problems.push(...parsed.problems.map(({ line, column, text }) => `${entry.file}:${line}:${column}: ${text}`));
        continue;
      }
      const { runbook, overrides } = parsed;
      const other = found.get(runbook.id);
      if (other !== undefined && !(overrides && other.isShipped && folder !== SHIPPED))
        problems.push(
          `${entry.file}: id must differ from the others: ${runbook.id} is in ${other.file} already.${other.isShipped ? " To take its place, write overrides: true." : ""}`,
        );
      else found.set(runbook.id, { runbook, file: entry.file, isShipped: folder === SHIPPED });
    }
  return { found, problems };
}

/** Entries of extensions under what runbooks call each extension by. */
function byKind({ extension = [], ...own }: NonNullable<CatalogueSettings["executors"]>) {
  const extended = Map.groupBy(extension, ({ uses = "" }) => kindOf(uses));
  return { ...own, ...Object.fromEntries(extended) };
}

/** The same runbook with the names that the configuration has: its version stays, since what it does stays. */
function bind(runbook: Runbook, executors: NonNullable<CatalogueSettings["executors"]>): Runbook {
  const params = Object.entries(runbook.params).map(([name, parameter]): [string, Parameter] => {
    const entries = parameter.of === undefined ? [] : (executors[parameter.of] ?? []);
    const [only] = entries;
    if (only === undefined) return [name, parameter];
    return [
      name,
      {
        ...parameter,
        oneOf: entries.map((entry) => entry.name),
        ...(entries.length === 1 && parameter.default === undefined && { default: only.name }),
        environments: Object.fromEntries(
          entries.flatMap((entry) => (entry.environment === undefined ? [] : [[entry.name, entry.environment]])),
        ),
      },
    ];
  });
  const entries = Object.fromEntries(
    Object.entries(executors).map(([kind, all]) => [
      kind,
      Object.fromEntries(all.map(({ name, environment = "" }) => [name, environment])),
    ]),
  );
  return { ...runbook, params: Object.fromEntries(params), entries };
}
