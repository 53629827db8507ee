import { closeSync, openSync } from "node:fs";
import { readWholeConfig } from "../app/whole-config.ts";
import { explain, sayProblem, secretsOf } from "../config.ts";
import { extensionInside } from "../extensions/inside.ts";
import { reasonOf } from "../util/errors.ts";
import { createLog, type Log } from "../util/log.ts";
import { type Call, ConfigError, EXIT, UsageError } from "./command.ts";
import { serve } from "./serve.ts";

const ENDING = ["SIGTERM", "SIGINT"] as const;

/** `start`: the bot until SIGTERM or Ctrl-C; SIGHUP takes the settings anew. Exit code 0 after a wish to stop, 1 when the store broke. */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`start takes no words: it got ${JSON.stringify(call.words.join(" "))}.`);
  const started = performance.now();
  let log: Log | undefined;
  // One question that goes wrong must not take the others down; what matters about it is in the log.
  const onMistake = (err: unknown): void => {
    const extension = extensionInside();
    const whose = extension === undefined ? "a mistake of the bot itself" : "an extension threw out of turn";
    if (log === undefined) call.stderr.write(`smartcloudops: ${whose}: ${reasonOf(err)}\n`);
    else log.error({ err, ...(extension !== undefined && { extension }) }, `${whose}; it goes on`);
  };
  process.on("unhandledRejection", onMistake);
  process.on("uncaughtException", onMistake);
  try {
    return await runBot(call, started, (made) => {
      log = made;
    });
  } finally {
    process.off("unhandledRejection", onMistake).off("uncaughtException", onMistake);
  }
}

/** `logs` hears of the log once there is one. */
async function runBot(call: Call, started: number, logs: (log: Log) => void): Promise<number> {
  const { config, problems, warnings, extensions } = await readWholeConfig({ env: call.env, cwd: call.cwd });
  if (config === undefined) throw new ConfigError(explain(problems));
  const log = createLog({ level: config.log.level, secrets: secretsOf(config) });
  logs(log);
  const end = Promise.withResolvers<{ readonly why: string; readonly code: number }>();
  const onSignal = (signal: NodeJS.Signals) => end.resolve({ why: signal, code: EXIT.ok });
  const hadTerminal = call.stdin.isTTY === true;
  // One during the start is heard after it.
  let isWanted = false;
  let reload = async (): Promise<void> => {
    isWanted = true;
  };
  const onHangUp = (): void => {
    if (hadTerminal && isTerminalGone()) end.resolve({ why: "its terminal was closed", code: EXIT.ok });
    else void reload();
  };
  process.on("SIGHUP", onHangUp);
  // From here on, so that one during the start is not lost; the second one ends it at once.
  for (const signal of ENDING) process.once(signal, onSignal);
  try {
    const serving = await serve(config, {
      log,
      extensions,
      reread: () => readWholeConfig({ env: call.env, cwd: call.cwd }, extensions),
      onBrokenStore: () => end.resolve({ why: "the store cannot be written", code: EXIT.failed }),
    });
    reload = serving.reload;
    if (isWanted) void reload();
    for (const warning of warnings) log.warn(sayProblem(warning));
    if (config.sources.length === 0)
      log.warn("no Prometheus is configured (PROMETHEUS_URL), so no question can be answered");
    const surfaces = [
      "terminal (smartcloudops chat, ask)",
      `http on ${config.http.host}:${serving.port}`,
      ...serving.surfaces,
    ];
    if (config.teams?.insecureDev === true)
      log.warn("SMARTCLOUDOPS_INSECURE_DEV is set: anybody on this machine can speak as anybody through /api/messages");
    log.info(
      {
        surfaces,
        dataDir: config.dataDir,
        sources: config.sources.map(({ name }) => name),
        ...(extensions.length > 0 && { extensions: extensions.map(({ name, hash }) => `${name} ${hash}`) }),
        ms: Math.round(performance.now() - started),
      },
      "ready",
    );
    const { why, code } = await end.promise;
    log.info({ why }, "stopping");
    await serving.stop();
    log.info("stopped");
    return code;
  } finally {
    for (const signal of ENDING) process.off(signal, onSignal);
    process.off("SIGHUP", onHangUp);
  }
}

/** SIGHUP means two things: somebody wants the settings taken anew, or the terminal that it was started in was closed. */
function isTerminalGone(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}
