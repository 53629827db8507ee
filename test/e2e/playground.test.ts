import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Playground, startPlayground } from "../../src/demo/playground.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { programs } from "./processes.ts";
import { type RealPrometheus, realPrometheus } from "./servers.ts";

/**
 * The bot in Teams as a person sees it: the real Microsoft 365 Agents Playground in a real Chromium, against a real
 * Prometheus. Pictures of what it looked like are kept in `.demo/screenshots`.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const SCREENSHOTS = join(root, ".demo", "screenshots");
const { launch, clean } = programs();

type Stage = {
  readonly page: Page;
  readonly browser: Browser;
  readonly playground: Playground;
  readonly real: RealPrometheus;
};
let stage: Stage | { readonly skipped: string };

beforeAll(async () => {
  stage = await setUp();
});
afterAll(async () => {
  if (!("skipped" in stage)) {
    await stage.browser.close();
    await stage.playground.stop();
    await stage.real.stop();
  }
  clean();
});

async function setUp(): Promise<typeof stage> {
  const chromium = programIn(["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]);
  if (chromium === undefined) return { skipped: "there is no Chromium in PATH (Debian: apt-get install chromium)" };
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
  const { launch: open } = await import("puppeteer-core");
  const browser = await open({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu"],
    defaultViewport: { width: 1100, height: 1400 },
  });
  const page = await browser.newPage();
  await page.goto(playground.url, { waitUntil: "networkidle2" });
  mkdirSync(SCREENSHOTS, { recursive: true });
  return { page, browser, playground, real };
}

function programIn(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Waits until the page shows all of the texts. Fails with what it shows instead. */
async function shows(page: Page, ...texts: string[]): Promise<void> {
  const isThere = `${JSON.stringify(texts)}.every((text) => document.body.innerText.includes(text))`;
  await page.waitForFunction(isThere, { timeout: 20_000 }).catch(async () => {
    const said = String(await page.evaluate("document.body.innerText"));
    for (const text of texts) expect(said).toContain(text);
  });
}

async function ask(page: Page, question: string): Promise<void> {
  await page.click("[contenteditable=true]");
  await page.keyboard.type(question);
  await page.keyboard.press("Enter");
}

it("answers with a number and a chart, and a button asks on", { timeout: 120_000 }, async ({ skip }) => {
  if ("skipped" in stage) return skip(stage.skipped);
  const { page } = stage;
  await shows(page, "I answer questions about your systems"); // the greeting
  await ask(page, "p95 latency of orders");
  await shows(page, "p95 latency of orders is", "usual", "Queries (1)");
  await page.waitForSelector("svg path[stroke]", { timeout: 20_000 });
  await page.screenshot({ path: join(SCREENSHOTS, "teams-answer.png") });

  await page.evaluate(
    '[...document.querySelectorAll("button")].findLast((button) => button.innerText.startsWith("Why?")).click()',
  );
  await shows(page, "Likely cause");
  await page.screenshot({ path: join(SCREENSHOTS, "teams-button.png") });
});
