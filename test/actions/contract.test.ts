import { describe, expect, it } from "vitest";
import { readRunbooks } from "../../src/actions/catalogue.ts";
import { createGithubActions } from "../../src/actions/github/index.ts";
import { createHttpActions } from "../../src/actions/http/index.ts";
import { createKubernetesActions } from "../../src/actions/kubernetes/index.ts";
import { createLocalActions } from "../../src/actions/local/index.ts";
import { createPostgresActions } from "../../src/actions/postgres/index.ts";
import { createRedisActions } from "../../src/actions/redis/index.ts";
import { createSshActions } from "../../src/actions/ssh/index.ts";
import { ACTION_SHAPES } from "../../src/core/runbook/actions.ts";
import { type Runbook, resolve } from "../../src/core/runbook.ts";
import type { Action } from "../../src/ports/changes.ts";
import { configIn } from "../config/helpers.ts";

/** What is configured, what executors make of it, and what runbooks ask of them fit together. Nothing is reached here. */

const { runbooks } = configIn(
  `
runbooks:
  executors:
    kubernetes: [{name: prod, environment: production, server: "https://k:6443", token_file: t, namespaces: [shop]}]
    ssh: [{name: web-1, address: 10.0.0.5, user: ops, identity_file: t, known_hosts_file: t, units: [nginx.service], clean_paths: [/var/tmp]}]
    local: [{name: flush-cdn, argv: [/bin/true]}]
    http: [{name: flags, base_url: "https://flags.example.com/api", hosts: [flags.example.com], token_file: t}]
    github: [{name: shop, repository: example/shop, token_file: t, workflows: [deploy.yml, rollback.yml]}]
    postgres: [{name: orders-db, host: db.example.com, database: orders, user: ops, password_file: t, tables: ["public.*"]}]
    redis: [{name: cache, address: redis.example.com, password_file: t, prefixes: ["cart:"], queues: ["jobs:*"]}]
`,
  {},
  { "/bot/t": "s3cret" },
);
const deps = {
  clock: () => 0,
  secrets: [],
  onStop: () => {},
  dataDir: "/nowhere",
  stateFolder: "/var/lib/smartcloudops",
};
const { executors } = runbooks;
const actions = new Map<string, Action>(
  [
    ...createKubernetesActions(executors.kubernetes, deps),
    ...createSshActions(executors.ssh, deps),
    ...createLocalActions(executors.local, deps),
    ...createHttpActions(executors.http, deps),
    ...createGithubActions(executors.github, deps),
    ...createPostgresActions(executors.postgres, deps),
    ...createRedisActions(executors.redis, deps),
  ].map((action) => [action.name, action]),
);
const catalogue = readRunbooks(runbooks);

const CAPTURED = { replicas: 3, revision: 4, limit: "1Gi", container: "app", undo: "stop", active: "active" };

/** Filled with its own examples. */
function filled(runbook: Runbook, more: Readonly<Record<string, string | number>> = {}) {
  const values = Object.entries(runbook.params).flatMap(([name, { example, oneOf, from }]) => {
    const value = more[name] ?? (oneOf !== undefined && !oneOf.includes(String(example)) ? oneOf[0] : example);
    return value === undefined ? [] : [[name, { value, origin: from[0]! }]];
  });
  const found = resolve(runbook, Object.fromEntries(values));
  if ("reason" in found) throw new Error(found.reason);
  return found;
}

describe("runbooks and executors", () => {
  it("know the same actions, and agree on which of them change something", () => {
    expect([...actions.keys()].sort()).toEqual(Object.keys(ACTION_SHAPES).sort());
    const differing = [...actions.values()].filter(({ name, changes }) => ACTION_SHAPES[name]?.changes !== changes);
    expect(differing.map(({ name }) => name)).toEqual([]);
  });

  it("fit: each shipped runbook's steps pass the executor's own check, the way back included", () => {
    const refused = catalogue.all().flatMap((runbook) => {
      const { steps, rollback } = filled(runbook);
      const back = rollback(CAPTURED);
      if (back !== undefined && "reason" in back) return [`${runbook.id}: ${back.reason}`];
      return [...steps, ...(back?.steps ?? [])].flatMap(({ uses, with: args }) => {
        const why = actions.get(uses)?.check(args);
        return why === undefined ? [] : [`${runbook.id}: ${uses}: ${why}`];
      });
    });
    expect(refused).toEqual([]);
  });

  it("fit at both ends of what a parameter may be", () => {
    const refused = catalogue.all().flatMap((runbook) =>
      Object.entries(runbook.params).flatMap(([name, { min, max, type }]) =>
        type === "text" || min === undefined || max === undefined
          ? []
          : [min, max].flatMap((value) =>
              filled(runbook, { [name]: value }).steps.flatMap(({ uses, with: args }) => {
                const why = actions.get(uses)?.check(args);
                return why === undefined ? [] : [`${runbook.id}.${name} = ${value}: ${why}`];
              }),
            ),
      ),
    );
    expect(refused).toEqual([]);
  });

  it("have every argument that a runbook may lack refused by the executor where it needs it", () => {
    const loose = Object.entries(ACTION_SHAPES).flatMap(([name, { required }]) => {
      const step = catalogue
        .all()
        .flatMap((runbook) => filled(runbook).steps)
        .find(({ uses }) => uses === name);
      return required.flatMap((argument) => {
        const { [argument]: _, ...rest } = step?.with ?? {};
        return actions.get(name)?.check(rest as Parameters<Action["check"]>[0]) === undefined
          ? [`${name} runs without ${argument}`]
          : [];
      });
    });
    expect(loose).toEqual([]);
  });

  it("act in the environment that the configuration says, not the one that was asked from", () => {
    expect(filled(catalogue.get("scale-deployment")!).environment).toBe("production");
    expect(filled(catalogue.get("restart-unit")!).environment).toBeUndefined();
  });
});
