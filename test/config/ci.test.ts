import { expect, it } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { configIn, problemsIn } from "./helpers.ts";

const FILES = { "/bot/token": "t0ken\n" };
const pulls = (more: string) => `ci:\n  github: {token_file: token, ${more}}\n`;

it("pull requests are told as the file says, with a token that no log shows", () => {
  const config = configIn(pulls("projects: [acme/*]"), {}, FILES);
  expect(config.ci.github).toMatchObject({ projects: ["acme/*"], comment: true, status: false });
  expect(config.ci.github?.url).toBe("https://api.github.com");
  expect(secretsOf(config).map((one) => one.reveal())).toContain("t0ken");
  expect(configIn("timezone: UTC\n").ci.github).toBeUndefined();
});

it.each([
  ["status: true", "projects"],
  ["projects: []", "must name at least one project"],
  ["projects: [acme/*], api_url: http://github.example", "must begin with https://"],
  ["projects: [acme/*], comment: false", "else nothing is told"],
])("says what is wrong with %s", (written, words) => {
  const said = problemsIn(pulls(written), {}, FILES);
  expect(said.map(({ where, message }) => `${where} ${message}`).join("\n")).toContain(words);
});
