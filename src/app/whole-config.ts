import { accessSync, constants, statSync } from "node:fs";
import { type Config, loadConfig, type Problem } from "../config.ts";
import type { Place } from "../core/chat.ts";
import type { LoadedExtension } from "../ports/extension.ts";
import { reasonOf } from "../util/errors.ts";
import { digestProblems } from "./digests.ts";
import { changedExtensions, readExtensions } from "./extensions.ts";

/**
 * The configuration with all that it points at. `problems` keep the bot from starting; `hindered` looks for those of parts
 * without which it starts all the same, and which say so themselves; `warnings` are odd but not wrong.
 */
export type WholeConfig = {
  readonly problems: readonly Problem[];
  readonly hindered: () => Promise<readonly Problem[]>;
  readonly warnings: readonly Problem[];
  /** Undefined where there are problems. */
  readonly config: Config | undefined;
  /** Those that run, or would. */
  readonly extensions: readonly LoadedExtension[];
  /** Those that are not on the disk any more as they run. */
  readonly changedExtensions: readonly string[];
  /** Where a setting of the file stands. */
  readonly where: Where;
};

type Where = (path: readonly PropertyKey[]) => string;

/**
 * Reads environment, file, watches, digests, concept packs and extensions, and on wish runbooks and the other files named. Asks nobody but
 * the disk. With `running`, the extensions of a bot that runs, none is loaded: new code takes a restart.
 */
export async function readWholeConfig(
  deps: Parameters<typeof loadConfig>[0],
  running?: readonly LoadedExtension[],
): Promise<WholeConfig> {
  const loaded = loadConfig(deps);
  const config = loaded.ok ? loaded.config : loaded.rest;
  const { watchProblems } = await import("./detection.ts");
  const own = await Promise.all([watchProblems(config), digestProblems(config), packProblems(config, loaded.where)]);
  const extensions =
    running === undefined ? await readExtensions(config, loaded.where) : { loaded: running, problems: [] };
  const problems = [...(loaded.ok ? [] : loaded.problems), ...own.flat(), ...extensions.problems];
  return {
    problems,
    hindered: async () => [
      ...(await runbookProblems(config, loaded.where, extensions.loaded)),
      ...(await fileProblems(config, loaded.where)),
    ],
    warnings: [...config.notices.map((message) => ({ where: "", message })), ...unserved(config, loaded.where)],
    config: problems.length === 0 && loaded.ok ? loaded.config : undefined,
    extensions: extensions.loaded,
    changedExtensions: running === undefined ? [] : await changedExtensions(running, config),
    where: loaded.where,
  };
}

/** The folders first: of one that is not there, the place in the configuration is what helps. */
function missingFolders(paths: readonly string[], where: (index: number) => string): readonly Problem[] {
  return paths.flatMap((path, index) => {
    const why = whyNotReadable(path, "folder");
    return why === undefined ? [] : [{ where: where(index), message: `must name a readable folder: ${why}.` }];
  });
}

function whyNotReadable(path: string, wanted: "folder" | "file"): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    const isFolder = statSync(path).isDirectory();
    if (isFolder === (wanted === "folder")) return undefined;
    return `${JSON.stringify(path)} is ${isFolder ? "a folder" : "a file"}`;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    return code === "ENOENT"
      ? `there is no ${JSON.stringify(path)}`
      : code === "EACCES"
        ? `no permission to read ${JSON.stringify(path)}`
        : reasonOf(cause);
  }
}

async function packProblems({ packs }: Config, where: Where): Promise<readonly Problem[]> {
  if (packs.length === 0) return [];
  const missing = missingFolders(packs, (index) => where(["packs", index]));
  const { loadPacks, PackError } = await import("../metrics/packs.ts");
  const there = packs.filter((path) => whyNotReadable(path, "folder") === undefined);
  const found = await loadPacks(there).then(
    () => [],
    (problem: unknown) => {
      if (problem instanceof PackError) return problem.problems.map(split);
      throw problem;
    },
  );
  return [...missing, ...found];
}

async function runbookProblems(
  { runbooks }: Config,
  where: Where,
  extensions: readonly LoadedExtension[],
): Promise<readonly Problem[]> {
  const { folders, builtin } = runbooks;
  if (folders.length === 0) return [];
  const [{ lintFolders }, { knownActions }, { parse }] = await Promise.all([
    import("../actions/catalogue.ts"),
    import("../actions/extension/shapes.ts"),
    import("../metrics/promql.ts"),
  ]);
  const whyNotQuery = (promql: string) => {
    const parsed = parse(promql);
    return "errorAt" in parsed ? `it breaks at character ${parsed.errorAt + 1}` : undefined;
  };
  const there = folders.filter((path) => whyNotReadable(path, "folder") === undefined);
  return [
    ...missingFolders(folders, (index) => where(["runbooks", "folders", index])),
    ...lintFolders({ builtin, folders: there }, { whyNotQuery, ...knownActions(extensions) }).problems.map(split),
  ];
}

/** Calendars and prompts. */
async function fileProblems({ oncall, model }: Config, where: Where): Promise<readonly Problem[]> {
  const calendars = oncall.calendars.flatMap(({ schedule, from }): Problem[] => {
    const why = "file" in from ? whyNotReadable(from.file, "file") : undefined;
    const index = oncall.schedules.findIndex(({ name }) => name === schedule);
    const place = where(["oncall", "schedules", index, "ical"]);
    return why === undefined ? [] : [{ where: place, message: `must name a readable file: ${why}.` }];
  });
  if (model?.prompts === undefined) return calendars;
  const { loadPrompts, promptReader } = await import("../model/prompts.ts");
  try {
    loadPrompts(promptReader(model.prompts));
    return calendars;
  } catch (problem) {
    return [...calendars, { where: where(["model", "prompts"]), message: `cannot be used: ${reasonOf(problem)}` }];
  }
}

/** Every place that a setting sends something to, with where in the file it stands. */
export function leadsTo(
  config: Config,
): readonly { readonly path: readonly PropertyKey[]; readonly to: readonly Place[] }[] {
  const { routes, oncall, detection, digests, rollouts } = config;
  return [
    ...routes.map(({ to }, at) => ({ path: ["routes", at], to })),
    ...oncall.escalations.flatMap(({ steps }, at) =>
      steps.map(({ to }, step) => ({ path: ["oncall", "escalations", at, "steps", step], to })),
    ),
    ...detection.routes.map(({ place }, at) => ({ path: ["schedules", "detect", "post", at], to: [place] })),
    ...detection.watches.map(({ post = [] }, at) => ({ path: ["watches", at, "post"], to: post })),
    ...digests.map(({ to }, at) => ({ path: ["digests", at], to })),
    ...rollouts.places.map((place, at) => ({ path: ["schedules", "rollouts", "post", at], to: [place] })),
  ];
}

/** Places on a platform without credentials: what is sent there waits. */
function unserved(config: Config, where: Where): readonly Problem[] {
  return leadsTo(config).flatMap(({ path, to }) => {
    const off = (["slack", "teams"] as const).filter(
      (name) => config[name] === undefined && to.some(({ platform }) => platform === name),
    );
    return off.map((name) => ({
      where: where(path),
      message: `leads to ${name === "slack" ? "Slack" : "Teams"}, which has no credentials here (${name === "slack" ? "SLACK_BOT_TOKEN" : "MicrosoftAppId"}): what goes there waits.`,
    }));
  });
}

/** `file:3:5: what is wrong`, as the loaders of runbooks and packs say it. */
function split(text: string): Problem {
  const [, where, message] = /^(.+?\.ya?ml(?::\d+:\d+)?): (.*)$/s.exec(text) ?? [];
  return where === undefined || message === undefined ? { where: "", message: text } : { where, message };
}
