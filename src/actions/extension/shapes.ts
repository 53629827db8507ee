import { extensionIn, kindOf, shapeOf } from "../../core/extension/extension.ts";
import { ACTION_SHAPES, type ActionShape } from "../../core/runbook/actions.ts";
import type { LoadedExtension } from "../../ports/extension.ts";

/** What runbooks may use: the bot's own actions, and those of the extensions that are loaded. */
export function knownActions(extensions: readonly LoadedExtension[]): {
  readonly actionOf: (name: string) => ActionShape | undefined;
  readonly whyNone: (name: string) => string | undefined;
} {
  const shapes = new Map<string, ActionShape>(
    extensions.flatMap(({ name, executor }) =>
      Object.entries(executor?.actions ?? {}).map(
        ([action, one]) => [`${kindOf(name)}/${action}`, shapeOf(one)] as const,
      ),
    ),
  );
  return {
    actionOf: (name) => (extensionIn(name) === undefined ? ACTION_SHAPES[name] : shapes.get(name)),
    whyNone: (name) => (extensionIn(name) === undefined ? undefined : whyNoShape(extensions, name)),
  };
}

/** Why there is no action of that name of an extension, without a full stop; undefined when there is one. */
export function whyNoShape(extensions: readonly LoadedExtension[], action: string): string | undefined {
  const wanted = extensionIn(action);
  const extension = extensions.find(({ name }) => name === wanted);
  if (extension === undefined) {
    const known =
      extensions.length === 0
        ? "none is"
        : `${extensions.map(({ name }) => name).join(", ")} ${extensions.length === 1 ? "is" : "are"}`;
    return `there is no extension ${wanted}: ${known} loaded. Put ${wanted}.ts or ${wanted}.mjs into a folder of extensions.folders, and start the bot anew`;
  }
  const actions = Object.keys(extension.executor?.actions ?? {});
  if (actions.some((one) => `${kindOf(extension.name)}/${one}` === action)) return undefined;
  return actions.length === 0
    ? `the extension ${wanted} has no actions`
    : `the extension ${wanted} has no such action: it has ${actions.join(", ")}`;
}
