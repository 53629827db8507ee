import { readFileSync } from "node:fs";
import { type Call, EXIT, UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** `help [command]`. */
export async function runHelp(call: Call): Promise<number> {
  const [name] = call.words;
  if (name !== undefined && !Object.hasOwn(COMMANDS, name))
    throw new UsageError(`there is no command ${JSON.stringify(name)} to explain. See "smartcloudops help".`);
  const shown = Object.entries(COMMANDS).filter(([one]) => name === undefined || one === name);
  const lines = shown.flatMap(([, { usage, summary }]) => [
    ...usage.split("\n").map((line) => `  ${line}`),
    `      ${summary}`,
  ]);
  const head =
    name === undefined ? ["Ask about your systems in plain words; answers come from your own Prometheus.", ""] : [];
  const foot =
    name === undefined
      ? ["", "Settings come from the environment and smartcloudops.yaml. Start with: smartcloudops doctor"]
      : [];
  call.stdout.write(`${[...head, "smartcloudops <command>", ...lines, ...foot].join("\n")}\n`);
  return EXIT.ok;
}

/** `version`. */
export async function runVersion(call: Call): Promise<number> {
  call.stdout.write(`smartcloudops ${ownVersion()} (Node ${process.versions.node})\n`);
  return EXIT.ok;
}

/** The version in our package.json. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
