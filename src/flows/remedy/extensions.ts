import { type ExtensionId, extensionIn } from "../../core/extension/extension.ts";
import type { Spec } from "../../core/proposal.ts";
import type { RunbookStep } from "../../core/runbook.ts";
import type { RemedyDeps } from "./deps.ts";

/** Whose code would carry out these steps now, each once, in order of name; undefined where all of it is the bot's own. */
export function extensionsOf(
  { actions }: Pick<RemedyDeps, "actions">,
  steps: readonly RunbookStep[],
): { readonly extensions?: readonly ExtensionId[] } {
  const found = new Map(
    steps.flatMap(({ uses }) => {
      const extension = actions.get(uses)?.extension;
      return extension === undefined ? [] : [[extension.name, extension] as const];
    }),
  );
  if (found.size === 0) return {};
  return { extensions: [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/**
 * Why the code that would carry out these steps is not the code that was shown and approved; undefined when it is. `wait`: it is not there,
 * which may be so in this process alone.
 */
export function whyOtherCode(
  deps: Pick<RemedyDeps, "actions">,
  { extensions: shown = [] }: Pick<Spec, "extensions">,
  steps: readonly RunbookStep[],
): { readonly kind: "supersede" | "wait"; readonly reason: string } | undefined {
  const { extensions: now = [] } = extensionsOf(deps, steps);
  const other = now.find(({ name, hash }) => shown.find((one) => one.name === name)?.hash !== hash);
  if (other !== undefined)
    return {
      kind: "supersede",
      reason: `The extension ${other.name} was changed since this was shown. Nothing was done.`,
    };
  const used = new Set(steps.map(({ uses }) => extensionIn(uses)));
  const gone = shown.find(({ name }) => used.has(name) && !now.some((one) => one.name === name));
  return gone && { kind: "wait", reason: `The extension ${gone.name}, whose code was shown, is not in use here.` };
}
