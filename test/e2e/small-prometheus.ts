import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findBinaries } from "../../src/demo/binaries.ts";
import { freePorts } from "../../src/demo/ports.ts";

const DEMO = fileURLToPath(new URL("../../.demo", import.meta.url));
const INSTANCES = 12;

/**
 * A real Prometheus that scrapes each second the twelve instances of a service "checkout", which "web" calls. Which of them answer, and which share of
 * requests they fail, the test says.
 */
export async function smallPrometheus(home: string, skip: (reason: string) => never) {
  const found = await findBinaries(DEMO, () => undefined, { signal: AbortSignal.timeout(120_000) });
  if ("missing" in found) return skip(found.missing);
  let down = 0;
  let failing = 0;
  let [good, bad] = [0, 0];
  const exporter = createServer((request, response) => {
    const instance = Number(request.url?.slice(2));
    if (instance < down) {
      response.writeHead(503).end();
      return;
    }
    good += 20 * (1 - failing);
    bad += 20 * failing;
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
    response.end(
      [
        "# TYPE http_requests_total counter",
        `http_requests_total{code="200"} ${good}`,
        `http_requests_total{code="500"} ${bad}`,
        "# TYPE traces_service_graph_request_total counter",
        `traces_service_graph_request_total{client="web",server="checkout"} ${good + bad}`,
        "",
      ].join("\n"),
    );
  });
  await new Promise<void>((resolve) => exporter.listen(0, "127.0.0.1", resolve));
  const { port: exporterPort } = exporter.address() as AddressInfo;
  const folder = join(home, "prometheus");
  mkdirSync(folder, { recursive: true });
  const targets = Array.from({ length: INSTANCES }, (_, n) => ({
    targets: [`127.0.0.1:${exporterPort}`],
    labels: { instance: `c${n}:80`, service: "checkout", __metrics_path__: `/c${n}` },
  }));
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: [{ job_name: "shop", static_configs: targets }],
    }),
  );
  const [port] = await freePorts(1);
  const { command, before } = found.prometheus;
  const child: ChildProcess = spawn(
    command,
    [
      ...before,
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = () => {
    child.kill("SIGKILL");
    exporter.close();
    exporter.closeAllConnections();
  };
  /** Resolves once a query comes to something that the test waits for. */
  async function shows(promql: string, wanted: (value: number) => boolean): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200)) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`).catch(() => undefined);
      const body = (await response?.json().catch(() => undefined)) as
        | { data?: { result?: { value: [number, string] }[] } }
        | undefined;
      const value = Number(body?.data?.result?.[0]?.value[1] ?? "NaN");
      if (wanted(value)) return;
    }
    stop();
    throw new Error(`Prometheus did not come to it: ${promql}`);
  }
  await shows("sum(rate(http_requests_total[1m]))", (value) => value > 0);
  await shows("sum(up)", (value) => value === INSTANCES);
  return {
    url,
    stop,
    shows,
    /** So many instances answer no more; of what the others are asked, this share fails. */
    set(how: { readonly down?: number; readonly failing?: number }) {
      down = how.down ?? down;
      failing = how.failing ?? failing;
    },
  };
}
