import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { secretsOf } from "../config.ts";
import { createLog } from "../util/log.ts";
import { type Check, failed, skipped } from "./checks/check.ts";
import { lineOf } from "./checks/line.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { type Answer, type Answers, fromFlags, presentAnswer, tried, variablesOf } from "./init/answers.ts";
import { type Asker, createAsker } from "./init/asking.ts";
import { readDotEnv } from "./init/dot-env.ts";
import { PARTS, withCure } from "./init/parts.ts";
import { INIT_OPTIONS, type PartName, QUESTIONS, type Question } from "./init/questions.ts";
import { writeAll } from "./init/write.ts";
import { yamlFileOf } from "./init/yaml-file.ts";

/** Whoever was asked went away. Nothing was written. */
class GoneError extends Error {
  override readonly name = "GoneError";
}

type Session = {
  readonly call: Call;
  readonly asker: Asker | undefined;
  readonly flags: Answers;
  /** The environment with .env below it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly answers: Answers;
};

/**
 * `init`: asks for each address and credential, or takes flags and the environment with `--yes`, tries each, and writes what the
 * bot needs. Exit code 1 when something does not work (nothing is written then, but with `--keep-failed`) or nobody answers.
 */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`init takes flags only: it got ${JSON.stringify(call.words.join(" "))}.`);
  if (call.flags["flags"] === true) return listFlags(call);
  if (call.flags["yes"] !== true && call.stdin.isTTY === true && call.stdout.isTTY !== true)
    throw new UsageError(
      "init asks for secrets, which the terminal would show while the output goes elsewhere: do not redirect it, or give --yes with flags.",
    );
  const flags = await fromFlags(call);
  const dotEnv = readDotEnv(join(call.cwd, ".env"));
  const asker = call.flags["yes"] === true ? undefined : createAsker(call);
  const session: Session = { call, asker, flags, env: { ...dotEnv.values, ...call.env }, answers: new Map() };
  try {
    if (asker !== undefined)
      call.stdout.write("Enter keeps what stands in [ ], or leaves out what is empty; - takes away what is there.\n");
    let broken = 0;
    const hasFile = yamlFileOf(call.cwd, session.env).isThere;
    const parts = (Object.keys(QUESTIONS) as PartName[]).filter((part) => part !== "times" || !hasFile);
    for (const part of parts) broken += (await settle(part, session)) ? 0 : 1;
    if (broken > 0 && call.flags["keep-failed"] !== true) {
      call.stdout.write("\nNothing was written: correct what failed, or give --keep-failed.\n");
      return EXIT.failed;
    }
    return await writeAll(session, dotEnv);
  } catch (problem) {
    if (!(problem instanceof GoneError)) throw problem;
    call.stderr.write("\nsmartcloudops: the questions ended before all were answered. Nothing was written.\n");
    return EXIT.failed;
  } finally {
    asker?.close();
  }
}

function listFlags(call: Call): number {
  const flags = Object.keys(INIT_OPTIONS).filter((name) => name !== "flags");
  const about = new Map(
    Object.values(QUESTIONS)
      .flat()
      .map(({ name, isSecret, ask, variable }) => [
        isSecret === true ? `${name}-file` : name,
        `${ask}${variable === undefined ? "" : `; or ${variable} in the environment`}`,
      ]),
  );
  about.set("yes", "asks nothing: takes flags, the environment and what stands in .env");
  about.set("keep-failed", "writes also what did not work when it was tried");
  call.stdout.write(
    `${flags.map((name) => `--${name}${INIT_OPTIONS[name]?.type === "string" ? (name.endsWith("-file") ? " FILE" : " TEXT") : ""}\n      ${about.get(name) ?? ""}`).join("\n")}\n`,
  );
  call.stdout.write("A FILE holds the secret on one line; - is stdin, with --yes.\n");
  return EXIT.ok;
}

/** Asks and tries one part until it works, is kept all the same or is left out. False when it does not work and nobody can be asked. */
async function settle(name: PartName, session: Session): Promise<boolean> {
  const { call, asker, answers } = session;
  const [part, questions] = [PARTS[name], QUESTIONS[name]];
  const [first] = questions;
  const isNew = first !== undefined && knownAnswer(first, session) === undefined;
  if (asker !== undefined) call.stdout.write(`\n${part.title}\n`);
  if (isNew && asker !== undefined) for (const line of part.intro?.() ?? []) call.stdout.write(`${line}\n`);
  // What nobody needs to know is not asked: most servers let everybody in.
  const credentials = questions.filter(({ whenRefused }) => whenRefused === true);
  let areWanted = asker === undefined || credentials.some((one) => knownAnswer(one, session) !== undefined);
  let toAsk = questions.filter((one) => areWanted || !credentials.includes(one));
  for (;;) {
    for (const question of toAsk) await answer(question, first!, session);
    const show = (check: Check) => call.stdout.write(lineOf(check, call));
    if (!answers.has(first!.name)) {
      show(skipped(part.title, "is left out"));
      return true;
    }
    const checks = await check(name, session);
    if (!areWanted && credentials.length > 0 && checks.some(({ wantsCredentials }) => wantsCredentials === true)) {
      call.stdout.write("  It wants to know who asks.\n");
      areWanted = true;
      toAsk = credentials;
      continue;
    }
    for (const one of checks) show(one);
    if (!checks.some(({ state }) => state === "failed")) return true;
    if (asker === undefined) return false;
    const next = await choice(asker);
    toAsk = questions.filter((one) => areWanted || !credentials.includes(one));
    if (next === "keep") return true;
    if (next === "leave out") {
      for (const question of questions) answers.delete(question.name);
      return true;
    }
  }
}

/** Its own rules first: a server is not asked with what cannot be right. */
async function check(name: PartName, { call, env, answers }: Session): Promise<readonly Check[]> {
  const questions = QUESTIONS[name];
  const { title, cure, check: live } = PARTS[name];
  const wrong = questions.flatMap(({ name: flag, whyNot }) => {
    const given = answers.get(flag);
    const why = given !== undefined && "value" in given ? whyNot?.(given.value) : undefined;
    return why === undefined ? [] : [failed(title, `${flag} ${why}`, "Answer again.")];
  });
  const variables = Object.fromEntries(Object.values(QUESTIONS).flatMap((all) => [...variablesOf(all, answers)]));
  const { config, problems } = tried(call, { ...env, ...variables }, questions);
  const refused = problems.map(({ where, message }) => failed(title, `${where} ${message}`, cure ?? "Answer again."));
  if (wrong.length + refused.length > 0) return [...wrong, ...refused];
  return withCure(await live(config, createLog({ level: "fatal" as "error", secrets: secretsOf(config) })), cure);
}

/** What a flag says, what was answered before, or what is there. */
function knownAnswer(question: Question, { flags, env, answers }: Session): Answer | undefined {
  return answers.get(question.name) ?? flags.get(question.name) ?? presentAnswer(question, env);
}

async function answer(question: Question, first: Question, session: Session): Promise<void> {
  const { asker, answers, flags } = session;
  const { name, after, unless, fallback } = question;
  const isWanted =
    (after === undefined || answers.has(after)) &&
    (unless === undefined || !answers.has(unless)) &&
    (question === first || answers.has(first.name));
  if (!isWanted) return void answers.delete(name);
  const known = knownAnswer(question, session);
  const otherwise = known ?? (fallback === undefined ? made(question) : { value: fallback });
  // A flag is not asked about, unless what it said did not work.
  const isSettled = asker === undefined || (flags.has(name) && !answers.has(name));
  const given = isSettled ? otherwise : await asked(asker, question, otherwise, known !== undefined);
  if (given === undefined) answers.delete(name);
  else answers.set(name, given);
}

/** A token that only the bot and Alertmanager have to know is made here. */
function made({ name }: Question): Answer | undefined {
  return name === "alertmanager-webhook-token" ? { value: randomBytes(24).toString("base64url") } : undefined;
}

async function asked(
  asker: Asker,
  { ask, isSecret }: Question,
  otherwise: Answer | undefined,
  isThere: boolean,
): Promise<Answer | undefined> {
  const shown =
    isSecret === true ? (isThere ? "present" : "") : otherwise && "value" in otherwise ? otherwise.value : "";
  const line = await asker.ask(`  ${ask}${shown === "" ? "" : ` [${shown}]`}: `, isSecret);
  if (line === undefined) throw new GoneError();
  if (line === "") return otherwise;
  return line === "-" ? undefined : { value: line };
}

async function choice(asker: Asker): Promise<"again" | "keep" | "leave out"> {
  for (;;) {
    const line = await asker.ask("  Enter to answer again, k to keep it all the same, l to leave it out: ");
    switch (line?.toLowerCase()) {
      case undefined:
        throw new GoneError();
      case "":
        return "again";
      case "k":
        return "keep";
      case "l":
        return "leave out";
    }
  }
}
