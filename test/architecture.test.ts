import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findCycles, type Imports, importsIn, readImports } from "./tools/imports.ts";

/** The picture in CONTRIBUTING.md as code: who may import whom. */

const root = fileURLToPath(new URL("..", import.meta.url));
const graph = readImports(root, "src");

const FREE_OF_IO = ["simple-statistics", "chrono-node", "minisearch"];
const ADAPTERS =
  /^src\/(chat\/[^/]+|model|metrics|charts|store|actions|notifiers|extensions|calendars|jobs|http|telemetry)(\/|\.ts$)/;

/** Where a file belongs: a layer, one adapter, one flow, or the top that knows everyone. */
function groupOf(file: string): string {
  const adapter = ADAPTERS.exec(file);
  if (adapter !== null) return `adapter ${adapter[1]}`;
  const flow = /^src\/flows\/([^/.]+)/.exec(file);
  if (flow !== null) return `flow ${flow[1]}`;
  if (/^src\/(app|cli|main|launch)(\/|\.(ts|mjs)$)/.test(file)) return "top";
  return /^src\/([^/.]+)/.exec(file)?.[1] ?? file;
}

/** Groups that a group may import besides itself, and whether it may import packages. `demo` plays the outside world. */
function rulesOf(group: string): { readonly may: readonly string[]; readonly packages: (name: string) => boolean } {
  const none = () => false;
  const any = () => true;
  if (group.startsWith("adapter ")) return { may: ["core", "ports", "util"], packages: any };
  if (group.startsWith("flow ")) return { may: ["core", "cards", "ports", "util"], packages: isBuiltIn };
  switch (group) {
    case "util":
      return { may: [], packages: any };
    case "core":
      return { may: ["util"], packages: (name) => FREE_OF_IO.includes(name) };
    case "ports":
      return { may: ["core"], packages: none };
    case "cards":
      return { may: ["core", "util"], packages: none };
    case "wire":
      return { may: ["core", "cards", "util"], packages: (name) => name === "zod" };
    case "config":
      return { may: ["core", "util"], packages: any };
    case "demo":
      return { may: ["core", "util"], packages: isBuiltIn };
    default:
      throw new Error(`${group} is no part of the layout: say in this test what it may import`);
  }
}

function isBuiltIn(name: string): boolean {
  return name.startsWith("node:");
}

/** One sentence for each import that the picture does not have. */
function strayImports(files: ReadonlyMap<string, Imports>): readonly string[] {
  return [...files].flatMap(([file, { ours, others }]) => {
    const group = groupOf(file);
    if (group === "top") return [];
    const { may, packages } = rulesOf(group);
    return [
      ...ours
        .filter((other) => groupOf(other) !== group && !may.includes(groupOf(other)))
        .map((other) => `${file} (${group}) imports ${other} (${groupOf(other)})`),
      ...others.filter((name) => !packages(name)).map((name) => `${file} (${group}) imports ${name}`),
    ];
  });
}

/** Code without comments, so that one that speaks of a clock does not count as one. */
function codeOf(file: string): string {
  return readFileSync(`${root}${file}`, "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "");
}

describe("the layout of src", () => {
  it("lets imports point inwards only", () => {
    expect(graph.size).toBeGreaterThan(20);
    expect(strayImports(graph)).toEqual([]);
  });

  it("has no import cycles", () => {
    expect(findCycles(graph)).toEqual([]);
  });

  it("keeps clocks, chance and the process out of core, cards and flows", () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\bprocess\.|\brandomUUID\b|\bsetTimeout\b|\bsetInterval\b|\bfetch\(/;
    const found = [...graph.keys()]
      .filter((file) => /^src\/(core|cards)\//.test(file))
      .flatMap((file) =>
        codeOf(file)
          .split("\n")
          .filter((line) => impure.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    const clocks = /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bprocess\.|\brandomUUID\b/;
    const inFlows = [...graph.keys()]
      .filter((file) => file.startsWith("src/flows/"))
      .flatMap((file) =>
        codeOf(file)
          .split("\n")
          .filter((line) => clocks.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect([...found, ...inFlows]).toEqual([]);
  });

  it("reads the environment at the top only", () => {
    const readers = [...graph.keys()].filter((file) =>
      /\bprocess\.env\b|\bprocess\[|\benv\s*[,}][^;]*from "node:process"/.test(codeOf(file)),
    );
    expect(readers.filter((file) => !/^src\/(config|main)\.ts$|^src\/launch\.mjs$|^src\/demo\//.test(file))).toEqual(
      [],
    );
  });

  it("reads .env.example's variables nowhere but in config", () => {
    const namers = [...graph.keys()].filter(
      (file) =>
        !/^src\/(config|demo|cli|app|main)[./]/.test(file) &&
        /\benv\??\.\w*(PROMETHEUS|ALERTMANAGER|SMARTCLOUDOPS)_/.test(codeOf(file)),
    );
    expect(namers).toEqual([]);
  });
});

describe("this test's own reading", () => {
  const file = (ours: readonly string[], others: readonly string[] = []): Imports => ({
    ours,
    loaded: ours,
    others,
  });

  it("finds every way to import", () => {
    const source = [
      'import { a } from "./a.ts";',
      'import type { B } from "./b.ts";',
      'import {\n  c,\n  d,\n} from "./c.ts";',
      'export { e } from "./e.ts";',
      'export * from "./f.ts";',
      'import "./g.ts";',
      'const h = await import("./h.ts");',
      'const i = createRequire(import.meta.url)("i");',
      'type J = typeof import("j");',
      'const text = "from";',
    ].join("\n");
    const found = importsIn(source);
    expect(found.map(({ name }) => name)).toEqual([
      "./a.ts",
      "./b.ts",
      "./c.ts",
      "./e.ts",
      "./f.ts",
      "./g.ts",
      "./h.ts",
      "i",
      "j",
    ]);
    expect(found.filter(({ isLoaded }) => isLoaded).map(({ name }) => name)).toEqual([
      "./a.ts",
      "./c.ts",
      "./e.ts",
      "./f.ts",
      "./g.ts",
    ]);
  });

  it.each([
    ["core that imports an adapter", "src/core/a.ts", file(["src/store/b.ts"])],
    ["core that does I/O", "src/core/a.ts", file([], ["node:fs"])],
    ["core that uses Node's util", "src/core/a.ts", file([], ["node:util"])],
    ["util that imports core", "src/util/a.ts", file(["src/core/b.ts"])],
    ["an adapter that imports its sibling", "src/chat/slack/a.ts", file(["src/chat/terminal/b.ts"])],
    ["an adapter that imports a flow", "src/http/a.ts", file(["src/flows/answer.ts"])],
    ["an adapter that reads the settings by itself", "src/metrics/a.ts", file(["src/config.ts"])],
    ["a flow that imports another flow", "src/flows/detect.ts", file(["src/flows/answer.ts"])],
    ["a flow that imports another flow's folder", "src/flows/detect.ts", file(["src/flows/answer/rows.ts"])],
    ["a flow that imports an adapter", "src/flows/answer/a.ts", file(["src/metrics/http.ts"])],
    ["a flow that imports an SDK", "src/flows/answer.ts", file([], ["pino"])],
    ["ports that import util", "src/ports/store.ts", file(["src/util/log.ts"])],
    ["cards that import ports", "src/cards/a.ts", file(["src/ports/store.ts"])],
    ["settings that import an adapter", "src/config/a.ts", file(["src/actions/a.ts"])],
    ["a demo that imports what it is meant to try", "src/demo/a.ts", file(["src/metrics/http.ts"])],
    ["a demo that needs a package", "src/demo/a.ts", file([], ["yaml"])],
    ["a file that imports the app", "src/http/a.ts", file(["src/app.ts"])],
  ])("refuses %s", (_, from, imports) => {
    expect(strayImports(new Map([[from, imports]]))).toHaveLength(1);
  });

  it.each([
    ["a flow that imports its own folder", "src/flows/answer.ts", file(["src/flows/answer/rows.ts"])],
    [
      "files of one flow's folder that import each other",
      "src/flows/answer/a.ts",
      file(["src/flows/answer/b.ts", "src/flows/answer.ts"]),
    ],
    ["the app that knows everyone", "src/app.ts", file(["src/store/a.ts", "src/flows/answer.ts"], ["pino"])],
    [
      "an adapter that imports its SDK and inwards",
      "src/store/a.ts",
      file(["src/ports/store.ts", "src/core/a.ts", "src/util/a.ts"], ["node:sqlite"]),
    ],
  ])("allows %s", (_, from, imports) => {
    expect(strayImports(new Map([[from, imports]]))).toEqual([]);
  });

  it("finds a cycle through three files once", () => {
    const round = new Map([
      ["a", file(["b"])],
      ["b", file(["c", "d"])],
      ["c", file(["a"])],
      ["d", file([])],
    ]);
    expect(findCycles(round)).toEqual([["a", "b", "c"]]);
  });
});
