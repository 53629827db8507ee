import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "puppeteer-core";
import { expect } from "vitest";

const SCREENSHOTS = fileURLToPath(new URL("../../.demo/screenshots", import.meta.url));

export type Window = {
  readonly page: Page;
  /** Keeps a picture of what the page looks like, or of one element, in `.demo/screenshots`. */
  readonly keep: (name: string, selector?: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** A page in a Chromium of this machine, without a window. Where there is no Chromium, says so, for the test to skip. */
export async function openWindow(url: string): Promise<Window | { readonly skipped: string }> {
  const chromium = programIn(["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]);
  if (chromium === undefined) return { skipped: "there is no Chromium in PATH (Debian: apt-get install chromium)" };
  const { launch } = await import("puppeteer-core");
  const browser = await launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu"],
    defaultViewport: { width: 1100, height: 1400 },
  });
  const page = await browser.newPage();
  await page.goto(url, { waitUntil: "domcontentloaded" });
  mkdirSync(SCREENSHOTS, { recursive: true });
  return {
    page,
    async keep(name, selector) {
      const path = join(SCREENSHOTS, `${name}.png`) as `${string}.png`;
      const element = selector === undefined ? page : await page.$(selector);
      await element?.screenshot({ path });
    },
    close: () => browser.close(),
  };
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
export async function shows(page: Page, ...texts: string[]): Promise<void> {
  const isThere = `${JSON.stringify(texts)}.every((text) => document.body.innerText.includes(text))`;
  await page.waitForFunction(isThere, { timeout: 20_000 }).catch(async () => {
    const said = String(await page.evaluate("document.body.innerText"));
    for (const text of texts) expect(said).toContain(text);
  });
}
