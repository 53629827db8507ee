import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { SCOPES } from "../../src/core/access.ts";
import { chatEnv, startChatBot } from "../bench/chat-bot.ts";
import { mangle } from "../bench/mangle.ts";
import { ALICE, click, personal } from "../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework } from "../fakes/bot-framework/index.ts";
import { commandBody, directEvent, eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { clickBody } from "../fakes/slack/payloads.ts";
import { randomNumbers } from "../tools/random.ts";
import { below, exactly, type Outcome, type Run, rank, told } from "./figures.ts";
import { API_PATHS, apiShot, mangledForm } from "./fuzz-shots.ts";
import { startPeople } from "./people.ts";
import { answerTo, type Sent } from "./request.ts";
import { WEBHOOK_TOKEN } from "./world.ts";

const AT_ONCE = 40;
const MOST_FLYING = 10 * AT_ONCE;
/** Of what it can take at most, which is measured with that part of the requests, so many times. */
const SHARE = 0.7;
const MEASURED = 0.15;
const PARTS = 20;
/** Requests in one such part, at least. */
const LEAST = 20_000;
/** Of all requests: then all code is loaded, and all caches have their size. */
const WARM_UP = 0.2;
const HONEST_EVERY_MS = 100;
const CI_SECRET = "invented-ci-secret-of-the-fuzz";
const API_SECRET = "invented-api-secret-of-the-fuzz";
/** Calls that an API takes of one token in a minute at most: the others are answered 429. */
const API_CALLS = 6000;
const PATHS = [
  ...API_PATHS,
  "/healthz",
  "/readyz",
  "/metrics",
  "/slack/events",
  "/api/messages",
  "/webhooks/alertmanager",
  "/webhooks/ci",
];
/** What SDKs are known to die of, and what belongs to nobody. */
const STRANGE = [
  "//",
  "/webhooks/%E0%A4%A",
  "/..%2f..%2fetc/passwd",
  "/%00",
  "/?a[__proto__][x]=1",
  "/api/v1/%ff",
  "/slack/events/",
  "*",
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"];

type Shot = Sent & { readonly isSigned?: boolean };

/** `size` mangled requests to every path of a bot, one in ten of them validly signed, while people go on asking. */
export async function fuzz({ size, seed, show }: Run): Promise<Outcome> {
  const [slack, framework] = [await new FakeSlack().start(), await startBotFramework()];
  framework.roles.set(ALICE.id, "user"); // who is not listed is a guest, and asks nothing
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  const tokens = [{ name: "fuzz", scopes: SCOPES, per_minute: API_CALLS }];
  writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify({ api: { tokens } }));
  const bot = await startChatBot({
    ...chatEnv(slack, framework),
    ...{ ALERTMANAGER_WEBHOOK_TOKEN: WEBHOOK_TOKEN, CI_WEBHOOK_SECRET: CI_SECRET },
    ...{ API_TOKENS: `fuzz=${API_SECRET}`, SMARTCLOUDOPS_CONFIG: join(folder, "smartcloudops.yaml") },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    const next = await mixOf(slack, framework, randomNumbers(seed));
    const statuses = new Map<string, number>();
    let [sent, signed] = [0, 0];
    const shoot = async () => {
      const one = next(sent++);
      if (one.isSigned === true) signed++;
      const status = await answerTo(agent, bot.port, one);
      statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
      if (sent % 1000 === 0) forget(slack, framework);
      if (sent % 500 === 0) show(sent / size, `${sent} of ${size} requests`);
    };
    const warmUp = Math.max(200, Math.floor(size * WARM_UP));
    await flood(shoot, warmUp);
    await sleep(2000); // what was asked is answered
    const before = bot.rss();
    const heapBefore = await bot.heapAfterGc();
    const people = await startPeople({ port: bot.port, everyMs: HONEST_EVERY_MS });
    const most: number[] = [];
    const part = Math.ceil((size - warmUp) / Math.max(1, Math.min(PARTS, size / LEAST)));
    for (let left = size - warmUp; left > 0; left -= part) {
      // What it can take at most is another number whenever the machine has something else to do.
      const measured = Math.ceil(Math.min(left, part) * MEASURED);
      most.push(await flood(shoot, measured));
      await sleep(1000); // what was asked is answered
      await people.ask(true);
      await paced(shoot, most.at(-1)! * SHARE, Math.min(left, part) - measured);
      await people.ask(false);
    }
    const { ms: honest, others } = await people.end();
    await sleep(2000);
    const after = bot.rss();
    const heapAfter = await bot.heapAfterGc();
    const bad = [...statuses].filter(([status]) => /^5/.test(status) && status !== "503");
    const mistakes = bot.log.filter((line) => /a request failed|a mistake of the bot/.test(line));
    return {
      broken: mistakes.slice(0, 5).map((line) => line.slice(0, 400)),
      figures: [
        told(
          "answers by status",
          [...statuses]
            .toSorted()
            .map(([status, times]) => `${status}: ${times}`)
            .join(", "),
        ),
        told("validly signed", `${signed} of ${sent}`),
        told(
          `requests a second at most, measured ${most.length} times; while people asked, 70 % of each`,
          `${Math.min(...most).toFixed(0)} to ${Math.max(...most).toFixed(0)}`,
        ),
        exactly("exits of the process", bot.exitCode() === null ? 0 : 1, 0),
        exactly(
          "answers 5xx but 503",
          bad.reduce((sum, [, times]) => sum + times, 0),
          0,
        ),
        exactly("failures in its log", mistakes.length, 0),
        below("memory more at the end than after the first fifth", after - before, 64, "MB"),
        told("heap after a collection, then and at the end", `${heapBefore.toFixed(1)} MB, ${heapAfter.toFixed(1)} MB`),
        below(`p99 of ${honest.length} requests of people meanwhile`, rank(honest, 0.99), 50, "ms"),
        exactly("requests of people that were not answered with 200", others.length, 0),
      ],
    };
  } finally {
    agent.destroy();
    await bot.stop();
    rmSync(folder, { recursive: true, force: true });
    await slack.stop();
    await framework.close();
  }
}

/** What a workspace, a tenant, Alertmanager, a pipeline and strangers send, mangled. */
async function mixOf(
  slack: FakeSlack,
  framework: BotFramework,
  chance: () => number,
): Promise<(number: number) => Shot> {
  const token = await framework.sign({ exp: Math.floor(Date.now() / 1000) + 4 * 3600 });
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
  const json = { "content-type": "application/json" };
  const bodies = [
    (isSigned: boolean) => {
      const kind = pick(["event", "command", "click"] as const);
      const whole =
        kind === "event"
          ? eventBody(pick([mentionEvent, directEvent])("status"))
          : kind === "command"
            ? commandBody("status")
            : clickBody({ action_id: "ask", value: "status" });
      const body = mangle(whole, chance);
      const at = Math.floor(Date.now() / 1000);
      // A command comes as a form of its fields, a click as one field with JSON in it, as Slack sends them.
      const text =
        kind === "event"
          ? body
          : kind === "command"
            ? mangledForm(commandBody("status"), chance)
            : new URLSearchParams({ payload: body }).toString();
      const { headers } = slack.signed(text, at, kind);
      const forged = { ...headers, "x-slack-signature": `v0=${"0".repeat(64)}` };
      return { method: "POST", path: "/slack/events", headers: isSigned ? headers : forged, body: text };
    },
    (isSigned: boolean) => {
      const activity = pick([
        personal(framework.url, "status"),
        click(framework.url, { action: { kind: "ask", text: "status" } }),
      ]);
      const authorization = isSigned
        ? `Bearer ${token}`
        : pick(["", "Bearer x", `Bearer ${token.slice(0, -9)}AAAAAAAAA`]);
      return {
        method: "POST",
        path: "/api/messages",
        headers: { ...json, authorization },
        body: mangle(activity, chance),
      };
    },
    (isSigned: boolean) => {
      const alerts = [
        { status: "firing", labels: { alertname: "Fuzz", service: "desk" }, startsAt: new Date().toISOString() },
      ];
      const authorization = isSigned ? `Bearer ${WEBHOOK_TOKEN}` : "Bearer x";
      return {
        method: "POST",
        path: "/webhooks/alertmanager",
        headers: { ...json, authorization },
        body: mangle({ version: "4", alerts }, chance),
      };
    },
    (isSigned: boolean) => {
      const run = {
        id: 7,
        name: "build",
        status: "completed",
        conclusion: "success",
        head_branch: "main",
        html_url: "https://example.com",
      };
      const body = mangle(
        { action: "completed", workflow_run: run, repository: { full_name: "harbour/desk" } },
        chance,
      );
      const mac = createHmac("sha256", isSigned ? CI_SECRET : "x")
        .update(body)
        .digest("hex");
      const headers = { ...json, "x-github-event": "workflow_run", "x-hub-signature-256": `sha256=${mac}` };
      return { method: "POST", path: "/webhooks/ci", headers, body };
    },
    (isSigned: boolean) => apiShot(isSigned ? API_SECRET : pick(["", "x", API_SECRET.slice(0, -1)]), chance),
  ];
  return (number) => {
    if (number % 10 === 0) return { ...pick(bodies)(true), isSigned: true };
    if (chance() < 0.7) return pick(bodies)(false);
    const method = pick(METHODS);
    const path = pick([...PATHS, ...STRANGE, `${pick(PATHS)}${pick(["?", "%", "/", "#"])}${chance()}`]);
    const body =
      method === "GET" || method === "HEAD" || method === "TRACE" ? "" : mangle({ a: [1, { b: "c" }] }, chance);
    return {
      method,
      path,
      headers: { "content-type": pick(["application/json", "text/plain", "multipart/form-data", ""]) },
      body,
    };
  };
}

/** So many, with as many under way as may be. Resolves with how many a second. */
async function flood(shoot: () => Promise<void>, count: number): Promise<number> {
  let left = count;
  const began = performance.now();
  const loop = async () => {
    while (left-- > 0) await shoot();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  return count / ((performance.now() - began) / 1000);
}

/** So many at a steady rate, whatever the answers take: but for those that would only wait in this process. */
async function paced(shoot: () => Promise<void>, perSecond: number, count: number): Promise<void> {
  const began = performance.now();
  const flying = new Set<Promise<void>>();
  for (let made = 0; made < count; made++) {
    const wait = began + (made * 1000) / perSecond - performance.now();
    // Whoever is behind goes on as fast as it can, and lets what arrived be read.
    await (wait > 0 ? sleep(wait) : setImmediate());
    while (flying.size >= MOST_FLYING) await Promise.race(flying);
    const one: Promise<void> = shoot().finally(() => flying.delete(one));
    flying.add(one);
  }
  await Promise.all(flying);
}

/** The stand-ins would otherwise remember everything that they were ever told. */
function forget(slack: FakeSlack, framework: BotFramework): void {
  for (const list of [slack.calls, framework.kept, slack.ephemerals, slack.responses]) list.length = 0;
  slack.messages.clear();
}
