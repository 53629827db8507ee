import { describe, expect, it } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { configOf, problemsIn, problemsOf } from "./helpers.ts";

const SECRET = "0123456789abcdef0123456789";
const env = (tokens: string) => ({ API_TOKENS: tokens });
const entry = (name: string, more = "") => `api: {tokens: [{name: ${name}, scopes: [ask]${more}}]}`;

describe("tokens of the API", () => {
  it("have a name in the file and a secret in API_TOKENS, which no log shows", () => {
    const yaml = `api: {tokens: [{name: a, scopes: [ask, audit], per_minute: 5}, {name: b, scopes: [digests]}]}`;
    const config = configOf(env(`a=${SECRET}, b=${SECRET}=b`), { "/bot/smartcloudops.yaml": yaml });
    expect(config.api.tokens.map(({ name, scopes, perMinute }) => [name, scopes, perMinute])).toEqual([
      ["a", ["ask", "audit"], 5],
      ["b", ["digests"], 60],
    ]);
    const hidden = secretsOf(config).map((one) => one.reveal());
    expect(hidden).toEqual(expect.arrayContaining([SECRET, `${SECRET}=b`]));
    expect(configOf().api.tokens).toEqual([]);
  });

  it.each([
    [
      "a secret without an entry",
      "",
      `x=${SECRET}`,
      /must name tokens that api\.tokens in the file lists.*"x" is not there/,
    ],
    ["a slip in a name", entry("grafana"), `grafena=${SECRET}`, /Did you mean grafana\?/],
    ["an entry without a secret", entry("a"), "", /must come with its secret in API_TOKENS, as a=<secret>/],
    ["a short secret", entry("a"), "a=short", /at least 24 characters: that of "a" has 5/],
    ["a part that is no pair", entry("a"), `a=${SECRET},oops`, /must be name=secret/],
    ["one secret for two", "", `a=${SECRET},b=${SECRET}`, /must have another secret for each token: "b"/],
    ["a name twice in the secrets", entry("a"), `a=${SECRET},a=${SECRET}x`, /must name each token once/],
    ["an unknown scope", "api: {tokens: [{name: a, scopes: [approve]}]}", `a=${SECRET}`, /must be of ask, incidents/],
    ["no scope", "api: {tokens: [{name: a, scopes: []}]}", `a=${SECRET}`, /must name at least one/],
    [
      "a source that is not there",
      entry("a", ", sources: [eu]"),
      `a=${SECRET}`,
      /must name sources that are configured: "eu"/,
    ],
  ])("refuse %s", (_, yaml, tokens, said) => {
    const problems = yaml === "" ? problemsOf(env(tokens)) : problemsIn(yaml, tokens === "" ? {} : env(tokens));
    expect(problems.map(({ where, message }) => `${where} ${message}`).join("\n")).toMatch(said);
    expect(JSON.stringify(problems)).not.toContain(SECRET);
  });
});
