import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findBinaries } from "../../src/demo/binaries.ts";

/** A real Alertmanager that tells a bot of its alerts. */

const DEMO = fileURLToPath(new URL("../../.demo", import.meta.url));
export const TOKEN = "invented-webhook-token";

/** `stop` ends those that were started, in that order. */
export function alertmanagers() {
  const started: Started[] = [];
  return {
    start: (home: string, port: number, botPort: number, skip: (reason: string) => never, more?: Pair) => {
      // Its turn is when it was asked for: of two that start at once, either may be spawned first.
      const own: Started = {};
      started.push(own);
      return startAlertmanager(own, home, port, botPort, skip, more);
    },
    /** All, or only the first so many. */
    stop(count = started.length) {
      for (const { child } of started.splice(0, count)) child?.kill("SIGKILL");
    },
  };
}

type Started = { child?: ChildProcess };

/** One of a pair that gossips over these ports of this machine. `repeat`: its repeat_interval. */
type Pair = { readonly gossip: number; readonly peer: number; readonly repeat: string };

/** Alerts by the API, as Prometheus sends them. */
export async function fire(alertmanager: string, ...alerts: readonly object[]): Promise<void> {
  const response = await fetch(`${alertmanager}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(alerts),
  });
  if (response.status !== 200) throw new Error(`Alertmanager took no alerts: ${response.status}`);
}

/** What `look` finds, once it finds something. */
export async function until<T>(look: () => T | undefined | false, what: string, ms = 30_000): Promise<T> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error(`Waited in vain for ${what}.`);
}

async function startAlertmanager(
  own: Started,
  home: string,
  port: number,
  botPort: number,
  skip: (reason: string) => never,
  pair?: Pair,
) {
  const found = await findBinaries(DEMO, () => undefined, { signal: AbortSignal.timeout(120_000) });
  if ("missing" in found) return skip(found.missing);
  mkdirSync(join(home, "am"), { recursive: true });
  writeFileSync(
    join(home, "am.yml"),
    `route: {receiver: bot, group_by: [alertname, service], group_wait: 1s, group_interval: 1s, repeat_interval: ${pair?.repeat ?? "1h"}}
receivers:
  - name: bot
    webhook_configs:
      - url: http://127.0.0.1:${botPort}/webhooks/alertmanager
        http_config: {authorization: {credentials: ${TOKEN}}}
`,
  );
  const { command, before } = found.alertmanager;
  const child = spawn(
    command,
    [
      ...before,
      `--config.file=${join(home, "am.yml")}`,
      `--storage.path=${join(home, "am")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(pair === undefined
        ? ["--cluster.listen-address="]
        : [`--cluster.listen-address=127.0.0.1:${pair.gossip}`, `--cluster.peer=127.0.0.1:${pair.peer}`]),
      // What the second of a pair waits for the first one before it sends by itself.
      ...(pair === undefined ? [] : ["--cluster.peer-timeout=1s", "--cluster.settle-timeout=3s"]),
      "--log.level=warn",
    ],
    { stdio: "ignore" },
  );
  own.child = child;
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(100))
    if ((await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true) return url;
  throw new Error("Alertmanager did not get ready.");
}
