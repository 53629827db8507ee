import { describe, expect, it } from "vitest";
import { readRun } from "../../src/flows/answer/reads.ts";
import { HARBOUR, harbour } from "../fakes/harbour.ts";
import { World } from "../fakes/world.ts";

const DEPLOYMENT = { deployment: "ferrydesk", namespace: "port" };
const port = () =>
  new World(
    harbour({ series: [...HARBOUR, { metric: "kube_deployment_spec_replicas", labels: DEPLOYMENT, value: 2 }] }),
  );

describe("a question for logs", () => {
  it.each(["logs of ferrydesk last 10 minutes", "show me the logs of ferrydesk"])(
    "says so where nothing here has them, and keeps nothing: %s",
    async (text) => {
      const world = port();
      const reply = await world.ask(text);
      expect(reply.intent).toBe("logs");
      expect(reply.reply_text).toMatch(/^I have no access to logs of ferrydesk here/);
      expect(reply.reply_text).toMatch(/would do it, but no .* is configured\.|It would take a runbook for logs/);
      expect(reply.proposed_actions).toEqual([]);
    },
  );
});

describe("a runbook named by its id", () => {
  it.each([
    ["run runbook health-check", { runbook: "health-check", values: {} }],
    [
      "Run the runbook collect-diagnostics name=checkout namespace=shop",
      { runbook: "collect-diagnostics", values: { name: "checkout", namespace: "shop" } },
    ],
    ["run the tests", undefined],
    ["run runbook", undefined],
    ["run runbook a;b", undefined],
    ["please tell me which runbook to run", undefined],
  ])("%s", (text, wanted) => {
    expect(readRun(text)).toEqual(wanted);
  });

  it("that does not exist is said so", async () => {
    const reply = await port().ask("run runbook make-coffee cups=2");
    expect(reply.reply_text).toContain("There is no runbook make-coffee.");
    expect(reply.proposed_actions).toEqual([]);
  });
});
