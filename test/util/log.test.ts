import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../src/util/errors.ts";
import { createLog, type LogLevel, loggedWith } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";

/** A log that remembers its lines. */
function remembering(options: { level?: LogLevel; secrets?: readonly string[] } = {}) {
  const text: string[] = [];
  const log = createLog({
    level: options.level ?? "debug",
    stream: { write: (line: string) => void text.push(line) },
    secrets: (options.secrets ?? []).map(secret),
  });
  return { log, text, lines: () => text.map((line) => JSON.parse(line)) };
}

describe("the log", () => {
  it("goes on when nothing can be written", () => {
    const log = createLog({
      level: "info",
      stream: {
        write: () => {
          throw new Error("ENOSPC: no space left on device");
        },
      },
    });
    expect(() => log.error("lost")).not.toThrow();
  });

  it("has what is under way on every line, also of works that go on side by side", async () => {
    const { log, lines } = remembering();
    const work = async (question: string) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.info({ part: 1 }, question);
      await loggedWith({ step: "look" }, async () => log.child({ own: true }).info(question));
    };
    await Promise.all(["a", "b"].map((question) => loggedWith({ question }, () => work(question))));
    log.info("alone");
    const found = lines();
    expect(found.slice(0, -1).every(({ question, msg }) => question === msg)).toBe(true);
    expect(found.filter(({ step }) => step === "look")).toHaveLength(2);
    expect(found.at(-1)).not.toHaveProperty("question");
  });

  it("writes one JSON object a line, with level, time, facts and message", () => {
    const { log, text, lines } = remembering();
    log.warn({ source: "main", tries: 2 }, "could not ask");
    log.info("ready");
    expect(text.every((line) => line.endsWith("\n") && !line.slice(0, -1).includes("\n"))).toBe(true);
    expect(lines()).toEqual([
      {
        level: "warn",
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        pid: process.pid,
        source: "main",
        tries: 2,
        msg: "could not ask",
      },
      { level: "info", time: expect.any(String), pid: process.pid, msg: "ready" },
    ]);
  });

  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("drops what is below %s", (level, written) => {
    const { log, lines } = remembering({ level });
    for (const rank of ["debug", "info", "warn", "error"] as const) log[rank]("x");
    expect(lines().map((line) => line.level)).toEqual(written);
  });

  it("puts a child's facts on each of its lines, and on no other", () => {
    const { log, lines } = remembering();
    const child = log.child({ question: "q1" }).child({ source: "main" });
    child.info({ n: 1 }, "asked");
    log.info("alone");
    expect(lines()[0]).toMatchObject({ question: "q1", source: "main", n: 1 });
    expect(lines()[1]).not.toHaveProperty("question");
  });

  it("goes to stderr, and loads pino only once there is something to write", () => {
    const script = (level: string) => `
      import { registerHooks } from "node:module";
      let isLoaded = false;
      registerHooks({ load(url, context, next) { isLoaded ||= url.includes("/pino/"); return next(url, context); } });
      const { createLog } = await import("./src/util/log.ts");
      createLog({ level: "${level}" }).info("hello");
      console.log(isLoaded);`;
    const run = (level: string) =>
      execFileSync(process.execPath, ["--input-type=module", "-e", script(level)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    expect(run("warn")).toBe("false\n");
    expect(run("info")).toBe("true\n"); // stdout has the answer alone
  });

  it("says what went wrong down to the first cause", () => {
    const { log, lines } = remembering();
    const first = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    log.error({ err: new UnreachableError("main", "refused the connection", { cause: first }) }, "failed");
    expect(lines()[0].err).toMatchObject({
      type: "UnreachableError",
      message: "main: refused the connection",
      service: "main",
      stack: expect.stringContaining("log.test.ts"),
      cause: { type: "Error", message: "connect ECONNREFUSED", code: "ECONNREFUSED" },
    });
  });

  it("outlives what cannot be printed", () => {
    const { log, text } = remembering();
    const round: Record<string, unknown> = { big: 10n, call: () => 1 };
    round.self = round;
    const broken = {
      get a() {
        throw new Error("no");
      },
    };
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = { deep };
    log.info(
      {
        round,
        broken,
        deep,
        many: Array.from({ length: 5000 }, (_, n) => n),
        map: new Map([["k", 1]]),
        set: new Set([1]),
      },
      "odd",
    );
    expect(JSON.parse(text[0] ?? "")).toMatchObject({
      round: { big: "10", self: "<cycle>" },
      broken: "<unreadable>",
      map: { k: 1 },
      set: [1],
    });
    expect(text[0]?.length).toBeLessThan(5000);
  });
});

describe("what a log hides", () => {
  const value = 'hunter2/"+ü & more';
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString("base64"),
    Buffer.from(value).toString("base64url"),
  ];

  it.each(forms)("is a configured secret, also written as %s", (form) => {
    const { log, text } = remembering({ secrets: [value] });
    const err = new Error(`refused ${form}`, { cause: new Error(`because of ${form}`) });
    log.error(
      { text: `before ${form} after`, list: [form], [form]: 1, nested: { deep: { err } }, err },
      `message ${form}`,
    );
    expect(text[0]).toContain("before <hidden> after");
    for (const one of forms) expect(text[0]).not.toContain(one);
    expect(text[0]).not.toContain("hunter2");
  });

  it("is a configured secret wherever it stands in a text of any length", () => {
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(70_000), (before, after) => {
        const { log, text } = remembering({ secrets: ["hunter2hunter2"] });
        log.info(`${"a".repeat(before)}hunter2hunter2${"b".repeat(after)}`);
        expect(text[0]).not.toMatch(/hunt/);
      }),
      { numRuns: 30 },
    );
  });

  it("is a configured secret that the cut of a long text goes through", () => {
    const long = "hunter2".repeat(20);
    for (let shift = 0; shift < long.length; shift += 7) {
      const { log, text } = remembering({ secrets: [long] });
      log.info("a".repeat(shift) + long.repeat(1000));
      expect(text[0]).not.toMatch(/hunt/);
    }
  });

  it.each([
    "https://bot:hunter2@prom:9090/api",
    "redis://:hunter2@cache",
    "Authorization: Bearer hunter2hunter2",
    "basic aHVudGVyMjpodW50ZXIy",
    "xoxb-hunter2-hunter2",
    "https://hooks.slack.com/commands/T1/2/hunter2hunter2",
    "ghp_hunter2hunter2hunter2",
    "github_pat_hunter2hunter2hunter2",
    "sk-proj-hunter2hunter2hunter2",
    "eyJhbGciOiJIUzI1NiJ9.hunter2.hunter2",
    "https://prom/?a=1&access_token=hunter2&b=2",
  ])("is what looks like a credential: %s", (text) => {
    const { log, lines } = remembering();
    log.error({ err: new Error(text) }, text);
    expect(JSON.stringify(lines())).toContain("<hidden>");
    expect(JSON.stringify(lines())).not.toMatch(/hunter2|aHVudGVy/);
  });

  it("is any text under a name that says so, and the Secret itself", () => {
    const { log, lines } = remembering();
    log.info(
      {
        password: "a",
        bot_token: "b",
        "X-Api-Key": "c",
        headers: { Authorization: "d" },
        tokens: 5,
        secretList: ["e"],
        wrapped: secret("f"),
      },
      "x",
    );
    expect(lines()[0]).toMatchObject({
      password: "<hidden>",
      bot_token: "<hidden>",
      "X-Api-Key": "<hidden>",
      headers: { Authorization: "<hidden>" },
      tokens: 5,
      secretList: "<hidden>",
      wrapped: "<hidden>",
    });
  });

  it("is not ordinary text", () => {
    const { log, lines } = remembering({ secrets: ["abc"] });
    const usual =
      'sum(rate(http_requests_total{job="api"}[5m])) at https://prom:9090/graph?g0.expr=up, basic auth is off, abcde';
    log.info({ usual }, usual);
    expect(lines()[0]).toMatchObject({ usual, msg: usual });
  });

  it("is found in one pass: text made to be slow is not", () => {
    const { log, text } = remembering({ secrets: ["hunter2hunter2"] });
    for (const piece of ["eyJ-", "://", "token=", "Bearer ", "Bearer  x", "?key=", "xoxb-", " ", "a@", "hunter2hunter"])
      log.info(piece.repeat(1_000_000 / piece.length));
    expect(text).toHaveLength(10); // a quadratic pattern would not come here before the test times out
    expect(Math.max(...text.map((line) => line.length))).toBeLessThan(20_000);
  });
});
