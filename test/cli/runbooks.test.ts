import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/command.ts";
import { run } from "../../src/cli/runbooks.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { anEntry, aProposal, NOW } from "../fakes/proposals.ts";

let home: string;
let prometheus: Server | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "runbooks-cli-"));
  mkdirSync(join(home, "own"));
  writeFileSync(join(home, "smartcloudops.yaml"), "runbooks: {folders: [own]}\n");
});
afterEach(async () => {
  await new Promise((done) => (prometheus === undefined ? done(undefined) : prometheus.close(done)));
  prometheus = undefined;
  rmSync(home, { recursive: true, force: true });
});

/** One call in a folder of its own, with what it wrote and how it ended. */
async function call(
  words: readonly string[],
  flags: Record<string, string | boolean> = {},
  env: Record<string, string> = {},
) {
  const out = new PassThrough();
  const err = new PassThrough();
  const code = await run({
    env,
    cwd: home,
    stdin: Readable.from([]),
    stdout: out,
    stderr: err,
    flags,
    words,
  });
  const textOf = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? "";
  const [stdout, stderr] = [textOf(out), textOf(err)];
  return { code, stdout, stderr, json: () => JSON.parse(stdout) };
}

const own = (text: string) => writeFileSync(join(home, "own", "bounce.yaml"), text, { mode: 0o644 });
const BOUNCE = (cooldown: string) => `
id: bounce
title: Bounce it
does: Restarts it.
not_when: It is well.
risk: medium
params: {name: {like: k8s_name, about: Its name., example: cart}}
target: {kind: deployment, name: "{{ params.name }}", key: "k/{{ params.name }}"}
preconditions:
  - {name: it is there, promql: 'up{job="{{ params.name }}"}', expect: "> 0", none: fail}
steps:
  - {name: restart it, uses: kubernetes/restart, with: {namespace: shop, kind: deployment, name: "{{ params.name }}"}}
cooldown: ${cooldown}
per_hour: 2
step_timeout: 1m
minutes_by_hand: 5
`;

/** Answers what the commands ask: rules, and one query. */
async function startPrometheus(): Promise<string> {
  prometheus = createServer((request, response) => {
    const path = new URL(request.url ?? "", "http://x").pathname;
    const data = path.endsWith("/rules")
      ? {
          groups: [
            {
              name: "g",
              file: "f",
              interval: 60,
              rules: [
                {
                  type: "alerting",
                  name: "CartDown",
                  query: 'kube_deployment_status_replicas_available{namespace="shop",deployment=~"cart.*"} < 1',
                  duration: 60,
                  labels: { severity: "page" },
                  annotations: { summary: 'Cart "is" down', runbook_url: "https://wiki.example/cart" },
                  alerts: [],
                  health: "ok",
                  state: "inactive",
                },
              ],
            },
          ],
        }
      : path.endsWith("/query")
        ? { resultType: "vector", result: [{ metric: {}, value: [1, "1"] }] }
        : path.endsWith("/buildinfo")
          ? { version: "3.0.0" }
          : [];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "success", data }));
  });
  await new Promise<void>((ready) => prometheus?.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
}

describe("runbooks", () => {
  it("are simulated: policy, people, conditions and checks by live reads, and what cannot be said of a step", async () => {
    own(BOUNCE("10m"));
    writeFileSync(
      join(home, "smartcloudops.yaml"),
      JSON.stringify({
        runbooks: { folders: ["own"], modes: { default: "act" } },
        people: { ann: { name: "Ann", slack: ["U1"] } },
        roles: { oncall: { people: ["ann"] } },
        approvals: { default: { approvals: 1, approvers: ["oncall"], four_eyes: false } },
      }),
    );
    const env = { PROMETHEUS_URL: await startPrometheus() };
    const { json, code } = await call(["simulate", "bounce", "name=cart"], { json: true }, env);
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      ...{ id: "bounce", target: { name: "cart" }, risk: "medium", mode: "act", record: "not tried yet" },
      steps: [{ uses: "kubernetes/restart", would: null, cannot_simulate: "no Kubernetes cluster is configured" }],
      conditions: [{ name: "it is there", holds: true }],
      approvals: { needed: 1, roles: ["oncall"], people: ["Ann"], four_eyes: false },
      blockers: ['The step "restart it" could not be looked at: no Kubernetes cluster is configured.'],
      would_run_once_approved: false,
    });
    const { stdout } = await call(["simulate", "bounce", "name=cart"], {}, env);
    expect(stdout).toMatch(
      /It would not run now; nothing was changed\.[\s\S]*cannot be simulated: no Kubernetes cluster/,
    );
    expect(stdout).toMatch(/who may approve: 1 of oncall[\s\S]*people in these roles: Ann/);
    expect(await call(["simulate", "bounce"], {}, env)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("name"),
    });
    await expect(call(["simulate", "bounce", "nam=cart"], {}, env)).rejects.toThrow(/has no parameter nam/);
  });

  it("are listed with how they did and where they are suspended, and only a person lets one go on", async () => {
    own(BOUNCE("10m"));
    const env = { SMARTCLOUDOPS_DATA: join(home, "data") };
    const store = openSqliteStore({ dataDir: env.SMARTCLOUDOPS_DATA, retention: RETENTION, now: () => NOW });
    for (const at of [1, 2, 3]) {
      const runbook = { id: "bounce", version: "a".repeat(64), title: "Bounce it", readOnly: false };
      const more = { status: "no_effect" as const, startedAt: NOW + at, endedAt: NOW + at, measuredAt: NOW + at + 60 };
      await store.proposals.insert(aProposal({ id: `b${at}`, runbook, params: {} }, more), [anEntry()]);
    }
    await store.close();
    const { stdout } = await call(["list"], {}, env);
    expect(stdout).toMatch(/1 suspended somewhere/);
    expect(stdout).toMatch(/smartcloudops runbooks\s+re-enable bounce deployment/);
    const listed = (await call(["list"], { json: true }, env)).json() as { id: string; record: unknown }[];
    expect(listed.find(({ id }) => id === "bounce")?.record).toEqual([
      { kind: "deployment", helped: 0, of: 3, suspended_by: "b3" },
    ]);
    expect(await call(["re-enable", "bounce"], {}, env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("typed by a person at a terminal"),
    });
    await expect(call(["re-enable", "bounce", "host"], {}, env)).rejects.toThrow(
      /not suspended for targets of the kind host/,
    );
    await expect(call(["re-enable", "clean-disk"], {}, env)).rejects.toThrow(/clean-disk is not suspended\./);
  });

  it("are listed and shown, one's own among them", async () => {
    own(BOUNCE("10m"));
    const { json } = await call(["list"], { json: true });
    expect(json()).toContainEqual(
      expect.objectContaining({ id: "bounce", risk: "medium", state: "active", read_only: false }),
    );
    expect(json().length).toBeGreaterThan(25);
    const { stdout } = await call(["show", "bounce"]);
    expect(stdout).toMatch(/Bounce it \(bounce\)[\s\S]*Not when: It is well[\s\S]*no series: it does not run/);
    await expect(call(["show", "bounc"])).rejects.toThrow(/There is no runbook "bounc": there is bounce\./);
    await expect(call(["explain"])).rejects.toThrow(UsageError);
  });

  it("are checked, with a folder or as configured", async () => {
    own(BOUNCE("10m"));
    expect(await call(["lint"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^All \d\d runbooks are sound/),
    });
    own(BOUNCE("10m").replace("kubernetes/restart", "kubernetes/explode").replace('up{job="', 'up{{job="'));
    const { code, stdout } = await call(["lint", "own"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/bounce.yaml:\d+:\d+: steps\[0\] uses kubernetes\/explode, which is no action/);
    await expect(call(["list"])).rejects.toThrow(/kubernetes\/explode/);
    own(BOUNCE("10m").replace('up{job="{{ params.name }}"}', "up{"));
    expect((await call(["lint", "own"], { json: true })).json()).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(/"it is there" is no PromQL: it breaks at character/)],
    });
  });

  it("have a history that can be compared", async () => {
    own(BOUNCE("10m"));
    await call(["history", "bounce"]);
    own(BOUNCE("20m"));
    const { json } = await call(["history", "bounce"], { json: true });
    const [a, b] = json() as { version: string; in_force: boolean }[];
    expect([a?.in_force, b?.in_force]).toEqual([false, true]);
    const { stdout } = await call(["diff", "bounce", a!.version.slice(0, 8), b!.version]);
    expect(stdout).toMatch(/1 difference from[\s\S]*- cooldown: 600[\s\S]*\+ cooldown: 1200/);
    await expect(call(["diff", "bounce", "zz", "zz"])).rejects.toThrow(/none begins with "zz"/);
    await expect(call(["history", "nothing"])).rejects.toThrow(/There is no runbook "nothing"/);
  });

  it("keep the history of one that was removed", async () => {
    own(BOUNCE("10m"));
    await call(["history", "bounce"]);
    rmSync(join(home, "own", "bounce.yaml"));
    expect((await call(["history", "bounce"], { json: true })).json()).toEqual([
      expect.objectContaining({ in_force: false }),
    ]);
  });

  it("are taken out of use and back", async () => {
    own(BOUNCE("10m"));
    expect((await call(["deprecate", "bounce"], { reason: "it hurts" })).stdout).toMatch(/out of use now/);
    expect((await call(["show", "bounce"], { json: true })).json().state).toBe("deprecated");
    expect((await call(["deprecate", "bounce"])).stdout).toMatch(/was out of use already/);
    expect((await call(["deprecate", "bounce"], { undo: true })).stdout).toMatch(/in use now/);
    expect((await call(["show", "bounce"], { json: true })).json().state).toBe("active");
  });

  it("are tried with values, against Prometheus, and nothing runs", async () => {
    own(BOUNCE("10m"));
    const env = { PROMETHEUS_URL: await startPrometheus() };
    const good = (await call(["test", "bounce", "name=search"], { json: true }, env)).json();
    expect(good.steps[0].with).toEqual({ namespace: "shop", kind: "deployment", name: "search" });
    expect(good.queries).toEqual([expect.objectContaining({ promql: 'up{job="search"}', found: "1, it holds" })]);
    const bad = await call(["test", "bounce", "name=a;b"], {}, env);
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(/name must look like "cart": it is "a;b"/) });
    await expect(call(["test", "bounce", "nme=x"], {}, env)).rejects.toThrow(/has no parameter nme: it has name/);
    await expect(call(["test", "bounce", "x"], {}, env)).rejects.toThrow(/name=value/);
  });

  it("are drafted from an alert's rule, sound and not in use", async () => {
    const env = { PROMETHEUS_URL: await startPrometheus() };
    const { stdout } = await call(["new"], { "from-alert": "CartDown", out: "own/cart-down.yaml" }, env);
    expect(stdout).toMatch(/Wrote own\/cart-down.yaml. It is a draft/);
    const text = readFileSync(join(home, "own", "cart-down.yaml"), "utf8");
    expect(text).toMatch(
      /^# A draft from the rule of the alert CartDown[\s\S]*https:\/\/wiki.example\/cart[\s\S]*^state: draft$/m,
    );
    expect(await call(["lint"])).toMatchObject({ code: 0 });
    const draft = (await call(["show", "cart-down"], { json: true })).json();
    expect(draft).toMatchObject({ id: "cart-down", state: "draft", matches: { alerts: ["CartDown"] } });
    expect(draft.preconditions[0].promql).toContain("kube_deployment_status_replicas_available{");
    await expect(call(["new"], { "from-alert": "CartDown", out: "own/cart-down.yaml" }, env)).rejects.toThrow(
      /is there already/,
    );
    await expect(call(["new"], { "from-alert": "cart" }, env)).rejects.toThrow(/no alert "cart": there is CartDown/);
    await expect(call(["new"])).rejects.toThrow(/--from-alert NAME/);
    await expect(call(["new"], { "from-alert": "CartDown" })).rejects.toThrow(/none is configured/);
  });
});
