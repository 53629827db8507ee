import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Page } from "puppeteer-core";
import { afterAll, describe, expect, it } from "vitest";
import { findBinaries } from "../../src/demo/binaries.ts";
import { openWindow, shows, type Window } from "./browser.ts";
import { programs } from "./processes.ts";

/** `npm run slack:local` as a newcomer tries it: the demo's shop, repaired by two people at one page. Pictures are kept. */

const TOOL = fileURLToPath(new URL("../tools/slack-local.ts", import.meta.url));
const DEMO = fileURLToPath(new URL("../../.demo", import.meta.url));
const ALICE = "U0ALICE001";
const BEN = "U0BEN00001";
const { run, clean } = programs();
afterAll(clean);

const buttons = async (page: Page): Promise<readonly string[]> =>
  (await page.$$eval("#view button[data-press]", (all) => all.map((one) => one.textContent))) as string[];

/** Presses the last button of that name in the messages. */
async function press(page: Page, label: string): Promise<void> {
  const all = `[...document.querySelectorAll("#view button[data-press]")].filter((one) => one.innerText === ${JSON.stringify(label)})`;
  await page.waitForFunction(`${all}.length > 0`, { timeout: 20_000 });
  await page.evaluate(`${all}.at(-1).click()`);
}

async function become(page: Page, who: string): Promise<void> {
  await page.select("#who", who);
}

/** Answers Slack's own question. */
async function confirm(page: Page): Promise<void> {
  await page.waitForSelector("#confirm[open]");
  await page.click('#confirm button[value="yes"]');
}

/** Brings the end of the last message that holds that text into the picture. */
async function look(page: Page, text: string): Promise<void> {
  await page.evaluate(
    `[...document.querySelectorAll("article")].findLast((one) => one.innerText.includes(${JSON.stringify(text)})).scrollIntoView({ block: "start" })`,
  );
  await page.evaluate("scrollBy(0, -60)");
}

describe.each(["socket", "http"])("the shop in Slack in %s mode", (mode) => {
  it("is repaired: asked for, refused to whoever asked, approved by a colleague, checked", {
    timeout: 480_000,
  }, async ({ skip }) => {
    const found = await findBinaries(DEMO, () => undefined, { signal: AbortSignal.timeout(120_000) });
    if ("missing" in found) return skip(found.missing);
    const { PROMETHEUS_URL: _, ...env } = process.env;
    const child = spawn(process.execPath, [TOOL, "--mode", mode], { env, stdio: ["ignore", "pipe", "ignore"] });
    const said = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += String(chunk);
        if (text.includes("Ctrl-C")) resolve(text);
      });
      child.once("exit", (code) => reject(new Error(`it ended with ${code} before it said its address: ${text}`)));
    });
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
    const [, data = ""] = /Data: (\S+)/.exec(said) ?? [];
    let window: Window | { readonly skipped: string } | undefined;
    try {
      window = await openWindow(url);
      if ("skipped" in window) return skip(window.skipped);
      const { page, keep } = window;
      await page.setViewport({ width: 860, height: 1200 });
      await shows(page, "This is not Slack", "Hello! I answer questions");
      await page.type("#text", "@ops restart orders");
      await page.keyboard.press("Enter");
      await shows(page, "It waits for 1 approval. Nothing was changed.", "not Alice, who asked");
      await look(page, "It waits for 1 approval");
      await keep(`slack-proposal-${mode}`);

      await press(page, "Approve");
      await page.waitForSelector("#confirm[open]");
      await keep(`slack-confirm-${mode}`);
      await confirm(page);
      await shows(page, "You asked for this change", "Only visible to you");
      await page.evaluate("scrollTo(0, document.body.scrollHeight)");
      await keep(`slack-own-approval-${mode}`);

      await become(page, BEN);
      await page.waitForFunction('!document.body.innerText.includes("You asked for this change")');
      await press(page, "Reject");
      await page.waitForSelector("#form[open]");
      await keep(`slack-form-${mode}`);
      await page.click('#form button[value="close"]');
      await page.waitForSelector("#form:not([open])");
      await press(page, "Dry run");
      await shows(page, "Dry run by Ben");
      await press(page, "Approve");
      await confirm(page);
      await page.waitForFunction('document.body.innerText.includes("It helped")', { timeout: 240_000 });
      await look(page, "It helped");
      await keep(`slack-repaired-${mode}`);
      const left = await buttons(page);
      for (const gone of ["Approve", "Reject", "Dry run", "Change"]) expect(left).not.toContain(gone);
      await become(page, ALICE);
      await shows(page, "It helped");

      const asked = { env: { SMARTCLOUDOPS_DATA: data } };
      expect((await run(["proposals", "list", "--json"], asked)).stdout).toMatch(/"status": ?"verified"/);
      expect((await run(["audit", "verify"], asked)).code).toBe(0);
    } finally {
      if (window !== undefined && !("skipped" in window)) await window.close();
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });
});
