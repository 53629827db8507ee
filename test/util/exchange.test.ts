import http, { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { exchange } from "../../src/util/exchange.ts";

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

it("what is lost on a connection that an agent kept may have arrived", async () => {
  const arrived: string[] = [];
  const server = createServer((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    if (request.method === "GET") response.end("{}");
    else request.socket.destroy(); // done, and no answer
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const send = (method: "GET" | "POST") =>
    exchange({
      method,
      url: new URL(`http://127.0.0.1:${port}/change`),
      headers: {},
      signal: AbortSignal.timeout(20_000),
      maxBytes: 1000,
      agent,
    });
  expect(await send("GET")).toMatchObject({ kind: "answer", status: 200 });
  expect(await send("POST")).toMatchObject({ kind: "lost" });
  expect(arrived).toEqual(["GET /change", "POST /change"]);
  agent.destroy();
});
