import { loadedExtensions } from "../../app/extensions.ts";
import type { Config } from "../../config.ts";
import type { PullTarget } from "../../notifiers/pulls.ts";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok } from "./check.ts";

const PATIENCE_MS = 20_000;

/** Whether each notifier could be told of an incident, and GitHub of a pull request. Nothing is sent there. */
export async function checkNotifiers(config: Config): Promise<Check[]> {
  const { github } = config.ci;
  const pulls = github === undefined ? [] : [await checked("pull requests", "ci.github", () => askPulls(github))];
  if (config.notifiers.length === 0) return pulls;
  const { createNotifier } = await import("../../notifiers/index.ts");
  const isExtended = config.notifiers.some(({ kind }) => kind === "extension");
  // What is wrong with one is told by the check of extensions; here its notifier is missing.
  const extensions = isExtended ? await loadedExtensions(config).catch(() => []) : [];
  const asked = config.notifiers.map((settings) =>
    checked(`notifier ${settings.name}`, "notifiers", async () => {
      const notifier = await createNotifier(settings, extensions);
      return `${notifier.kind}: ${await notifier.check(AbortSignal.timeout(PATIENCE_MS))}`;
    }),
  );
  return [...pulls, ...(await Promise.all(asked))];
}

async function askPulls(target: PullTarget): Promise<string> {
  const { checkPulls } = await import("../../notifiers/pulls.ts");
  return `GitHub ${await checkPulls(target, AbortSignal.timeout(PATIENCE_MS))}`;
}

async function checked(title: string, key: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return ok(title, await ask());
  } catch (problem) {
    const cure = `Check its address and credentials under \`${key}\`, and whether this machine reaches it.`;
    return failed(title, reasonOf(problem), cure);
  }
}
