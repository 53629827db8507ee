import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { visitorHere } from "../../src/chat/terminal/visitor.ts";
import { modesAround, productionChecks, type Surroundings, wantedIn } from "../../src/cli/checks/production.ts";
import { sendThroughRoutes } from "../../src/cli/checks/send.ts";
import { serve } from "../../src/cli/serve.ts";
import { loadConfig } from "../../src/config.ts";
import type { Log } from "../../src/util/log.ts";
import { FakeSlack } from "../fakes/slack/index.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };

function aHome(yaml: string, env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), "production-"));
  undo.push(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, "smartcloudops.yaml"), yaml);
  writeFileSync(join(home, "hook.key"), "invented\n", { mode: 0o600 });
  const loaded = loadConfig({ env: { PORT: "0", SMARTCLOUDOPS_DATA: join(home, "data"), ...env }, cwd: home });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { home, config: loaded.config };
}

const WATCHED: Surroundings = { uid: 1000, modes: [], ownMetrics: true, ownRules: true };

function missing(yaml: string, env: Record<string, string> = {}, around = WATCHED) {
  const { config } = aHome(yaml, env);
  const wanted = wantedIn(config, around);
  const { score, checks } = productionChecks(wanted);
  const unmet = wanted.filter(({ isMet }) => !isMet);
  return {
    score,
    checks,
    unmet: unmet.map(({ name }) => name),
    musts: unmet.filter(({ weight }) => weight === "must").map(({ name }) => name),
  };
}

const SLACK = { SLACK_BOT_TOKEN: "xoxb-1-1", SLACK_APP_TOKEN: "xapp-1-1" };
const GOOD = `
routes:
  - {name: critical, severity: [critical], slack: [C1], notify: [hook], continue: true}
  - {name: all, slack: [C1]}
  - {name: spare, slack: [C2], fallback: true}
notifiers: {webhook: [{name: hook, url: "https://example.com/hook", secret_file: hook.key}]}
digests: [{name: morning, kind: daily, cron: "0 8 * * *", slack: [C1]}]
`;

describe("what a bot that people rely on lacks", () => {
  it("is nearly everything for one that was only just unpacked, each with a cure", () => {
    const { musts, score, checks } = missing("");
    expect(musts).toEqual(["a chat", "alerts have a place", "alerts come in"]);
    expect(score).toBeLessThan(60);
    for (const check of checks)
      if (check.state !== "ok") expect(check).toMatchObject({ cure: expect.stringMatching(/./) });
    expect(checks.map(({ state }) => state)).toContain("advice");
  });

  it("is nothing that matters for one that is set up, and the score says so", () => {
    const { musts, score } = missing(GOOD, { ...SLACK, ALERTMANAGER_URL: "http://alertmanager:9093" });
    expect(musts).toEqual([]);
    expect(score).toBeGreaterThan(80);
  });

  it("is a token, where the port is open to others", () => {
    const env = { ...SLACK, HOST: "0.0.0.0", ALERTMANAGER_URL: "http://alertmanager:9093" };
    expect(missing(GOOD, env).musts).toEqual(["token of /metrics", "token of alerts"]);
    const tokens = { METRICS_TOKEN: "0123456789abcdef", ALERTMANAGER_WEBHOOK_TOKEN: "0123456789abcdef" };
    expect(missing(GOOD, { ...env, ...tokens }).musts).toEqual([]);
  });

  it("is a second person, where changes run and one is all there is", () => {
    const people = "people: {ann: {slack: [U1]}, ben: {slack: [U2]}}\n";
    const policy = (four: string) =>
      `runbooks: {modes: {production: act}}\napprovals: {risk: {high: {approvers: [sre]${four}}, critical: {approvers: [sre]}}}\n`;
    const env = { ...SLACK, ALERTMANAGER_URL: "http://alertmanager:9093" };
    const one = `${GOOD}${people}roles: {sre: {people: [ann]}}\n${policy("")}`;
    expect(missing(one, env).musts).toEqual(["people who can approve"]);
    const two = `${GOOD}${people}roles: {sre: {people: [ann, ben]}}\n${policy("")}`;
    expect(missing(two, env).musts).toEqual([]);
    expect(missing(two, env).unmet).toContain("two approvals of what is critical");
    const alone = `${GOOD}${people}roles: {sre: {people: [ann, ben]}}\n${policy(", four_eyes: false")}`;
    expect(missing(alone, env).musts).toEqual(["four eyes on what is risky"]);
  });

  it("is that others may read its secrets, that it is root, or that nobody watches it", async () => {
    const { home, config } = aHome("");
    writeFileSync(join(home, ".env"), "A=1\n", { mode: 0o644 });
    const modes = await modesAround(config, home);
    const unmet = wantedIn(config, { uid: 0, modes, ownMetrics: false, ownRules: undefined }).filter(
      (one) => !one.isMet,
    );
    expect(unmet.find(({ name }) => name === "its files are its own")?.found).toContain(join(home, ".env"));
    expect(unmet.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["not root", "it is watched itself", "alerts about itself"]),
    );
  });
});

describe("a test through every route of the running bot", () => {
  it("is posted, with a proposal that can never run, and says where each arrived", async () => {
    const slack = await new FakeSlack().start();
    undo.push(() => slack.stop());
    const yaml = [
      "routes:",
      "  - {name: main, slack: [C0GENERAL1]}",
      `people: {ann: {terminal: ["${visitorHere().user.id}"]}}`,
      "roles: {sre: {people: [ann]}}",
      "responders: [sre]",
    ].join("\n");
    const env = { SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken };
    const { config } = aHome(yaml, env);
    expect((await sendThroughRoutes(config))[0]).toMatchObject({
      state: "failed",
      found: "no bot runs on this data folder",
    });
    const serving = await serve(config, { log, onBrokenStore: nothing });
    undo.push(() => serving.stop(100));
    const [check] = await sendThroughRoutes(config);
    expect(check).toMatchObject({ state: "ok" });
    expect(check?.found).toContain("main → Slack C0GENERAL1: arrived");
    await expect.poll(() => slack.sent("C0GENERAL1").map(({ text }) => text), { timeout: 10_000 }).toHaveLength(2);
    const said = slack.sent("C0GENERAL1").map((one) => JSON.stringify(one));
    expect(said.some((text) => text.includes("TEST: an alert of route main"))).toBe(true);
    const proposal = said.find((text) => text.includes("nothing can carry it out"));
    expect(proposal).toContain("TEST, nothing will run");
    expect(proposal).toContain("decide:reject");
    expect(proposal).not.toContain("decide:approve");
    const metrics = await (await fetch(`http://127.0.0.1:${serving.port}/metrics`)).text();
    expect(metrics).toContain('smartcloudops_proposals_total{status="pending",risk="low"} 1');
  }, 60_000);
});
