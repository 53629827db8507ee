import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadPrompts, promptReader } from "../../src/model/prompts.ts";

const shipped = (name: string) => readFileSync(new URL(`../../prompts/${name}.md`, import.meta.url), "utf8");

describe("the prompts", () => {
  it("have a version of their name, number and content", () => {
    const prompts = loadPrompts();
    expect(prompts.investigate.version).toMatch(/^investigate \d+ \([0-9a-f]{8}\)$/);
    const changed = loadPrompts((name) => `${shipped(name)}\nMore.`);
    expect(changed.investigate.version).not.toBe(prompts.investigate.version);
  });

  it("may be somebody's own, each by itself, and the shipped ones stand in for those that are not there", () => {
    const folder = mkdtempSync(join(tmpdir(), "prompts-"));
    try {
      expect(() => promptReader(folder)).toThrow("has no prompt: it wants investigate.md or intent.md");
      writeFileSync(join(folder, "investigate.md"), `${shipped("investigate")}\nBe short.\n`);
      const own = loadPrompts(promptReader(folder));
      expect(own.investigate.version).not.toBe(loadPrompts().investigate.version);
      expect(own.intent.version).toBe(loadPrompts().intent.version);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("take values as text, whatever stands in them", () => {
    const text = loadPrompts().intent.fill({ intents: "{{ examples }} $& $1", examples: "none" });
    expect(text).toContain("{{ examples }} $& $1");
    expect(text).not.toContain("version:");
  });

  it.each([
    ["a variable that nobody fills", (text: string) => `${text}\n{{ secrets }}`, "{{ secrets }}, which nobody fills"],
    ["no place for a value", (text: string) => text.replace("{{ examples }}", "none"), "has no {{ examples }}"],
    ["no version", (text: string) => text.replace("version: 1", "version: one"), "must begin with its version"],
  ])("are refused at start with %s", (_, change, words) => {
    expect(() => loadPrompts((name) => (name === "intent" ? change(shipped(name)) : shipped(name)))).toThrow(words);
  });
});
