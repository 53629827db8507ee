import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { Run } from "../../src/core/ci/run.ts";
import { isSignedByGitHub, readGitHub, readRun } from "../../src/http/ci.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { ciRoute } from "../../src/http/webhooks.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { deploymentStatus, workflowRun } from "../fakes/github/webhooks.ts";

const KEY = "it-is-a-secret";
const NOW = 1_790_000_000;

describe("a run as anything can tell of it", () => {
  it("needs little", () => {
    expect(
      readRun({ project: "acme/shop", pipeline: "Tests", status: "success", duration_seconds: 240 }, NOW),
    ).toMatchObject({
      ...{ project: "acme/shop", pipeline: "Tests", branch: "main", isMain: true, outcome: "success" },
      ...{ startedAt: NOW - 240, endedAt: NOW, numbers: {} },
    });
  });

  it("takes times as people and programs write them, and is the same when it is told again", () => {
    const told = {
      ...{ project: "shop", pipeline: "Tests", branch: "topic/x", status: "failure", commit: "3f2a91c0aa7711" },
      ...{ started_at: "2026-09-21T14:00:00+02:00", finished_at: 1_789_992_300_000 },
      ...{ numbers: { coverage: 0.8 }, deploy: { service: "shop", environment: "production" } },
    };
    const run = readRun(told, NOW);
    expect(run).toMatchObject({ startedAt: 1_789_992_000, endedAt: 1_789_992_300, isMain: false });
    expect(run.deploys).toEqual({ service: "shop", environment: "production", version: "3f2a91c0aa77" });
    expect(readRun(told, NOW + 60).id).toBe(run.id);
    expect(readRun({ ...told, commit: "other" }, NOW).id).not.toBe(run.id);
    const ahead = { ...told, started_at: NOW + 5, finished_at: NOW + 65 };
    expect(readRun(ahead, NOW)).toMatchObject({ startedAt: NOW - 60, endedAt: NOW });
    expect(readRun(ahead, NOW + 10).id).toBe(readRun(ahead, NOW).id);
  });

  it.each([
    [[], "the body"],
    [{ project: "a", pipeline: "b" }, "status"],
    [{ project: "a", pipeline: "b", status: "green" }, "status"],
    [{ project: "a\nb", pipeline: "b", status: "success" }, "project: must be one line"],
    [{ project: "a", pipeline: "b", status: "success", numbers: { "a b": 1 } }, "each must be named as a metric is"],
    [{ project: "a", pipeline: "b", status: "success", numbers: { a: "1" } }, "numbers.a"],
    [{ project: "a", pipeline: "b", status: "success", numbers: { a: 1e300 } }, "numbers.a"],
    [{ project: "a", pipeline: "b", status: "success", numbers: { constructor: 1 } }, "named as a metric is"],
    [{ project: "a", pipeline: "b", status: "success", url: "javascript:alert(1)" }, "url"],
    [{ project: "a", pipeline: "b", status: "success", started_at: NOW + 60 }, "started_at"],
    [{ project: "a", pipeline: "b", status: "success", deployed: true }, "deployed"],
  ])("says what is wrong with %j", (body, words) => {
    expect(() => readRun(body, NOW)).toThrow(words);
  });
});

describe("what GitHub posts", () => {
  it("is compared with the branch that the pull request goes to, or else with the default branch", () => {
    const pull = { url: "https://api.github.com/repos/acme/shop/pulls/12", id: 3, number: 12 };
    const base = { ref: "release-1", sha: "aa", repo: { id: 1, name: "shop" } };
    const run = (more: object) => readGitHub("workflow_run", workflowRun({}, { head_branch: "topic", ...more }));
    expect(run({ pull_requests: [{ ...pull, base }] })).toMatchObject({ base: "release-1", pullRequest: 12 });
    const theirs = { ...pull, number: 7, base: { ...base, ref: "stolen", repo: { id: 2, name: "shop" } } };
    expect(run({ pull_requests: [theirs] })).toMatchObject({ base: "main" });
    expect(run({ pull_requests: [theirs] })).not.toHaveProperty("pullRequest");
    expect(run({ pull_requests: [theirs, { ...pull, base }] })).toMatchObject({ base: "release-1", pullRequest: 12 });
    expect(run({})).toMatchObject({ base: "main" });
    expect(run({ head_branch: "main" })).not.toHaveProperty("base");
    expect(readRun({ project: "a", pipeline: "b", branch: "x", status: "success" }, NOW).base).toBe("main");
    expect(readRun({ project: "a", pipeline: "b", branch: "x", base: "y", status: "success" }, NOW).base).toBe("y");
  });

  it("is a run once a workflow has completed", () => {
    expect(readGitHub("workflow_run", workflowRun())).toEqual({
      ...{ id: "github/17001/1", project: "acme/shop", pipeline: "Tests", branch: "main", isMain: true },
      ...{ outcome: "success", startedAt: 1_790_000_000, endedAt: 1_790_000_312, numbers: {} },
      ...{
        commit: "3f2a91c0aa7711e5",
        committedAt: 1_789_999_880,
        url: "https://github.com/acme/shop/actions/runs/17001",
      },
    });
    expect(readGitHub("workflow_run", workflowRun({ action: "requested" }))).toBeUndefined();
    expect(readGitHub("workflow_run", workflowRun({}, { conclusion: "skipped" }))).toBeUndefined();
    expect(readGitHub("workflow_run", workflowRun({}, { conclusion: "timed_out" }))?.outcome).toBe("failure");
    expect(readGitHub("push", {})).toBeUndefined();
  });

  it("of another repository's pull request is no run of the main branch, whatever its branch is called", () => {
    const run = readGitHub("workflow_run", workflowRun({}, { head_repository: { full_name: "mallory/shop" } }));
    expect(run).toMatchObject({ branch: "mallory/shop:main", isMain: false });
    const gone = readGitHub("workflow_run", workflowRun({}, { head_repository: null }));
    expect(gone).toMatchObject({ branch: "deleted:main", isMain: false });
  });

  it("is a deployment once it has ended", () => {
    expect(readGitHub("deployment_status", deploymentStatus())).toMatchObject({
      ...{ pipeline: "deployment to production", outcome: "success" },
      deploys: { service: "shop", environment: "production", version: "3f2a91c0aa77" },
    });
    expect(readGitHub("deployment_status", deploymentStatus({ state: "in_progress" }))).toBeUndefined();
  });

  it("that is not GitHub's is told so", () => {
    expect(() => readGitHub("workflow_run", { action: "completed" })).toThrow("workflow_run");
    expect(() => readGitHub("workflow_run", workflowRun({}, { updated_at: "soon" }))).toThrow("RFC 3339");
  });

  it("is signed over its very bytes", () => {
    const body = Buffer.from('{"a":1}');
    const signature = `sha256=${createHmac("sha256", KEY).update(body).digest("hex")}`;
    expect(isSignedByGitHub(body, signature, KEY)).toBe(true);
    expect(isSignedByGitHub(Buffer.from('{"a": 1}'), signature, KEY)).toBe(false);
    expect(isSignedByGitHub(body, signature, "other")).toBe(false);
    expect(isSignedByGitHub(body, "sha256=", KEY)).toBe(false);
  });
});

describe("POST /webhooks/ci", () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0)) await step();
  });

  async function serving(
    key: string | undefined,
    take: (run: Run) => Promise<object> = async () => ({ status: "taken" }),
  ) {
    const taken: Run[] = [];
    const http = createHttpServer({
      ...{ host: "127.0.0.1", port: 0, metricsToken: undefined, log: createLog({ level: "error", secrets: [] }) },
      routes: [
        ciRoute({
          secret: key === undefined ? undefined : secret(key),
          read: { github: readGitHub, isSigned: isSignedByGitHub, other: (body) => readRun(body, NOW) },
          take: async (run) => {
            taken.push(run);
            return { ...(await take(run)) };
          },
        }),
      ],
      readiness: async () => ({ status: "ok", dependencies: {} }) as never,
      metrics: async () => ({ contentType: "text/plain", body: "" }),
    });
    const { port } = await http.start();
    undo.push(() => http.stop(100));
    const post = async (body: unknown, headers: Record<string, string> = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const response = await fetch(`http://127.0.0.1:${port}/webhooks/ci`, { method: "POST", body: text, headers });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const signed = (body: object, event = "workflow_run") => {
      const text = JSON.stringify(body);
      const digest = createHmac("sha256", KEY).update(text).digest("hex");
      return post(text, { "x-github-event": event, "x-hub-signature-256": `sha256=${digest}` });
    };
    return { taken, post, signed };
  }
  const run = { project: "acme/shop", pipeline: "Tests", status: "success" };
  /** As a proxy in front of it makes it look. */
  const away = { "x-forwarded-for": "203.0.113.9" };

  it("takes what is signed, or sent with the token, or comes from this machine", async () => {
    const { post, signed, taken } = await serving(KEY);
    expect((await signed(workflowRun())).body).toEqual({ status: "taken" });
    expect((await signed({ zen: "Design for failure." }, "ping")).body).toEqual({ status: "ignored" });
    expect((await post(run, { ...away, authorization: `Bearer ${KEY}` })).status).toBe(200);
    expect((await post(run)).status).toBe(200);
    expect(taken).toHaveLength(3);
  });

  it("refuses everything else, and what claims to be GitHub's without its signature from this machine too", async () => {
    const { post, taken } = await serving(KEY);
    expect((await post(run, away)).status).toBe(401);
    expect((await post(run, { ...away, authorization: "Bearer wrong" })).status).toBe(401);
    expect((await post(workflowRun(), { "x-github-event": "workflow_run" })).status).toBe(401);
    const forged = { "x-github-event": "workflow_run", "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
    expect((await post(workflowRun(), forged)).status).toBe(401);
    expect((await post(workflowRun(), { ...forged, authorization: `Bearer ${KEY}` })).status).toBe(401);
    const open = await serving(undefined);
    expect((await open.post(run, away)).status).toBe(401);
    expect(taken).toEqual([]);
  });

  it("says what is wrong with what it cannot read, and asks again for what it cannot keep", async () => {
    const { post } = await serving(KEY, async () => {
      throw new Error("the disk is full");
    });
    expect(await post("{")).toMatchObject({ status: 400, body: { error: { message: "The body is not JSON." } } });
    expect((await post({ project: "x" })).body).toMatchObject({
      error: { message: expect.stringContaining("pipeline") },
    });
    expect(await post(run)).toMatchObject({ status: 503, body: { error: { code: "busy" } } });
  });
});
