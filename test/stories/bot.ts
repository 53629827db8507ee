import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Serving, serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import type { Log } from "../../src/util/log.ts";
import { type FakeMetrics, fakeMetrics } from "../fakes/metrics.ts";
import { NOW, newStore, shippedPacks } from "../fakes/world.ts";
import { SETTINGS, SOURCES } from "./port.ts";

export type StoryBot = {
  readonly serving: Serving;
  readonly sources: readonly FakeMetrics[];
  /** What went wrong, as the log tells it. */
  readonly trouble: readonly string[];
  /** What the log warns of: tries that failed and come again. */
  readonly warnings: readonly string[];
  readonly stop: () => Promise<void>;
};

/** How long the bot's clock stands still. After it, a message that was put off for some seconds gets its next try. */
const STILL_MS = 5000;

/** The whole program with these settings of chat, on the harbour, at `NOW`. */
export async function startBot(env: Readonly<Record<string, string>>): Promise<StoryBot> {
  const folder = mkdtempSync(join(tmpdir(), "stories-"));
  const began = Date.now();
  const clock = () => NOW + Math.max(0, Math.floor((Date.now() - began - STILL_MS) / 1000));
  const sources = SOURCES.map((one) => fakeMetrics({ ...one, clock: () => NOW }));
  const trouble: string[] = [];
  const warnings: string[] = [];
  let ids = 0;
  const loaded = loadConfig({
    env: { ...env, PORT: "0", SMARTCLOUDOPS_DATA: folder, SMARTCLOUDOPS_CONFIG: "harbour.yaml" },
    cwd: folder,
    readFile: () => SETTINGS,
  });
  if (!loaded.ok) throw new Error(explain(loaded.problems));
  const serving = await serve(loaded.config, {
    log: logInto(trouble, warnings),
    overrides: {
      sources,
      store: newStore(),
      packs: await shippedPacks(),
      clock,
      newId: () => `id-${++ids}`,
    },
    onBrokenStore: (problem) => trouble.push(String(problem)),
  });
  return {
    serving,
    sources,
    trouble,
    warnings,
    async stop() {
      await serving.stop(1000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function logInto(trouble: string[], warnings: string[]): Log {
  const quiet = () => undefined;
  const into =
    (list: string[]) =>
    (...said: readonly unknown[]) =>
      void list.push(said.map((one) => JSON.stringify(one)).join(" "));
  const log: Log = { debug: quiet, info: quiet, warn: into(warnings), error: into(trouble), child: () => log };
  return log;
}
