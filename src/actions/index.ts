import { ENTRY, type ExtensionEntry, extensionIn, kindOf } from "../core/extension/extension.ts";
import type { Action, Actions } from "../ports/changes.ts";
import type { LoadedExtension } from "../ports/extension.ts";
import { createDependencies, type Dependencies } from "../util/dependencies.ts";
import { whyNoShape } from "./extension/shapes.ts";
import type { GithubSettings } from "./github/settings.ts";
import type { HttpSettings } from "./http/settings.ts";
import type { KubernetesSettings } from "./kubernetes/settings.ts";
import type { LocalCommand } from "./local/settings.ts";
import type { Database } from "./postgres/client.ts";
import type { RedisServer } from "./redis/client.ts";
import type { ActionDeps } from "./shared/deps.ts";
import { guardTargets } from "./shared/guarded.ts";
import { hushed } from "./shared/hushed.ts";
import { redactLines } from "./shared/output.ts";
import type { SshHost } from "./ssh/settings.ts";

/** What is configured of each kind; absent or empty for one that is not used. */
export type ActionSettings = {
  readonly kubernetes?: readonly KubernetesSettings[];
  readonly github?: readonly GithubSettings[];
  readonly http?: readonly HttpSettings[];
  readonly ssh?: readonly SshHost[];
  readonly local?: readonly LocalCommand[];
  readonly postgres?: readonly Database[];
  readonly redis?: readonly RedisServer[];
  readonly extension?: readonly ExtensionEntry[];
};

/** Executors that come with the bot. */
type Own = Exclude<keyof ActionSettings, "extension">;

type Kind<K extends Own = Own> = {
  /** "no Kubernetes cluster is configured". */
  readonly what: string;
  readonly load: (settings: NonNullable<ActionSettings[K]>, deps: ActionDeps) => Promise<readonly Action[]>;
};

/** One line for each kind: its code is loaded only when something of it is configured. */
const KINDS: { readonly [K in Own]: Kind<K> } = {
  kubernetes: {
    what: "Kubernetes cluster",
    load: async (s, d) => (await import("./kubernetes/index.ts")).createKubernetesActions(s, d),
  },
  github: {
    what: "GitHub repository",
    load: async (s, d) => (await import("./github/index.ts")).createGithubActions(s, d),
  },
  http: { what: "HTTP endpoint", load: async (s, d) => (await import("./http/index.ts")).createHttpActions(s, d) },
  ssh: { what: "SSH host", load: async (s, d) => (await import("./ssh/index.ts")).createSshActions(s, d) },
  local: { what: "local command", load: async (s, d) => (await import("./local/index.ts")).createLocalActions(s, d) },
  postgres: {
    what: "PostgreSQL database",
    load: async (s, d) => (await import("./postgres/index.ts")).createPostgresActions(s, d),
  },
  redis: { what: "Redis server", load: async (s, d) => (await import("./redis/index.ts")).createRedisActions(s, d) },
};

/**
 * Makes the actions of everything that is configured, each target behind a breaker of its own. Throws an `Error` with a sentence for
 * settings that are not safe.
 */
export async function createActions(
  settings: ActionSettings,
  deps: Omit<ActionDeps, "onStop"> & {
    readonly dependencies?: Dependencies | undefined;
    readonly extensions?: readonly LoadedExtension[] | undefined;
  },
): Promise<Actions> {
  const closing: (() => void | Promise<void>)[] = [];
  const onStop = (close: () => void | Promise<void>) => void closing.push(close);
  const kinds = Object.keys(KINDS) as Own[];
  const dependencies = deps.dependencies ?? createDependencies();
  const loaded = await Promise.all(
    kinds.map(async (kind) => {
      const names = (settings[kind] ?? []).map(({ name }) => name);
      return (await loadKind(kind, settings, { ...deps, onStop })).map(guardTargets(kind, names, dependencies));
    }),
  );
  const { extensions = [] } = deps;
  const others = await loadExtended(extensions, settings.extension ?? [], dependencies, { ...deps, onStop });
  const redact = redactLines(deps.secrets);
  const actions = new Map([...loaded.flat(), ...others].map((action) => [action.name, hushed(action, redact)]));
  return {
    get: (name) => actions.get(name),
    all: () => [...actions.values()],
    whyMissing(name) {
      const kind = name.split("/")[0] ?? "";
      const extension = extensionIn(name);
      if (extension !== undefined) return whyNotExtended(name, extensions, settings.extension ?? []);
      if (!Object.hasOwn(KINDS, kind)) return `there is no executor ${kind}: there are ${kinds.join(", ")}`;
      const { what } = KINDS[kind as Own];
      if ((settings[kind as Own] ?? []).length === 0) return `no ${what} is configured`;
      const known = [...actions.keys()].filter((one) => one.startsWith(`${kind}/`));
      return `there is no action ${name}: there are ${known.join(", ")}`;
    },
    async stop() {
      await Promise.all(closing.map(async (close) => close()));
    },
  };
}

/** The actions of extensions that something is configured of. */
async function loadExtended(
  extensions: readonly LoadedExtension[],
  entries: readonly ExtensionEntry[],
  dependencies: Dependencies,
  deps: ActionDeps,
): Promise<readonly Action[]> {
  if (entries.length === 0) return [];
  const { createExtensionActions } = await import("./extension/index.ts");
  return extensions.flatMap(({ executor, ...extension }) => {
    const own = entries.filter(({ uses }) => uses === extension.name);
    if (executor === undefined || own.length === 0) return [];
    const names = own.map(({ name }) => name);
    const guard = guardTargets(kindOf(extension.name), names, dependencies, { argument: ENTRY, what: executor.what });
    return createExtensionActions({ ...extension, executor }, own, deps).map(guard);
  });
}

function whyNotExtended(
  name: string,
  extensions: readonly LoadedExtension[],
  entries: readonly ExtensionEntry[],
): string {
  const extension = extensionIn(name) ?? "";
  return (
    whyNoShape(extensions, name) ??
    (entries.some(({ uses }) => uses === extension)
      ? `${name} cannot be used`
      : `nothing is configured for the extension ${extension} (runbooks.executors.extension)`)
  );
}

async function loadKind<K extends Own>(
  kind: K,
  settings: ActionSettings,
  deps: ActionDeps,
): Promise<readonly Action[]> {
  const entries = settings[kind];
  if (entries === undefined || entries.length === 0) return [];
  return KINDS[kind].load(entries as NonNullable<ActionSettings[K]>, deps);
}
