import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { FakePulls } from "../fakes/github/pulls.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program, told of runs of pipelines: what is unusual becomes one message in a Slack of our own, and a comment in a GitHub of ours. */

const CHANNEL = "C0GENERAL1";
const { newHome, launch, clean } = programs();
let slack: FakeSlack | undefined;
let gitHub: Server | undefined;
afterAll(clean);
afterEach(async () => {
  await slack?.stop();
  gitHub?.closeAllConnections();
  gitHub?.close();
});

/** Serves pull requests at an address of this machine. */
async function serve(pulls: FakePulls): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += String(chunk);
    });
    request.on("end", () => {
      const isTrusted = request.headers.authorization === "Bearer a-token-of-github";
      const [status, answer] = isTrusted ? pulls.answer(request.method ?? "", request.url ?? "", body) : [401, {}];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  gitHub = server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("tells of a slow pipeline in one message that ends with it, lists what it knows, and counts it", {
  timeout: 60_000,
}, async () => {
  const fake = await new FakeSlack().start();
  slack = fake;
  const home = newHome();
  const [port] = await freePorts(1);
  const pulls = new FakePulls();
  writeFileSync(join(home, "github-token"), "a-token-of-github\n");
  writeFileSync(
    join(home, "smartcloudops.yaml"),
    [
      `schedules: {detect: {post: [{slack: ${CHANNEL}}]}}`,
      "ci:",
      '  deploys: [{project: acme/*, pipeline: "Deploy*", service: shop, environment: production}]',
      "  numbers: {coverage: down}",
      `  github: {token_file: github-token, api_url: ${await serve(pulls)}, projects: [acme/*], status: true}`,
    ].join("\n"),
  );
  const env = {
    ...{ CI_WEBHOOK_SECRET: "it-is-a-secret", PORT: `${port}`, SLACK_API_URL: fake.apiUrl },
    ...{ SLACK_BOT_TOKEN: fake.botToken, SLACK_APP_TOKEN: fake.appToken },
  };
  const bot = launch(["start"], { home, env });
  await bot.says('"ready"');
  const begin = Date.now() / 1000 - 30 * 3600;
  let told = 0;
  const tell = async (seconds: number, more: object = {}) => {
    const finished = begin + ++told * 3600;
    const response = await fetch(`http://127.0.0.1:${port}/webhooks/ci`, {
      method: "POST",
      headers: { authorization: "Bearer it-is-a-secret", "x-forwarded-for": "203.0.113.9" },
      body: JSON.stringify({
        ...{ project: "acme/shop", pipeline: "Tests", status: "success", numbers: { coverage: 0.8 } },
        ...{ started_at: finished - seconds, finished_at: finished, url: `https://ci.example/${told}`, ...more },
      }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as { readonly verdict: string; readonly reason: string; readonly numbers: object };
  };
  for (let i = 0; i < 20; i++) expect((await tell(300 + i)).verdict).toBe(i < 8 ? "not judged" : "pass");
  expect(fake.sent(CHANNEL)).toHaveLength(0);
  expect((await tell(900)).verdict).toBe("fail");
  const [message] = await until(() => fake.sent(CHANNEL).length > 0 && fake.sent(CHANNEL), "the message");
  expect(message?.text).toContain("Warning: duration of acme/shop Tests on main: 15 min, 2.9 times its usual");
  expect(JSON.stringify(message)).toContain("<https://ci.example/21|Open the run>");
  await tell(310);
  await until(() => fake.sent(CHANNEL)[0]?.text.startsWith("Resolved after"), "the end");
  expect(fake.sent(CHANNEL)).toHaveLength(1);

  const pull = { branch: "topic", pull_request: 12, commit: "3f2a91c0aa77113f2a91c0aa77113f2a91c0aa77" };
  expect(await tell(312, { ...pull, numbers: { coverage: 0.5 } })).toMatchObject({
    verdict: "fail",
    reason: "Unlike earlier runs on main: coverage 0.5, usually 0.744 to 0.856.",
    numbers: {
      coverage: { value: 0.5, is_unusual: true, usual: { typical: 0.8 } },
      duration_seconds: { value: 312, is_unusual: false },
    },
  });
  const [comment] = await until(() => pulls.of("acme/shop#12").length > 0 && pulls.of("acme/shop#12"), "the comment");
  expect(comment?.body).toContain("coverage 0.5, usually 0.744 to 0.856");
  expect((await tell(313, pull)).verdict).toBe("pass");
  await until(() => comment?.body.includes("No pipeline of this pull request is unlike earlier runs."), "the edit");
  expect(pulls.of("acme/shop#12")).toHaveLength(1);
  await until(() => pulls.statuses.length === 2, "both states of the commit");
  expect(pulls.statuses.map(({ state }) => state)).toEqual(["failure", "success"]);

  await tell(60, { pipeline: "Deploy", commit: "3f2a91c0aa77", committed_at: begin });
  const ask = async (text: string) => (await launch(["ask", text], { home, env }).ended).stdout;
  expect(await ask("ci")).toContain("All 2 pipelines of main branches ended well last.");
  expect(await ask("ci shop")).toContain("acme/shop Deploy");
  expect(await ask("dora")).toContain("In 30 days: 1 deployment");
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toMatch(
    /smartcloudops_ci_runs_total\{project="acme\/shop",pipeline="Tests",branch="main",outcome="success"\} 22/,
  );
  expect(metrics).toMatch(/smartcloudops_deployments_total\{service="shop",environment="production"\} 1/);
  bot.child.kill("SIGTERM");
  expect((await bot.ended).code).toBe(0);
});
