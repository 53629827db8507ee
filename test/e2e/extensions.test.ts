import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { copyExamples, EXAMPLE_RUNBOOKS } from "../extensions/folder.ts";
import { TOKEN as SERVICE_TOKEN, statusPage, switches } from "../fakes/extensions/services.ts";
import { ANN, BEN, buttonsIn, CHANNEL, clickOn, SLACK_ROOT } from "../fakes/remedy-world.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program with extensions from a folder: the examples, and one that does what none should. */

const { newHome, launch, run, clean } = programs();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
afterAll(clean);

/** Throws out of nowhere, hangs, and gives back garbage. */
const WILD = `
setInterval(() => { throw new Error("wild timer"); }, 200);
Promise.reject(new Error("wild promise"));
export default {
  contract: 1,
  executor: {
    what: "wild thing",
    settings: { properties: {} },
    actions: { poke: { changes: true, arguments: { properties: { how: { type: "string", enum: ["throw", "hang"] } }, required: ["how"] } } },
    open: () => ({ poke: {
      look: async () => ({ identity: {}, precondition: {}, captured: {}, facts: [], blast: { kind: "known", text: "Nobody knows." } }),
      run: async ({ how }) => { if (how === "hang") return new Promise(() => {}); throw new Error("wild run"); },
    } }),
  },
  notifier: {
    what: "wild page",
    hasEnd: false,
    settings: { properties: {} },
    open: () => ({ tell: () => new Promise(() => {}), check: async () => "fine" }),
  },
};`;

const POKE = `
id: poke
title: Poke the wild thing
does: Pokes it, which throws.
not_when: It sleeps.
risk: medium
params:
  entry: {of: x-wild, about: The thing.}
  service: {pattern: "[a-z]{1,20}", takes: [deployment, name, flag], about: Its name.}
target: {kind: service, name: "{{ params.service }}", key: "wild/{{ params.service }}"}
steps:
  - {name: poke, uses: x-wild/poke, with: {entry: "{{ params.entry }}", how: throw}}
cooldown: 0s
per_hour: 10
step_timeout: 5s
minutes_by_hand: 1
matches: {asks: [{verb: restart, kinds: [service, deployment]}]}
`;

const UNSAID: unknown[] = [];

/** A Prometheus that knows one gauge, of a service and of a feature flag. */
async function prometheus(): Promise<string> {
  const labels = [
    { __name__: "queue_depth", service: "shop", job: "shop" },
    { __name__: "queue_depth", flag: "new-checkout", job: "shop" },
  ];
  const dataOf = (path: string): unknown => {
    if (path.endsWith("/buildinfo")) return { version: "3.7.1" };
    if (path.endsWith("/metadata")) return { queue_depth: [{ type: "gauge", help: "Jobs waiting.", unit: "" }] };
    if (path.endsWith("/values")) return ["queue_depth"];
    if (path.endsWith("/series")) return labels;
    if (path.endsWith("/query_range")) return { resultType: "matrix", result: UNSAID };
    return path.endsWith("/query") ? { resultType: "vector", result: UNSAID } : {};
  };
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "success", data: dataOf(new URL(request.url ?? "/", "http://x").pathname) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => server.closeAllConnections() ?? server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function world() {
  const [slack, board, page] = [await new FakeSlack().start(), await switches(), await statusPage()];
  undo.push(() => slack.stop(), board.close, page.close);
  const home = newHome();
  const [port = 0] = await freePorts(1);
  for (const name of ["extensions", "runbooks"]) mkdirSync(join(home, name));
  copyExamples(join(home, "extensions"));
  writeFileSync(join(home, "extensions", "wild.mjs"), WILD, { mode: 0o644 });
  writeFileSync(join(home, "runbooks", "set-switch.yaml"), readFileSync(join(EXAMPLE_RUNBOOKS, "set-switch.yaml")));
  writeFileSync(join(home, "runbooks", "poke.yaml"), POKE);
  writeFileSync(join(home, "token"), `${SERVICE_TOKEN}\n`);
  const secrets = { token: "token" };
  const settings = {
    extensions: { folders: ["./extensions"] },
    people: { ann: { name: "Ann", slack: [ANN] }, ben: { name: "Ben", slack: [BEN] } },
    roles: { oncall: { people: ["ann", "ben"] } },
    approvals: { default: { approvals: 1, approvers: ["oncall"] } },
    routes: [{ slack: [CHANNEL], notify: ["public", "wild"] }],
    notifiers: {
      extension: [
        { name: "public", uses: "status-page", settings: { url: page.url }, secrets },
        { name: "wild", uses: "wild" },
      ],
    },
    runbooks: {
      ...{ builtin: false, folders: ["./runbooks"], modes: { default: "act" } },
      executors: {
        extension: [
          { name: "shop", uses: "switchboard", environment: "production", settings: { url: board.url }, secrets },
          { name: "beast", uses: "wild" },
        ],
      },
    },
    schedules: { detect: { enabled: false } },
  };
  writeFileSync(join(home, "smartcloudops.yaml"), JSON.stringify(settings));
  const env = {
    ...{ PROMETHEUS_URL: await prometheus(), PORT: `${port}`, ALERTMANAGER_WEBHOOK_TOKEN: TOKEN },
    ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken },
  };
  const start = async () => {
    const bot = launch(["start"], { home, env });
    await bot.says('"ready"');
    return bot;
  };
  const say = (text: string) =>
    slack.deliver(
      "events_api",
      eventBody(mentionEvent(text, { user: ANN, thread_ts: SLACK_ROOT, ts: `${Date.now() / 1000}` })),
    );
  const card = (wanted: RegExp) =>
    slack.sent(CHANNEL).findLast(({ text, blocks }) => wanted.test(text) && buttonsIn(blocks).length > 0);
  const press = async (wanted: RegExp, decision: string) => {
    const found = await until(() => card(wanted), `a card ${wanted}`);
    await slack.deliver("interactive", clickOn(slack, found, decision, BEN));
  };
  const proposals = async () =>
    JSON.parse((await run(["proposals", "list", "--json"], { home, env })).stdout) as readonly {
      readonly id: string;
      readonly status: string;
      readonly outcome: string;
      readonly runbook: string;
    }[];
  /** The newest proposal of a runbook, once it is so. */
  const becomes = async (runbook: string, wanted: string) => {
    for (let n = 0; n < 200; n++) {
      const found = (await proposals()).find((one) => one.runbook === runbook);
      if (found?.status === wanted) return found;
      await sleep(100);
    }
    throw new Error(`${runbook} did not become ${wanted}: ${JSON.stringify(await proposals())}`);
  };
  const alert = (status: "firing" | "resolved") =>
    fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({
        version: "4",
        alerts: [
          {
            ...{ status, fingerprint: "f1", startsAt: new Date(Date.now() - 60_000).toISOString() },
            labels: { alertname: "ShopDown", service: "shop", severity: "critical" },
            annotations: { summary: "The shop is down." },
            ...(status === "resolved" && { endsAt: new Date().toISOString() }),
          },
        ],
      }),
    });
  return { ...{ slack, board, page, home, env, start, say, card, press, becomes, alert }, port };
}

it("carries out a change and tells of an incident by the examples, whatever a wild one does beside them", {
  timeout: 180_000,
}, async () => {
  const { slack, board, page, home, env, start, say, card, press, becomes, alert } = await world();
  const checked = await run(["config", "check"], { home, env });
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^extension wild \([0-9a-f]{8}\)/m) });
  const bot = await start();
  const state = () => board.board.get("new-checkout")?.state;

  // A change: asked for, shown with whose code it is, approved by a colleague, run once, and taken back.
  await say("turn off the feature flag new-checkout");
  await until(() => card(/Turn a switch/), "the card");
  const shown = JSON.stringify(card(/Turn a switch/));
  expect(shown).toMatch(/switchboard \(version [0-9a-f]{12}\), code that is not the bot's own/);
  expect(shown).toContain("x-switchboard/set");
  expect(shown).toContain("The switch new-checkout of shop is on.");
  expect(state()).toBe("on");
  await press(/Turn a switch/, "dry_run");
  await until(
    () => JSON.stringify(card(/Turn a switch/)).includes("It would be turned from on to off."),
    "the dry run",
  );
  expect(state()).toBe("on");
  await press(/Turn a switch/, "approve");
  await becomes("set-switch", "succeeded");
  expect(state()).toBe("off");
  expect(board.changes.size).toBe(1);
  const { stdout: audited } = await run(["audit", "export"], { home, env });
  const actions = audited
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { action: string; hash: string });
  expect(actions.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["propose", "simulate", "approve", "claim", "start", "finish"]),
  );
  expect(new Set(actions.filter(({ hash }) => hash !== "").map(({ hash }) => hash)).size).toBe(1);

  // The wild one: what it came to is not known, and it does not run again.
  await say("restart shop");
  await press(/Poke the wild thing/, "approve");
  await becomes("poke", "unknown");

  // An incident: opened on the page, and ended there, though another notifier never answers.
  expect((await alert("firing")).status).toBe(200);
  await until(() => page.incidents.size === 1, "the incident on the page");
  const [incident] = [...page.incidents.values()];
  expect(incident).toMatchObject({ open: true, title: expect.stringContaining("ShopDown") });
  await alert("resolved");
  await until(() => incident?.open === false || [...page.incidents.values()][0]?.open === false, "its end", 60_000);

  const status = (await run(["ask", "status", "--json"], { home, env })).stdout;
  expect(status).toMatch(/Extensions: status-page \([0-9a-f]{8}\), switchboard \([0-9a-f]{8}\), wild \([0-9a-f]{8}\)/);
  const metrics = await (await fetch(`http://127.0.0.1:${env.PORT}/metrics`)).text();
  expect(metrics).toMatch(/smartcloudops_breaker_state\{[^}]*executor\/x-switchboard\/shop/);
  expect(metrics).toMatch(/smartcloudops_breaker_state\{[^}]*notifier\/public/);

  expect(bot.child.exitCode).toBeNull();
  bot.child.kill("SIGTERM");
  const ended = await bot.ended;
  expect(ended.code).toBe(0);
  const wild = ended.stderr.split("\n").filter((line) => /wild (timer|promise)/.test(line) && line.startsWith("{"));
  expect(wild.length).toBeGreaterThan(1);
  expect(wild.filter((line) => !line.includes('"extension":"wild"'))).toEqual([]);
  expect(ended.stderr).not.toContain(SERVICE_TOKEN);
  expect(JSON.stringify(slack.sent(CHANNEL))).not.toContain(SERVICE_TOKEN);
});

it("does not run what was approved with code that was changed since; on SIGHUP the code that was loaded goes on", {
  timeout: 120_000,
}, async () => {
  const { board, home, start, say, card, press, becomes } = await world();
  const first = await start();
  await say("turn off the feature flag new-checkout");
  await until(() => card(/Turn a switch/), "the card");

  const file = join(home, "extensions", "switchboard.ts");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, `throw new Error("not loaded while it runs");`);
  first.child.kill("SIGHUP");
  expect(await first.says("these extensions changed on the disk")).toMatch(/"extensions":\["switchboard"\]/);
  expect(await first.says("the settings were taken anew")).not.toContain("not loaded while it runs");
  first.child.kill("SIGTERM");
  expect((await first.ended).code).toBe(0);
  const refused = await run(["start"], { home });
  expect(refused.code).toBe(78);
  expect(refused.stderr).toMatch(/switchboard\.ts: cannot be loaded: not loaded while it runs \(switchboard\.ts:1:7\)/);

  writeFileSync(file, `${text}\n// One more line.\n`);
  const second = await start();
  await press(/Turn a switch/, "approve");
  await becomes("set-switch", "superseded");
  expect(board.asked.some(({ method }) => method === "PUT")).toBe(false);
  await say("turn off the feature flag new-checkout");
  await until(
    () => JSON.stringify(card(/^Proposed: Turn a switch/) ?? "").includes("code that is not"),
    "the next card",
  );
  await press(/^Proposed: Turn a switch/, "approve");
  await becomes("set-switch", "succeeded");
  expect(board.board.get("new-checkout")?.state).toBe("off");
  second.child.kill("SIGTERM");
  expect((await second.ended).code).toBe(0);
});
