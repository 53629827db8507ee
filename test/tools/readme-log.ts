/**
 * `node src/launch.mjs --tool readme-log [--without-tests] [--keep]`: follows the README as a newcomer does, from a bare clone in an empty home with an empty
 * cache of npm and the Node that is first in PATH of the system, types what there is to type, and writes what it took and what was seen into the README. What is
 * committed is what is cloned. `--without-tests` leaves `npm test` out, and keeps what the log
 * has of it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WAYS } from "../readme/commands.ts";
import { type Entry, withLog } from "../readme/log.ts";
import { type Typed, type Typing, typing } from "../readme/typist.ts";

const { values: options } = parseArgs({
  options: { "without-tests": { type: "boolean", default: false }, keep: { type: "boolean", default: false } },
});
const root = fileURLToPath(new URL("../..", import.meta.url));
const place = mkdtempSync(join(tmpdir(), "newcomer-"));
const clone = join(place, "smartcloudops");
mkdirSync(join(place, "home"));
const bare = join(place, "bare.git");
execFileSync("git", ["clone", "--quiet", "--bare", root, bare]);
const env = {
  // The system's own programs, nobody's settings.
  ...{ PATH: "/usr/local/bin:/usr/bin:/bin", HOME: join(place, "home"), TERM: "xterm-256color", LANG: "C.UTF-8" },
};
/** What npx draws while it looks for the program. */
const WHEEL = /[\u2800-\u28ff]/g;
let theirs: { readonly prometheus: string; readonly alertmanager: string } | undefined;
/** What goes on in a terminal of its own, and how it is ended there. */
const background: { readonly typing: Typing; readonly last: string }[] = [];

/** What a newcomer types at each command, and what of the screen is worth telling. */
const STEPS: Readonly<Record<string, () => Promise<string>>> = {
  "git clone <address of this repository> smartcloudops && cd smartcloudops": async () => {
    await whole(`git clone ${bare} smartcloudops`, { cwd: place });
    return `${execFileSync("git", ["ls-files"], { cwd: clone, encoding: "utf8" }).split("\n").length - 1} files`;
  },
  "npm run demo": async () => {
    const began = performance.now();
    const asked = typing("npm run demo", {
      ...{ cwd: clone, env },
      typed: [
        [/Ask, for a start:[\s\S]*› $/, "why is orders slow?"],
        [/Likely cause[\s\S]*› $/, "exit"],
      ],
    });
    await asked.says(/Ask, for a start:/);
    const ready = Math.round((performance.now() - began) / 1000);
    const { code, said } = await asked.ended;
    const [, packages = "?"] = /added (\d+) packages/.exec(said) ?? [];
    const [, answer = "no answer"] = /(Likely cause: .{20,200}?[.;] )/.exec(said.replace(/\s+/g, " ")) ?? [];
    const browser =
      /No chat in the browser[^\n]*/.exec(said)?.[0] ?? "chat in the terminal and, as Teams, in the browser";
    return `ready after ${ready} s (${packages} packages installed first; ${browser}); asked "why is orders slow?": "${answer.trim()} …"; \`exit\`${code === 0 ? "" : `, exit code ${code}`}`;
  },
  "npm test": async () => {
    const { said } = await whole("npm test", { mayFail: true });
    const [, files = "?"] = /Test Files\s+(.*?)\s*\n/.exec(said) ?? [];
    const [, tests = "?"] = /Tests\s{2,}(.*?)\s*\n/.exec(said) ?? [];
    return `test files: ${files}; tests: ${tests}`;
  },
  "npx smartcloudops init": async () => {
    if (theirs === undefined) throw new Error("no demo plays the Prometheus that a newcomer has.");
    const { prometheus, alertmanager } = theirs;
    const { said } = await whole("npx smartcloudops init", {
      typed: [
        [/without \/api\/v1 .*: $/, prometheus],
        [/Address of Alertmanager: $/, alertmanager],
        [/Token that Alertmanager.*: $/, ""],
        ...[/OAuth Token.*: $/, /Application \(client\) id.*: $/, /language model.*: $/, /Redis for several.*: $/].map(
          (ask) => [ask, ""] as const,
        ),
        [/Time zone.*: $/, ""],
      ],
    });
    const ok = said.match(/✓/g)?.length ?? 0;
    return `Prometheus and Alertmanager given, Enter for the rest: ${ok} × ✓; .env and config/ written`;
  },
  "npm start": async () => {
    const bot = typing("npm start", { cwd: clone, env });
    background.push({ typing: bot, last: "\u0003" });
    await bot.says(/"ready"/);
    return "ready; goes on in a terminal of its own";
  },
  "npx smartcloudops doctor": async () => {
    const { said } = await whole("npx smartcloudops doctor", { mayFail: true });
    return `${said.match(/✓/g)?.length ?? 0} × ✓, ${said.match(/✗/g)?.length ?? 0} × ✗`;
  },
  "npx smartcloudops chat": async () => {
    const { said } = await whole("npx smartcloudops chat", {
      typed: [
        [/› $/, "what is wrong?"],
        [/attention[\s\S]*› $/, "exit"],
      ],
    });
    return `"what is wrong?": "${/\d+ things need attention[^.]*\./.exec(said)?.[0] ?? "?"}"`;
  },
  'npx smartcloudops ask "cpu of web-1"': async () => {
    const { said } = await whole('npx smartcloudops ask "cpu of web-1"');
    return `no host of the demo is called so: "${/I know nothing[^.]*\./.exec(said)?.[0] ?? said.slice(0, 100)}"`;
  },
  "npx smartcloudops backtest 'sum by (service) (rate(http_requests_total[5m]))' --days 14": async () => {
    const { said } = await whole(
      "npx smartcloudops backtest 'sum by (service) (rate(http_requests_total[5m]))' --days 14",
    );
    return `"${/[^\n]*would have been posted[^\n]*/.exec(said)?.[0].replace(/^.*• /, "").replace(WHEEL, "").trim() ?? "?"}"`;
  },
  "npx smartcloudops watches list": async () => {
    const { said } = await whole("npx smartcloudops watches list");
    return `${/(\d+) entries/.exec(said)?.[1] ?? "?"} watches, each with its series and what it posted`;
  },
  "npx smartcloudops config check": async () => {
    const { said } = await whole("npx smartcloudops config check");
    return `"${said
      .split("\n")
      .findLast((line) => /[a-z]/i.test(line))
      ?.replace(WHEEL, "")
      .trim()}"`;
  },
};

const readme = join(root, "README.md");
try {
  const entries: Entry[] = [];
  const load = loadavg()[0]!.toFixed(1);
  for (const [command, { log }] of WAYS) {
    if (log !== true) continue;
    const step = STEPS[command];
    if (step === undefined) throw new Error(`nobody has said how a newcomer does ${command}: add it to STEPS.`);
    if (command === "npm test" && options["without-tests"]) {
      entries.push(kept(command));
      continue;
    }
    if (command.endsWith(" init")) theirs = await aPrometheusOfTheirs();
    process.stderr.write(`${command}…\n`);
    const began = performance.now();
    const seen = await step();
    const seconds = (performance.now() - began) / 1000;
    entries.push({ command, seconds, seen });
    process.stderr.write(`  ${seconds.toFixed(1)} s: ${seen}\n`);
  }
  writeFileSync(readme, withLog(readFileSync(readme, "utf8"), circumstances(load), entries));
  process.stdout.write(`wrote ${readme}\n`);
} finally {
  for (const one of background.reverse()) {
    await one.typing.leave(one.last);
  }
  if (options.keep) process.stderr.write(`${place}\n`);
  else rmSync(place, { recursive: true, force: true, maxRetries: 3 });
}

/** A command from its start to its end, in the clone. */
async function whole(command: string, more: { cwd?: string; typed?: Typed; mayFail?: boolean } = {}) {
  const { cwd = clone, typed = [], mayFail = false } = more;
  const ended = await typing(command, { cwd, env, typed }).ended;
  if (ended.code !== 0 && !mayFail) throw new Error(`${command} ended with ${ended.code}: ${ended.said.slice(-1500)}`);
  return ended;
}

/** A second demo plays the Prometheus and the Alertmanager that a newcomer has already. */
async function aPrometheusOfTheirs() {
  const demo = typing("npm run demo -- --no-browser", { cwd: clone, env });
  background.push({ typing: demo, last: "exit\r" });
  const said = await demo.says(/Ask, for a start:/);
  const flat = said.replace(/\s+/g, "");
  const [, prometheus = "", alertmanager = ""] =
    /Prometheus:(http:\/\/127\.0\.0\.1:\d+)Alertmanager:(http:\/\/127\.0\.0\.1:\d+)/.exec(flat) ?? [];
  return { prometheus, alertmanager };
}

function kept(command: string): Entry {
  const [, time = "", seen = ""] =
    new RegExp(`^\\| \`${command}\` \\| (.*?) \\| (.*) \\|$`, "m").exec(readFileSync(readme, "utf8")) ?? [];
  const [, minutes = "0", seconds] = /(?:(\d+) min )?([\d.]+) s/.exec(time) ?? [];
  if (seconds === undefined)
    return { command, seconds: undefined, seen: "left out of this run, since it is every test" };
  return { command, seconds: 60 * Number(minutes) + Number(seconds), seen };
}

function circumstances(load: string): string {
  const version = (program: string) => execFileSync(program, ["--version"], { env, encoding: "utf8" }).trim();
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: bare, encoding: "utf8" }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${date}, commit ${commit}; an empty home and an empty cache of npm; Node ${version("node")} and npm ${version("npm")} of the system; ${availableParallelism()} cores, ${memory} GB, load average ${load} at the start. Times are of whole commands, with what was typed.`;
}
