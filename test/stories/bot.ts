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
  readonly stop: () => Promise<void>;
};

/** The whole program with these settings of chat, on the harbour, its clock standing still at `NOW`. */
export async function startBot(env: Readonly<Record<string, string>>): Promise<StoryBot> {
  const folder = mkdtempSync(join(tmpdir(), "stories-"));
  const clock = () => NOW;
  const sources = SOURCES.map((one) => fakeMetrics({ ...one, clock }));
  const trouble: string[] = [];
  let ids = 0;
  const loaded = loadConfig({
    env: { ...env, PORT: "0", SMARTCLOUDOPS_DATA: folder, SMARTCLOUDOPS_CONFIG: "harbour.yaml" },
    cwd: folder,
    readFile: () => SETTINGS,
  });
  if (!loaded.ok) throw new Error(explain(loaded.problems));
  const serving = await serve(loaded.config, {
    log: logInto(trouble),
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
    async stop() {
      await serving.stop(1000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function logInto(trouble: string[]): Log {
  const quiet = () => undefined;
  const keep = (...said: readonly unknown[]) => void trouble.push(said.map((one) => JSON.stringify(one)).join(" "));
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: keep, child: () => log };
  return log;
}
