import { describe, expect, it } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { configIn, configOf, problemsIn, problemsOf } from "./helpers.ts";

const KEY = { OPENAI_MODEL: "gpt-5-mini", OPENAI_API_KEY: "sk-abc" };
const LOCAL = { OPENAI_MODEL: "qwen3:8b", OPENAI_BASE_URL: "http://localhost:11434/v1/" };
const said = (problems: readonly { where: string; message: string }[]) =>
  problems.map(({ where, message }) => `${where} ${message}`);

describe("the language model", () => {
  it("is off without a name and a key or an address", () => {
    expect(configOf().model).toBeUndefined();
    expect(configIn("model:\n  tool_calls: 3\n").model).toBeUndefined();
  });

  it("is on with a key, or with an address alone", () => {
    const { model } = configOf(KEY);
    expect(model).toMatchObject({
      name: "gpt-5-mini",
      baseUrl: undefined,
      callMs: 20_000,
      totalMs: 60_000,
      toolCalls: 8,
      alertText: "summary",
      pseudonyms: false,
      price: undefined,
    });
    expect(model?.budget.question).toEqual({ tokens: 60_000, cost: undefined });
    expect(configOf(LOCAL).model).toMatchObject({
      name: "qwen3:8b",
      baseUrl: "http://localhost:11434/v1",
      apiKey: undefined,
    });
  });

  it("has its key from a file too, and shows it to nobody", () => {
    const config = configOf({ OPENAI_MODEL: "m", OPENAI_API_KEY_FILE: "/run/key" }, { "/run/key": "sk-file\n" });
    expect(config.model?.apiKey?.reveal()).toBe("sk-file");
    expect(JSON.stringify(config)).not.toContain("sk-file");
    expect(secretsOf(config).map((one) => one.reveal())).toEqual(["sk-file"]);
  });

  it("takes limits, prices and budgets from the file", () => {
    const yaml = `
model:
  name: from-the-file
  timeout: 30s
  tool_calls: 3
  alert_text: "off"
  pseudonyms: true
  price: {input: 0.25, output: 2}
  budget:
    user: {tokens: 1000, cost: 0.5}
`;
    const { model } = configIn(yaml, { OPENAI_BASE_URL: "http://localhost:8000/v1" });
    expect(model).toMatchObject({
      name: "from-the-file",
      totalMs: 30_000,
      toolCalls: 3,
      alertText: "off",
      pseudonyms: true,
      price: { input: 0.25, output: 2, currency: "USD" },
    });
    expect(model?.budget.user).toEqual({ tokens: 1000, cost: 0.5 });
    expect(configIn(yaml, KEY).model?.name).toBe("gpt-5-mini");
  });

  it("is turned off by one word", () => {
    expect(configIn("model: {enabled: false}\n", KEY).model).toBeUndefined();
  });

  it("reports half of its settings", () => {
    expect(said(problemsOf({ OPENAI_API_KEY: "sk-abc" }))).toEqual([
      "OPENAI_MODEL must come together with OPENAI_API_KEY: it is not set. Set it to the model's name, or take the other away.",
    ]);
    expect(said(problemsOf({ OPENAI_MODEL: "m" }))[0]).toMatch(
      /^OPENAI_MODEL must come together with OPENAI_API_KEY, or/,
    );
    expect(said(problemsIn("model: {name: m}\n"))[0]).toMatch(
      /^smartcloudops\.yaml:1:\d+ model\.name must come together/,
    );
  });

  it("reports what cannot be, with its place", () => {
    expect(said(problemsOf({ ...KEY, OPENAI_BASE_URL: "ftp://x" }))[0]).toMatch(/^OPENAI_BASE_URL must be an address/);
    expect(said(problemsOf({ ...KEY, OPENAI_MODEL: "a b" }))[0]).toMatch(/^OPENAI_MODEL must be the name of a model/);
    expect(said(problemsIn("model:\n  budget:\n    day: {cost: 5}\n", KEY))[0]).toMatch(
      /^smartcloudops\.yaml:3:\d+ model\.budget\.day\.cost must come together with model\.price/,
    );
    expect(said(problemsIn("model:\n  tool_calls: 99\n", KEY))[0]).toContain("must be a whole number from 1 to 30");
    expect(said(problemsIn("model:\n  alert_text: some\n", KEY))[0]).toContain("must be off, summary or full");
  });
});
