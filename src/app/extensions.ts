import type { Config, Problem } from "../config.ts";
import type { Block } from "../core/card.ts";
import { type ExtensionEntry, kindOf, shortId } from "../core/extension/extension.ts";
import { checkFields } from "../core/extension/fields.ts";
import type { Executor, LoadedExtension, NotifierMaker } from "../ports/extension.ts";

/** Executors and notifiers of the user's own: what was loaded, whether it fits the configuration, and how people are told of it. */

type Where = (path: readonly PropertyKey[]) => string;

export type ReadExtensions = { readonly loaded: readonly LoadedExtension[]; readonly problems: readonly Problem[] };

/** Loads those of the configured folders, whose code runs then, and compares the entries with what each asks for. */
export async function readExtensions(config: Config, where: Where): Promise<ReadExtensions> {
  const { folders } = config.extensions;
  const { loaded, problems } =
    folders.length === 0
      ? { loaded: [], problems: [] }
      : await (await import("../extensions/index.ts")).loadExtensions(folders);
  return {
    loaded,
    problems: [
      ...problems.map(({ file, text }) => {
        const index = folders.indexOf(file);
        return { where: index < 0 ? file : where(["extensions", "folders", index]), message: `${text}.` };
      }),
      ...(problems.length > 0 ? [] : entryProblems(config, loaded, where)),
    ],
  };
}

/** Those of the configured folders; throws `ExtensionError` where one cannot be used. */
export async function loadedExtensions({
  extensions,
}: Pick<Config, "extensions">): Promise<readonly LoadedExtension[]> {
  if (extensions.folders.length === 0) return [];
  return (await import("../extensions/index.ts")).mustLoad(extensions.folders);
}

/** What of the folders is not as it was when it was loaded: it takes a restart. Nothing is loaded. */
export async function changedExtensions(
  loaded: readonly LoadedExtension[],
  config: Config,
): Promise<readonly string[]> {
  const { changedSince } = await import("../extensions/index.ts");
  return changedSince(loaded, config.extensions.folders);
}

function entryProblems(config: Config, loaded: readonly LoadedExtension[], where: Where): readonly Problem[] {
  const notifiers = config.notifiers.filter((one) => one.kind === "extension");
  const check = (
    base: readonly PropertyKey[],
    entries: readonly ExtensionEntry[],
    makes: (extension: LoadedExtension) => Executor | NotifierMaker | undefined,
    what: string,
  ) =>
    entries.flatMap((entry, index) => {
      const extension = loaded.find(({ name }) => name === entry.uses);
      const made = extension && makes(extension);
      const at = (...path: readonly string[]) => where([...base, index, ...path]);
      if (made !== undefined) return settingProblems(entry, made, at);
      const names = loaded.filter((one) => makes(one) !== undefined).map(({ name }) => name);
      const known = names.length === 0 ? "there is none" : `there is ${names.join(", ")}`;
      const cure = `Put ${entry.uses}.ts or ${entry.uses}.mjs into a folder of extensions.folders.`;
      return [{ where: at("uses"), message: `must name an extension with ${what}: ${known}. ${cure}` }];
    });
  return [
    ...check(
      ["runbooks", "executors", "extension"],
      config.runbooks.executors.extension,
      ({ executor }) => executor,
      "an executor",
    ),
    ...check(["notifiers", "extension"], notifiers, ({ notifier }) => notifier, "a notifier"),
  ];
}

function settingProblems(
  { settings, secrets }: ExtensionEntry,
  { settings: fields, secrets: wanted = {} }: Executor | NotifierMaker,
  at: (...path: readonly string[]) => string,
): readonly Problem[] {
  const names = Object.keys(wanted);
  return [
    ...checkFields(fields, settings).map(({ name, text }) => ({ where: at("settings", name), message: `${text}.` })),
    ...names
      .filter((name) => wanted[name]?.required === true && secrets[name] === undefined)
      .map((name) => ({
        where: at("secrets", name),
        message: "is missing: it must name a file with the secret. Add it.",
      })),
    ...Object.keys(secrets)
      .filter((name) => !names.includes(name))
      .map((name) => ({
        where: at("secrets", name),
        message: `is not known here: there is ${names.length === 0 ? "nothing" : names.join(", ")}.`,
      })),
  ];
}

/** One line for each, as people read it: name and hash, what it does, and where it came from. */
export function extensionLine(extension: LoadedExtension): string {
  const { name, file, executor, notifier } = extension;
  const actions = Object.keys(executor?.actions ?? {}).map((action) => `${kindOf(name)}/${action}`);
  const does = [...(actions.length > 0 ? [`actions ${actions.join(", ")}`] : []), ...(notifier ? ["a notifier"] : [])];
  return `${shortId(extension)}: ${does.join(" and ")}, from ${file}`;
}

/** For the end of an overview: whose code runs in the bot. Nothing where none does. */
export function extensionBlocks(loaded: readonly LoadedExtension[]): readonly Block[] {
  if (loaded.length === 0) return [];
  return [{ kind: "note", text: `Extensions: ${loaded.map(shortId).join(", ")}.` }];
}
