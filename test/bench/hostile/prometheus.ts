import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A Prometheus whose labels and alerts say what they are told to. It understands queries that are one metric's name. */
export type ToldPrometheus = {
  readonly url: string;
  readonly host: string;
  /** Replaces all series: metric -> label sets with a value each. */
  readonly tell: (series: ReadonlyMap<string, readonly ToldSeries[]>) => void;
  /** Replaces all alerts, which fire. */
  readonly fire: (alerts: readonly ToldAlert[]) => void;
  readonly close: () => Promise<void>;
};

export type ToldSeries = { readonly labels: Readonly<Record<string, string>>; readonly value: number };
export type ToldAlert = { readonly labels: Readonly<Record<string, string>>; readonly summary: string };

export async function startToldPrometheus(): Promise<ToldPrometheus> {
  let series: ReadonlyMap<string, readonly ToldSeries[]> = new Map();
  let alerts: readonly ToldAlert[] = [];
  const all = () => [...series].flatMap(([__name__, list]) => list.map(({ labels }) => ({ __name__, ...labels })));
  const now = () => Date.now() / 1000;

  function answer(path: string, args: URLSearchParams): unknown {
    switch (path.replace("/api/v1/", "")) {
      case "status/buildinfo":
        return { version: "2.42.0" };
      case "label/__name__/values":
        return [...series.keys()];
      case "metadata":
        return Object.fromEntries([...series.keys()].map((name) => [name, [{ type: "gauge", help: "", unit: "" }]]));
      case "series": {
        const wanted = new Set(/"(.*)"/.exec(args.get("match[]") ?? "")?.[1]?.split("|") ?? []);
        return all().filter(({ __name__ }) => wanted.has(__name__));
      }
      case "alerts":
        return {
          alerts: alerts.map(({ labels, summary }) => ({
            labels,
            annotations: { summary, description: summary },
            state: "firing",
            activeAt: new Date((now() - 600) * 1000).toISOString(),
            value: "1e+00",
          })),
        };
      case "rules":
        return { groups: [] };
      case "targets":
        return { activeTargets: [] };
      default: {
        const name = args.get("query") ?? "";
        const found = (series.get(name) ?? []).map(({ labels, value }) => ({
          metric: { __name__: name, ...labels },
          value,
        }));
        if (path.endsWith("query_range")) {
          const [start, end, step] = ["start", "end", "step"].map((key) => Number(args.get(key)));
          const times = Array.from({ length: Math.floor((end! - start!) / step!) + 1 }, (_, i) => start! + i * step!);
          const values = (value: number) => times.map((at) => [at, String(value)]);
          return {
            resultType: "matrix",
            result: found.map(({ metric, value }) => ({ metric, values: values(value) })),
          };
        }
        const result = found.map(({ metric, value }) => ({ metric, value: [now(), String(value)] }));
        return { resultType: "vector", result };
      }
    }
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://x");
    const args = new URLSearchParams(Buffer.concat(chunks).toString() || url.search);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "success", data: answer(url.pathname, args) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    tell: (some) => {
      series = some;
    },
    fire: (some) => {
      alerts = some;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
