import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import nock from "nock";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createAlertmanager } from "../../src/metrics/alertmanager.ts";
import { createPrometheus, type Prometheus, type PrometheusSettings } from "../../src/metrics/prometheus.ts";
import { BREAKERS, createDependencies, type Dependencies } from "../../src/util/dependencies.ts";
import { QueryRefusedError, RefusedError, UnreachableError } from "../../src/util/errors.ts";

const NOW = 1_700_000_000;
const URL_ = "http://prometheus.test:9090";
const ok = (data: unknown) => ({ status: "success", data });
const vector = (...rows: [string, Record<string, string>?][]) =>
  ok({ resultType: "vector", result: rows.map(([value, metric = {}]) => ({ metric, value: [NOW, value] })) });

const opened: Prometheus[] = [];
const servers: Server[] = [];
function create(
  settings: Partial<PrometheusSettings> = {},
  observed: string[] = [],
  dependencies?: Dependencies,
): Prometheus {
  const source = createPrometheus(
    { name: "prod", url: URL_, timeoutMs: 2000, ...settings },
    {
      clock: () => NOW,
      random: () => 0,
      observe: ({ api, outcome }) => observed.push(`${api} ${outcome}`),
      dependencies,
    },
  );
  opened.push(source);
  return source;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return await work.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error as Error,
  );
}

afterEach(async () => {
  vi.useRealTimers();
  for (const source of opened.splice(0)) await source.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  nock.cleanAll();
  nock.enableNetConnect();
});

describe("the Prometheus client", () => {
  it("sends an instant query as a form with its time and a timeout, and reads every kind of number", async () => {
    let form: Record<string, unknown> = {};
    nock(URL_)
      .post("/api/v1/query", (body) => {
        form = body;
        return true;
      })
      .reply(200, vector(["1.5", { job: "api" }], ["NaN"], ["+Inf"], ["-Inf"], ["1e-07"]));
    const samples = await create().instant("up", NOW + 0.25);
    expect(form).toEqual({ query: "up", time: `${NOW}.25`, timeout: "2s" });
    expect(samples.map(({ value }) => value)).toEqual([1.5, Number.NaN, Infinity, -Infinity, 1e-7]);
    expect(samples[0]).toEqual({ labels: { job: "api" }, at: NOW, value: 1.5 });
  });

  it("reads a scalar as one sample, and passes over native histograms", async () => {
    nock(URL_)
      .post("/api/v1/query")
      .reply(200, ok({ resultType: "scalar", result: [NOW, "4"] }));
    nock(URL_)
      .post("/api/v1/query")
      .reply(200, ok({ resultType: "vector", result: [{ metric: {}, histogram: [NOW, { count: "1", sum: "2" }] }] }));
    const source = create();
    expect(await source.instant("1 + 3", NOW)).toEqual([{ labels: {}, at: NOW, value: 4 }]);
    expect(await source.instant("x", NOW)).toEqual([]);
  });

  it("reads a range answer", async () => {
    const result = [
      {
        metric: { a: "b" },
        values: [
          [NOW - 15, "1"],
          [NOW, "NaN"],
        ],
      },
    ];
    nock(URL_)
      .post("/api/v1/query_range")
      .reply(200, ok({ resultType: "matrix", result }));
    const series = await create().range("up", { start: NOW - 15, end: NOW, step: 15 });
    expect(series).toEqual([
      {
        labels: { a: "b" },
        points: [
          [NOW - 15, 1],
          [NOW, Number.NaN],
        ],
      },
    ]);
  });

  it("asks by GET where POST is not allowed, and remembers it", async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.method ?? "");
      response.statusCode = request.method === "POST" ? 405 : 200;
      response.end(JSON.stringify(vector(["1"])));
    });
    const source = create({ url });
    await source.instant("up", NOW);
    await source.instant("up", NOW);
    expect(asked).toEqual(["POST", "GET", "GET"]);
  });

  it("sends nothing that the guard refuses", async () => {
    nock.disableNetConnect();
    const observed: string[] = [];
    const source = create({}, observed);
    expect(await failure(source.instant('{__name__=~".+"}', NOW))).toBeInstanceOf(QueryRefusedError);
    expect(await failure(source.range("up", { start: 0, end: 4e9, step: 1 }))).toBeInstanceOf(QueryRefusedError);
    expect(observed).toEqual(["query guarded", "query_range guarded"]);
  });

  it("sends the token, the tenant and the path prefix, and keeps secrets out of messages", async () => {
    const seen = nock(URL_, { reqheaders: { authorization: "Bearer s3cret", "x-scope-orgid": "team" } })
      .post("/mimir/api/v1/query")
      .reply(401, "no s3cret");
    const source = create({
      url: `${URL_}/mimir/`,
      bearerToken: { reveal: () => "s3cret" },
      headers: { "X-Scope-OrgID": "team" },
    });
    const error = await failure(source.instant("up", NOW));
    expect(seen.isDone()).toBe(true);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error.message).toMatch(/does not let us in \(401\)/);
    expect(JSON.stringify([error.message, error.stack])).not.toContain("s3cret");
  });

  it("takes user and password out of the address, and never says them", async () => {
    const url = URL_.replace("//", "//anna:hunter2@");
    nock(URL_)
      .post("/api/v1/query")
      .basicAuth({ user: "anna", pass: "hunter2" })
      .replyWithError(Object.assign(new Error("x"), { code: "ECONNREFUSED" }));
    const error = await failure(create({ url }).instant("up", NOW));
    expect(error.message).toMatch(/prometheus\.test:9090 was refused/);
    expect(error.message).not.toMatch(/hunter2|anna/);
  });

  it("asks for at most so many series where the server knows how", async () => {
    const forms: Record<string, unknown>[] = [];
    for (const version of ["2.42.0", "3.5.0"]) {
      nock(URL_).get("/api/v1/status/buildinfo").reply(200, ok({ version }));
      nock(URL_)
        .post("/api/v1/query", (body) => forms.push(body) > 0)
        .reply(200, vector(["1"]));
      const source = create();
      expect(await source.check()).toEqual({ version });
      await source.instant("up", NOW);
    }
    expect(forms.map(({ limit }) => limit)).toEqual([undefined, "20000"]);
  });

  it("links to the graph page only when an external address is known", () => {
    const window = { start: NOW - 3600, end: NOW, step: 15 };
    expect(create().linkTo("up", window)).toBeUndefined();
    const link = new URL(create({ externalUrl: "https://prom.example.com/p/" }).linkTo('up{a="b&c"}', window) ?? "");
    expect(link.origin + link.pathname).toBe("https://prom.example.com/p/graph");
    expect(Object.fromEntries(link.searchParams)).toMatchObject({
      "g0.expr": 'up{a="b&c"}',
      "g0.tab": "0",
      "g0.range_input": "3600s",
      "g0.end_input": "2023-11-14 22:13:20",
    });
  });

  it("reads alerts, rules and targets", async () => {
    const alert = {
      labels: { alertname: "A", severity: "page" },
      annotations: { summary: "s" },
      state: "firing",
      activeAt: "2023-11-14T22:13:20Z",
      value: "1",
    };
    nock(URL_)
      .get("/api/v1/alerts")
      .reply(200, ok({ alerts: [alert] }));
    const rules = [
      { type: "alerting", name: "A", query: "up == 0", duration: 60, labels: {}, annotations: {}, state: "firing" },
      { type: "recording", name: "a:b", query: "sum(up)" },
    ];
    nock(URL_)
      .get("/api/v1/rules")
      .reply(200, ok({ groups: [{ name: "g", rules }] }));
    const target = {
      labels: { job: "j", instance: "i:1" },
      health: "down",
      lastError: "refused",
      scrapeInterval: "1m30s",
    };
    nock(URL_)
      .get("/api/v1/targets?state=active")
      .reply(200, ok({ activeTargets: [target] }));
    const source = create();
    expect(await source.alerts()).toEqual([
      { name: "A", state: "firing", severity: "page", labels: alert.labels, summary: "s", activeAt: NOW },
    ]);
    expect(
      (await source.rules()).map(({ kind, promql, forSeconds, state }) => [kind, promql, forSeconds, state]),
    ).toEqual([
      ["alerting", "up == 0", 60, "firing"],
      ["recording", "sum(up)", 0, "inactive"],
    ]);
    expect(await source.targets()).toEqual([
      { job: "j", instance: "i:1", health: "down", lastError: "refused", intervalSeconds: 90 },
    ]);
  });
});

describe("when Prometheus fails, the client says how", () => {
  it.each<[string, number, string | object, typeof UnreachableError | typeof RefusedError, RegExp]>([
    [
      "a bad query",
      400,
      { status: "error", errorType: "bad_data", error: "parse error: x" },
      RefusedError,
      /parse error: x/,
    ],
    ["an error inside an answer", 200, { status: "error", errorType: "bad_data", error: "no" }, RefusedError, /no/],
    ["a login page", 200, "<!doctype html><title>Sign in</title>", UnreachableError, /web page/],
    ["half an answer", 200, '{"status":"success","data":{"resultType":"vec', UnreachableError, /not complete JSON/],
    ["another JSON", 200, { hello: "world" }, UnreachableError, /not one of Prometheus/],
    [
      "a sample that is no pair",
      200,
      ok({ resultType: "vector", result: [{ metric: {}, value: [1] }] }),
      UnreachableError,
      /no pair/,
    ],
    ["a value that is no number", 200, vector(["twelve"]), UnreachableError, /twelve/],
    ["no such API", 404, "404 page not found", RefusedError, /no such API/],
    ["a forbidden tenant", 403, "", RefusedError, /does not let us in \(403\)/],
    ["a broken proxy", 502, "<html>bad gateway</html>", RefusedError, /failed \(502\)/],
  ])("%s", async (_, status, body, kind, expected) => {
    nock(URL_).post("/api/v1/query").reply(status, body);
    const error = await failure(create().instant("up", NOW));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(expected);
  });

  it.each([
    ["ECONNREFUSED", /was refused/],
    ["ENOTFOUND", /could not be resolved/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", /secure connection.*certificate/],
    ["ETIMEDOUT", /no way to/],
    ["ECONNRESET", /closed before the answer was complete/],
  ])("%s", async (code, expected) => {
    nock(URL_)
      .post("/api/v1/query")
      .replyWithError(Object.assign(new Error("low level"), { code }));
    const error = await failure(create().instant("up", NOW));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(expected);
  });

  it("a redirect is not followed", async () => {
    let elsewhere = 0;
    const url = await serve((request, response) => {
      if (request.url === "/elsewhere") elsewhere++;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    const error = await failure(create({ url }).instant("up", NOW));
    expect(error.message).toMatch(/redirect \(302\), which is not followed/);
    expect(elsewhere).toBe(0);
  });

  it("an endless answer is cut off at the limit, and does not open the breaker", async () => {
    const url = await serve((_, response) => {
      const chunk = "x".repeat(10_000);
      const write = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    });
    const source = create({ url, maxBytes: 50_000 });
    for (let i = 0; i < 7; i++)
      expect((await failure(source.instant("up", NOW))).message).toMatch(
        /^Prometheus \(prod\): the answer is larger than 50000 bytes.*fewer series/,
      );
  });

  it("an answer that hangs in the middle ends at the deadline", async () => {
    const url = await serve((_, response) => void response.write('{"status":"succ'));
    const error = await failure(create({ url, timeoutMs: 100 }).instant("up", NOW));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/no complete answer within 0\.1 s/);
  });

  it("headers that never come end at the deadline", async () => {
    const url = await serve(() => undefined);
    expect((await failure(create({ url, timeoutMs: 100 }).instant("up", NOW))).message).toMatch(/no complete answer/);
  });

  it("a connection cut in the middle of an answer", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"status":', () => response.destroy());
    });
    expect((await failure(create({ url }).instant("up", NOW))).message).toMatch(
      /closed before the answer was complete/,
    );
  });

  it("a caller who gives up gets the own reason back at once", async () => {
    const url = await serve(() => undefined);
    const leave = new AbortController();
    const asked = failure(create({ url }).instant("up", NOW, leave.signal));
    leave.abort(new Error("changed my mind"));
    expect((await asked).message).toBe("changed my mind");
  });
});

describe("when Prometheus is busy, the client", () => {
  it("asks again after a 503, as late as it was told", async () => {
    nock(URL_).post("/api/v1/query").reply(503, "", { "retry-after": "0" });
    nock(URL_).post("/api/v1/query").reply(429, "");
    nock(URL_)
      .post("/api/v1/query")
      .reply(200, vector(["7"]));
    expect(await create().instant("up", NOW)).toMatchObject([{ value: 7 }]);
  });

  it("does not wait long, and says what it was told", async () => {
    const again = nock(URL_).post("/api/v1/query").reply(503, "", { "retry-after": "120" });
    const error = await failure(create().instant("up", NOW));
    expect(error.message).toMatch(/503.*asks to wait 120 s/);
    expect(again.isDone()).toBe(true);
  });

  it("does not repeat a query that ran into the server's own time limit", async () => {
    nock(URL_).post("/api/v1/query").reply(503, { status: "error", errorType: "timeout", error: "query timed out" });
    nock(URL_)
      .post("/api/v1/query")
      .reply(200, vector(["7"]));
    expect((await failure(create().instant("up", NOW))).message).toMatch(/query timed out/);
  });

  it("stops asking after five failures in a row, and tries once more after a while", async () => {
    let now = 0;
    let asked = 0;
    let healthy = false;
    const url = await serve((_, response) => {
      asked++;
      response.statusCode = healthy ? 200 : 500;
      response.end(JSON.stringify(vector(["1"])));
    });
    const dependencies = createDependencies(BREAKERS, { elapsed: () => now });
    const source = create({ url }, [], dependencies);
    for (let i = 0; i < 5; i++) await failure(source.instant("up", NOW));
    const error = await failure(source.instant("up", NOW));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/not asked.*5 attempts in a row.*last failure.*500/);
    expect(asked).toBe(5);
    healthy = true;
    now = 10_000;
    expect(await source.instant("up", NOW)).toMatchObject([{ value: 1 }]);
    expect(asked).toBe(6);
  });

  it("does not hold refused queries against the server", async () => {
    nock(URL_)
      .post("/api/v1/query")
      .times(8)
      .reply(422, { status: "error", errorType: "execution", error: "many-to-many" });
    const source = create();
    for (let i = 0; i < 8; i++)
      expect((await failure(source.instant("up", NOW))).message).toBe("Prometheus (prod): many-to-many");
  });

  it("does not count the wait for its turn against Prometheus, however many ask at once", async () => {
    const url = await serve((_, response) => {
      setTimeout(() => response.end(JSON.stringify(vector(["1"]))), 50);
    });
    const source = create({ url, maxConcurrent: 1, timeoutMs: 2000 });
    // One after the other they take longer than the time that each has.
    const all = Array.from({ length: 60 }, (_, i) => source.instant(`up + ${i}`, NOW));
    expect((await Promise.all(all)).flat()).toHaveLength(60);
  });

  it("lets hundreds wait for their turn", async () => {
    const url = await serve((_, response) => response.end(JSON.stringify(vector(["1"]))));
    const source = create({ url, maxConcurrent: 4 });
    const all = Array.from({ length: 400 }, () => source.instant("up", NOW));
    expect((await Promise.all(all)).flat()).toHaveLength(400);
  });

  it("has no more questions under way than allowed", async () => {
    let now = 0;
    let most = 0;
    const url = await serve((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end(JSON.stringify(vector(["1"])));
      }, 5);
    });
    const source = create({ url, maxConcurrent: 3 });
    await Promise.all(Array.from({ length: 20 }, () => source.instant("up", NOW)));
    expect(most).toBe(3);
  });
});

describe("the catalogue of a source", () => {
  function world(fails: () => boolean) {
    return serve((request, response) => {
      const path = new URL(request.url ?? "", "http://x").pathname.replace("/api/v1/", "");
      if (fails()) return response.writeHead(500).end();
      const answers: Record<string, unknown> = {
        "status/buildinfo": { version: "2.42.0" },
        "label/__name__/values": ["up", "a.b"],
        metadata: { up: [{ type: "gauge", help: "Is it up?", unit: "" }] },
        series: [
          { __name__: "up", job: "api", instance: "web-1:9100" },
          { __name__: "a.b", "c.d": "e" },
        ],
      };
      return response.end(JSON.stringify(ok(answers[path])));
    });
  }

  it("is read on the first call and shared by all who wait", async () => {
    const source = create({ url: await world(() => false) });
    const [one, two] = await Promise.all([source.catalogue(), source.catalogue()]);
    expect(one).toBe(two);
    expect(one).toMatchObject({ source: "prod", refreshedAt: NOW });
    expect([...one.metrics.keys()]).toEqual(["up", "a.b"]);
  });

  it("stays as it was when a refresh fails, and the failure is told to who asked for it", async () => {
    let broken = false;
    const source = create({ url: await world(() => broken) });
    const before = await source.catalogue();
    broken = true;
    await failure(source.refresh());
    expect(await source.catalogue()).toBe(before);
  });

  it("splits a batch that is too much for the server, and names what cannot be read at all", async () => {
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const path = new URL(request.url ?? "", "http://x").pathname;
      if (path.endsWith("buildinfo")) return response.end(JSON.stringify(ok({ version: "2.42.0" })));
      if (path.endsWith("values")) return response.end(JSON.stringify(ok(["a", "huge", "b"])));
      if (path.endsWith("metadata")) return response.writeHead(404).end();
      const match = new URLSearchParams(Buffer.concat(chunks).toString()).get("match[]") ?? "";
      if (match.includes("huge"))
        return response.writeHead(422).end(JSON.stringify({ status: "error", error: "too many" }));
      const names = /"(.*)"/.exec(match)?.[1]?.split("|") ?? [];
      return response.end(JSON.stringify(ok(names.map((name) => ({ __name__: name, job: `of-${name}` })))));
    });
    const catalogue = await create({ url }).catalogue();
    expect([...catalogue.metrics.values()].map(({ name, labels }) => [name, labels.get("job")])).toEqual([
      ["a", ["of-a"]],
      ["huge", undefined],
      ["b", ["of-b"]],
    ]);
  });

  it("refreshes by itself, and stops when told", async () => {
    let asked = 0;
    const url = await world(() => {
      asked++;
      return false;
    });
    const source = create({ url, refreshMs: 20 });
    source.start();
    await vi.waitFor(() => expect(asked).toBeGreaterThan(8));
    await source.stop();
    // What was sent just before may still arrive.
    await new Promise((resolve) => setTimeout(resolve, 40));
    const then = asked;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked).toBe(then);
  });
});

describe("the Alertmanager client", () => {
  it("reads the silences that hold now, and the version", async () => {
    const silence = (id: string, state: string) => ({
      id,
      status: { state },
      matchers: [{ name: "a", value: "b", isRegex: false }],
      startsAt: "2023-11-14T00:00:00Z",
      endsAt: "2023-11-14T22:13:20Z",
      createdBy: "anna",
      comment: "c",
    });
    nock("http://am.test")
      .get("/api/v2/silences")
      .reply(200, [silence("1", "active"), silence("2", "expired")]);
    nock("http://am.test")
      .get("/api/v2/status")
      .reply(200, { versionInfo: { version: "0.25.0" } });
    const router = createAlertmanager({ url: "http://am.test" }, { clock: () => NOW });
    expect(await router.silences()).toEqual([
      {
        id: "1",
        matchers: [{ name: "a", value: "b", isRegex: false, isEqual: true }],
        endsAt: NOW,
        createdBy: "anna",
        comment: "c",
      },
    ]);
    expect(await router.check()).toEqual({ version: "0.25.0" });
    await router.stop();
  });

  it("tells whom Alertmanager tells of an alert, where it says so", async () => {
    const alert = { fingerprint: "f", labels: { alertname: "A" }, startsAt: "1970-01-01T00:00:09Z" };
    const told = { ...alert, status: { state: "active" }, receivers: [{ name: "bot" }, { name: "null" }] };
    const old = { ...alert, status: { state: "suppressed" } };
    nock("http://am.test").get("/api/v2/alerts").reply(200, [told, old]);
    const router = createAlertmanager({ url: "http://am.test" }, { clock: () => NOW });
    expect(await router.alerts()).toMatchObject([
      { fingerprint: "f", startsAt: 9, isMuted: false, receivers: ["bot", "null"] },
      { isMuted: true },
    ]);
    await router.stop();
  });

  it("says when the other side is no Alertmanager", async () => {
    nock("http://am.test").get("/api/v2/silences").reply(200, { silences: [] });
    const router = createAlertmanager({ url: "http://am.test" }, { clock: () => NOW });
    expect((await failure(router.silences())).message).toMatch(/not one of Alertmanager's/);
    await router.stop();
  });
});
