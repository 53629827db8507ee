import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openWindow, shows, type Window } from "./browser.ts";
import { programs } from "./processes.ts";
import { realServers } from "./real.ts";
import type { RealPrometheus } from "./servers.ts";
import { sharedStory } from "./shared-story.ts";

/** `npm run slack:local` as a person uses it: a page in a real Chromium, the bot behind it, on a real Prometheus. */

const TOOL = fileURLToPath(new URL("../tools/slack-local.ts", import.meta.url));
const { run, clean } = programs();
const { servers } = realServers();
afterAll(clean);

describe.each(["socket", "http"])("the window on a Slack of our own, in %s mode", (mode) => {
  it("shows the answer with its chart, and takes what is typed and clicked", { timeout: 120_000 }, async ({ skip }) => {
    const real = servers(skip);
    const tool = await startTool(mode, real);
    let window: Window | { readonly skipped: string } | undefined;
    try {
      window = await openWindow(tool.url);
      if ("skipped" in window) return skip(window.skipped);
      const { page, keep } = window;
      const type = async (text: string) => {
        await page.type("#text", text);
        await page.keyboard.press("Enter");
      };
      const press = (label: string) =>
        page.evaluate(
          `[...document.querySelectorAll("button")].findLast((one) => one.innerText === ${JSON.stringify(label)}).click()`,
        );
      await shows(page, "This is not Slack", "Hello! I answer questions");

      const { question, isToldBy } = await sharedStory(real, run);
      await type(`@ops ${question}`);
      await shows(page, "1 reply in the thread", "usual", "Open in Prometheus");
      await page.waitForSelector(".thread .chart polyline");
      isToldBy(String(await page.$eval(".thread h3", (title) => title.textContent)));

      await type("@ops p95 latency of orders");
      await shows(page, "p95 latency of orders is", "now.");
      await page.waitForFunction('document.querySelectorAll(".chart").length === 2');
      await page.setViewport({ width: 860, height: 820 });
      await page.evaluate("scrollTo(0, document.body.scrollHeight)");
      await keep(`slack-${mode}`);

      await press("Why? (orders)");
      await shows(page, "Alice Example asked: why", "Likely cause");
      await type("/ops help");
      await shows(page, "Only visible to you", "What you can ask me");
      await type("/deploy everything");
      await shows(page, "/deploy is no command of this app");

      await page.click('[data-room="C0NOTHERE1"]');
      await shows(page, "Nothing was said here yet.");
      await type("/ops top 3 services by errors");
      await shows(page, "Alice Example asked: top 3 services by errors", "1. orders");
      await page.click('[data-room="HOME"]');
      await shows(page, "What is going on?");
    } finally {
      if (window !== undefined && !("skipped" in window)) await window.close();
      await tool.stop();
    }
  });
});

async function startTool(mode: string, { url, alertmanagerUrl }: RealPrometheus) {
  const env = { ...process.env, PROMETHEUS_URL: url, ALERTMANAGER_URL: alertmanagerUrl };
  const child = spawn(process.execPath, [TOOL, "--mode", mode], { env, stdio: ["ignore", "pipe", "inherit"] });
  const address = await addressIn(child);
  return {
    url: address,
    async stop() {
      child.kill("SIGTERM");
      const [code] = await once(child, "exit");
      expect(code).toBe(0);
    },
  };
}

/** The address that the tool prints. Rejects when it ends before. */
function addressIn(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += String(chunk);
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once("exit", (code) => reject(new Error(`it ended with ${code} before it said its address: ${said}`)));
  });
}
