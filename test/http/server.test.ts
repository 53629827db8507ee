import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { afterEach, describe, it } from "vitest";
import type { Dependency } from "../../src/http/own-routes.ts";
import { HttpProblem, jsonResponse } from "../../src/http/route.ts";
import { createHttpServer, type HttpServer, type HttpServerSettings } from "../../src/http/server.ts";
import type { Route } from "../../src/ports/http.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { raw, statusOf } from "./raw.ts";

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

const OK: readonly Dependency[] = [
  { name: "prometheus", state: "ok" },
  { name: "slack", state: "off" },
];

async function serve(more: Partial<HttpServerSettings> = {}) {
  const logged: string[] = [];
  const server = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    readiness: async () => OK,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", body: "up 1\n" }),
    log: createLog({ level: "debug", stream: { write: (line: string) => logged.push(line) } }),
    ...more,
  });
  servers.push(server);
  const { port } = await server.start();
  return { server, port, logged, url: `http://127.0.0.1:${port}` };
}

const route = (path: string, handle: Route["handle"], method: Route["method"] = "POST"): Route => ({
  method,
  path,
  handle,
});
const echo = route("/echo", async ({ body, query, path, method }) =>
  jsonResponse(200, { body: body.toString(), query: Object.fromEntries(query), path, method }),
);

describe("health", () => {
  it("is one word: ok while everything configured works, degraded otherwise, and always 200", async () => {
    const { url } = await serve();
    const fine = await fetch(`${url}/healthz`);
    assert.deepEqual([fine.status, await fine.text()], [200, "ok\n"]);
    for (const state of ["degraded", "down"] as const) {
      const other = await serve({
        readiness: async () => [...OK, { name: "canary-name", state, detail: "canary-detail" }],
      });
      const answer = await fetch(`${other.url}/healthz`);
      assert.deepEqual([answer.status, await answer.text()], [200, "degraded\n"]);
    }
  });

  it("names each dependency with its state, and is 503 when one is down", async () => {
    const { url } = await serve({
      readiness: async () => [...OK, { name: "teams", state: "degraded", detail: "slow" }],
    });
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), {
      ready: true,
      dependencies: [...OK, { name: "teams", state: "degraded", detail: "slow" }],
    });
    const other = await serve({ readiness: async () => [{ name: "store", state: "down" }] });
    const down = await fetch(`${other.url}/readyz`);
    assert.equal(down.status, 503);
    assert.deepEqual(await down.json(), { ready: false, dependencies: [{ name: "store", state: "down" }] });
  });

  it("keeps the details from strangers", async () => {
    const { port } = await serve({
      readiness: async () => [{ name: "store", state: "down", detail: "canary-detail" }],
    });
    const answer = await raw(
      port,
      "GET /readyz HTTP/1.1\r\nHost: bot.example\r\nX-Forwarded-For: 127.0.0.1\r\nConnection: close\r\n\r\n",
    );
    assert.equal(statusOf(answer), 503);
    assert.match(answer, /"store","state":"down"/);
    assert.equal(answer.includes("canary-detail"), false);
  });

  it("finds checks that hang or throw, instead of hanging with them", async () => {
    const hanging = await serve({ readiness: () => new Promise(() => {}), limits: { readinessMs: 20 } });
    assert.equal(await (await fetch(`${hanging.url}/healthz`)).text(), "degraded\n");
    assert.equal((await fetch(`${hanging.url}/readyz`)).status, 503);
    const throwing = await serve({
      readiness: async () => {
        throw new Error("broken");
      },
    });
    assert.deepEqual(
      ((await (await fetch(`${throwing.url}/readyz`)).json()) as { dependencies: unknown }).dependencies,
      [{ name: "checks", state: "down", detail: "broken" }],
    );
  });

  it("looks at the dependencies once for many who ask", async () => {
    let looks = 0;
    const { url } = await serve({
      readiness: async () => {
        looks += 1;
        return OK;
      },
      limits: { reuseMs: 60_000 },
    });
    await Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${url}/healthz`)).text()));
    assert.equal(looks, 1);
  });
});

describe("metrics", () => {
  const TOKEN = "metrics-token-1234";
  const ask = (port: number, headers: string) =>
    raw(port, `GET /metrics HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);

  it("are for this machine without a token", async () => {
    const { url, port } = await serve();
    const answer = await fetch(`${url}/metrics`);
    assert.deepEqual(
      [answer.status, answer.headers.get("content-type"), await answer.text()],
      [200, "text/plain; version=0.0.4", "up 1\n"],
    );
    assert.equal(statusOf(await ask(port, "Host: localhost:3978\r\n")), 200);
  });

  it("are kept from whoever comes through a proxy or under another host's name", async () => {
    const { port } = await serve({ metricsToken: secret(TOKEN) });
    for (const headers of [
      "Host: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\n",
      "Host: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\n",
      "Host: 127.0.0.1\r\nVia: 1.1 proxy\r\n",
      "Host: rebound.example\r\n",
      `Host: bot.example\r\nAuthorization: Bearer ${TOKEN}x\r\n`,
      `Host: bot.example\r\nAuthorization: Bearer ${TOKEN.slice(0, -1)}\r\n`,
      `Host: bot.example\r\nAuthorization: Basic ${TOKEN}\r\n`,
      "Host: bot.example\r\nAuthorization: Bearer \r\n",
    ]) {
      const answer = await ask(port, headers);
      assert.equal(statusOf(answer), 401, headers);
      assert.equal(answer.includes("up 1"), false);
    }
    assert.equal(
      statusOf(await ask(port, `Host: bot.example\r\nX-Forwarded-For: 9.9.9.9\r\nAuthorization: Bearer ${TOKEN}\r\n`)),
      200,
    );
  });

  it("answer 500 without details when they cannot be had, and the log says why", async () => {
    const { url, logged } = await serve({
      metrics: async () => {
        throw new Error("canary-failure");
      },
    });
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.status, 500);
    const text = await answer.text();
    assert.match(
      text,
      /"code":"internal","message":"Something went wrong inside the bot\. Its log says what, under request 1\."/,
    );
    assert.equal(text.includes("canary"), false);
    assert.match(logged.join(""), /canary-failure/);
  });
});

describe("requests", () => {
  it("reach a mounted route with their raw body, query and decoded path", async () => {
    const { url } = await serve({ routes: [route("/wörk", echo.handle)] });
    const answer = await fetch(`${url}/w%C3%B6rk?a=1&b=%20`, { method: "POST", body: '{"x": 1}' });
    assert.deepEqual(await answer.json(), {
      body: '{"x": 1}',
      query: { a: "1", b: " " },
      path: "/wörk",
      method: "POST",
    });
  });

  it("get the headers that keep browsers from guessing, and no name of the server", async () => {
    const { url } = await serve();
    const { headers } = await fetch(`${url}/healthz`);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("server"), null);
    assert.equal(headers.get("x-powered-by"), null);
  });

  it("are answered 404 and 405 in JSON", async () => {
    const { url } = await serve({ routes: [echo] });
    const nothing = await fetch(`${url}/nothing`);
    assert.equal(nothing.status, 404);
    assert.deepEqual(await nothing.json(), {
      error: { code: "not_found", message: "There is nothing at this address." },
    });
    const wrong = await fetch(`${url}/healthz`, { method: "DELETE" });
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD"]);
    assert.equal(((await wrong.json()) as { error: { code: string } }).error.code, "method_not_allowed");
    assert.equal((await fetch(`${url}/echo`)).status, 405);
  });

  it("by HEAD get the headers alone", async () => {
    const { port } = await serve();
    const answer = await raw(port, "HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.equal(statusOf(answer), 200);
    assert.match(answer, /content-length: 3\r\n/i);
    assert.ok(answer.endsWith("\r\n\r\n"));
  });

  it("whose address is no path are refused, and the next one is answered", async () => {
    const { port, url } = await serve();
    for (const target of [
      "//",
      "//evil.example/x",
      "http://evil.example/",
      "http://127.0.0.1/healthz",
      "*",
      "/%E0%A4%A",
      "/%",
      "/%00",
      "/a%0d%0aSet-Cookie:x",
      "/\\evil",
      "?",
      "healthz",
    ]) {
      const answer = await raw(port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.equal(statusOf(answer), 400, target);
      assert.match(answer, /"code":"bad_request"/, target);
    }
    assert.equal(statusOf(await raw(port, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n")), 400);
    assert.equal(
      statusOf(await raw(port, "GET /healthz/../metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
      404,
    );
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it("that are no HTTP, or too long in the head, are refused in JSON", async () => {
    const { port } = await serve();
    assert.match(await raw(port, "\x16\x03\x01 hello\r\n\r\n"), /^HTTP\/1\.1 400 .*"code":"bad_request"/s);
    assert.match(
      await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1\.1 431 .*"code":"too_large"/s,
    );
    assert.equal(
      statusOf(
        await raw(
          port,
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
      ),
      400,
    );
  });

  it("with too long a body are refused before the handler sees any of it", async () => {
    let seen = 0;
    const counting = route("/count", async () => {
      seen += 1;
      return { status: 204 };
    });
    const { port } = await serve({
      routes: [counting, { ...counting, path: "/large", bodyBytes: 2000 }],
      limits: { bodyBytes: 1000 },
    });
    const head = (path: string, more: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n\r\n`;
    assert.equal(statusOf(await raw(port, head("/count", "Content-Length: 1001"), { end: false })), 413);
    const chunked = `${head("/count", "Transfer-Encoding: chunked")}3e9\r\n${"x".repeat(1001)}\r\n0\r\n\r\n`;
    assert.equal(statusOf(await raw(port, chunked)), 413);
    assert.equal(seen, 0);
    assert.equal(statusOf(await raw(port, `${head("/count", "Content-Length: 1000")}${"x".repeat(1000)}`)), 204);
    assert.equal(statusOf(await raw(port, `${head("/large", "Content-Length: 2000")}${"x".repeat(2000)}`)), 204);
    assert.equal(seen, 2);
  });

  it("tell a handler when the client has gone", async () => {
    const aborted = Promise.withResolvers<void>();
    const waiting = route("/wait", async ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      client.destroy();
      return new Promise(() => {});
    });
    const { port } = await serve({ routes: [waiting] });
    const client = httpRequest({ port, host: "127.0.0.1", path: "/wait", method: "POST" }).on("error", () => {});
    client.end();
    await aborted.promise;
  });

  it("get a handler's own refusal as it is, and a broken answer as 500", async () => {
    const { url } = await serve({
      routes: [
        route("/no", async () => {
          throw new HttpProblem(409, "conflict", "Already decided.");
        }),
        route("/broken", async () => ({ status: 200, headers: { "x-a": "b\r\nSet-Cookie: c" } })),
      ],
    });
    const no = await fetch(`${url}/no`, { method: "POST" });
    assert.deepEqual([no.status, await no.json()], [409, { error: { code: "conflict", message: "Already decided." } }]);
    const broken = await fetch(`${url}/broken`, { method: "POST" });
    assert.deepEqual([broken.status, broken.headers.get("set-cookie")], [500, null]);
  });
});

describe("starting and stopping", () => {
  it("says that a port is taken, and what to do", async () => {
    const { port } = await serve();
    await assert.rejects(serve({ port }), /port \d+ on 127\.0\.0\.1 is taken by another program\. .*set PORT/);
    await assert.rejects(serve({ host: "192.0.2.1" }), /192\.0\.2\.1 is not an address of this machine/);
  });

  it("finishes what is under way, takes nothing new, and then is gone", async () => {
    const release = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const slow = route("/slow", async () => {
      arrived.resolve();
      await release.promise;
      return { status: 200, body: "done" };
    });
    const { server, url } = await serve({ routes: [slow] });
    await (await fetch(`${url}/healthz`)).text(); // leaves an idle connection behind
    const answer = fetch(`${url}/slow`, { method: "POST" });
    await arrived.promise;
    const stopped = server.stop(60_000);
    await assert.rejects(fetch(`${url}/healthz`));
    release.resolve();
    assert.equal(await (await answer).text(), "done");
    await stopped;
  });

  it("cuts off what does not end in time", async () => {
    const arrived = Promise.withResolvers<AbortSignal>();
    const stuck = route("/stuck", async ({ signal }) => {
      arrived.resolve(signal);
      return new Promise(() => {});
    });
    const { server, url } = await serve({ routes: [stuck] });
    const answer = assert.rejects(fetch(`${url}/stuck`, { method: "POST" }));
    const signal = await arrived.promise;
    await server.stop(20);
    await answer;
    assert.equal(signal.aborted, true);
  });
});
