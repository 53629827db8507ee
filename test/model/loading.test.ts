import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Openai, startOpenai } from "../fakes/openai/index.ts";

/** What a process has loaded after it was asked something, told by itself. */

const root = fileURLToPath(new URL("../..", import.meta.url));
let server: Openai;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "model-loading-"));
  server = await startOpenai();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Asks one question of a bot with these variables; gives the packages that were loaded, by the paths of their files. */
async function packagesAfter(
  text: string,
  env: Readonly<Record<string, string>>,
  before = "",
): Promise<ReadonlySet<string>> {
  const script = `
    import { registerHooks } from "node:module";
    const seen = new Set();
    registerHooks({
      load(url, context, next) {
        const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
        if (name !== undefined) seen.add(name);
        return next(url, context);
      },
    });
    const [{ createApp }, { loadConfig }, { harbour }, { fakeMetrics }] = await Promise.all([
      import("./src/app.ts"), import("./src/config.ts"), import("./test/fakes/harbour.ts"), import("./test/fakes/metrics.ts"),
    ]);
    const loaded = loadConfig({ env: ${JSON.stringify({ ...env, SMARTCLOUDOPS_DATA: folder })}, cwd: ${JSON.stringify(folder)} });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const clock = () => Date.now() / 1000;
    const app = await createApp(loaded.config, { sources: [fakeMetrics({ ...harbour(), clock })] });
    ${before}
    const question = {
      id: String(Math.random()), text: ${JSON.stringify(text)}, at: clock(),
      place: { platform: "terminal", channel: "c", thread: String(Math.random()) }, user: { platform: "terminal", id: "u", name: "u" },
    };
    const { reply } = await app.ask(question);
    await app.stop();
    console.log(JSON.stringify({ packages: [...seen], intent: reply.intent }));
    process.exit(0);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
  });
  return new Set((JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as { packages: string[] }).packages);
}

const LANGCHAIN = /^(?:langchain|@langchain\/.*|langsmith)$/;
const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";

describe("what is loaded", () => {
  it("has nothing of a model without one", async () => {
    const packages = await packagesAfter(WHY, {});
    expect(packages.size).toBeGreaterThan(2);
    expect([...packages].filter((name) => name === "openai" || LANGCHAIN.test(name))).toEqual([]);
  });

  it("has nothing of it with one either, as long as the templates settle the question", async () => {
    const env = { OPENAI_MODEL: "m", OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
    const packages = await packagesAfter("cpu of quay-2", env);
    expect([...packages].filter((name) => name === "openai" || LANGCHAIN.test(name))).toEqual([]);
  });

  it("has all of it some seconds after the start of a bot with one, before anybody asks", async () => {
    const env = { OPENAI_MODEL: "m", OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
    const started = (more: Readonly<Record<string, string>>) =>
      packagesAfter(
        "cpu of quay-2",
        more,
        `app.start(); for (const end = Date.now() + ${more === env ? 60_000 : 5000}; Date.now() < end && !seen.has("langchain"); )
           await new Promise((resolve) => setTimeout(resolve, 100));
         await new Promise((resolve) => setTimeout(resolve, 500));`,
      );
    expect([...(await started(env))]).toEqual(expect.arrayContaining(["openai", "langchain", "@langchain/openai"]));
    expect([...(await started({}))].filter((name) => name === "openai" || LANGCHAIN.test(name))).toEqual([]);
  });

  it("has no langchain for the small call", async () => {
    server.play([{ text: '{"intent":"unsure"}' }]);
    const env = { OPENAI_MODEL: "m", OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
    const packages = await packagesAfter("hmm what about it", env);
    expect(server.asked).toHaveLength(1);
    expect(packages).toContain("openai");
    expect([...packages].filter((name) => LANGCHAIN.test(name))).toEqual([]);
  });

  it("has langchain for an investigation, so that these tests can tell", async () => {
    server.play([{ text: "It is long." }]);
    const env = { OPENAI_MODEL: "m", OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
    const packages = await packagesAfter(WHY, env);
    expect(server.asked).toHaveLength(1);
    expect([...packages].filter((name) => LANGCHAIN.test(name))).toContain("langchain");
  });
});
