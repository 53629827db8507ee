import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGithubActions } from "../../../src/actions/github/index.ts";
import type { GithubSettings } from "../../../src/actions/github/settings.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { secret } from "../../../src/util/secret.ts";
import { type Github, startGithub } from "../../fakes/github/index.ts";
import { contextOf, deps, KEY, lookAndRun, soon } from "../context.ts";

let github: Github;
beforeEach(async () => {
  github = await startGithub();
});
afterEach(() => github.close());

function action(name: string, more: Partial<GithubSettings> = {}): Action {
  const actions = createGithubActions(
    [
      {
        name: "shop",
        repository: "org/shop",
        token: secret("gh-token"),
        apiUrl: github.url,
        workflows: ["deploy.yml", "quiet.yml", "keyless.yml", "off.yml"],
        ...more,
      },
    ],
    deps,
    { pollMs: 2 },
  );
  return actions.find((one) => one.name === `github/${name}`)!;
}

const args = { repository: "shop", workflow: "deploy.yml", ref: "main", inputs: { version: "1.2.3" } };
const onDispatch = (fault: ReturnType<Github["state"]["fault"]>) => {
  github.state.fault = ({ path }) => (path.endsWith("/dispatches") ? fault : undefined);
};

describe("github/dispatch", () => {
  it("starts the workflow with the key among its inputs, and waits for its end", async () => {
    const { look, ran, context } = await lookAndRun(action("dispatch"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toMatch(
      /^deploy\.yml on main was started\. run 1000 \(deploy\.yml on main at aaaaaaa, attempt 1\) success: https:/,
    );
    expect(github.posts()).toMatchObject([
      {
        path: "/repos/org/shop/actions/workflows/deploy.yml/dispatches",
        body: { ref: "main", inputs: { version: "1.2.3", execution_id: KEY }, return_run_details: true },
      },
    ]);
    expect(look).toMatchObject({
      identity: { repository: "org/shop" },
      precondition: { sha: "a".repeat(40) },
      facts: ["main is commit aaaaaaaaaaaa."],
    });
    expect(context.said.length).toBeGreaterThan(1);
  });

  it("starts nothing the second time under one key", async () => {
    const { look } = await lookAndRun(action("dispatch"), args);
    const again = await action("dispatch").run(args, contextOf(look));
    expect(again.outcome).toBe("succeeded");
    expect(again.output).toContain("An earlier attempt started it");
    expect(github.posts()).toHaveLength(1);
  });

  it("is refused when the ref has moved since it was approved", async () => {
    const look = await action("dispatch").look(args, soon());
    github.refs.set("main", "c".repeat(40));
    const ran = await action("dispatch").run(args, contextOf(look));
    expect(ran).toEqual({
      outcome: "failed",
      output:
        "main has moved since it was approved: it was commit aaaaaaaaaaaa and is cccccccccccc. Nothing was started.",
    });
    expect(github.posts()).toEqual([]);
  });

  it("cancels a run that turns out to be of another commit, because the ref moved at that very moment", async () => {
    const look = await action("dispatch").look(args, soon());
    onDispatch({ kind: "race", race: () => github.refs.set("main", "c".repeat(40)) });
    const ran = await action("dispatch").run(args, contextOf(look));
    expect(ran.outcome).toBe("partial");
    expect(ran.output).toContain("It was cancelled.");
    expect([...github.runs.values()].map(({ conclusion }) => conclusion)).toEqual(["cancelled"]);
  });

  it("is unknown after a lost answer, and the probe finds the run by its key (T63)", async () => {
    onDispatch({ kind: "cut", when: "after" });
    github.state.lag = 0;
    const { context, ran } = await lookAndRun(action("dispatch"), args);
    expect(ran.outcome).toBe("unknown");
    github.state.lag = 2; // the list is late
    expect(await action("dispatch").probe(args, context)).toMatchObject({
      found: "ran",
      text: expect.stringContaining("run 1000"),
    });
    expect(github.posts()).toHaveLength(1);
  });

  it("is known not to have run when no run shows the key, and unknown when runs show no keys", async () => {
    onDispatch({ kind: "cut", when: "before" });
    const { context, ran } = await lookAndRun(action("dispatch"), args);
    expect(ran.outcome).toBe("unknown");
    expect((await action("dispatch").probe(args, context)).found).toBe("not_run");
    const quiet = await lookAndRun(action("dispatch"), { ...args, workflow: "quiet.yml" });
    expect(quiet.look.facts[1]).toContain("does not show inputs.execution_id in its run-name");
    expect((await action("dispatch").probe({ ...args, workflow: "quiet.yml" }, quiet.context)).found).toBe("unknown");
  });

  it("finds the run by its key on a server that tells no run details", async () => {
    github.state.knowsDetails = false;
    const { ran } = await lookAndRun(action("dispatch"), args);
    expect(ran.outcome).toBe("succeeded");
  });

  it("is partial when the run fails, and when it has not ended in time", async () => {
    github.state.turn = (run) => Object.assign(run, { status: "completed", conclusion: "failure" });
    expect((await lookAndRun(action("dispatch"), args)).ran).toMatchObject({
      outcome: "partial",
      output: expect.stringContaining("failure"),
    });
    github.state.turn = () => {};
    const stop = new AbortController();
    const look = await action("dispatch").look(args, soon());
    const context = contextOf(look, { signal: stop.signal, key: "7".repeat(32) });
    const running = action("dispatch").run(args, context);
    await expect.poll(() => context.said.length).toBeGreaterThan(1);
    stop.abort();
    expect(await running).toMatchObject({
      outcome: "partial",
      output: expect.stringContaining("had not ended when the time was up"),
    });
  });

  it("says what stands in the way: disabled, no input for the key, no such ref, inputs that GitHub does not take", async () => {
    await expect(action("dispatch").look({ ...args, workflow: "off.yml" }, soon())).rejects.toThrow(
      /is not active: disabled_manually/,
    );
    await expect(action("dispatch").look({ ...args, workflow: "keyless.yml" }, soon())).rejects.toThrow(
      /declares no input execution_id/,
    );
    await expect(action("dispatch").look({ ...args, ref: "nope" }, soon())).rejects.toThrow(/No commit found/);
    const { ran } = await lookAndRun(action("dispatch"), { ...args, inputs: { version: "1", other: "x" } });
    expect(ran).toMatchObject({ outcome: "failed", output: expect.stringContaining("Unexpected inputs provided") });
  });

  it("cannot be simulated, and says what was checked", async () => {
    const look = await action("dispatch").look(args, soon());
    expect(await action("dispatch").simulate(args, look, soon())).toEqual({
      kind: "cannot",
      why: "GitHub has no dry run of a workflow. deploy.yml on main is active and at the commit that was looked at.",
    });
    expect(github.posts()).toEqual([]);
  });

  it("says which permission is missing, that a token is not accepted, and that a limit is used up", async () => {
    github.allow("gh-token", ["actions:read", "contents:read"]);
    expect((await lookAndRun(action("dispatch"), args)).ran.output).toMatch(
      /Actions: write is needed\. .* Nothing was started\.$/,
    );
    github.allow("gh-token", ["actions:read"]);
    await expect(action("dispatch").look(args, soon())).rejects.toThrow(/Contents: read is needed/);
    await expect(action("runs", { token: secret("other") }).look({}, soon())).rejects.toThrow(
      /does not accept the token/,
    );
    github.state.fault = () => ({ kind: "status", status: 403, headers: { "x-ratelimit-remaining": "0" } });
    await expect(action("runs").look({}, soon())).rejects.toThrow(/rate limit is used up/);
  });

  it.each([500, 502, 503])("is unknown after %i", async (status) => {
    onDispatch({ kind: "status", status });
    expect((await lookAndRun(action("dispatch"), args)).ran.outcome).toBe("unknown");
    expect(github.posts()).toHaveLength(1);
  });

  const hostile = [
    "main; id",
    "main\nid",
    "main && id",
    "$(id)",
    "`id`",
    "-main",
    "--",
    "../x",
    "refs/heads/main;id",
    "owner/repo/../../other",
    "ma in",
    "mаin",
    "main\u202e",
    "a..b",
    "a//b",
    "/main",
    "main/",
    "main.lock",
    "",
    3,
    null,
    ["main"],
  ];

  it("refuses hostile refs, workflows, inputs and names before anything is sent", () => {
    const dispatch = action("dispatch");
    for (const value of hostile) {
      expect([value, typeof dispatch.check({ ...args, ref: value })]).toEqual([value, "string"]);
      expect(dispatch.check({ ...args, workflow: value })).toBeTypeOf("string");
      expect(dispatch.check({ ...args, repository: value })).toBeTypeOf("string");
    }
    const shell = [
      "1; id",
      "1 && id",
      "1|id",
      "$(id)",
      "`id`",
      "${{ secrets.X }}",
      "1\nid",
      "-x",
      "'",
      '"',
      "a b",
      "",
      "\u202e1",
    ];
    for (const value of [...shell, null, ["1"], { a: 1 }])
      expect([value, typeof dispatch.check({ ...args, inputs: { version: value } })]).toEqual([value, "string"]);
    for (const name of ["-x", "a b", "a;b", "", "a.b", "1a", "a\nb"])
      expect([name, typeof dispatch.check({ ...args, inputs: { [name]: "1" } })]).toEqual([name, "string"]);
    expect(dispatch.check({ ...args, inputs: { execution_id: "x" } })).toContain("execution_id: the bot sets it");
    expect(dispatch.check({ ...args, workflow: "evil.yml" })).toContain("out of bounds");
    expect(dispatch.check(args)).toBeUndefined();
    expect(github.seen).toEqual([]);
  });
});

describe("github/rerun", () => {
  it("runs a run again, as the attempt that was seen", async () => {
    const run_id = github.addRun({ conclusion: "failure" });
    const { look, ran } = await lookAndRun(action("rerun"), { run_id });
    expect(look.precondition).toEqual({ attempt: 1 });
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toMatch(
      /^Run 1000 is run again\. run 1000 \(deploy\.yml on main at aaaaaaa, attempt 2\) success/,
    );
  });

  it("does not repeat what somebody ran again meanwhile", async () => {
    const run_id = github.addRun({ conclusion: "failure" });
    const look = await action("rerun").look({ run_id }, soon());
    github.runs.get(run_id)!.run_attempt = 2;
    expect(await action("rerun").run({ run_id }, contextOf(look))).toEqual({
      outcome: "failed",
      output: "Run 1000 was at attempt 1 when it was approved, and is at 2. Nothing was done.",
    });
    expect(github.posts()).toEqual([]);
  });

  it("is unknown after a lost answer, and the attempt tells", async () => {
    const run_id = github.addRun({ conclusion: "failure" });
    github.state.fault = ({ method }) => (method === "POST" ? { kind: "cut", when: "after" } : undefined);
    const { context, ran } = await lookAndRun(action("rerun"), { run_id });
    expect(ran.outcome).toBe("unknown");
    expect(await action("rerun").probe({ run_id }, context)).toMatchObject({ found: "ran" });
    const other = github.addRun({ conclusion: "failure" });
    github.state.fault = ({ method }) => (method === "POST" ? { kind: "cut", when: "before" } : undefined);
    const second = await lookAndRun(action("rerun"), { run_id: other });
    expect(second.ran.outcome).toBe("unknown");
    expect(await action("rerun").probe({ run_id: other }, second.context)).toMatchObject({ found: "not_run" });
  });

  it("refuses a run that has not ended, one that is not there, and one of another workflow", async () => {
    github.state.turn = () => {};
    await expect(
      action("rerun").look({ run_id: github.addRun({ status: "in_progress", conclusion: null }) }, soon()),
    ).rejects.toThrow(/has not ended/);
    await expect(action("rerun").look({ run_id: 7 }, soon())).rejects.toThrow(/there is nothing at \/actions\/runs\/7/);
    const foreign = github.addRun({ path: ".github/workflows/evil.yml" });
    await expect(action("rerun").look({ run_id: foreign }, soon())).rejects.toThrow(
      /evil\.yml of shop is out of bounds/,
    );
    for (const run_id of [0, -1, 1.5, "7", "7;id", null, [7]])
      expect(action("rerun").check({ run_id })).toBeTypeOf("string");
  });
});

describe("github/cancel", () => {
  it("cancels a run and waits until it has ended", async () => {
    github.state.turn = (run) => {
      if (run.conclusion === "cancelled") run.status = "completed";
    };
    const run_id = github.addRun({ status: "in_progress", conclusion: null });
    const { ran, context } = await lookAndRun(action("cancel"), { run_id });
    expect(ran).toMatchObject({ outcome: "succeeded", output: expect.stringContaining("Run 1000 is cancelled.") });
    expect(await action("cancel").probe({ run_id }, context)).toMatchObject({ found: "ran" });
  });

  it("is unknown after a lost answer while the run goes on: GitHub cancels later than it says so", async () => {
    github.state.turn = () => {};
    const run_id = github.addRun({ status: "in_progress", conclusion: null });
    const look = await action("cancel").look({ run_id }, soon());
    expect(await action("cancel").probe({ run_id }, contextOf(look))).toMatchObject({ found: "unknown" });
    Object.assign(github.runs.get(run_id)!, { status: "completed", conclusion: "cancelled", run_attempt: 2 });
    expect(await action("cancel").probe({ run_id }, contextOf(look))).toMatchObject({ found: "unknown" });
  });

  it("waits for what shows late before it says that nothing was run again", async () => {
    const run_id = github.addRun({ conclusion: "failure" });
    const look = await action("rerun").look({ run_id }, soon());
    let reads = 0;
    github.state.turn = (run) => {
      reads += 1;
      if (reads === 3) run.run_attempt = 2;
    };
    expect(await action("rerun").probe({ run_id }, contextOf(look))).toMatchObject({ found: "ran" });
  });

  it("does not take the word of another repository", async () => {
    const run_id = github.addRun({ conclusion: "failure" });
    const look = await action("rerun").look({ run_id }, soon());
    const elsewhere = contextOf({ ...look, identity: { ...look.identity, repository: "org/other" } });
    expect(await action("rerun").probe({ run_id }, elsewhere)).toMatchObject({ found: "unknown" });
    expect(await action("dispatch").probe(args, elsewhere)).toMatchObject({ found: "unknown" });
  });

  it("says that a run ended by itself before", async () => {
    github.state.turn = () => {};
    const run_id = github.addRun({ status: "in_progress", conclusion: null });
    const look = await action("cancel").look({ run_id }, soon());
    Object.assign(github.runs.get(run_id)!, { status: "completed", conclusion: "success" });
    expect(await action("cancel").run({ run_id }, contextOf(look))).toEqual({
      outcome: "failed",
      output: "Run 1000 has ended already: success. Nothing was done.",
    });
    expect(await action("cancel").probe({ run_id }, contextOf(look))).toMatchObject({ found: "not_run" });
  });
});

describe("github/runs", () => {
  it("lists the last runs, of one workflow or of all", async () => {
    github.addRun({ conclusion: "failure", status: "completed" });
    github.addRun({ path: ".github/workflows/test.yml" });
    const all = await lookAndRun(action("runs"), {});
    expect(all.ran.output.split("\n")).toEqual([
      "2026-01-01T00:00:00Z run 1001 (test.yml on main at aaaaaaa, attempt 1) success, by ana: https://github.example/runs/1001",
      "2026-01-01T00:00:00Z run 1000 (deploy.yml on main at aaaaaaa, attempt 1) failure, by ana: https://github.example/runs/1000",
    ]);
    expect((await lookAndRun(action("runs"), { workflow: "deploy.yml" })).ran.output.split("\n")).toHaveLength(1);
    expect(action("runs").changes).toBe(false);
  });
});

describe("the settings of a repository", () => {
  it.each([
    [{ apiUrl: "http://api.github.example" }, /starts with https/],
    [{ apiUrl: "https://user@api.github.example" }, /starts with https/],
    [{ repository: "org" }, /written as owner\/name/],
    [{ repository: "org/../x" }, /written as owner\/name/],
    [{ repository: "org/.." }, /written as owner\/name/],
    [{ repository: "org/shop?x" }, /written as owner\/name/],
  ])("%j are refused at the start", (more, message) => {
    expect(() => action("runs", more)).toThrow(message);
  });
});
