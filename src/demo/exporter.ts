import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { scrapeText } from "./exposition.ts";
import type { World } from "./world.ts";

/**
 * Answers scrapes for every target of the world on loopback: `/metrics?job=node&instance=app-1:9100`. A target that is
 * down answers 503, an unknown one 404. `now` gives unix seconds. Returns the port and how to stop.
 */
export async function startExporter(world: World, now: () => number): Promise<{ port: number; stop(): Promise<void> }> {
  const targets = new Map(world.targets.map((target) => [`${target.job} ${target.instance}`, target]));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const target = targets.get(`${url.searchParams.get("job")} ${url.searchParams.get("instance")}`);
    if (request.method !== "GET" || url.pathname !== "/metrics" || target === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("No such target.\n");
      return;
    }
    const text = scrapeText(world, target, Math.max(world.end, now()));
    if (text === undefined)
      response.writeHead(503, { "content-type": "text/plain" }).end("This target is down, as the story has it.\n");
    else response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
