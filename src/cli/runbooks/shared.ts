import type { Checks } from "../../actions/catalogue/parse.ts";
import { type Catalogue, CatalogueError, readRunbooks } from "../../actions/catalogue.ts";
import { knownActions } from "../../actions/extension/shapes.ts";
import { loadedExtensions } from "../../app/extensions.ts";
import { createSources } from "../../app/outside.ts";
import { lookOf, renderCard } from "../../chat/terminal/index.ts";
import type { Config } from "../../config.ts";
import type { Block, Card } from "../../core/card.ts";
import type { Runbook } from "../../core/runbook.ts";
import { parse } from "../../metrics/promql.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import { createLog } from "../../util/log.ts";
import { type Call, ConfigError, EXIT, UsageError } from "../command.ts";

/** What the commands about runbooks have in common. */

export const now = () => Date.now() / 1000;

const whyNotQuery = (promql: string) => {
  const parsed = parse(promql);
  return "errorAt" in parsed ? `it breaks at character ${parsed.errorAt + 1}` : undefined;
};

/** What is checked of runbooks, with the extensions that the configuration names. Throws `ConfigError` where one cannot be used. */
export async function checksOf(config: Config): Promise<Partial<Checks>> {
  const extensions = await loadedExtensions(config).catch((problem: unknown) => {
    throw new ConfigError(reasonOf(problem), { cause: problem });
  });
  return { whyNotQuery, ...knownActions(extensions) };
}

export async function catalogueOf(config: Config): Promise<Catalogue> {
  const checks = await checksOf(config);
  try {
    return readRunbooks({ ...config.runbooks, dataDir: config.dataDir }, checks);
  } catch (problem) {
    if (problem instanceof CatalogueError) throw new ConfigError(problem.message, { cause: problem });
    throw problem;
  }
}

export function one(catalogue: Catalogue, [id]: readonly string[], command: string): Runbook {
  if (id === undefined) throw new UsageError(`runbooks ${command} wants the id of a runbook.`);
  const found = catalogue.get(id);
  if (found !== undefined) return found;
  const like = catalogue.all().filter((runbook) => runbook.id.includes(id) || id.includes(runbook.id));
  const near = like.length === 0 ? "`runbooks list` names them" : `there is ${like.map((one) => one.id).join(", ")}`;
  throw new UsageError(`There is no runbook ${JSON.stringify(id)}: ${near}.`);
}

export function print(call: Call, card: Card, json: unknown): number {
  call.stdout.write(
    call.flags.json === true ? `${JSON.stringify(json)}\n` : renderCard(card, lookOf(call.stdout, call.env, "UTC")),
  );
  return EXIT.ok;
}

export function listed(head: string, items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [{ kind: "list", items: items.map((item) => head + item) }];
}

export const sayStep = ({ name, uses, with: args }: Runbook["steps"][number]) =>
  `${name}: ${uses} ${JSON.stringify(args)}`;

export async function withSources<T>(config: Config, work: (sources: readonly Metrics[]) => Promise<T>): Promise<T> {
  const made = await createSources(config, now, createLog({ level: "error", secrets: [] }), undefined);
  try {
    return await work(made.sources);
  } finally {
    await made.stop();
  }
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`A value is written name=value: it is ${JSON.stringify(text)}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `NAME=VALUE …` for that runbook. Throws `UsageError` for a name that is none of its parameters. */
export function givenTo(runbook: Runbook, pairs: readonly string[]): Readonly<Record<string, string>> {
  const given = Object.fromEntries(pairs.map(pairOf));
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(runbook.params, name));
  if (unknown === undefined) return given;
  throw new UsageError(`${runbook.id} has no parameter ${unknown}: it has ${Object.keys(runbook.params).join(", ")}.`);
}

/** The runbook as it takes every value from somebody who tries it here: who may say what is asked elsewhere. */
export function openTo(runbook: Runbook): Runbook {
  const params = Object.entries(runbook.params).map(([name, one]) => [
    name,
    { ...one, from: [...one.from, "user" as const] },
  ]);
  return { ...runbook, params: Object.fromEntries(params) };
}
