import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, it } from "vitest";
import { startPlayground } from "../../src/demo/playground.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { aNight } from "../fakes/digests.ts";
import { openWindow, shows } from "./browser.ts";
import { programs } from "./processes.ts";

/**
 * A digest planned by somebody in Teams and set off by node-cron, as a person sees it: the whole program in the real Microsoft 365 Agents
 * Playground in a real Chromium. The picture is kept in `.demo/screenshots`.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const { newHome, launch, clean } = programs();
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  clean();
});

it("comes by itself where it was planned, and its buttons ask on", { timeout: 150_000 }, async ({ skip }) => {
  const home = newHome();
  const now = () => Date.now() / 1000;
  const store = openSqliteStore({ dataDir: join(home, "data"), retention: RETENTION, now });
  await aNight(store, now());
  await store.close();
  const [port] = await freePorts(1);
  const env = { PORT: `${port}`, SMARTCLOUDOPS_INSECURE_DEV: "1", SMARTCLOUDOPS_DATA: join(home, "data") };
  await launch(["start"], { home, env }).says('"ready"');
  const playground = await startPlayground({
    folder: join(root, ".demo", "playground"),
    endpoint: `http://127.0.0.1:${port}/api/messages`,
    opensBrowser: false,
    report: () => undefined,
    signal: AbortSignal.timeout(120_000),
  });
  closing.push(() => playground.stop());
  const window = await openWindow(playground.url);
  if ("skipped" in window) return skip(window.skipped);
  closing.push(() => window.close());
  const { page, keep } = window;
  const ask = async (text: string) => {
    await page.click("[contenteditable=true]");
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  };
  await shows(page, "I answer questions about your systems");
  await ask('digest add here handover "* * * * *"');
  await shows(page, "Planned: here is posted here.");
  // The next whole minute.
  await page.waitForFunction('document.body.innerText.includes("Planned as here.")', { timeout: 80_000 });
  await shows(page, "Handover: 1 incident that nobody has acknowledged", "Going on, and somebody looks after it (1):");
  await ask("digest pause here");
  await shows(page, "here is paused: times until it goes on are left out.");
  await ask("digest daily");
  await shows(page, "Daily digest: 1 incident that nobody has acknowledged", "In numbers");
  await keep("teams-digest");
  await page.evaluate(
    '[...document.querySelectorAll("button")].findLast((button) => button.innerText === "Show inc-aaaaaaaa").click()',
  );
  await shows(page, "Incident inc-aaaaaaaa.");
});
