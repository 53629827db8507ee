import { extensionLine } from "../app/extensions.ts";
import { readWholeConfig } from "../app/whole-config.ts";
import { type Problem, placed, sayProblem } from "../config.ts";
import type { LoadedExtension } from "../ports/extension.ts";
import { type Call, EXIT, UsageError } from "./command.ts";

/** `config check [FILE]`: every problem of the settings and of the files they name. Asks nobody; exit code 78 when there is one. */
export async function run(call: Call): Promise<number> {
  const [word, file, ...rest] = call.words;
  if (word !== "check" || rest.length > 0)
    throw new UsageError(`config wants "check" and at most one file: it is ${JSON.stringify(call.words.join(" "))}.`);
  const env = file === undefined ? call.env : { ...call.env, SMARTCLOUDOPS_CONFIG: file };
  const { problems, hindered, warnings, extensions } = await readWholeConfig({ env, cwd: call.cwd });
  const errors = [...problems, ...(await hindered())];
  if (call.flags.json === true) call.stdout.write(`${asJson(errors, warnings, extensions)}\n`);
  else call.stdout.write(asText(errors, warnings, extensions));
  return errors.length === 0 ? EXIT.ok : EXIT.config;
}

function asJson(
  errors: readonly Problem[],
  warnings: readonly Problem[],
  extensions: readonly LoadedExtension[],
): string {
  const all = [
    ...errors.map((one) => ({ severity: "error", ...placed(one) })),
    ...warnings.map((one) => ({ severity: "warning", ...placed(one) })),
  ];
  const loaded = extensions.map(({ name, hash, file, executor, notifier }) => {
    const actions = Object.keys(executor?.actions ?? {});
    return { name, hash, file, actions, notifier: notifier !== undefined };
  });
  return JSON.stringify({ ok: errors.length === 0, problems: all, ...(loaded.length > 0 && { extensions: loaded }) });
}

/** One line each, as compilers write them, so that editors and terminals can jump to the place. */
function asText(
  errors: readonly Problem[],
  warnings: readonly Problem[],
  extensions: readonly LoadedExtension[],
): string {
  const lines = [
    ...errors.map((one) => `error: ${sayProblem(one)}`).map(placeFirst),
    ...warnings.map((one) => `warning: ${sayProblem(one)}`).map(placeFirst),
    ...extensions.map((one) => `extension ${extensionLine(one)}`),
  ];
  const count = (all: readonly unknown[], what: string) => `${all.length} ${what}${all.length === 1 ? "" : "s"}`;
  const also = warnings.length === 0 ? "" : `, ${count(warnings, "warning")}`;
  return `${[...lines, errors.length === 0 ? `The configuration is sound${also}.` : `${count(errors, "problem")}${also}.`].join("\n")}\n`;
}

/** `error: file:3:5 a.b: text` -> `file:3:5: error: a.b: text`. */
function placeFirst(line: string): string {
  return line.replace(/^(error|warning): ([^\n:]+:\d+:\d+):? ?/, "$2: $1: ");
}
