import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Openai, startOpenai } from "../../fakes/openai/index.ts";
import type { AskedModel } from "../ask.ts";
import { inPairs, isBelow, lostIn, type Marks, type Total, totalOf } from "./compare.ts";
import { MODES, playMode } from "./modes.ts";

/** Rounds of questions with a language model, beside the one without. */

type Options = { readonly modes?: string | undefined; readonly prompt: readonly string[] };
type Round = (file: string, model?: AskedModel) => Promise<Marks>;

/** A call is short, so that what hangs ends soon; the whole has time for a process that has yet to load the SDKs. */
const SETTINGS = { call_timeout: "2s", timeout: "30s" };

/** Compares as the options say, prints it, and returns the exit code. */
export async function compareModels(file: string, round: Round, options: Options): Promise<number> {
  if (options.prompt.length > 0) return comparePrompts(file, round, options.prompt);
  process.stderr.write("Without a model…\n");
  const offline = await round(file);
  line("without a model", totalOf(offline));
  const own = configured();
  return own === undefined
    ? compareScripted(file, round, offline, options.modes)
    : compareWith(`${own.env["OPENAI_MODEL"]}`, file, round, offline, own);
}

async function compareScripted(
  file: string,
  round: Round,
  offline: Marks,
  wanted: string | undefined,
): Promise<number> {
  const modes = MODES.filter(
    ({ name }) => wanted === undefined || wanted.split(",").some((word) => name.includes(word.trim())),
  );
  if (modes.length === 0) {
    process.stderr.write(`--modes has none of: ${MODES.map(({ name }) => name).join(", ")}.\n`);
    return 1;
  }
  const server = await startOpenai();
  let code = 0;
  try {
    const env = { OPENAI_MODEL: "scripted", OPENAI_BASE_URL: server.url, OPENAI_API_KEY: "sk-test" };
    const reaching = await reachingIn(file, server, (own) => round(own, { env, settings: SETTINGS }));
    process.stdout.write(
      `${reaching.length} of ${offline.size} questions reach the model: those are asked, two to a process\n`,
    );
    for (const mode of modes) {
      const { calls } = playMode(server, mode);
      const model: AskedModel = {
        env,
        settings: { ...SETTINGS, ...(mode.script === undefined && { enabled: false }) },
      };
      const asked = mode.script === undefined ? round : pairwise(round, reaching, offline);
      const failed = await compareWith(mode.name, file, asked, offline, model, calls);
      code = Math.max(code, failed);
    }
  } finally {
    await server.stop();
  }
  return code;
}

/** Ids of the questions that a model is asked about. Throws when a request is about none of them. */
async function reachingIn(file: string, server: Openai, round: (file: string) => Promise<Marks>) {
  playMode(server, MODES[0]!);
  await round(file);
  const questions = questionsIn(file).map(({ id, text }) => ({ id, words: wordsOf(text) }));
  const found = server.asked.map(({ body }) => {
    // The question stands last; it was read, so its letters need not be quite those of the file.
    const asked = wordsOf(String(body.messages[1].content).split('{"question":').at(-1)!);
    const likeness = (words: ReadonlySet<string>) => asked.intersection(words).size / asked.union(words).size;
    const [best] = questions.toSorted((one, other) => likeness(other.words) - likeness(one.words));
    if (best === undefined || likeness(best.words) < 0.6)
      throw new Error(`The model was asked about something that is no question of the file: ${[...asked].join(" ")}`);
    return best.id;
  });
  return [...new Set(found)];
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(
    text
      .normalize("NFKD")
      .toLowerCase()
      .replace(/\p{M}|<\/?data>/gu, "")
      .match(/[\p{L}\p{N}]+/gu),
  );
}

function questionsIn(file: string): readonly { readonly id: string; readonly text: string }[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((text) => (text.trim() === "" ? [] : [JSON.parse(text)]));
}

/**
 * A round that asks with a model only what reaches it, two questions to a process: after three failures in a row the model would be left
 * alone, and the rest of the round be one without it.
 */
function pairwise(round: Round, reaching: readonly string[], offline: Marks): Round {
  return async (file, model) => {
    if (model === undefined) return round(file);
    const ids = questionsIn(file).map(({ id }) => id);
    const marks = new Map(ids.flatMap((id) => (offline.has(id) ? [[id, offline.get(id)!] as const] : [])));
    const asked = ids.filter((id) => reaching.includes(id));
    for (let at = 0; at < asked.length; at += 2) {
      const pair = only(file, asked.slice(at, at + 2));
      for (const [id, mark] of await round(pair, model)) marks.set(id, mark);
      rmSync(pair);
    }
    return marks;
  };
}

/** 1 when the score with this model is below the one without it, in a second look at what was lost too. */
async function compareWith(
  name: string,
  file: string,
  round: Round,
  offline: Marks,
  model: AskedModel,
  calls?: () => number,
): Promise<number> {
  const marks = await round(file, model);
  line(name, totalOf(marks), calls?.());
  const lost = lostIn(marks, offline);
  if (lost.length === 0) return 0;
  // What is asked about lives on: what was lost counts when it is right without the model now too, and wrong with it again.
  const again = only(file, lost);
  try {
    const [before, after] = [await round(again, undefined), await round(again, model)];
    const sure = lostIn(after, before);
    process.stdout.write(
      `    lost: ${lost.join(", ")}; asked again: ${sure.length === 0 ? "none" : sure.join(", ")}\n`,
    );
    const without = totalOf(offline);
    const made = totalOf(
      new Map([...marks].map(([id, mark]) => [id, lost.includes(id) && !sure.includes(id) ? offline.get(id)! : mark])),
    );
    return isBelow(made, without) ? 1 : 0;
  } finally {
    rmSync(again);
  }
}

/** The questions of a file with these ids, as a file. */
function only(file: string, ids: readonly string[]): string {
  const lines = readFileSync(file, "utf8").split("\n");
  const kept = lines.filter((text) => text.trim() !== "" && ids.includes(String(JSON.parse(text).id)));
  const path = join(mkdtempSync(join(tmpdir(), "smartcloudops-eval-")), "questions.jsonl");
  writeFileSync(path, `${kept.join("\n")}\n`);
  return path;
}

/** The caller's own model, where one is set. */
function configured(): AskedModel | undefined {
  const names = ["OPENAI_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL"];
  const set = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return process.env["OPENAI_MODEL"] === undefined ? undefined : { env: Object.fromEntries(set), settings: {} };
}

async function comparePrompts(file: string, round: Round, prompts: readonly string[]): Promise<number> {
  const [first, second, ...more] = prompts;
  if (first === undefined || second === undefined || more.length > 0) {
    process.stderr.write("--prompt wants to be given twice: --prompt A --prompt B.\n");
    return 1;
  }
  const folders = [promptFolder(first), promptFolder(second)] as const;
  const own = configured();
  const server = own === undefined ? await startOpenai() : undefined;
  if (server !== undefined) playMode(server, MODES[0]!);
  const model: AskedModel = own ?? {
    env: { OPENAI_MODEL: "scripted", OPENAI_BASE_URL: server!.url, OPENAI_API_KEY: "sk-test" },
    settings: SETTINGS,
  };
  try {
    if (own === undefined)
      process.stderr.write("OPENAI_MODEL is not set, so a script answers, which reads no prompt: all will be ties.\n");
    const marks: Marks[] = [];
    for (const [at, prompt] of folders.entries()) {
      marks.push(await round(file, { ...model, settings: { ...model.settings, prompts: prompt } }));
      line(`prompt ${at === 0 ? "A" : "B"}: ${prompts[at]}`, totalOf(marks[at]!));
    }
    const { wins, ties, losses, p } = inPairs(marks[0]!, marks[1]!);
    process.stdout.write(
      `\nB against A: ${wins.length} wins, ${ties} ties, ${losses.length} losses; sign test p = ${p.toPrecision(2)}\n`,
    );
    if (wins.length > 0) process.stdout.write(`  B better: ${wins.join(", ")}\n`);
    if (losses.length > 0) process.stdout.write(`  A better: ${losses.join(", ")}\n`);
    return 0;
  } finally {
    await server?.stop();
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}

/** The prompts of a file, a folder or a git revision, in a folder of their own. Throws when it is none. */
function promptFolder(from: string): string {
  const folder = mkdtempSync(join(tmpdir(), "smartcloudops-prompts-"));
  const path = resolve(from);
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) cpSync(path, folder, { recursive: true });
    else cpSync(path, join(folder, "investigate.md"));
    return folder;
  }
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  for (const name of ["investigate.md", "intent.md"])
    try {
      writeFileSync(
        join(folder, name),
        execFileSync("git", ["show", `${from}:prompts/${name}`], { cwd: root, stdio: "pipe" }),
      );
    } catch (cause) {
      rmSync(folder, { recursive: true });
      throw new Error(`--prompt wants a file, a folder or a git revision: ${from} is none.`, { cause });
    }
  return folder;
}

function line(name: string, { asked, right, intents, unsafe }: Total, calls?: number): void {
  const share = (part: number) => `${((100 * part) / asked).toFixed(1)} %`.padStart(8);
  const called = calls === undefined ? "" : `   model asked ${calls} times`;
  process.stdout.write(
    `${name.slice(0, 48).padEnd(50)}answers ${share(right)}   intents ${share(intents)}   unsafe ${unsafe}${called}\n`,
  );
}
