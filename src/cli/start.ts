import { readWholeConfig } from "../app/whole-config.ts";
import { explain, sayProblem, secretsOf } from "../config.ts";
import { createLog } from "../util/log.ts";
import { type Call, ConfigError, EXIT, STOPPING, UsageError } from "./command.ts";
import { serve } from "./serve.ts";

/** `start`: the bot until SIGTERM or Ctrl-C. Exit code 0 after a wish to stop, 1 when the store broke. */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`start takes no words: it got ${JSON.stringify(call.words.join(" "))}.`);
  const started = performance.now();
  const { config, problems, warnings } = await readWholeConfig({ env: call.env, cwd: call.cwd });
  if (config === undefined) throw new ConfigError(explain(problems));
  const log = createLog({ level: config.log.level, secrets: secretsOf(config) });
  const end = Promise.withResolvers<{ readonly why: string; readonly code: number }>();
  const onSignal = (signal: NodeJS.Signals) => end.resolve({ why: signal, code: EXIT.ok });
  // One question that goes wrong must not take the others down; what matters about it is in the log.
  const onMistake = (err: unknown) => log.error({ err }, "a mistake of the bot itself; it goes on");
  process.on("unhandledRejection", onMistake);
  process.on("uncaughtException", onMistake);
  try {
    const serving = await serve(config, {
      log,
      onBrokenStore: () => end.resolve({ why: "the store cannot be written", code: EXIT.failed }),
    });
    for (const signal of STOPPING) process.once(signal, onSignal);
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
    for (const signal of STOPPING) process.off(signal, onSignal);
    process.off("unhandledRejection", onMistake).off("uncaughtException", onMistake);
  }
}
