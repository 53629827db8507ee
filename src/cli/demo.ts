import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { oneLine } from "../chat/terminal/index.ts";
import { accountHere } from "../chat/terminal/visitor.ts";
import { type Config, explain, loadConfig } from "../config.ts";
import type { Playground } from "../demo/playground.ts";
import { playedPeople, remedyYaml } from "../demo/remedy.ts";
import type { Demo, Progress } from "../demo/run.ts";
import { reasonOf } from "../util/errors.ts";
import { inert } from "../util/inert.ts";
import { quietLog } from "./bot.ts";
import { chatWith } from "./chat.ts";
import { type Call, ConfigError, EXIT, flag, STOPPING, UsageError } from "./command.ts";
import { playPeople, repair, withCard } from "./demo-people.ts";
import { foundByItself } from "./demo-watching.ts";
import { watchNews } from "./news.ts";
import { progressOn } from "./progress.ts";
import { type Serving, serve } from "./serve.ts";
import { placeOf, readUser } from "./settings.ts";

const LOG_FILE = "demo.log";

/** The demo cannot run here. `message` is a sentence with the cure. */
class DemoError extends Error {
  override readonly name = "DemoError";
}

/** `demo`: a shop on a real Prometheus, the bot in front of it, and a chat. Everything ends with the chat. */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`demo takes no words: it got ${JSON.stringify(call.words.join(" "))}.`);
  const folder = resolve(call.cwd, ".demo");
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error("The demo was stopped."));
  for (const signal of STOPPING) process.once(signal, onSignal);
  try {
    const demo = await startWorld(folder, call, stop.signal);
    try {
      const config = demoConfig(demo, folder, call);
      const serving = await serve(config, {
        // Somebody types there: a line of JSON in the middle of it helps nobody.
        log: quietLog(config, call.stderr.isTTY === true ? join(folder, LOG_FILE) : undefined),
        overrides: { limitPerPerson: false },
        onBrokenStore: onSignal,
      });
      try {
        if (call.flags.check === true) return await tour(demo, serving, config, call, stop.signal);
        const browser =
          call.flags["no-browser"] === true ? undefined : await openBrowser(folder, serving, call, stop.signal);
        try {
          return await talk(demo, serving, browser, config, call, stop.signal);
        } finally {
          await browser?.stop();
        }
      } finally {
        await serving.stop(1000);
        rmSync(config.dataDir, { recursive: true, force: true });
      }
    } finally {
      await demo.stop();
    }
  } catch (problem) {
    if (stop.signal.aborted) return call.flags.check === true ? EXIT.failed : EXIT.ok;
    throw problem;
  } finally {
    for (const signal of STOPPING) process.off(signal, onSignal);
  }
}

async function startWorld(folder: string, call: Call, signal: AbortSignal): Promise<Demo> {
  const { startDemo } = await import("../demo/run.ts");
  const progress = showProgress(call);
  try {
    return await startDemo({ folder, report: progress.report, now: () => Date.now() / 1000, signal });
  } catch (cause) {
    throw cause instanceof Error ? new DemoError(`the demo did not start: ${cause.message}`, { cause }) : cause;
  } finally {
    progress.end();
  }
}

/** As if these variables were set, and nothing else: a person's own settings have no part in the demo. */
function demoConfig(demo: Demo, folder: string, call: Call): Config {
  const home = join(folder, `bot-${process.pid}`);
  rmSync(home, { recursive: true, force: true }); // left by a killed demo of the same number
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const tokenFile = join(home, "shop-token");
  writeFileSync(tokenFile, demo.admin.token, { mode: 0o600 });
  writeFileSync(join(home, "smartcloudops.yaml"), remedyYaml(demo.admin, playedPeople(accountHere()), tokenFile));
  const env = {
    SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml",
    PROMETHEUS_URL: demo.prometheusUrl,
    PROMETHEUS_EXTERNAL_URL: demo.prometheusUrl,
    ALERTMANAGER_URL: demo.alertmanagerUrl,
    ALERTMANAGER_EXTERNAL_URL: demo.alertmanagerUrl,
    SMARTCLOUDOPS_DATA: home,
    // Any free port: a bot of one's own may run on the usual one.
    PORT: "0",
    // For the browser; /api/messages is on this machine's own address only.
    HOST: "127.0.0.1",
    ...(call.flags.check === true || call.flags["no-browser"] === true ? {} : { SMARTCLOUDOPS_INSECURE_DEV: "1" }),
    LOG_LEVEL: call.env.LOG_LEVEL,
  };
  const loaded = loadConfig({ env, cwd: home });
  if (loaded.ok) return loaded.config;
  throw new ConfigError(explain(loaded.problems));
}

/** Teams in the browser, pointed at this bot. What stands in its way is said, and the demo goes on without. */
async function openBrowser(
  folder: string,
  serving: Serving,
  call: Call,
  signal: AbortSignal,
): Promise<Playground | undefined> {
  const progress = showProgress(call);
  try {
    const { startPlayground } = await import("../demo/playground.ts");
    return await startPlayground({
      folder: join(folder, "playground"),
      endpoint: `http://127.0.0.1:${serving.port}/api/messages`,
      opensBrowser: process.platform !== "linux" || Boolean(call.env.DISPLAY ?? call.env.WAYLAND_DISPLAY),
      report: (step) => progress.report({ step, fraction: 1 }),
      signal,
    });
  } catch (problem) {
    if (signal.aborted) throw problem;
    progress.end();
    call.stderr.write(`No chat in the browser this time: ${oneLine(reasonOf(problem), 300)}\n`);
    return undefined;
  } finally {
    progress.end();
  }
}

async function talk(
  demo: Demo,
  serving: Serving,
  browser: Playground | undefined,
  config: Config,
  call: Call,
  signal: AbortSignal,
): Promise<number> {
  call.stderr.write(`${welcome(demo, serving, browser, config)}\n`);
  const ask: Serving["app"]["ask"] = (question, stop) => {
    asked++;
    return withCard(serving.app, question, stop);
  };
  let asked = 0;
  const players = playPeople(serving.app, flag(call, "as"));
  const { store, sources } = serving.app;
  const news = watchNews({
    read: (work) => work(store.detection),
    clock: () => Date.now() / 1000,
    zone: config.timezone,
    sources,
  });
  await chatWith({ ask, decide: players.decide, news, players }, config, call, signal);
  // Without a terminal and without a question, as under a service manager, the demo stays for others to ask.
  if (asked === 0 && call.stdin.isTTY !== true && !signal.aborted) {
    call.stderr.write("Nobody types here; the demo stays until it is stopped.\n");
    await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
  }
  return EXIT.ok;
}

function welcome(demo: Demo, serving: Serving, browser: Playground | undefined, config: Config): string {
  return [
    `A shop with two weeks of history and an incident under way. Prometheus: ${demo.prometheusUrl}  Alertmanager: ${demo.alertmanagerUrl}`,
    `The bot's own health: http://127.0.0.1:${serving.port}/healthz. From another terminal: SMARTCLOUDOPS_DATA=${config.dataDir} npx smartcloudops ask "…"`,
    ...(browser === undefined
      ? []
      : [
          `The same bot as in Microsoft Teams, in the browser: ${browser.url}  As your colleague Robin: ${browser.colleagueUrl}`,
        ]),
    "",
    "Ask, for a start:",
    ...demo.questions.map((question) => `  ${question}`),
    `  restart ${demo.story.service}        what it asks for needs a colleague's approval: type "--as robin", then approve`,
    "",
    "The bot watches the shop: what it finds unusual is said here by itself, from some seconds after the start.",
    `"exit" or Ctrl-D ends the demo; the next one starts anew.${process.stderr.isTTY === true ? ` What goes wrong meanwhile stands in .demo/${LOG_FILE}.` : ""}`,
    "",
  ].join("\n");
}

/** Asks what somebody on call would ask and compares with what Prometheus measures; then repairs the shop. Exit code 1 when a step is off. */
async function tour(demo: Demo, serving: Serving, config: Config, call: Call, signal: AbortSignal): Promise<number> {
  const { runTour } = await import("../demo/tour.ts");
  const user = readUser(call);
  const ask = serving.app.aside();
  const { ok, lines } = await runTour(async (text, thread) => {
    const place = placeOf(user, thread);
    return (await ask({ id: randomUUID(), place, user, text, at: Date.now() / 1000 })).reply;
  }, demo.world);
  const show = (line: string) => void call.stdout.write(`${inert(line, { keepNewlines: true })}\n`);
  for (const line of lines) show(line);
  const noticed = await foundByItself(serving.app, demo.story, show, signal);
  const repaired = await repair(serving.app, demo, config, show, signal);
  return ok && noticed && repaired ? EXIT.ok : EXIT.failed;
}

/** What breaks after the start is said whenever it does. */
function showProgress(call: Call): { report(progress: Progress): void; end(): void } {
  const progress = progressOn(call, { lines: "steps" });
  return {
    report({ step, fraction, problem }) {
      if (problem !== undefined) call.stderr.write(`\n${problem}\n`);
      progress.show(fraction, step);
    },
    end: progress.end,
  };
}
