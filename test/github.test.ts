import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { parse } from "yaml";

/** The project's own workflows: read here, since only GitHub can run them. */

const ROOT = join(import.meta.dirname, "..");
const FOLDER = join(ROOT, ".github/workflows");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const SCRIPTS = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>> };
type Job = {
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly container?: string;
  /** Another workflow of ours, in place of steps. */
  readonly uses?: string;
  readonly needs?: string;
  readonly steps?: readonly Step[];
};
type Workflow = {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
};

const WORKFLOWS = readdirSync(FOLDER).map(
  (name) => [name, parse(readFileSync(join(FOLDER, name), "utf8")) as Workflow] as const,
);
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps);

describe.each(WORKFLOWS)("the workflow %s", (_, workflow) => {
  it("reads only, but where a job says what else it needs, and ends in time", () => {
    assert.deepEqual(workflow.permissions, { contents: "read" });
    for (const [name, job] of Object.entries(workflow.jobs)) {
      if (job.uses !== undefined) continue;
      assert.ok((job["timeout-minutes"] ?? 0) > 0, `${name} has no end`);
      assert.notEqual(job.permissions?.["contents"], "write", name);
    }
  });

  it("uses actions of a stated version, and keeps no credentials in the checkout", () => {
    for (const { uses, with: inputs } of stepsOf(workflow)) {
      if (uses === undefined) continue;
      assert.match(uses, /^[\w.-]+\/[\w./-]+@(?:v\d+(?:\.\d+)*|\d+\.\d+\.\d+|[0-9a-f]{40})$/);
      if (uses.startsWith("actions/checkout@")) assert.equal(inputs?.["persist-credentials"], false);
    }
  });

  it("uses actions of others than GitHub and Docker by commit: a tag can be moved", () => {
    for (const { uses = "" } of stepsOf(workflow))
      if (!/^(?:actions|github|docker)\/|^$/.test(uses)) assert.match(uses, /@[0-9a-f]{40}$/);
  });

  it("runs scripts and files that are there", () => {
    for (const { run = "", with: inputs = {} } of stepsOf(workflow)) {
      // What anybody may write into a title or a branch's name would become a part of the script.
      assert.doesNotMatch(run, /\$\{\{/);
      for (const [, script] of run.matchAll(/npm run ([\w:-]+)/g))
        assert.ok(SCRIPTS.includes(script!), `there is no script ${script}`);
      if (typeof inputs["file"] === "string") assert.ok(read(inputs["file"]).length > 0);
    }
  });
});

describe("the workflows together", () => {
  const all = WORKFLOWS.map(([, workflow]) => workflow);
  const uses = all.flatMap(stepsOf).flatMap((step) => step.uses ?? []);

  it("run what every change has to pass", () => {
    const wanted = read(".ci/run").match(/^npm .*$/gm) ?? [];
    const runs = all.flatMap(stepsOf).map(({ run }) => run);
    assert.ok(wanted.length >= 2);
    for (const command of wanted) assert.ok(runs.includes(command), command);
  });

  it("have the programs that will read docker/ look at it: compose, hadolint, kustomize and kubeconform", () => {
    const runs = all.flatMap(stepsOf).map(({ run = "" }) => run);
    for (const [program, file] of [
      [/^docker compose .*config --quiet$/, "docker/compose.yaml"],
      [/hadolint\/hadolint:v[\d.]+ /, "docker/Dockerfile"],
      [/^kubectl kustomize \S+ \| .*kubeconform:v[\d.]+ -strict/, "docker/kubernetes"],
    ] as const)
      assert.ok(
        runs.some((run) => program.test(run) && run.includes(file)),
        file,
      );
  });

  it("release nothing that was not tested", () => {
    const release = parse(read(".github/workflows/release.yml")) as Workflow;
    assert.equal(release.jobs["image"]?.needs, "test");
    assert.equal(release.jobs["test"]?.uses, "./.github/workflows/test.yml");
    assert.ok("workflow_call" in (parse(read(".github/workflows/test.yml")) as Workflow).on);
  });

  it("test on the Node that the image has", () => {
    const [, version] = /^FROM node:([\d.]+)-/m.exec(read("docker/Dockerfile")) ?? [];
    const containers = all.flatMap(({ jobs }) => Object.values(jobs).flatMap(({ container }) => container ?? []));
    assert.deepEqual(containers, [`node:${version}-bookworm`]);
  });

  it("scan code, secrets, dependencies and the image, and say what a release is made of", () => {
    for (const action of [
      "github/codeql-action/analyze",
      "aquasecurity/trivy-action",
      "actions/dependency-review-action",
    ])
      assert.ok(
        uses.some((one) => one.startsWith(`${action}@`)),
        action,
      );
    const build = all.flatMap(stepsOf).find(({ with: inputs }) => inputs?.["push"] === true);
    assert.deepEqual([build?.with?.["sbom"], build?.with?.["provenance"]], [true, "mode=max"]);
    const updates = parse(read(".github/dependabot.yml")) as { updates: { "package-ecosystem": string }[] };
    assert.deepEqual(
      updates.updates.map((one) => one["package-ecosystem"]),
      ["npm", "docker", "github-actions"],
    );
  });
});

describe("OPERATIONS.md", () => {
  const text = read("OPERATIONS.md");

  it("says of each alert about the bot itself what to do", () => {
    const rules = read("docker/prometheus/rules/smartcloudops.yml");
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
    const told = [...text.matchAll(/^\| `(SmartCloudOps\w+)` \|/gm)].map(([, name]) => name!);
    assert.deepEqual(told, alerts);
  });

  it("calls nothing in the image that the image does not have: it has node, and a shell without procps", async () => {
    const inside = [...text.matchAll(/(?:kubectl exec|docker exec|docker compose [^\n`]*exec)\b[^\n`]*/g)].map(
      ([all]) => all,
    );
    assert.ok(inside.length >= 2);
    for (const line of inside) {
      const [, program, rest = ""] = /^(?:.*? -- |.* exec (?:-\S+ )*[\w-]+ )(\S+) ?(.*)$/.exec(line) ?? [];
      assert.equal(program, "node", line);
      const [, file] = /^(src\/\S+)/.exec(rest) ?? [];
      if (file !== undefined) assert.ok(read(file).length > 0);
    }
    const [, code = ""] = /-e '(process\.kill[^']*)'/.exec(inside.join("\n")) ?? [];
    const asked = spawn(process.execPath, [
      "-e",
      "process.on('SIGHUP', () => process.exit(7)); setInterval(() => {}, 1e6); console.log(1)",
    ]);
    await once(asked.stdout, "data");
    execFileSync(process.execPath, ["-e", code.replace("(1,", `(${asked.pid},`)]);
    assert.deepEqual(await once(asked, "exit"), [7, null]);
  });

  it("says of each secret how it is renewed", () => {
    const secrets = [...read(".env.example").matchAll(/^#?(\w+)_FILE=/gm)].map(([, name]) => name!);
    for (const name of secrets.filter((one) => !one.endsWith("_CA"))) assert.ok(text.includes(`\`${name}`), name);
  });
});
