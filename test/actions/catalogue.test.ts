import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { deprecate, versionsOf } from "../../src/actions/catalogue/versions.ts";
import { CatalogueError, lintFolders, loadRunbooks, readRunbooks, SHIPPED } from "../../src/actions/catalogue.ts";
import { explain, loadConfig } from "../../src/config.ts";
import { TARGET_KINDS } from "../../src/core/change/targets.ts";
import { ACTION_SHAPES } from "../../src/core/runbook/actions.ts";
import { resolve } from "../../src/core/runbook.ts";
import { loadPacks } from "../../src/metrics/packs.ts";
import { parse as parsePromql } from "../../src/metrics/promql.ts";

const GOOD = `
id: bounce
title: Bounce it
does: Restarts it.
not_when: It is well.
risk: medium
params:
  namespace: {like: k8s_label, about: Its namespace., example: shop}
  name: {like: k8s_name, about: Its name., example: cart}
target: {kind: deployment, name: "{{ params.name }}", key: "k/{{ params.namespace }}/{{ params.name }}"}
preconditions:
  - {name: it is there, promql: 'kube_x{d="{{ params.name }}"}', expect: "> 0", none: pass}
steps:
  - {name: "restart {{ params.name }}", uses: kubernetes/restart, with: {namespace: "{{ params.namespace }}", kind: deployment, name: "{{ params.name }}"}}
cooldown: 10m
per_hour: 2
step_timeout: 1m
minutes_by_hand: 5
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runbooks-"));
  mkdirSync(join(folder, "own"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = () => ({ builtin: false, folders: [join(folder, "own")] });
const put = (text: string, name = "a.yaml") => writeFileSync(join(folder, "own", name), text, { mode: 0o644 });
const problemsOf = (text: string) => {
  put(text);
  return lintFolders(own()).problems.map((one) => one.replace(join(folder, "own"), ""));
};

describe("the shipped runbooks", () => {
  const catalogue = readRunbooks({ builtin: true, folders: [] });
  const all = catalogue.all();

  it("are 25 or more, each in a file of its name, sound, with queries that are PromQL", () => {
    expect(all.length).toBeGreaterThanOrEqual(25);
    const whyNotQuery = (promql: string) => ("errorAt" in parsePromql(promql) ? "it is none" : undefined);
    expect(lintFolders({ builtin: true, folders: [] }, { whyNotQuery }).problems).toEqual([]);
    expect([...catalogue.files].filter(([id, file]) => file !== join(SHIPPED, `${id}.yaml`))).toEqual([]);
  });

  it("use nearly every action there is", () => {
    const used = new Set(all.flatMap(({ steps }) => steps.map(({ uses }) => uses)));
    expect(Object.keys(ACTION_SHAPES).filter((name) => !used.has(name))).toEqual([]);
  });

  it("can be filled with their own examples", () => {
    const failed = all.flatMap((one) => {
      const values = Object.entries(one.params).flatMap(([name, { example, oneOf }]) => {
        const value = example ?? oneOf?.[0];
        return value === undefined ? [] : [[name, { value, origin: one.params[name]!.from[0]! }]];
      });
      const found = resolve(one, Object.fromEntries(values));
      return "reason" in found ? [found.reason] : [];
    });
    expect(failed).toEqual([]);
  });

  it("are asked for in words that are understood, and watch concepts that exist", async () => {
    const kinds = (verb: string) => [...(TARGET_KINDS[verb] ?? []), "unit", "table"];
    const unknown = all.flatMap(({ id, matches }) =>
      matches.asks.flatMap(({ verb, kinds: own }) => [
        ...(TARGET_KINDS[verb] === undefined ? [`${id}: ${verb}`] : []),
        ...own.filter((kind) => !kinds(verb).includes(kind)).map((kind) => `${id}: ${verb} ${kind}`),
      ]),
    );
    expect(
      unknown.filter(
        (one) => one !== "rollback-release: rollback project" && one !== "rollback-release: rollback repo",
      ),
    ).toEqual([]);
    const concepts = new Set((await loadPacks([])).concepts.map(({ id }) => id));
    expect(all.flatMap(({ matches }) => matches.anomalies.filter((id) => !concepts.has(id)))).toEqual([]);
  });

  it("offer one for each change that people ask for, as far as an executor can do it", () => {
    const verbs = new Set(all.flatMap(({ matches }) => matches.asks.map(({ verb }) => verb)));
    const without = Object.keys(TARGET_KINDS).filter((verb) => !verbs.has(verb));
    expect(without).toEqual(["stop", "failover", "resize_volume"]);
  });

  it("never take what cannot be taken back for a small thing", () => {
    const risk = (id: string) => catalogue.get(id)?.risk;
    expect([
      risk("purge-queue"),
      risk("drop-replication-slot"),
      risk("drain-node"),
      risk("clean-disk"),
      risk("flush-cache"),
    ]).toEqual(["critical", "critical", "high", "high", "high"]);
    const silent = all.filter(
      ({ readOnly, verify, id }) =>
        !readOnly && verify === undefined && !/^(?:github|run|toggle|deploy|rollback-release|rerun|cancel)/.test(id),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
    expect(all.filter(({ readOnly }) => readOnly).length).toBeGreaterThanOrEqual(7);
  });

  it("say in each condition what no series means, and in a comment why", () => {
    for (const [id, file] of catalogue.files) {
      const text = readFileSync(file, "utf8");
      const conditions = (parse(text) as { preconditions?: readonly unknown[] }).preconditions ?? [];
      if (conditions.length > 0)
        expect(text.slice(text.indexOf("preconditions:")), id).toMatch(/^preconditions:\n {2}# \S/);
    }
  });
});

describe("the README's example of a runbook", () => {
  it("is sound, and fits the command that it is shown with", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const section = readme.slice(readme.indexOf("### Writing a runbook"));
    const [settings = "", text = ""] = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => yaml ?? "");
    expect(problemsOf(text)).toEqual([]);
    const runbook = readRunbooks(own()).get("clear-thumbnails");
    expect(runbook).toMatchObject({ state: "active", readOnly: false });
    writeFileSync(join(folder, "smartcloudops.yaml"), settings);
    const loaded = loadConfig({ env: { SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml" }, cwd: folder });
    if (!loaded.ok) throw new Error(explain(loaded.problems));
    expect(runbook?.steps[0]?.with["command"]).toBe(loaded.config.runbooks.executors.local?.[0]?.name);
  });
});

describe("a runbook of one's own", () => {
  it("is read, with its version from what it says and not how it is written", () => {
    put(GOOD);
    const one = readRunbooks(own()).get("bounce")!;
    expect(one).toMatchObject({
      state: "active",
      readOnly: false,
      cooldown: 600,
      perHour: 2,
      stepTimeout: 60,
      cancellable: false,
    });
    expect(one.preconditions[0]?.expect).toEqual({ op: ">", value: 0 });
    put(
      `# a remark\n${GOOD.replace("title: Bounce it\n", "").replace("does:", 'title: "Bounce it"\ndoes:')}state: active\n`,
    );
    expect(readRunbooks(own()).get("bounce")?.version).toBe(one.version);
    put(GOOD.replace("cooldown: 10m", "cooldown: 11m"));
    expect(readRunbooks(own()).get("bounce")?.version).not.toBe(one.version);
  });

  it.each<[string, string, string, RegExp]>([
    ["an unknown key", "risk: medium", "risk: medium\nsudo: true", /Unrecognized key: "sudo"/],
    ["a risk of its own", "risk: medium", "risk: none", /risk: Invalid option/],
    ["no such action", "uses: kubernetes/restart", "uses: shell/run", /steps\[0\] uses shell\/run, which is no action/],
    ["a shell as an action", "uses: kubernetes/restart", 'uses: "bash -c"', /must be an action such as/],
    [
      "an argument too few",
      'kind: deployment, name: "{{ params.name }}"}}',
      'name: "{{ params.name }}"}}',
      /steps\[0\] gives kubernetes\/restart no kind/,
    ],
    [
      "an argument too many",
      'kind: deployment, name: "{{ params.name }}"}}',
      'kind: deployment, force: true, name: "{{ params.name }}"}}',
      /gives kubernetes\/restart force, which it does not take/,
    ],
    [
      "an unknown name",
      'name: "{{ params.name }}", key',
      'name: "{{ params.nme }}", key',
      /target.name uses \{\{ params.nme \}\}/,
    ],
    [
      "an unknown name in a query",
      'd="{{ params.name }}"',
      'd="{{ params.nme }}"',
      /preconditions\[0\].promql uses \{\{ params.nme/,
    ],
    ["half a placeholder", 'd="{{ params.name }}"', 'd="{{ params.name }"', /has braces that are no/],
    ["a text outside of quotes", 'd="{{ params.name }}"', "d={{ params.name }}", /outside of quotes/],
    ["a wide pattern", "{like: k8s_name,", '{pattern: ".*",', /params.name has a pattern that is too wide/],
    ["a pattern with a blank", "{like: k8s_name,", '{pattern: "[a-z ;]+",', /too wide/],
    ["a pattern that takes for ever", "{like: k8s_name,", '{pattern: "(?:[a-z]+)+",', /repeat inside a repeat/],
    ["a broken pattern", "{like: k8s_name,", '{pattern: "([a-z",', /no regular expression/],
    ["no pattern", "{like: k8s_name,", "{", /must have a pattern or one_of/],
    ["an example that does not fit", "example: cart", "example: Cart!", /has an example that it does not take itself/],
    [
      "a number without bounds",
      "name: {like: k8s_name,",
      "n: {type: integer, about: x}\n  name: {like: k8s_name,",
      /params.n must have min and max/,
    ],
    [
      "a value that may come from nowhere",
      "name: {like: k8s_name,",
      "name: {like: k8s_name, from: [captured],",
      /from/,
    ],
    [
      "an optional value where one is needed",
      "name: {like: k8s_name,",
      "name: {required: false, like: k8s_name,",
      /target.name uses \{\{ params.name \}\}, which may be absent/,
    ],
    ["a comparison that is none", 'expect: "> 0"', 'expect: "0"', /must be a comparison/],
    ["nothing said about no series", ", none: pass", "", /preconditions.0.none/],
    ["a cooldown of a year", "cooldown: 10m", "cooldown: 52w", /cooldown: must be a duration/],
    [
      "reading only, and a change",
      "risk: medium",
      "risk: low\nread_only: true",
      /read_only is true, but kubernetes\/restart changes something/,
    ],
    ["an alias", "risk: medium", "risk: &r medium\nstate: *r", /aliases/],
    ["a tag", "risk: medium", "risk: !!js/function medium", /tag/i],
    ["a key twice", "risk: medium", "risk: medium\nrisk: low", /unique/],
    ["__proto__", "risk: medium", "risk: medium\n__proto__: {risk: low}", /__proto__/],
    [
      "every alert",
      "minutes_by_hand: 5",
      'minutes_by_hand: 5\nmatches: {alerts: ["*"]}',
      /must be the name of an alert/,
    ],
    [
      "a unit that nobody knows",
      "cooldown:",
      "verify: {settle: 1s, deadline: 1m, checks: [{name: a, promql: up, unit: furlongs, better: up}]}\ncooldown:",
      /unit: must be one of ratio, seconds/,
    ],
    ["an id with a path in it", "id: bounce", "id: ../bounce", /id: must be lower-case words/],
    [
      "a way back to what is not read",
      "cooldown:",
      "rollback: {steps: [{name: x, uses: kubernetes/restart, with: {namespace: a, kind: deployment, name: '{{ captured.nme }}'}}]}\ncooldown:",
      /captured.nme/,
    ],
  ])("is refused with %s", (_, from, to, message) => {
    expect(GOOD).toContain(from);
    const problems = problemsOf(GOOD.replace(from, () => to));
    expect(problems.join("\n")).toMatch(message);
    expect(problems.every((one) => /^\/a\.yaml:\d+:\d+: /.test(one))).toBe(true);
  });

  it("is not YAML that grows", () => {
    const bomb = Array.from(
      { length: 9 },
      (_, at) =>
        `${"abcdefghi"[at]}: &${"abcdefghi"[at]} [${Array(9)
          .fill(at === 0 ? "x" : `*${"abcdefghi"[at - 1]}`)
          .join(",")}]`,
    );
    expect(problemsOf(bomb.join("\n"))[0]).toMatch(/aliases/);
    expect(problemsOf(`a: ${"[".repeat(20_000)}`).length).toBeGreaterThan(0);
  });

  it("does not take the place of another one silently", () => {
    put(GOOD, "b.yaml");
    expect(problemsOf(GOOD)).toEqual([
      expect.stringMatching(/b.yaml: id must differ .* bounce is in .*a.yaml already/),
    ]);
    rmSync(join(folder, "own", "b.yaml"));
    put(GOOD.replace("id: bounce", "id: restart-deployment"));
    const settings = { builtin: true, folders: [join(folder, "own")] };
    expect(lintFolders(settings).problems).toEqual([expect.stringMatching(/To take its place, write overrides: true/)]);
    put(GOOD.replace("id: bounce", "id: restart-deployment\noverrides: true"));
    expect(readRunbooks(settings).get("restart-deployment")?.title).toBe("Bounce it");
  });

  it("stops the start with every problem of every file", () => {
    put(GOOD.replace("risk: medium", "risk: x"));
    put("nonsense", "b.yaml");
    expect(() => readRunbooks(own())).toThrow(CatalogueError);
    expect(lintFolders(own()).problems).toHaveLength(2);
    expect(lintFolders({ builtin: false, folders: [join(folder, "none")] }).problems).toEqual([
      expect.stringMatching(/the folder cannot be read/),
    ]);
  });
});

describe("files of runbooks", () => {
  it("must lie in their folder, though a link inside it is fine", () => {
    writeFileSync(join(folder, "outside.yaml"), GOOD, { mode: 0o644 });
    symlinkSync(join(folder, "outside.yaml"), join(folder, "own", "x.yaml"));
    expect(lintFolders(own()).problems).toEqual([
      expect.stringMatching(/x.yaml: it is a link that leads out of the folder/),
    ]);
    rmSync(join(folder, "own", "x.yaml"));
    mkdirSync(join(folder, "own", "..data"));
    writeFileSync(join(folder, "own", "..data", "x.yaml"), GOOD, { mode: 0o644 });
    symlinkSync("..data/x.yaml", join(folder, "own", "x.yaml"));
    symlinkSync(join(folder, "own"), join(folder, "link"));
    expect(readRunbooks({ builtin: false, folders: [join(folder, "link")] }).get("bounce")?.id).toBe("bounce");
  });

  it("must be regular files that not everybody may write, of a sensible size", () => {
    put(GOOD);
    chmodSync(join(folder, "own", "a.yaml"), 0o666);
    expect(lintFolders(own()).problems[0]).toMatch(/everybody may write it/);
    rmSync(join(folder, "own", "a.yaml"));
    execFileSync("mkfifo", [join(folder, "own", "pipe.yaml")]);
    symlinkSync("/dev/zero", join(folder, "own", "zero.yaml"));
    put(`#${"x".repeat(70_000)}`, "large.yaml");
    writeFileSync(join(folder, "own", "latin.yaml"), Buffer.from([0x69, 0xff]), { mode: 0o644 });
    expect(lintFolders(own()).problems.map((one) => one.replace(/^.*\//, ""))).toEqual([
      "large.yaml: it is larger than 65536 bytes.",
      "latin.yaml: it is not UTF-8 text.",
      "pipe.yaml: it is not a regular file.",
      "zero.yaml: it is a link that leads out of the folder.",
    ]);
  });
});

describe("versions of runbooks", () => {
  it("are kept as they are seen, and show that they were not changed", async () => {
    const dataDir = join(folder, "data");
    put(GOOD);
    const first = await loadRunbooks({ ...own(), dataDir }, { clock: () => 1000 });
    put(GOOD.replace("cooldown: 10m", "cooldown: 20m"));
    const second = await loadRunbooks({ ...own(), dataDir }, { clock: () => 2000 });
    await loadRunbooks({ ...own(), dataDir }, { clock: () => 3000 });
    const { versions, broken } = versionsOf(dataDir, "bounce");
    expect(versions.map(({ version, since }) => [version, since])).toEqual([
      [first.get("bounce")?.version, "1970-01-01T00:16:40.000Z"],
      [second.get("bounce")?.version, "1970-01-01T00:33:20.000Z"],
    ]);
    expect(broken).toEqual([]);
    const [name] = readdirSync(join(dataDir, "runbooks", "versions"));
    const file = join(dataDir, "runbooks", "versions", name!);
    writeFileSync(file, readFileSync(file, "utf8").replace("Bounce it", "Bounce all"));
    expect(versionsOf(dataDir, "bounce").broken).toEqual([name]);
    expect(versionsOf(dataDir, "bounce").versions).toHaveLength(1);
  });

  it("are the same whatever is configured", () => {
    put(GOOD.replace("params:", "params:\n  cluster: {of: kubernetes, about: The cluster.}"));
    const plain = readRunbooks(own()).get("bounce")!;
    const bound = readRunbooks({ ...own(), executors: { kubernetes: [{ name: "prod" }] } }).get("bounce")!;
    expect(bound.version).toBe(plain.version);
    expect([plain.params["cluster"]?.oneOf, bound.params["cluster"]?.oneOf]).toEqual([undefined, ["prod"]]);
  });

  it.each([
    ["names it in a parameter", { cluster: '"{{ params.cluster }}"' }, "production"],
    ["names it in its text", { cluster: "prod" }, "production"],
    ["leaves it to the only one there is", {}, "production"],
    ["takes it from a parameter that is any text", { cluster: '"{{ params.name }}"' }, undefined],
  ] as const)("are of the environment of the entry that a step acts on, where it %s", (_, given, environment) => {
    const more = Object.entries(given).map(([name, value]) => `${name}: ${value}, `);
    const text = GOOD.replace("with: {", `with: {${more.join("")}`);
    put(text.replace("params:", "params:\n  cluster: {of: kubernetes, about: The cluster.}"));
    const executors = { kubernetes: [{ name: "prod", environment: "production" }] };
    const bound = readRunbooks({ ...own(), executors }).get("bounce")!;
    const { cluster, ...params } = bound.params;
    const runbook = "cluster" in given && given.cluster.includes("params.cluster") ? bound : { ...bound, params };
    const values = { namespace: { value: "shop", origin: "user" }, name: { value: "cart", origin: "user" } } as const;
    expect(resolve(runbook, values)).toMatchObject({ environment });
  });

  it("are not proposed where their steps act in several environments, of which the policy could look at one alone", () => {
    const step = `uses: kubernetes/restart, with: {namespace: shop, kind: deployment, name: cart, cluster: `;
    put(GOOD.replace(/steps:\n.*\n/, `steps:\n  - {name: one, ${step}stage}}\n  - {name: two, ${step}prod}}\n`));
    const kubernetes = [
      { name: "prod", environment: "production" },
      { name: "stage", environment: "staging" },
    ];
    const bound = readRunbooks({ ...own(), executors: { kubernetes } }).get("bounce")!;
    const values = { namespace: { value: "shop", origin: "user" }, name: { value: "cart", origin: "user" } } as const;
    expect(resolve(bound, values)).toMatchObject({ reason: expect.stringContaining("staging and production") });
  });

  it("cannot be kept where nothing can be written, which is said and stops nothing", async () => {
    put(GOOD);
    writeFileSync(join(folder, "data"), "a file");
    const told: unknown[] = [];
    const catalogue = await loadRunbooks(
      { ...own(), dataDir: join(folder, "data", "x") },
      { report: (problem) => told.push(problem) },
    ).catch(() => undefined);
    expect(catalogue?.get("bounce")?.id).toBe("bounce");
    expect(told).toHaveLength(1);
  });
});

describe("a runbook that was taken out of use", () => {
  it("is deprecated at once in a catalogue that is loaded, and back again", async () => {
    const dataDir = join(folder, "data");
    put(GOOD);
    const catalogue = await loadRunbooks({ ...own(), dataDir });
    const { version } = catalogue.get("bounce")!;
    expect(await deprecate(dataDir, "bounce", "it hurts", 1000)).toBe(true);
    expect(await deprecate(dataDir, "bounce", "it hurts", 1001)).toBe(false);
    expect(catalogue.get("bounce")).toMatchObject({ state: "deprecated", version });
    expect(catalogue.all().map(({ state }) => state)).toEqual(["deprecated"]);
    expect(await deprecate(dataDir, "bounce", undefined, 1002)).toBe(true);
    expect(catalogue.get("bounce")?.state).toBe("active");
  });

  it("cannot be told from the others where the note is broken: then none is given", () => {
    const dataDir = join(folder, "data");
    put(GOOD);
    const catalogue = readRunbooks({ ...own(), dataDir });
    mkdirSync(join(dataDir, "runbooks"), { recursive: true });
    writeFileSync(join(dataDir, "runbooks", "deprecated.json"), "{");
    expect(() => catalogue.get("bounce")).toThrow();
  });
});
