import { describe, expect, it } from "vitest";
import { explain, loadConfig, secretsOf } from "../../src/config.ts";

const read = (url: string, env: Record<string, string> = {}) =>
  loadConfig({ env: { ...(url === "" ? {} : { REDIS_URL: url }), ...env }, cwd: "/nowhere", readFile: noFile });
const noFile = () => {
  throw Object.assign(new Error("there is no such file"), { code: "ENOENT" });
};

describe("REDIS_URL", () => {
  it("is optional, and keeps its password out of every log", () => {
    const without = read("");
    expect(without.ok && without.config.redis).toBe(undefined);
    const loaded = read("rediss://bot:p%40ss-word@redis.example:6380/3");
    if (!loaded.ok) throw new Error(explain(loaded.problems));
    expect(loaded.config.redis?.allowVolatile).toBe(false);
    expect(loaded.config.redis?.url.reveal()).toBe("rediss://bot:p%40ss-word@redis.example:6380/3");
    expect(secretsOf(loaded.config).map((one) => one.reveal())).toEqual(
      expect.arrayContaining(["rediss://bot:p%40ss-word@redis.example:6380/3", "p%40ss-word", "p@ss-word"]),
    );
  });

  it.each([
    ["http://:hunter2@redis:6379", /does not begin with redis:\/\//],
    ["redis://:hunter2@redis:6379/cache", /a database that is no number/],
    ["redis://:hunter2@redis:6379/0?tls=1", /goes on after the number/],
    ["redis:6379,password=hunter2", /names no host|does not begin/],
  ])("is refused with what is wrong, and without what it holds: %s", (url, why) => {
    const loaded = read(url);
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    expect(explain(loaded.problems)).toMatch(why);
    expect(explain(loaded.problems)).not.toContain("hunter2");
  });
});
