import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { loadRunbooks } from "../../src/actions/catalogue.ts";
import { fixFor } from "../../src/core/incident/fixes.ts";
import { aWorld, firing } from "../fakes/incidents.ts";
import { ANN, BEN, buttonsIn, CHANNEL, type RemedyWorld, remedyWorld } from "../fakes/remedy-world.ts";

/** From an alert to a change that mends it: the whole program, with a server that takes real calls. */

let world: RemedyWorld | undefined;
afterEach(() => world?.stop());

async function until<T>(look: () => T | undefined | false, what: string): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(20)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`Waited in vain for ${what}.`);
}

describe("an incident whose alert a runbook is for", () => {
  it("gets a proposal of it at a click, which runs once after somebody else approved", {
    timeout: 180_000,
  }, async () => {
    world = await remedyWorld("http");
    const { slack, shop, press } = world;
    const labels = { alertname: "DeskStuck", service: "ferrydesk", severity: "critical" };
    const alert = {
      status: "firing",
      labels,
      annotations: { summary: "the desk is stuck" },
      startsAt: new Date().toISOString(),
    };
    const url = `http://127.0.0.1:${world.serving().port}/webhooks/alertmanager`;
    const taken = await fetch(url, { method: "POST", body: JSON.stringify({ version: "4", alerts: [alert] }) });
    expect(taken.status).toBe(200);
    const incident = () => slack.sent(CHANNEL).find(({ text }) => text.startsWith("Critical: ferrydesk"));
    const can = () => {
      const found = incident();
      return found !== undefined && buttonsIn(found.blocks).some(({ text }) => text.text === "Propose fix") && found;
    };
    await press(await until(can, "the button"), "fix", ANN);
    const card = await until(world.card, "the proposal");
    expect(JSON.stringify(card)).toMatch(/For incident inc-[0-9a-f]{8}/);
    expect(JSON.stringify(card)).toContain("ferrydesk");
    expect(world.aside().join()).toContain("Nothing was changed.");
    // Whoever asked does not approve.
    await press(card, "approve", ANN);
    await until(() => world?.aside().some((text) => /Ann|asked/.test(text) && /approve/i.test(text)), "the refusal");
    expect(shop.effects).toEqual([]);
    await press(world.card()!, "approve", BEN);
    await until(() => shop.effects.length > 0, "the effect");
    await until(() => /helped/.test(world?.card()?.text ?? ""), "the verdict");
    expect(shop.effects.map(({ path }) => path)).toEqual(["/restart/ferrydesk"]);
  });
});

describe("the shipped runbooks", () => {
  const folder = mkdtempSync(join(tmpdir(), "fixes-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const runbooks = loadRunbooks({ builtin: true, folders: [], dataDir: folder });
  const fixOf = async (labels: Record<string, string>) => {
    const { all, tell } = aWorld();
    tell(firing("a", { labels }));
    const found = fixFor(all()[0]!, (await runbooks).all());
    return found && { ids: found.runbooks.map(({ id }) => id).sort(), values: found.values };
  };

  it("are for the alerts of Kubernetes, with what their labels say", async () => {
    const found = await fixOf({
      alertname: "KubePodCrashLooping",
      namespace: "shop",
      pod: "api-6d4cf56db6-x7k2p",
      cluster: "prod",
      service: "",
    });
    expect(found?.ids).toContain("restart-deployment");
    expect(found?.values).toMatchObject({
      deployment: { value: "api", origin: "label" },
      namespace: { value: "shop" },
    });
  });

  it("are for anomalies of the watches that they name, and for no alert of the same name", async () => {
    const labels = {
      alertname: "errors unusual",
      watch: "service.errors",
      cluster: "prod",
      namespace: "shop",
      service: "api",
    };
    const { all, tell } = aWorld();
    tell({ ...firing("anomaly a1", { labels }), anomaly: "a1" });
    const found = fixFor(all()[0]!, (await runbooks).all());
    expect(found?.runbooks.map(({ id }) => id)).toContain("restart-deployment");
    expect(found?.values).toMatchObject({ service: { value: "api" }, namespace: { value: "shop" } });
    expect(await fixOf(labels)).toBeUndefined();
  });

  it("are for none that no runbook names", async () => {
    expect(await fixOf({ alertname: "SomethingOfOurOwn", service: "api" })).toBeUndefined();
  });
});
