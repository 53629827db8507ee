import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, it } from "vitest";
import { type Playground, startPlayground } from "../../src/demo/playground.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { openWindow, shows, type Window } from "./browser.ts";
import { programs } from "./processes.ts";
import { type RealPrometheus, realPrometheus } from "./servers.ts";
import { sharedStory } from "./shared-story.ts";

/**
 * The bot in Teams as a person sees it: the real Microsoft 365 Agents Playground in a real Chromium, against a real
 * Prometheus. Pictures of what it looked like are kept in `.demo/screenshots`.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const { launch, run, clean } = programs();

type Stage = {
  readonly window: Window;
  readonly playground: Playground;
  readonly real: RealPrometheus;
};
let stage: Stage | { readonly skipped: string };

beforeAll(async () => {
  stage = await setUp();
});
afterAll(async () => {
  if (!("skipped" in stage)) {
    await stage.window.close();
    await stage.playground.stop();
    await stage.real.stop();
  }
  clean();
});

async function setUp(): Promise<typeof stage> {
  const real = await realPrometheus();
  if ("skipped" in real) return real;
  const [port] = await freePorts(1);
  const env = {
    PROMETHEUS_URL: real.url,
    ALERTMANAGER_URL: real.alertmanagerUrl,
    PORT: `${port}`,
    SMARTCLOUDOPS_INSECURE_DEV: "1",
  };
  await launch(["start"], { env }).says('"ready"');
  const playground = await startPlayground({
    folder: join(root, ".demo", "playground"),
    endpoint: `http://127.0.0.1:${port}/api/messages`,
    opensBrowser: false,
    report: () => undefined,
    signal: AbortSignal.timeout(120_000),
  });
  const window = await openWindow(playground.url);
  if ("skipped" in window) {
    await playground.stop();
    await real.stop();
    return window;
  }
  return { window, playground, real };
}

async function ask(page: Page, question: string): Promise<void> {
  await page.click("[contenteditable=true]");
  await page.keyboard.type(question);
  await page.keyboard.press("Enter");
}

it("gives the terminal's answer with its number and a chart, and a button asks on", {
  timeout: 120_000,
}, async ({ skip }) => {
  if ("skipped" in stage) return skip(stage.skipped);
  const { page, keep } = stage.window;
  await shows(page, "I answer questions about your systems"); // the greeting
  const { question, headline } = await sharedStory(stage.real, run);
  await ask(page, question);
  await shows(page, `${headline} `, "usual", "Queries (1)");
  await page.waitForSelector("svg path[stroke]", { timeout: 20_000 });
  await ask(page, "p95 latency of orders");
  await shows(page, "now.");
  await keep("teams-answer");

  await page.evaluate(
    '[...document.querySelectorAll("button")].findLast((button) => button.innerText.startsWith("Why?")).click()',
  );
  await shows(page, "Likely cause");
  await keep("teams-button");
});
