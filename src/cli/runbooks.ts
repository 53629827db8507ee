import { existsSync, writeFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { deprecate, keepVersions, type Version, versionsOf } from "../actions/catalogue/versions.ts";
import { lintFolders } from "../actions/catalogue.ts";
import type { Config } from "../config.ts";
import type { Block, Card } from "../core/card.ts";
import { differencesOf } from "../core/runbook/differences.ts";
import { draftFor } from "../core/runbook/draft.ts";
import { holds, type Runbook, resolve } from "../core/runbook.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Json } from "../util/canonical.ts";
import { reasonOf } from "../util/errors.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import {
  catalogueOf,
  checksOf,
  givenTo,
  listed,
  now,
  one,
  openTo,
  print,
  sayStep,
  withSources,
} from "./runbooks/shared.ts";
import { readConfig } from "./settings.ts";

/** `runbooks …`: the catalogue, its versions, and drafts. Nothing here makes a change but to files of the bot's own. */
export async function run(call: Call): Promise<number> {
  const [word, ...rest] = call.words;
  const config = readConfig(call);
  switch (word) {
    case "list":
      return (await import("./runbooks/record.ts")).list(call, config);
    case "show":
      return show(call, one(await catalogueOf(config), rest, "show"), config);
    case "lint":
      return lint(call, config, rest[0]);
    case "history":
      return history(call, config, rest);
    case "diff":
      return diff(call, config, rest);
    case "deprecate":
      return takeOut(call, config, rest);
    case "new":
      return draft(call, config);
    case "test":
      return test(call, config, rest);
    case "simulate":
      return (await import("./runbooks/simulate.ts")).simulate(call, config, rest);
    case "re-enable":
      return (await import("./runbooks/record.ts")).reEnable(call, config, rest);
    default:
      throw new UsageError(
        `runbooks wants list, show, lint, history, diff, deprecate, re-enable, new, test or simulate: it is ${JSON.stringify(word ?? "")}.`,
      );
  }
}

async function show(call: Call, runbook: Runbook, config: Config): Promise<number> {
  const { id, title, does, notWhen, risk, state, version, params, preconditions, steps, verify, rollback } = runbook;
  const file = (await catalogueOf(config)).files.get(id);
  const conditionOf = ({ name, expect, none, promql }: Runbook["preconditions"][number]) =>
    `${name}: ${promql} ${expect.op} ${expect.value}; no series: ${none === "pass" ? "as if it held" : "it does not run"}`;
  const blocks: Block[] = [
    { kind: "text", text: does },
    { kind: "text", text: `Not when: ${notWhen}` },
    {
      kind: "list",
      items: [`risk ${risk}, ${state}${runbook.readOnly ? ", reads only" : ""}`, `version ${version}`, `file ${file}`],
    },
    {
      kind: "table",
      columns: ["parameter", "what", "allowed", "from"],
      rows: Object.entries(params).map(([name, one]) => [
        name,
        one.about,
        `${one.oneOf?.join(" | ") ?? one.pattern ?? `${one.type} ${one.min ?? ""} to ${one.max ?? ""}`}${one.default === undefined ? (one.required ? "" : ", may be absent") : `, else ${one.default}`}`,
        one.from.join(", "),
      ]),
    },
    ...listed("Before: ", preconditions.map(conditionOf)),
    ...listed("Steps: ", steps.map(sayStep)),
    ...listed("Back: ", (rollback?.steps ?? []).map(sayStep)),
    ...listed(
      "Checked: ",
      (verify?.checks ?? []).map(({ name, promql, better }) => `${name}, better ${better}: ${promql}`),
    ),
  ];
  return print(call, { title: `${title} (${id})`, tone: "info", blocks }, { ...runbook, file });
}

async function lint(call: Call, config: Config, folder: string | undefined): Promise<number> {
  const settings =
    folder === undefined ? config.runbooks : { builtin: false, folders: [resolvePath(call.cwd, folder)] };
  const { count, problems } = lintFolders(settings, await checksOf(config));
  if (call.flags.json === true)
    call.stdout.write(`${JSON.stringify({ ok: problems.length === 0, count, problems })}\n`);
  else if (problems.length === 0) call.stdout.write(`All ${count} runbooks are sound.\n`);
  else call.stdout.write(`${problems.join("\n")}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Kept versions, the present one included. */
async function kept(call: Call, config: Config, id: string | undefined) {
  const catalogue = await catalogueOf(config);
  await keepVersions(config.dataDir, catalogue.written, now());
  if (id === undefined) throw new UsageError("runbooks history and diff want the id of a runbook.");
  const { versions, broken } = versionsOf(config.dataDir, id);
  for (const name of broken)
    call.stderr.write(`smartcloudops: ${name} was changed since it was kept, and is left out.\n`);
  if (versions.length === 0) one(catalogue, [id], "history");
  return { versions, present: catalogue.written.find((runbook) => runbook.id === id)?.version };
}

async function history(call: Call, config: Config, [id]: readonly string[]): Promise<number> {
  const { versions, present } = await kept(call, config, id);
  const rows = versions.map(({ version, since, content }) => [
    version.slice(0, 12),
    since,
    content.title,
    version === present ? "in force" : "",
  ]);
  const card: Card = {
    title: `${versions.length} version${versions.length === 1 ? "" : "s"} of ${id}.`,
    tone: "info",
    blocks: [{ kind: "table", columns: ["version", "first seen", "title", ""], rows }],
  };
  return print(
    call,
    card,
    versions.map(({ version, since }) => ({ id, version, since, in_force: version === present })),
  );
}

async function diff(call: Call, config: Config, [id, a, b]: readonly string[]): Promise<number> {
  const { versions } = await kept(call, config, id);
  if (a === undefined || b === undefined) throw new UsageError("runbooks diff wants ID VERSION VERSION.");
  const [was, is] = [versionNamed(versions, a), versionNamed(versions, b)];
  const found = differencesOf(was.content as unknown as Json, is.content as unknown as Json);
  if (call.flags.json === true)
    call.stdout.write(`${JSON.stringify({ id, from: was.version, to: is.version, found })}\n`);
  else {
    const items = found.flatMap(({ path, was: old, is: fresh }) => [
      ...(old === undefined ? [] : [`- ${path}: ${old}`]),
      ...(fresh === undefined ? [] : [`+ ${path}: ${fresh}`]),
    ]);
    const title = `${found.length} difference${found.length === 1 ? "" : "s"} from ${was.version.slice(0, 12)} to ${is.version.slice(0, 12)}.`;
    print(call, { title, tone: "info", blocks: [{ kind: "list", items }] }, undefined);
  }
  return EXIT.ok;
}

function versionNamed(versions: readonly Version[], text: string): Version {
  const found = versions.filter(({ version }) => /^[0-9a-f]{4,64}$/.test(text) && version.startsWith(text));
  if (found.length === 1) return found[0] as Version;
  const which = found.length === 0 ? "none begins" : `${found.length} begin`;
  throw new UsageError(
    `A version is its first 4 digits or more, as \`runbooks history\` shows them: ${which} with ${JSON.stringify(text)}.`,
  );
}

async function takeOut(call: Call, config: Config, words: readonly string[]): Promise<number> {
  const { id } = one(await catalogueOf(config), words, "deprecate");
  const isBack = call.flags["undo"] === true;
  const reason = isBack ? undefined : (flag(call, "reason") ?? "no reason was given");
  const isNew = await deprecate(config.dataDir, id, reason, now());
  const said = isBack ? "in use" : "out of use";
  call.stdout.write(isNew ? `${id} is ${said} now, also in a bot that runs.\n` : `${id} was ${said} already.\n`);
  return EXIT.ok;
}

// ---------------------------------------------------------------- with Prometheus

async function draft(call: Call, config: Config): Promise<number> {
  const name = flag(call, "from-alert");
  if (name === undefined) throw new UsageError("runbooks new wants --from-alert NAME.");
  const rules = await withSources(config, async (sources) => {
    if (sources.length === 0)
      throw new UsageError("runbooks new asks Prometheus for the rule, and none is configured.");
    const all = await Promise.all(sources.map((source) => source.rules()));
    return all.flat().filter(({ kind }) => kind === "alerting");
  });
  const rule = rules.find((one) => one.name === name);
  if (rule === undefined) {
    const like = rules.filter((one) => one.name.toLowerCase().includes(name.toLowerCase())).map((one) => one.name);
    throw new UsageError(
      `Prometheus has no alert ${JSON.stringify(name)}${like.length === 0 ? "." : `: there is ${[...new Set(like)].slice(0, 5).join(", ")}.`}`,
    );
  }
  const text = draftFor(rule);
  const out = flag(call, "out");
  if (out === undefined) call.stdout.write(text);
  else {
    const file = resolvePath(call.cwd, out);
    if (existsSync(file)) throw new UsageError(`${out} is there already.`);
    writeFileSync(file, text, { mode: 0o644, flag: "wx" });
    call.stdout.write(`Wrote ${out}. It is a draft until its state is active; \`runbooks lint\` checks it.\n`);
  }
  return EXIT.ok;
}

/** Fills a runbook with the given values, else with its own examples, and asks its queries. Nothing is run. */
async function test(call: Call, config: Config, [id, ...pairs]: readonly string[]): Promise<number> {
  const runbook = one(await catalogueOf(config), id === undefined ? [] : [id], "test");
  const given = givenTo(runbook, pairs);
  const examples = Object.entries(runbook.params).flatMap(([name, { example, oneOf }]) => {
    const value = given[name] ?? (oneOf === undefined ? example : (oneOf.find((one) => one === example) ?? oneOf[0]));
    return value === undefined ? [] : [[name, { value, origin: "user" as const }]];
  });
  const resolved = resolve(openTo(runbook), Object.fromEntries(examples));
  if ("reason" in resolved) {
    call.stdout.write(`${resolved.reason}\n`);
    return EXIT.failed;
  }
  const queries = [
    ...resolved.conditions.map((one) => ({ ...one, kind: "before" })),
    ...(resolved.verify?.checks ?? []).map((one) => ({ name: one.name, promql: one.promql, kind: "checked" })),
  ];
  const readings = await withSources(config, async ([source]) =>
    Promise.all(
      queries.map(async (query) => ({
        ...query,
        found: source === undefined ? "not asked" : await ask(source, query),
      })),
    ),
  );
  const { target, params, steps } = resolved;
  const json = { id: runbook.id, version: runbook.version, target, params, steps, queries: readings };
  const card: Card = {
    title: `${runbook.title}: ${target.name}. Nothing was run.`,
    tone: "info",
    blocks: [
      ...listed(
        "",
        Object.entries(params).map(([name, { value, origin }]) => `${name} = ${value} (${origin})`),
      ),
      ...listed("", steps.map(sayStep)),
      ...listed(
        "",
        readings.map(({ kind, name, promql, found }) => `${kind}: ${name}: ${found}. ${promql}`),
      ),
    ],
  };
  return print(call, card, json);
}

async function ask(
  source: Metrics,
  query: {
    readonly promql: string;
    readonly expect?: Runbook["preconditions"][number]["expect"];
    readonly none?: string;
  },
): Promise<string> {
  try {
    const samples = await source.instant(query.promql, undefined, AbortSignal.timeout(10_000));
    if (samples.length === 0)
      return query.none === undefined
        ? "no series"
        : `no series, ${query.none === "pass" ? "as if it held" : "so it would not run"}`;
    const values = samples.slice(0, 3).map(({ value }) => Number(value.toPrecision(6)));
    const { expect } = query;
    if (expect === undefined) return values.join(", ");
    return `${values.join(", ")}, ${samples.every(({ value }) => holds(expect, value)) ? "it holds" : "it does not hold"}`;
  } catch (problem) {
    return `it could not be asked: ${reasonOf(problem)}`;
  }
}
