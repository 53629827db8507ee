import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bind, type Concept, type ConceptPacks, queryFor } from "../../src/core/concept.ts";
import { guard } from "../../src/metrics/guard.ts";
import { loadPacks, PackError } from "../../src/metrics/packs.ts";
import { catalogueOf } from "../fakes/metrics.ts";

const folders: string[] = [];
let packs: ConceptPacks;

beforeAll(async () => {
  packs = await loadPacks([]);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "packs-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const TIDE = `pack: tides
concepts:
  - id: tide.height
    name: tide
    says: [tide, water level]
    about: basin
    metrics: { tide: [tide_height_meters] }
    labels: { self: [basin] }
    promql: max by ($by) ($tide{$match})
    unit: none
    intent: metric_query
`;

/** A catalogue with exactly what one concept wants: each first plain metric name, with each first label. */
function worldOf(concept: Concept) {
  const labels = Object.fromEntries(Object.values(concept.labels).map(([first]) => [first!, "x"]));
  const names = Object.values(concept.metrics).map((candidates) => candidates.find((name) => !name.startsWith("/")));
  return catalogueOf("one", { series: names.map((metric) => ({ metric: metric!, labels, value: 1 })) });
}

describe("the shipped packs", () => {
  it("hold many concepts, each id once", () => {
    const ids = packs.concepts.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(80);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("bind where their metrics exist, and give queries that our guard lets through, in every form", () => {
    for (const concept of packs.concepts) {
      const bound = bind(concept, worldOf(concept));
      expect(bound, `${concept.id} finds its metrics`).toBeDefined();
      if (bound === undefined) continue;
      const self = bound.names.self;
      for (const form of ["rate", "count"] as const) {
        for (const filters of [[], [{ label: self ?? "job", values: ['q"\\', "r"] }]]) {
          for (const by of [[], self === undefined ? ["job"] : [self, "zone"]]) {
            const promql = queryFor(bound, { filters, by, window: concept.window ?? "5m", quantile: 0.95, form });
            expect(guard(promql, { kind: "instant" }), `${concept.id}: ${promql}`).toMatchObject({ ok: true });
            expect(promql, concept.id).not.toMatch(/\$\w/);
          }
        }
      }
    }
  });

  it("find failed logins by the names that exporters give them, and no other failures", () => {
    const concept = packs.concepts.find(({ id }) => id === "access.login_failures")!;
    const isFound = (metric: string) =>
      bind(concept, catalogueOf("one", { series: [{ metric, labels: {}, value: 1 }] }));
    for (const name of [
      "sshd_failed_logins_total",
      "ssh_auth_failures_total",
      "keycloak_failed_login_attempts_total",
      "login_attempts_failed_total",
      "pam_failures_total",
      "dovecot_authentication_failures",
      "node_sshd_failed_total",
    ])
      expect(isFound(name), name).toBeDefined();
    for (const name of ["backup_failures_total", "author_failed_total", "login_attempts_total", "oauth_tokens_total"])
      expect(isFound(name), name).toBeUndefined();
  });

  it("narrow every selector of a concept that is about something: a ratio of one thing by all is no ratio", () => {
    for (const concept of packs.concepts.filter(({ about }) => about !== "")) {
      for (const template of [concept.promql, concept.count ?? concept.promql]) {
        // What is joined label by label is narrowed by the join.
        if (/\bon \(/.test(template)) continue;
        const variables = Object.keys(concept.metrics).join("|");
        for (const [whole, , braces = ""] of template.matchAll(
          new RegExp(`\\$\\{?(${variables})\\b\\}?\\w*(\\{[^}]*\\})?`, "g"),
        )) {
          expect(braces, `${concept.id}: ${whole} in ${template}`).toContain("$match");
        }
      }
    }
  });

  it("warn before it is critical, and in the direction that is worse", () => {
    for (const { id, worse, warn, critical } of packs.concepts) {
      if (warn !== undefined || critical !== undefined) expect(worse, id).not.toBe("none");
      if (warn === undefined || critical === undefined) continue;
      if (worse === "up") expect(critical, id).toBeGreaterThanOrEqual(warn);
      else expect(critical, id).toBeLessThanOrEqual(warn);
    }
  });

  it("say in lower case what people say, each phrase once per concept", () => {
    for (const { id, says } of packs.concepts) {
      expect(new Set(says).size, id).toBe(says.length);
      for (const phrase of says) expect(phrase, id).toBe(phrase.trim().toLowerCase());
    }
  });
});

describe("a folder of one's own", () => {
  it("adds concepts, and replaces a shipped one of the same id", async () => {
    const own = folderWith({
      "tides.yaml": TIDE,
      "cpu.yml": TIDE.replace("tide.height", "host.cpu"),
      "notes.txt": "not a pack: [",
    });
    const { concepts } = await loadPacks([own]);
    expect(concepts.find(({ id }) => id === "tide.height")).toMatchObject({ fold: "none", worse: "none", noun: "" });
    expect(concepts.filter(({ id }) => id === "host.cpu").map(({ name }) => name)).toEqual(["tide"]);
    expect(concepts.length).toBe(packs.concepts.length + 1);
  });

  it("that is not there is said to be, with the setting to correct", async () => {
    await expect(loadPacks(["/nowhere/at/all"])).rejects.toThrow(PackError);
    await expect(loadPacks(["/nowhere/at/all"])).rejects.toThrow(/\/nowhere\/at\/all.*packs/);
  });

  it("and all others that are wrong are told together", async () => {
    const own = folderWith({ "a.yaml": "just: this", "b.yaml": TIDE.replace("$tide{", "$flood{") });
    const problem = await loadPacks([own, "/nowhere/at/all"]).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(PackError);
    expect((problem as PackError).problems.map((text) => text.replace(/: .*/s, ""))).toEqual([
      `${join(own, "a.yaml")}:1:1`,
      `${join(own, "a.yaml")}:1:1`,
      `${join(own, "a.yaml")}:1:1`,
      `${join(own, "b.yaml")}:3:5`,
      "The pack folder /nowhere/at/all cannot be read",
    ]);
    expect((problem as PackError).message).toMatch(/^5 problems in the concept packs:\n/);
  });

  it.each([
    ["broken YAML", "pack: [", /flow|\[|]/i],
    ["a key twice", `pack: a\n${TIDE}`, /unique/i],
    ["an unknown key", TIDE.replace("about:", "abuot: x\n    about:"), /abuot/],
    ["an unknown unit", TIDE.replace("unit: none", "unit: fathoms"), /unit/],
    ["an id with blanks", TIDE.replace("tide.height", "Tide height"), /lower-case words/],
    ["no words", TIDE.replace("[tide, water level]", "[]"), /says/],
    ["a window that is none", TIDE.replace("unit: none", "unit: none\n    window: soon"), /duration/],
    ["a variable that is nothing", TIDE.replace("$tide{", "$flood{"), /tide\.height uses \$flood/],
    [
      "a variable that is nothing, in the count",
      TIDE.replace("unit: none", "unit: none\n    count: sum($ebb)"),
      /\$ebb/,
    ],
    [
      "a pattern that does not compile",
      TIDE.replace("[tide_height_meters]", '["/tide(/"]'),
      /tide\(.*regular expression/,
    ],
    ["nothing of a pack", "just: this", /pack/],
    ["a query that is none", TIDE.replace("$tide{", "rate($tide{"), /tide\.height has a query that is not PromQL/],
  ])("with %s is refused, and the file named", async (_, text, reason) => {
    const own = folderWith({ "tides.yaml": text });
    await expect(loadPacks([own])).rejects.toThrow(PackError);
    await expect(loadPacks([own])).rejects.toThrow(reason);
    await expect(loadPacks([own])).rejects.toThrow(join(own, "tides.yaml"));
  });
});
