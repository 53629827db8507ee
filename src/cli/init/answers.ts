import { basename, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { readRegularFile } from "../../config/read-file.ts";
import { type Config, loadConfig, type Problem } from "../../config.ts";
import { type Call, flag, UsageError } from "../command.ts";
import { QUESTIONS, type Question } from "./questions.ts";

/** An answer, or the file that holds it. */
export type Answer = { readonly value: string } | { readonly file: string };

/** By the question's name. */
export type Answers = Map<string, Answer>;

const ALL = Object.values(QUESTIONS).flat();

/** What was said by flags. Throws `UsageError` for a file that cannot be read. */
export async function fromFlags(call: Call): Promise<Answers> {
  const found: Answers = new Map();
  const piped = ALL.filter(({ name }) => flag(call, `${name}-file`) === "-");
  if (piped.length > 1)
    throw new UsageError(
      `only one secret can come from stdin: ${piped.map(({ name }) => `--${name}-file -`).join(", ")}.`,
    );
  if (piped.length === 1 && call.flags.yes !== true)
    throw new UsageError(
      "a secret from stdin needs --yes: the answers to the other questions come from there otherwise.",
    );
  for (const { name, isSecret } of ALL) {
    const said = flag(call, isSecret === true ? `${name}-file` : name)?.trim();
    if (said === undefined || said === "") continue;
    if (isSecret !== true) found.set(name, { value: said });
    else if (said === "-") found.set(name, { value: (await text(call.stdin)).replace(/\r?\n$/, "") });
    else found.set(name, { file: resolve(call.cwd, said) });
  }
  return found;
}

/** What is there already, in the environment or in .env. */
export function presentAnswer(
  question: Question,
  env: Readonly<Record<string, string | undefined>>,
): Answer | undefined {
  const { variable } = question;
  if (variable === undefined) return undefined;
  const [value, file] = [env[variable]?.trim(), env[`${variable}_FILE`]?.trim()];
  return value ? { value } : file && question.isSecret === true ? { file } : undefined;
}

/** The variables of these answers; undefined for one that is to go. */
export function variablesOf(questions: readonly Question[], answers: Answers): Map<string, string | undefined> {
  const all = new Map<string, string | undefined>();
  for (const { name, variable, isSecret } of questions) {
    if (variable === undefined) continue;
    const answer = answers.get(name);
    all.set(variable, answer !== undefined && "value" in answer ? answer.value : undefined);
    if (isSecret === true)
      all.set(`${variable}_FILE`, answer !== undefined && "file" in answer ? answer.file : undefined);
  }
  return all;
}

/** The configuration that these answers would be, without any YAML file, and what is wrong with those of the given questions. */
export function tried(
  call: Pick<Call, "cwd">,
  env: Readonly<Record<string, string | undefined>>,
  questions: readonly Question[],
): { readonly config: Config; readonly problems: readonly Problem[] } {
  const readFile = (path: string): string => {
    if (basename(path) === "smartcloudops.yaml") throw Object.assign(new Error("not read here"), { code: "ENOENT" });
    return readRegularFile(path);
  };
  // It asks for what Socket Mode needs, where nothing of the other mode is there.
  const isHttp = env["SLACK_SIGNING_SECRET"] !== undefined || env["SLACK_SIGNING_SECRET_FILE"] !== undefined;
  const own = {
    ...env,
    ...(!isHttp && { SLACK_MODE: "socket" }),
    ...{ SMARTCLOUDOPS_CONFIG: undefined, SMARTCLOUDOPS_ENV: undefined },
  };
  const loaded = loadConfig({ env: own, readFile, cwd: call.cwd });
  if (loaded.ok) return { config: loaded.config, problems: [] };
  const variables = questions.flatMap(({ variable }) => (variable === undefined ? [] : [variable, `${variable}_FILE`]));
  return { config: loaded.rest, problems: loaded.problems.filter(({ where }) => variables.includes(where)) };
}
