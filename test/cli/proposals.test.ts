import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { codeOf } from "../../src/core/proposal.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { anEntry, aProposal, approvedBy, NOW } from "../fakes/proposals.ts";
import { runHere } from "./in-process.ts";

let home: string;
const first = aProposal({ id: "p1" });
const done = aProposal(
  { id: "p2", params: {}, createdAt: NOW + 1, requester: undefined },
  {
    status: "no_effect",
    note: "It changed nothing.",
    steps: [{ name: "restart", state: "partial", output: "2 of 3 restarted", startedAt: NOW, endedAt: NOW }],
  },
);
const wish = aProposal({ id: "p3", runbook: undefined, createdAt: NOW - 1 });

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "proposals-"));
  const store = openSqliteStore({ dataDir: join(home, "data"), retention: RETENTION, now: () => NOW });
  for (const one of [first, done, wish]) await store.proposals.insert(one, [anEntry()]);
  await store.proposals.replace(approvedBy(first), [anEntry()]);
  await store.close();
});
afterAll(() => rmSync(home, { recursive: true }));

const run = (...args: string[]) =>
  runHere(["proposals", ...args], { cwd: home, env: { SMARTCLOUDOPS_DATA: join(home, "data") } });

describe("proposals", () => {
  it("are listed newest first, as other programs read them", async () => {
    const listed = JSON.parse((await run("list", "--json")).stdout) as Record<string, unknown>[];
    assert.deepEqual(
      listed.map(({ id, status, outcome, verdict, runbook }) => ({ id, status, outcome, verdict, runbook })),
      [
        { id: "p2", status: "no_effect", outcome: "partial", verdict: "no_effect", runbook: "restart-deployment" },
        { id: "p1", status: "approved", outcome: null, verdict: null, runbook: "restart-deployment" },
        { id: "p3", status: "pending", outcome: null, verdict: null, runbook: null },
      ],
    );
    const ann = { person: "ann", name: "Ann", platform: "slack", account: "U1" };
    const bob = { person: "bob", name: "Bob", platform: "slack", account: "U2" };
    assert.deepEqual(listed[1], {
      ...{ id: "p1", hash: first.hash, type: "restart", runbook: "restart-deployment", version: "a".repeat(64) },
      ...{ target: "shop/checkout", environment: "production", params: { namespace: "shop", name: "checkout" } },
      ...{ status: "approved", requester: ann },
      votes: [{ ...bob, decision: "approve", at: "2026-09-21T14:13:30Z", reason: null }],
      ...{ created_at: "2026-09-21T14:13:20Z", expires_at: "2026-09-21T14:18:30Z", outcome: null, verdict: null },
      note: null,
    });
    assert.deepEqual([listed[0]!.requester, listed[2]!.expires_at], [null, "2026-09-21T14:43:20Z"]);
  });

  it("are listed as a table for people", async () => {
    const { stdout, code } = await run("list");
    assert.match(stdout, /3 entries/);
    assert.match(stdout, /p2.*no_effect.*the bot/);
    assert.equal(code, 0);
  });

  it("are shown whole by id or by their short code", async () => {
    for (const wanted of ["p2", codeOf(done)]) {
      const { stdout, code } = await run("show", wanted);
      for (const part of ["Restart a deployment: no effect", "shop/checkout", "2 of 3 restarted", "kubernetes/restart"])
        assert.ok(stdout.includes(part), part);
      assert.equal(code, 0);
    }
    const whole = JSON.parse((await run("show", "p1", "--json")).stdout) as typeof first;
    assert.deepEqual(whole, JSON.parse(JSON.stringify(approvedBy(first))));
    assert.match((await run("show", "p1")).stdout, /Bob \(slack U2\) approved/);
  });

  it("say when there is none of that name", async () => {
    const { stderr, code } = await run("show", "p9");
    assert.match(stderr, /there is no proposal "p9"/);
    assert.equal(code, 1);
  });
});
