import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { createPrometheus } from "../../src/metrics/prometheus.ts";

/**
 * How long reading 50,000 metric names takes, how long it keeps the process from other work, and how fast the result
 * answers. The server runs in a thread of its own on loopback. Prints one line of JSON.
 */

const NAMES = 50_000;
const SERVICES = 400;
const NOUNS = [
  "http",
  "queue",
  "cache",
  "disk",
  "orders",
  "payments",
  "search",
  "auth",
  "mail",
  "stock",
  "basket",
  "upload",
];
const VERBS = ["requests", "errors", "latency", "depth", "hits", "misses", "waiting", "active", "dropped", "retries"];
const TAILS = ["total", "seconds", "bytes", "ratio", "ms"];

if (isMainThread) await measure();
else await serve();

async function measure(): Promise<void> {
  const server = new Worker(new URL(import.meta.url));
  const [port] = (await once(server, "message")) as [number];
  const prometheus = createPrometheus(
    { name: "bench", url: `http://127.0.0.1:${port}` },
    { clock: () => Date.now() / 1000 },
  );

  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  await prometheus.refresh();
  const refreshMs = performance.now() - started;
  delay.disable();

  const catalogue = await prometheus.catalogue();
  const lookups: number[] = [];
  const slowest = { name: "", ms: 0 };
  for (let i = 0; i < 300; i++) {
    const service = `team${i % 20}-service-${i}`;
    const asks: [string, () => unknown][] = [
      ["named", () => catalogue.named(service)],
      ["like", () => catalogue.like(service.replace("service", "servce"))],
      ["search", () => catalogue.search(`${NOUNS[i % NOUNS.length]} ${VERBS[i % VERBS.length]} secnds`)],
      ["withValue", () => catalogue.withValue(`service ${i}`)],
    ];
    for (const [name, ask] of asks) {
      const before = performance.now();
      ask();
      const ms = performance.now() - before;
      lookups.push(ms);
      if (i > 20 && ms > slowest.ms) Object.assign(slowest, { name, ms });
    }
  }
  lookups.sort((a, b) => a - b);
  console.log(
    JSON.stringify({
      metrics: catalogue.metrics.size,
      entities: catalogue.entities.length,
      refresh_ms: Math.round(refreshMs),
      max_block_ms: Math.round(delay.max / 1e6),
      lookup_ms_p95: Number(lookups[Math.floor(lookups.length * 0.95)]!.toFixed(2)),
      lookup_slowest: slowest,
      heap_mb: Math.round(process.memoryUsage().heapUsed / 1e6),
    }),
  );
  await prometheus.stop();
  await server.terminate();
}

async function serve(): Promise<void> {
  const names = Array.from({ length: NAMES }, (_, i) => nameOf(i));
  const numbers = new Map(names.map((name, i) => [name, i]));
  const send = (data: unknown) => JSON.stringify({ status: "success", data });
  const metadata = Object.fromEntries(
    names.map((name, i) => [
      name,
      [{ type: i % 2 === 0 ? "counter" : "gauge", help: `The ${name.replaceAll("_", " ")}.`, unit: "" }],
    ]),
  );
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = new URL(request.url ?? "/", "http://x").pathname;
    response.setHeader("content-type", "application/json");
    if (path.endsWith("/buildinfo")) return response.end(send({ version: "2.42.0" }));
    if (path.endsWith("/values")) return response.end(send(names));
    if (path.endsWith("/metadata")) return response.end(send(metadata));
    const match = new URLSearchParams(Buffer.concat(chunks).toString()).get("match[]") ?? "";
    const wanted = /"(.*)"/.exec(match)?.[1]?.split("|") ?? [];
    return response.end(send(wanted.flatMap((name) => seriesOf(name, numbers.get(name) ?? 0))));
  });
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
}

function nameOf(i: number): string {
  return `${NOUNS[i % NOUNS.length]}_${VERBS[i % VERBS.length]}_part${Math.floor(i / 60)}_${TAILS[i % TAILS.length]}_${i}`;
}

function seriesOf(name: string, i: number): object[] {
  return [0, 1].map((n) => ({
    __name__: name,
    service: `team${(i + n) % 20}-service-${(i + n) % SERVICES}`,
    instance: `machine-${(i + n) % 1000}.example.com:9100`,
    region: n === 0 ? "eu" : "us",
  }));
}
