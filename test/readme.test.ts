import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { endpointsOf } from "../src/app/api.ts";
import { EXIT } from "../src/cli/command.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { VARIABLES } from "../src/config/environment.ts";
import { loadConfig } from "../src/config.ts";
import { UNITS } from "../src/core/units.ts";
import { BASE } from "../src/http/api/endpoint.ts";
import { ownRoutes } from "../src/http/own-routes.ts";
import { alertmanagerRoute, ciRoute } from "../src/http/webhooks.ts";
import { GUARD_LIMITS } from "../src/metrics/guard.ts";
import { loadPacks } from "../src/metrics/packs.ts";
import { createMemoryStore } from "../src/store/memory.ts";
import { ALSO, reference, settings, withReference } from "./config/reference.ts";
import { aRun } from "./fakes/runs.ts";

/** What the README names has to exist, and what exists has to be named. */

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const readme = read("README.md");

/** The text below a heading of the second level, up to the next. */
function section(title: string): string {
  const found = readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`README.md has no section "${title}"`);
  return found;
}

/** Rows of the table whose first column is headed so, each a list of cells. */
function table(heading: string, text = readme): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (start < 0) throw new Error(`README.md has no table headed "${heading}"`);
  const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** Everything in code ticks in a text. */
const ticked = (text = "") => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

describe("README.md", () => {
  it("names only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/\bnpm (?:run ([\w:]+)|(test|start)\b)/g)].map(([, run, short]) => run ?? short);
    expect(named).toEqual(expect.arrayContaining(["demo", "test", "start", "bench", "eval"]));
    expect(named.filter((name) => !Object.hasOwn(scripts, name as string))).toEqual([]);
  });

  it("names only benches that can be started by that name", () => {
    const launch = read("src/launch.mjs");
    const text = `${readme}${read("CONTRIBUTING.md")}`;
    const named = new Set([...text.matchAll(/npm run bench -- ([a-z][a-z-]*)/g)].map(([, name]) => name as string));
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !launch.includes(`"${name}",`))).toEqual([]);
  });

  it("lists every command of the CLI, and no other", () => {
    expect(table("command").flatMap(([name]) => ticked(name))).toEqual(Object.keys(COMMANDS));
    const used = [...readme.matchAll(/\b(?:npx smartcloudops|launch\.mjs) ([a-z]+)/g)].map(
      ([, name]) => name as string,
    );
    expect(used.length).toBeGreaterThan(6);
    expect(used.filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([]);
  });

  it("gives commands only flags that they take", () => {
    const calls = [...readme.matchAll(/\bnpx smartcloudops ([a-z]+)(.*)/g)];
    const unknown = calls.flatMap(([, name, rest]) =>
      [...(rest as string).split("#")[0]!.matchAll(/--([a-z][a-z-]*)/g)]
        .map(([, flag]) => flag as string)
        .filter((flag) => !Object.hasOwn(COMMANDS[name as string]?.options ?? {}, flag)),
    );
    expect(unknown).toEqual([]);
    expect(calls.some(([whole]) => whole.includes("--batch"))).toBe(true);
  });

  it("explains every exit code", () => {
    expect(table("exit code").map(([code]) => Number(code))).toEqual(Object.values(EXIT));
  });

  it("explains every path that the HTTP server has", () => {
    const routes = ownRoutes({
      readiness: async () => [],
      metrics: async () => ({ contentType: "", body: "" }),
      reuseMs: 1,
      readinessMs: 1,
    });
    const alerts = alertmanagerRoute({ token: undefined, offer: async () => "taken", read: () => [] });
    const runs = ciRoute({
      secret: undefined,
      read: { github: () => undefined, isSigned: () => false, other: () => aRun() },
      take: async () => ({}),
    });
    const paths = [...routes, alerts, runs].map(({ path }) => path);
    expect(table("path").flatMap(([path]) => ticked(path))).toEqual([...paths, BASE]);
  });

  it("lists every call of the API with its scope", () => {
    const loaded = loadConfig({ env: {}, cwd: "/nowhere" });
    if (!loaded.ok) throw new Error("no configuration");
    const store = createMemoryStore({ retention: loaded.config.limits.retentionSeconds });
    const nobody = () => Promise.reject(new Error("nothing is asked here"));
    const endpoints = endpointsOf(loaded.config, { store, sources: [], ask: nobody, clock: () => 0 });
    expect(table("call").map(([call, scope]) => [ticked(call)[0], ticked(scope)[0]])).toEqual(
      endpoints.map(({ method, path, scope }) => [`${method} ${path}`, scope]),
    );
  });

  it("names only files that exist", () => {
    const paths = [
      ...[...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path as string),
      ...ticked(readme).filter((code) => /^(?:src|test|docker)\/[\w./-]+$/.test(code)),
    ];
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("links only to sections that it has", () => {
    const anchors = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      (title as string)
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    const linked = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor as string);
    expect(linked.length).toBeGreaterThan(5);
    expect(linked.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });
});

describe("CONTRIBUTING.md", () => {
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");

  it("names only files that exist, and npm scripts that there are", () => {
    const paths = ticked(text).filter((code) => /^(?:src|test|docker|manifests)\/[\w./-]+$/.test(code));
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("names only commands that there are", () => {
    const named = [...text.matchAll(/npx smartcloudops (\w+)/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([]);
  });
});

describe("the settings in README.md", () => {
  it("are the variables of .env.example, each with what the bot reads", () => {
    const inExample = [...read(".env.example").matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name as string);
    const named = [...readme.matchAll(/\b(?:[A-Z][A-Z0-9]*_[A-Z0-9_]+|PORT|HOST)\b/g)].map(([name]) => name);
    expect(sorted(named)).toEqual(sorted(inExample));
  });

  it("are what the schema and .env.example say now: `npm run schema` writes them", () => {
    expect(withReference(readme, read(".env.example"))).toBe(readme);
  });

  it("name each key of the file and each variable once, and say of each what it is", () => {
    const rows = [...reference(read(".env.example")).matchAll(/^\| (`.*?`) \| (.*?) \| .*\|$/gm)];
    const named = rows.flatMap(([, names]) => ticked(names));
    expect(named).toHaveLength(new Set(named).size);
    expect(named).toEqual(expect.arrayContaining([...Object.keys(VARIABLES), ...settings().map(({ key }) => key)]));
    expect(settings().length).toBeGreaterThan(200);
    expect(rows.filter(([, , what]) => (what?.length ?? 0) < 5).map(([row]) => row)).toEqual([]);
  });

  it("have the defaults that the complete file states", () => {
    const file = parse(read("docker/config/smartcloudops.yaml")) as Record<string, unknown>;
    const at = (path: string) =>
      path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], file);
    const stated = settings()
      .map(({ key, fallback }) => ({ key, fallback, wanted: at(key) }))
      .filter(({ key, wanted }) => /^(?:timezone|limits|http|log)/.test(key) && wanted !== undefined)
      .filter(({ fallback = "" }) => !fallback.includes(" ") && fallback !== "kept");
    expect(stated.length).toBeGreaterThan(8);
    expect(stated.filter(({ fallback, wanted }) => fallback !== String(wanted))).toEqual([]);
    expect(at("limits.retention.evidence")).toBe("90d");
  });

  it("say of a key the variable that sets the same", () => {
    const load = (env: Readonly<Record<string, string>>, settingsOf: string) => {
      const readFile = (path: string) => (path.endsWith("smartcloudops.yaml") ? settingsOf : "");
      const loaded = loadConfig({ env, readFile, cwd: "/app" });
      return loaded.ok ? loaded.config : loaded.problems;
    };
    const values: Readonly<Record<string, string>> = { "http.port": "4000", "log.level": "warn" };
    const model = { OPENAI_MODEL: "another", OPENAI_BASE_URL: "http://localhost:1/v1" };
    const needed: Readonly<Record<string, object>> = {
      "alertmanager.external_url": { url: "http://localhost:2" },
    };
    for (const [key, variable] of Object.entries(ALSO)) {
      const value = values[key] ?? (key.endsWith("url") ? "http://localhost:3" : "named");
      const asItIs = key === "http.port" ? Number(value) : value;
      const [group = "", name = ""] = key.split(".");
      const file = (more: object) => {
        const settingsOf = { ...needed[key], ...more };
        return JSON.stringify({ timezone: "UTC", ...(Object.keys(settingsOf).length > 0 && { [group]: settingsOf }) });
      };
      const byVariable = load({ ...model, [variable]: value }, file({}));
      const { [variable as keyof typeof model]: _, ...others } = model;
      expect(load(others, file({ [name]: asItIs })), key).toEqual(byVariable);
      expect(byVariable, key).not.toEqual(load(model, file({})));
    }
  });
});

describe("the concept packs in README.md", () => {
  const text = section("Your own metrics");

  it("are the shipped ones", () => {
    const shipped = readdirSync(join(root, "src/metrics/packs")).map((file) => file.replace(/\.yaml$/, ""));
    const sentence = /Six come with it: (.*?), in `/s.exec(text)?.[1];
    expect(sorted(ticked(sentence))).toEqual(sorted(shipped));
    expect(shipped).toHaveLength(6);
  });

  it("have an example that the bot loads", async () => {
    const example = [...text.matchAll(/```yaml\n(.*?)```/gs)]
      .map(([, yaml]) => yaml)
      .find((yaml) => yaml?.startsWith("pack:"));
    const folder = mkdtempSync(join(tmpdir(), "readme-pack-"));
    try {
      writeFileSync(join(folder, "shop.yaml"), example ?? "");
      const { concepts } = await loadPacks([folder]);
      expect(concepts.filter(({ id }) => id === "shop.orders")).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("explain every field that a concept may have", () => {
    const schema =
      /const ConceptYaml = z\.strictObject\(\{\n(.*?)\n\}\);/s.exec(read("src/metrics/packs.ts"))?.[1] ?? "";
    const fields = [...schema.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name as string);
    expect(fields.length).toBeGreaterThan(10);
    expect(sorted(table("field").flatMap(([names]) => ticked(names)))).toEqual(sorted(fields));
    expect(ticked(table("field").find(([name]) => name === "`unit`")?.[1])).toEqual([...UNITS]);
  });
});

describe("the promises in README.md", () => {
  it("state the guard's own limits", () => {
    const value = Object.fromEntries(table("limit").map(([limit, text]) => [limit, text as string]));
    const { bytes, selectors, rangeSeconds, points, samplesPerSeries, nesting, subqueryDepth, regexLength } =
      GUARD_LIMITS;
    const says = (limit: string, ...numbers: readonly number[]) =>
      expect(
        [...(value[limit] ?? "").matchAll(/\d[\d,]*/g)].map(([number]) => Number(number.replaceAll(",", ""))),
      ).toEqual(numbers);
    says("length of a query", bytes);
    says("selectors in it", selectors);
    says("how far it reaches back: ranges added up, offsets added up, window", rangeSeconds / 86_400);
    says("points of a range query or subquery", points);
    says("samples read of one series", samplesPerSeries);
    says("brackets within brackets", nesting, subqueryDepth);
    says("a regular expression", regexLength);
    expect(table("limit")).toHaveLength(7);
  });
});

describe("the import table in README.md", () => {
  const source = read("test/architecture.test.ts");
  const listed = (text = "") => [...text.matchAll(/"([^"]+)"/g)].map(([, name]) => name as string);

  /** What the architecture test allows: part -> parts it may import, and what its packages are called. */
  function allowed(): Map<string, { may: readonly string[]; packages: string }> {
    const found = new Map<string, { may: readonly string[]; packages: string }>();
    const names = { any: "any", none: "none", isBuiltIn: "Node's own" } as Record<string, string>;
    const rule =
      /(?:startsWith\("(adapter|flow) "\)\)|case "(\w+)":)\s*return \{ may: \[([^\]]*)\], packages: (\w+|\()/g;
    for (const [, kind, group, may, packages] of source.matchAll(rule))
      found.set((kind ?? group) as string, {
        may: listed(may),
        packages: names[packages as string] ?? "a few without I/O",
      });
    return found;
  }

  it("is the architecture test's", () => {
    const rules = allowed();
    expect([...rules.keys()].sort()).toEqual(
      sorted(["util", "core", "ports", "cards", "flow", "adapter", "wire", "config", "demo"]),
    );
    const rows = table("part of `src`").map(([part, , may, packages]) => [
      ticked(part)[0],
      { may: sorted(ticked(may)), packages },
    ]);
    const wanted = [...rules].map(([part, { may, packages }]) => [part, { may: sorted(may), packages }]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(wanted));
  });
});
