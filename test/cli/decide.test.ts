import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, it } from "vitest";
import { answerDecision, isDecisionRequest, type SocketDecisions } from "../../src/chat/socket/decisions.ts";
import { serveSocket } from "../../src/chat/socket/serve.ts";
import { accountHere, visitorHere } from "../../src/chat/terminal/visitor.ts";
import { runCommand } from "../../src/cli/run.ts";
import type { Card } from "../../src/core/card.ts";
import { shortHash } from "../../src/core/proposal.ts";
import type { Click } from "../../src/ports/chat.ts";
import { createLog } from "../../src/util/log.ts";
import { cardOf, proposalOf } from "../chat/proposals.ts";

let dataDir: string;
let stopServer: () => Promise<void>;
let clicks: Click[];
let stops: string[];
let answer: Card;
let config: Record<string, string>;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sco-"));
  stopServer = async () => {};
  clicks = [];
  stops = [];
  config = {};
  answer = { title: "Noted.", tone: "info", blocks: [] };
});
afterEach(async () => {
  await stopServer();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A running bot as commands meet it. */
async function start(): Promise<void> {
  const deps: SocketDecisions = {
    decide: async (click) => {
      clicks.push(click);
      return answer;
    },
    proposal: async (id) => (id === "P-7QK4" ? { card: cardOf(), isMoving: false } : undefined),
    stop: async ({ user }, reason) => {
      stops.push(`stop ${user.id} ${reason}`);
      return { title: "Stopped.", tone: "warning", blocks: [] };
    },
    resume: async ({ user }) => {
      stops.push(`resume ${user.id}`);
      return { title: "One more person is needed.", tone: "info", blocks: [] };
    },
    visitor: visitorHere,
  };
  const server = await serveSocket({
    dataDir,
    log: createLog({ level: "error" }),
    handle: async (request) => (isDecisionRequest(request) ? answerDecision(request, deps) : null),
  });
  stopServer = () => server.stop(0);
}

/** Runs a command and types each text once the screen shows what it waits for. */
async function run(
  argv: readonly string[],
  typed: readonly (readonly [wait: string, type: string])[] = [],
  isTTY = true,
) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stdout = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const left = [...typed];
  let out = "";
  let err = "";
  stdout.on("data", (chunk) => {
    out += String(chunk);
    const [wait, type] = left[0] ?? [];
    if (wait === undefined || !out.includes(wait)) return;
    left.shift();
    stdin.write(type);
  });
  stderr.on("data", (chunk) => {
    err += String(chunk);
  });
  if (!isTTY) stdin.end("approve\napprove\n");
  const env = { SMARTCLOUDOPS_DATA: dataDir, TERM: "dumb", ...config };
  const code = await runCommand(argv, { env, cwd: dataDir, stdin, stdout, stderr });
  await new Promise((resolve) => setImmediate(resolve));
  for (const stream of [stdin, stdout, stderr]) stream.destroy();
  return { code, out, err };
}

const MEANT = 'Type "approve" to do it';

describe("decisions by command", () => {
  it("show the card, ask the person, and decide as the account of the operating system", async () => {
    await start();
    const { code, out } = await run(["proposals", "approve", "P-7QK4"], [[MEANT, "approve\r"]]);
    assert.equal(code, 0);
    assert.match(out, /kubernetes\/restart \{"cluster":"prod"/);
    assert.match(out, /Noted\./);
    assert.deepEqual(clicks, [
      {
        id: clicks[0]?.id,
        visitor: {
          user: { platform: "terminal", id: accountHere(), name: accountHere() },
          place: { platform: "terminal", channel: accountHere(), thread: "terminal" },
          isGuest: false,
          isExternal: false,
        },
        decision: "approve",
        proposal: "P-7QK4",
        code: shortHash(proposalOf().hash),
        fields: {},
        message: undefined,
      },
    ]);
  });

  it("take a reason, and end with 1 when the bot refuses or the person does not mean it", async () => {
    await start();
    const rejected = await run(
      ["proposals", "reject", "P-7QK4"],
      [
        ["Reason (may be left empty): ", "not now\r"],
        ['Type "reject" to do it', "reject\r"],
      ],
    );
    assert.equal(rejected.code, 0);
    assert.deepEqual(clicks[0]?.fields, { reason: "not now" });
    answer = { title: "You asked for this yourself.", tone: "warning", blocks: [] };
    const refused = await run(["proposals", "approve", "P-7QK4"], [[MEANT, "approve\r"]]);
    assert.equal(refused.code, 1);
    assert.match(refused.out, /You asked for this yourself/);
    const left = await run(["proposals", "approve", "P-7QK4"], [[MEANT, "yes\r"]]);
    assert.deepEqual([left.code, clicks.length], [1, 2]);
    assert.match(left.out, /Nothing was decided/);
  });

  it("stop by the file first, so that neither a bot that hangs nor a broken configuration is in the way", async () => {
    config = { SMARTCLOUDOPS_CONFIG: "broken.yaml" };
    writeFileSync(join(dataDir, "broken.yaml"), "approvals: [this is no policy");
    assert.equal((await run(["audit", "verify"])).code, 78);
    const { code, out } = await run(["stop", "smoke"], [], false);
    assert.equal(code, 0);
    assert.match(out, /Stopped by the file .*STOP/);
    assert.match(readFileSync(join(dataDir, "STOP"), "utf8"), /"reason":"smoke"/);
  });

  it("never come from a pipe, and need a bot that runs", async () => {
    const alone = await run(["proposals", "approve", "P-7QK4"]);
    assert.equal(alone.code, 1);
    assert.match(alone.err, /no bot runs on .* Start one/);
    await start();
    for (const argv of [["proposals", "approve", "P-7QK4"], ["resume"]]) {
      const { code, err } = await run(argv, [], false);
      assert.equal(code, 1);
      assert.match(err, /neither a pipe nor a script/);
    }
    assert.deepEqual([clicks, stops], [[], []]);
  });

  it("say what is wrong with the command", async () => {
    await start();
    for (const [argv, code, said] of [
      [["proposals", "approve"], 2, /wants the id/],
      [["proposals", "approve", "a", "b"], 2, /wants the id/],
      [["proposals", "approve", "P-7QK4", "--json"], 2, /has no --json/],
      [["proposals", "approve", "P-7QK4", "--yes"], 2, /has no flag/],
      [["proposals", "approve", "P-7QK4", "--as", "ann"], 2, /has no flag/],
      [["proposals", "approve", "P-0000"], 1, /there is no proposal "P-0000"/],
      [
        ["proposals", "it-ran", "P-7QK4"],
        1,
        /it-ran is not possible as it stands: what can be done is approve, reject/,
      ],
    ] as const) {
      const done = await run(argv);
      assert.equal(done.code, code, done.err);
      assert.match(done.err, said);
    }
    assert.deepEqual(clicks, []);
  });

  it("are refused by the socket when anything in them is not as it should be", async () => {
    const { socketRequest } = await import("../../src/chat/socket/schema.ts");
    const good = { kind: "decide", id: "1", proposal: "P", decision: "approve", code: "c", fields: {} };
    assert.ok(socketRequest().safeParse(good).success);
    for (const bad of [
      { ...good, user: "root" },
      { ...good, visitor: { isGuest: false } },
      { ...good, decision: "approve_all" },
      { ...good, fields: { typed: 7 } },
      { ...good, proposal: "" },
      { ...good, code: undefined },
      { kind: "resume", by: "ann" },
      { kind: "stop" },
      { kind: "proposal" },
    ])
      assert.equal(socketRequest().safeParse(bad).success, false, JSON.stringify(bad));
  });
});

describe("the emergency stop by command", () => {
  it("goes through the running bot, from scripts too, and asks nothing", async () => {
    await start();
    const { code, out } = await run(["stop", "wrong", "cluster"], [], false);
    assert.equal(code, 0);
    assert.match(out, /Stopped\./);
    assert.deepEqual(stops, [`stop ${accountHere()} wrong cluster`]);
    assert.equal(existsSync(join(dataDir, "STOP")), true);
  });

  it("works without a bot, and the first one's word stays", async () => {
    assert.equal((await run(["stop", "first"], [], false)).code, 0);
    assert.equal((await run(["stop", "second"], [], false)).code, 0);
    const note = JSON.parse(readFileSync(join(dataDir, "STOP"), "utf8"));
    assert.deepEqual([note.by, note.reason, note.wishes], [accountHere(), "first", []]);
  });

  it("is resumed by a person who types it", async () => {
    await start();
    const left = await run(["resume"], [['Type "resume" to wish it', "no\r"]]);
    assert.equal(left.code, 1);
    const wished = await run(["resume"], [['Type "resume" to wish it', "resume\r"]]);
    assert.equal(wished.code, 0);
    assert.match(wished.out, /One more person is needed/);
    assert.deepEqual(stops, [`resume ${accountHere()}`]);
  });
});
