import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startColleague } from "./colleague.ts";
import { playgroundPerson, playgroundYaml, SETTINGS_FILE } from "./playground-settings.ts";
import { freePorts } from "./ports.ts";
import { createProcesses, type Program } from "./processes.ts";
import { get, until } from "./ready.ts";
import { COLLEAGUE } from "./remedy.ts";

/**
 * Microsoft 365 Agents Playground: Teams in a browser, without an account. Its licence lets everybody install it for
 * trying it out and nobody pass it on, so it is fetched from npm when it is first wanted, and never shipped.
 */
const PACKAGE = "@microsoft/m365agentsplayground";
const VERSION = "0.2.28";
const PATIENCE_SECONDS = 20;

export type Playground = {
  readonly url: string;
  /** The same chats as a colleague sees them. */
  readonly colleagueUrl: string;
  readonly stop: () => Promise<void>;
};

export type PlaygroundOptions = {
  /** Where the package is kept between demos. */
  readonly folder: string;
  /** The bot's own address for Teams, on this machine. */
  readonly endpoint: string;
  /** Whether it opens the browser by itself. */
  readonly opensBrowser: boolean;
  readonly report: (step: string) => void;
  readonly signal: AbortSignal;
};

/**
 * Fetches it where that was not done before, and starts it for that bot on this machine's own address, with telemetry
 * off. Throws a sentence when it cannot be fetched or does not start; nothing of it is left running then.
 */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { folder, endpoint, signal } = options;
  const processes = createProcesses();
  const closers: (() => Promise<void>)[] = [() => processes.stopAll(2)];
  const stop = async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    if (!(await isInstalled(folder))) {
      options.report("fetching Microsoft 365 Agents Playground");
      await mkdir(folder, { recursive: true });
      const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
      await processes.run(npm(), ["install", "--prefix", folder, ...flags, `${PACKAGE}@${VERSION}`], signal);
    }
    options.report("starting Microsoft 365 Agents Playground");
    const [port = 0] = await freePorts(1);
    const colleague = await startColleague({ person: playgroundPerson(COLLEAGUE), bot: endpoint, port });
    closers.push(colleague.stop);
    const settings = join(folder, SETTINGS_FILE);
    await writeFile(settings, playgroundYaml());
    const cli = join(folder, "node_modules", PACKAGE, "cli.js");
    const loopback = fileURLToPath(new URL("loopback.mjs", import.meta.url));
    const set = [`M365_AGENTS_PLAYGROUND_CONFIG_PATH=${settings}`];
    if (!options.opensBrowser) set.push("TEAMSAPPTESTER_BROWSER=none");
    const program: Program = { command: "env", before: [...set, process.execPath, "--import", loopback, cli] };
    const ended = { code: undefined as number | null | undefined };
    await processes.start(
      program,
      ["--app-endpoint", colleague.endpoint, "--channel-id", "msteams", "--port", `${port}`, "--disable-telemetry"],
      join(folder, "playground.log"),
      (code) => {
        ended.code = code;
      },
    );
    const url = `http://localhost:${port}`;
    const answers = async () => {
      if (ended.code !== undefined) throw new Error(`Agents Playground ended with ${ended.code} before it was ready.`);
      return (await get(url, signal)) !== undefined;
    };
    await until(`Agents Playground to answer on ${url}`, signal, answers, PATIENCE_SECONDS);
    return { url, colleagueUrl: colleague.url, stop };
  } catch (problem) {
    await stop();
    throw problem;
  }
}

async function isInstalled(folder: string): Promise<boolean> {
  try {
    const text = await readFile(join(folder, "node_modules", PACKAGE, "package.json"), "utf8");
    return (JSON.parse(text) as { version?: unknown }).version === VERSION;
  } catch {
    return false;
  }
}

/** npm tells its scripts where it is; elsewhere it is taken from PATH. */
function npm(): Program {
  const { npm_execpath: path } = process.env;
  return path?.endsWith("js") ? { command: process.execPath, before: [path] } : { command: "npm", before: [] };
}
