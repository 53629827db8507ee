import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, it } from "vitest";
import { SCOPES } from "../../src/core/access.ts";
import { createLog } from "../../src/util/log.ts";
import { type ApiWorld, apiWorld, type Body, everythingKept, TOKENS, tokenOf } from "../fakes/api.ts";
import { anIncident } from "../fakes/digests.ts";
import { NOW } from "../fakes/world.ts";
import { runHere } from "./in-process.ts";

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.stop());

const cursorOf = (at: number, seen: number) => Buffer.from(JSON.stringify([at, seen])).toString("base64url");
const idsOf = (body: Body): string[] => body.items.map(({ id }: { id: string }) => id);

describe("the HTTP API", () => {
  it("has a document that is OpenAPI 3.1, the same over HTTP and by the command", async () => {
    const document = (await world.documented()) as Body;
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, "3.1");
    const operations = Object.values(document.paths).flatMap((one) => Object.values(one as object));
    assert.deepEqual(new Set(operations.flatMap(({ tags }) => tags)), new Set(SCOPES));
    assert.ok(operations.every(({ summary }) => summary.length > 0));
    const printed = await runHere(["openapi"], { cwd: world.config.dataDir, env: { API_TOKENS: world.tokens } });
    assert.deepEqual(JSON.parse(printed.stdout), document);
  });

  it("is not there without tokens", async () => {
    const off = await apiWorld({}, "timezone: UTC\n");
    try {
      for (const path of ["/openapi.json", "/incidents", ""]) assert.equal((await off.call(path)).status, 404);
    } finally {
      await off.stop();
    }
  });

  it("wants a token, and says so as a problem", async () => {
    for (const authorization of ["", "Bearer", "Bearer x", `Basic ${tokenOf("all")}`, `Bearer ${tokenOf("all")}x`]) {
      const { status, body, headers } = await world.get("/incidents", { headers: { authorization } });
      assert.equal(status, 401);
      assert.equal(headers.get("www-authenticate"), "Bearer");
      assert.equal(body.type, "urn:smartcloudops:problem:unauthorized");
      assert.match(body.detail, /API_TOKENS/);
    }
  });

  it("lets each token read its scopes only", async () => {
    assert.equal((await world.get("/incidents", { token: "lists" })).status, 200);
    for (const path of ["/anomalies", "/proposals", "/digests", "/audit"]) {
      const { status, body } = await world.get(path, { token: "lists" });
      assert.equal(status, 403);
      assert.match(body.detail, /^The token lists has no scope \w+: it has incidents\./);
    }
    assert.equal((await world.ask({ question: "up?" }, "lists")).status, 403);
  });

  it("takes so many calls in a minute of each token", async () => {
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await world.get("/incidents", { token: "slow" })).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    const { headers, body } = await world.get("/incidents", { token: "slow" });
    assert.equal(headers.get("retry-after"), "60");
    assert.match(body.detail, /more than 2 calls in a minute/);
    assert.equal((await world.get("/incidents", { token: "lists" })).status, 200);
  });

  it("takes no questions while the bot lags, and goes on with what is only read", async () => {
    const lagging = await apiWorld({ eventLoop: { wait: () => 9 } });
    try {
      const { status, body, headers } = await lagging.ask({ question: "cpu of quay-9" });
      assert.equal(status, 503, JSON.stringify(body));
      assert.match(body.detail, /too busy/);
      assert.equal(headers.get("retry-after"), "60");
      assert.equal((await lagging.get("/incidents")).status, 200);
      const metrics = await (await fetch(`${lagging.url}/metrics`)).text();
      assert.match(metrics, /smartcloudops_event_loop_wait_seconds 9\n/);
      assert.match(metrics, /smartcloudops_turned_away_total\{platform="api",what="question",why="busy"\} 1\n/);
    } finally {
      await lagging.stop();
    }
  });

  it("answers a question as chat does: sentence, value, unit, queries and the chart as it was asked for", async () => {
    const { status, body } = await world.ask({ question: "cpu of quay-9", thread: "t1", chart: "data" });
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.sentence, /quay-9/);
    assert.equal(typeof body.value.value, "number");
    assert.ok(body.value.unit.length > 0);
    assert.ok(body.evidence.length > 0 && body.evidence[0].query.length > 0);
    assert.ok(body.chart.series[0].points.length > 1);
    assert.equal(body.chart.svg, undefined);
    const drawn = await world.ask({ question: "cpu of quay-9", chart: "svg" });
    assert.match(drawn.body.chart.svg, /^<svg /);
    const png = await world.ask({ question: "cpu of quay-9", chart: "png" });
    assert.equal(Buffer.from(png.body.chart.png, "base64").subarray(1, 4).toString(), "PNG");
    assert.equal((await world.ask({ question: "cpu of quay-1" })).body.chart, null);
    const followUp = await world.ask({ question: "and memory?", thread: "t1" });
    assert.match(followUp.body.text, /quay-9/);
  });

  it("says what is wrong with a request", async () => {
    const wrong = [
      [{ question: "" }, /^question: /],
      [{ question: "x", approve: true }, /approve/],
      [{ question: "x".repeat(5000) }, /^question: .*4000/],
      [{ question: "x", chart: "gif" }, /must be one of none, data, svg, png/],
      [{ question: "x", thread: "a b" }, /^thread: must be 1 to 64/],
    ] as const;
    for (const [body, said] of wrong) {
      const answer = await world.ask(body);
      assert.equal(answer.status, 400);
      assert.match(answer.body.detail, said);
    }
    for (const [query, said] of [
      ["limit=0", /limit/],
      ["limit=1000", /limit/],
      ["since=yesterday", /since: must be a time in RFC 3339/],
      ["status=wrong", /status\.0: must be of open, acknowledged/],
      ["cursor=abc", /cursor: must be `next` of an earlier page/],
      // Each page reads anew what was looked at of its moment: no cursor has all of a table read.
      [`cursor=${cursorOf(NOW, 1e9)}`, /cursor: must be `next` of an earlier page/],
      ["colour=red", /colour/],
      ["limit=1&limit=2", /"limit" must be given once/],
    ] as const) {
      const { status, body } = await world.get(`/incidents?${query}`);
      assert.equal(status, 400, query);
      assert.match(body.detail, said);
    }
    const notJson = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
    assert.match((await world.get("/ask", notJson)).body.detail, /not JSON/);
    assert.equal((await world.get("/ask", { ...notJson, body: "x".repeat(70_000) })).status, 413);
    assert.equal((await world.get("/ask", { method: "POST", body: "question=x" })).status, 415);
    assert.equal((await world.get("/nothing")).status, 404);
    assert.equal((await world.get("/incidents/inc-none")).status, 404);
  });

  it("lists in pages, each thing once, with filters", async () => {
    // Many that began in the same second: no page may lose or repeat one.
    for (let i = 0; i < 40; i++)
      await world.store.incidents.save({
        incidents: [anIncident(`inc-same-${i}`, NOW - 300, { environment: i % 2 === 0 ? "production" : "staging" })],
        alerts: [],
        entries: [],
      });
    const all = idsOf((await world.get("/incidents?limit=200")).body);
    assert.ok(all.length > 45);
    for (const size of [7, 40]) {
      const seen: string[] = [];
      let cursor = "";
      do {
        const { body } = await world.get(`/incidents?limit=${size}${cursor && `&cursor=${cursor}`}`);
        assert.ok(body.items.length <= size);
        seen.push(...idsOf(body));
        cursor = body.next ?? "";
      } while (cursor !== "");
      assert.deepEqual(seen, all);
    }
    const staging = (await world.get("/incidents?environment=staging&limit=200")).body;
    assert.equal(staging.items.length, 20);
    const critical = (await world.get("/incidents?severity=critical&status=open,resolved")).body;
    assert.deepEqual(idsOf(critical), ["inc-aaaaaaaa", "inc-cccccccc"]);
    const time = (ago: number) => new Date((NOW - ago) * 1000).toISOString();
    const between = (await world.get(`/incidents?since=${time(9.5 * 3600)}&until=${time(7 * 3600)}`)).body;
    assert.deepEqual(idsOf(between), ["inc-bbbbbbbb", "inc-cccccccc"]);
    assert.deepEqual((await world.get("/incidents/inc-aaaaaaaa")).body.alerts, []);
    assert.deepEqual(idsOf((await world.get("/proposals?status=verified,expired")).body), ["p-helped", "p-expired"]);
    assert.ok((await world.get("/anomalies?severity=warning,critical&status=open")).body.items.length > 0);
    assert.equal((await world.get("/digests?kind=daily")).status, 200);
  });

  it("shows a token only what its sources open", async () => {
    const few = { token: "few" };
    const seen = (await world.get("/incidents?limit=200", few)).body.items as { environment: string }[];
    assert.ok(seen.length > 0);
    assert.deepEqual(new Set(seen.map(({ environment }) => environment)), new Set(["staging"]));
    assert.equal((await world.get("/incidents/inc-aaaaaaaa", few)).status, 404);
    assert.deepEqual((await world.get("/anomalies", few)).body.items, []);
    assert.deepEqual((await world.get("/proposals", few)).body.items, []);
    for (const path of ["/digests", "/audit"]) {
      const { status, body } = await world.get(path, few);
      assert.equal(status, 403);
      assert.match(body.detail, /not all are open to the token few/);
    }
    const closed = await world.ask({ question: "cpu of quay-1 in harbour" }, "few");
    assert.equal(closed.body.value, null);
    assert.deepEqual(closed.body.evidence, []);
    const open = await world.ask({ question: "cpu of quay-1" }, "few");
    assert.ok(open.body.evidence.every(({ source }: { source: string }) => source === "pier"));
  });

  it("tells a program in a program's words what only people have done", async () => {
    const wishes = [
      ...["watch cpu of quay-9", "notify me when cpu of quay-9 is over 80 %", "scan", "test route critical", "approve"],
      ...[
        "restart quay-9",
        "stop",
        "ack",
        "snooze for 2h",
        "run runbook restart-pod pod=x",
        "how do I approve a change?",
      ],
      ...["here, dock means quay-9", "forget dock", "what words did you learn?", "digest add morning daily at 08:00"],
      ...["oncall take for 4h", 'silence alertname="X" for 2h: test', "approvals", "audit"],
    ];
    for (const question of wishes) {
      const { status, body } = await world.ask({ question });
      assert.equal(status, 200, question);
      assert.match(body.text, /^Programs (?:only )?read/, `${question}: ${body.text}`);
      assert.doesNotMatch(body.text, /button|this channel|click|[Nn]oted|Guests|pending approvals/, question);
      assert.deepEqual(body.proposed_actions ?? [], [], question);
    }
    for (const question of ["help", "digests", "silences"])
      assert.doesNotMatch(
        (await world.ask({ question })).body.text,
        /this channel|here, shop means|unsilence|proposal/,
      );
  });

  it("tells of the breakers and the store of the bot itself", async () => {
    world.serving.app.dependencies.of("prometheus/pier", { service: "Prometheus pier" });
    const { body } = await world.ask({ question: "status dependencies" });
    assert.match(body.text, /Prometheus pier/);
    assert.doesNotMatch(body.text, /[Pp]rograms only read/);
    const few = await world.ask({ question: "status dependencies" }, "few");
    assert.equal(few.status, 200);
  });

  it("notes every call with its token, and shows it in the audit", async () => {
    await world.ask({ question: "cpu of quay-2 with xoxb-1234567890-abcdefgh" }, "few");
    const { body } = await world.get("/audit?action=read&id=ask&limit=1");
    const [record] = body.items;
    assert.equal(record.actor, "token:few");
    assert.equal(record.platform, "api");
    assert.equal(record.reason, "cpu of quay-2 with <hidden>");
    const calls = (await world.get("/audit?id=listAudit&limit=200")).body.items as { seq: number }[];
    assert.ok(calls.length >= 2);
    const older = (await world.get(`/audit?limit=3`)).body;
    const next = (await world.get(`/audit?limit=3&cursor=${older.next}`)).body;
    assert.equal(next.items[0].seq, older.items[2].seq - 1);
  });

  it("ends with a cursor of a longer audit too, as one is after a restore", async () => {
    const head = async () => (await world.store.audit.head())?.seq;
    for (const seq of [1e9, 1e300]) {
      const { items } = (await world.get(`/audit?limit=1&cursor=${cursorOf(seq, 0)}`)).body;
      assert.equal(items[0].seq, await head());
    }
    for (const seq of [-5, 0.5]) {
      const { body } = await world.get(`/audit?cursor=${cursorOf(seq, 0)}`);
      assert.deepEqual(body, { items: [], next: null });
    }
  });

  it("changes nothing, whatever is called and whatever is asked", async () => {
    const before = await everythingKept(world.store);
    const paths = [
      ...["/ask", "/incidents", "/incidents/inc-aaaaaaaa", "/anomalies", "/proposals", "/digests", "/audit", ""],
      ...["/proposals/p-helped", "/proposals/p-helped/approve", "/proposals/p-helped/votes", "/decide", "/stop"],
      ...["/incidents/inc-aaaaaaaa/acknowledge", "/silences", "/openapi.json"],
    ];
    const bodies = ["", '{"decision":"approve"}'];
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      for (const path of paths)
        for (const body of method === "GET" ? [""] : bodies) {
          const init = { method, ...(body !== "" && { body, headers: { "content-type": "application/json" } }) };
          const { status } = await world.call(path, init);
          const isRead = method === "GET" || (method === "POST" && path === "/ask");
          assert.ok(isRead ? status < 500 : status === 404 || status === 405, `${method} ${path}: ${status}`);
        }
    for (const question of WISHES) {
      const { body } = await world.ask({ question, thread: "wishes" });
      assert.doesNotMatch(body.sentence ?? "", /^(?:Proposed|Stopped\b|Silenced|Done)/, question);
    }
    assert.deepEqual(await everythingKept(world.store), before);
    assert.deepEqual(world.silences, []);
  });
});

/** One of every kind of wish that changes something when a person says it. */
const WISHES = [
  ...["stop", "stop everything", "emergency stop: it burns", "resume", "approve p-helped", "yes", "do it"],
  ...["restart checkout", "scale checkout to 6 replicas", "roll back checkout", "drain node quay-1", "purge mail.out"],
  ...[
    "silence HighErrorRate for 2h",
    "silence everything where env=production for 30m",
    "unsilence s",
    "end silence s",
  ],
  ...[
    "here, shop means lighthouse",
    "forget shop",
    "acknowledge inc-aaaaaaaa",
    "ack inc-aaaaaaaa",
    "snooze inc-aaaaaaaa for 2h",
  ],
  ...["digest add morning daily at 08:00", "digest pause morning", "digest remove morning", "test routes"],
  ...["on-call take for 2h", "on-call override primary ann for 2h", "on-call cancel ovr-00000000"],
  ...["scan now", "anomaly alone useful", "anomaly alone expected", "watch cpu of quay-1", "free disk on quay-1"],
];

describe("the log of a running bot", () => {
  it("has one id from the call to the question, its queries, its answer and the audit", async () => {
    const text: string[] = [];
    const log = createLog({ level: "debug", stream: { write: (line: string) => void text.push(line) } });
    const other = await apiWorld({ log }, TOKENS, log);
    try {
      const { body } = await other.ask({ question: "cpu of quay-9" });
      const lines = text.map((line) => JSON.parse(line) as Record<string, unknown>);
      const end = lines.find(({ msg }) => msg === "a question was dealt with");
      assert.equal(end?.["answer"], body.id);
      assert.equal(typeof end?.["question"], "string");
      const queries = lines.filter(({ msg, question }) => msg === "a query" && question === end?.["question"]);
      assert.ok(queries.length > 0);
      const call = lines.find(({ msg, route }) => msg === "a program calls the API" && route === "POST /api/v1/ask");
      assert.deepEqual(new Set([end, ...queries].map((line) => line?.["request"])), new Set([call?.["request"]]));
      const { items } = (await other.get("/audit?action=read&id=ask")).body;
      assert.deepEqual([items[0].cause, call?.["call"]], [end?.["question"], end?.["question"]]);
    } finally {
      await other.stop();
    }
  });
});
