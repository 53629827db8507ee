import { fileURLToPath } from "node:url";
import type { Page } from "puppeteer-core";
import { afterAll, expect, it } from "vitest";
import { findBinaries } from "../../src/demo/binaries.ts";
import { measure } from "../../src/demo/ready.ts";
import { openWindow, shows, type Window } from "./browser.ts";
import { programs } from "./processes.ts";

/**
 * `npm run demo` as a newcomer tries it in the browser: two pages of the real Agents Playground, one for whoever tries it and
 * one for a colleague, and a real Prometheus. Pictures are kept in `.demo/screenshots`.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const { launch, run, clean } = programs();
const windows: Window[] = [];
afterAll(async () => {
  for (const { close } of windows) await close();
  clean();
});

const GROUP = "On call";

const leaf = (text: string) =>
  `[...document.querySelectorAll("*")].findLast((one) => one.childElementCount === 0 && one.textContent.trim() === ${JSON.stringify(text)})`;

/** Goes to a chat of the left rail. */
async function enter(page: Page, chat: string): Promise<void> {
  await shows(page, chat);
  await page.evaluate(`${leaf(chat)}.click()`);
}

/** Types a message that mentions the bot, as a person would, by choosing it. */
async function mention(page: Page, text: string): Promise<void> {
  await page.bringToFront();
  await page.click("[contenteditable=true]");
  await page.keyboard.type("@Ops");
  const item = await page.waitForSelector('[role="menuitem"]');
  await item?.click();
  await page.keyboard.type(` ${text}`);
  await page.keyboard.press("Enter");
}

const buttons = async (page: Page): Promise<readonly string[]> =>
  (await page.evaluate(
    `[...document.querySelectorAll("button")].map((one) => one.innerText.trim()).filter((text) => text !== "")`,
  )) as string[];

/** Presses the last button of that name, once it is there. `count` is how many there have to be before. Rejects after `ms`. */
async function press(page: Page, label: string, count = 1, ms = 20_000): Promise<void> {
  await page.bringToFront();
  const all = `[...document.querySelectorAll("button")].filter((one) => one.innerText.trim() === ${JSON.stringify(label)})`;
  await page.waitForFunction(`${all}.length >= ${count}`, { timeout: ms });
  await page.evaluate(`${all}.at(-1).scrollIntoView({ block: "center" })`);
  await page.evaluate(`${all}.at(-1).click()`);
}

const ask = async (page: Page) => {
  await press(page, "Approve");
  await shows(page, "Run this?");
};

/** Answers the card's question. An edit of the card meanwhile closes it: then it is opened again. */
async function confirm(page: Page, tries = 5): Promise<void> {
  try {
    await press(page, "Approve", 2, 5000);
  } catch (problem) {
    if (tries === 1) throw problem;
    await ask(page);
    await confirm(page, tries - 1);
  }
}

/** What npm needs to fetch the Playground where this machine gets its packages from: the demo is started with little else. */
function npmSettings(): Record<string, string> {
  const isNeeded = (name: string) => /^(?:home|npm_config_.*|(?:https?|no)_proxy|node_extra_ca_certs)$/i.test(name);
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      isNeeded(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

/** Waits for a condition for as long as the shop needs to be mended. */
const eventually = (page: Page, text: string) =>
  page.waitForFunction(`document.body.innerText.includes(${JSON.stringify(text)})`, { timeout: 240_000 });

it("is repaired in Teams: asked for, refused to whoever asked, approved by a colleague at a page of their own, checked", {
  timeout: 420_000,
}, async ({ skip }) => {
  const found = await findBinaries(fileURLToPath(new URL("../../.demo", import.meta.url)), () => undefined, {
    signal: AbortSignal.timeout(120_000),
  });
  if ("missing" in found) return skip(found.missing);
  const demo = launch(["demo"], { home: root, env: npmSettings() });
  const said = await demo.says("Nobody types here");
  const [, own = "", colleague = ""] = /browser: (http:\S+) {2}As your colleague Robin: (http:\S+)/.exec(said) ?? [];
  const [, prometheus = ""] = /Prometheus: (http:\S+)/.exec(said) ?? [];
  const [, data = ""] = /SMARTCLOUDOPS_DATA=(\S+)/.exec(said) ?? [];
  expect([own, colleague, prometheus, data]).not.toContain("");
  const open = async (url: string) => {
    const window = await openWindow(url);
    if ("skipped" in window) return skip(window.skipped);
    windows.push(window);
    return window;
  };

  const you = await open(own);
  await shows(you.page, "Hello. I answer questions about your systems");
  await enter(you.page, GROUP);
  await shows(you.page, "Mention me and ask");
  await mention(you.page, "restart orders");
  await shows(you.page, "It waits for 1 approval. Nothing was changed.", "Who may approve", "not You, who asked");
  await you.keep("teams-proposal");

  await ask(you.page);
  await confirm(you.page);
  await shows(you.page, "You asked for this change");
  await you.keep("teams-own-approval");
  await shows(you.page, "It waits for 1 approval. Nothing was changed.");

  const robin = await open(colleague);
  await enter(robin.page, GROUP);
  await shows(robin.page, "It waits for 1 approval. Nothing was changed.");
  expect(await robin.page.evaluate("document.body.innerText")).not.toContain("You asked for this change");
  await press(robin.page, "Dry run");
  await shows(robin.page, "Dry run by Robin");
  await ask(robin.page);
  await robin.page.evaluate(`${leaf("Run this?")}.scrollIntoView({ block: "center" })`);
  await robin.keep("teams-confirm");
  await confirm(robin.page);
  await eventually(robin.page, "It helped");
  await shows(robin.page, "Robin");
  await robin.keep("teams-repaired");
  for (const { page } of [you, robin]) {
    await page.bringToFront();
    await shows(page, "It helped");
    expect(await buttons(page)).not.toEqual(expect.arrayContaining(["Approve"]));
    expect(await buttons(page)).not.toEqual(expect.arrayContaining(["Reject"]));
  }

  const env = { SMARTCLOUDOPS_DATA: data };
  const listed = await run(["proposals", "list", "--json"], { env });
  expect(listed.stdout).toMatch(/"status": ?"verified"/);
  expect((await run(["audit", "verify"], { env })).code).toBe(0);
  const p95 = `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{service="orders"}[30s])))`;
  expect((await measure(prometheus, p95))?.value).toBeLessThan(1);
  demo.child.kill("SIGTERM");
  expect((await demo.ended).code).toBe(0);
});
