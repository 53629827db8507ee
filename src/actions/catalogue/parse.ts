import { LineCounter, parseDocument } from "yaml";
import type { ActionShape } from "../../core/runbook/actions.ts";
import { lint } from "../../core/runbook/lint.ts";
import type { Runbook } from "../../core/runbook.ts";
import { canonicalJson, sha256 } from "../../util/canonical.ts";
import { reasonOf } from "../../util/errors.ts";
import { pathIn, type Spot, spotAt, spotOf } from "../../util/yaml-place.ts";
import { contentJson, RunbookYaml } from "./schema.ts";

export type Parsed =
  | { readonly runbook: Runbook; readonly overrides: boolean }
  | { readonly problems: readonly (Spot & { readonly text: string })[] };

export type Checks = {
  readonly actionOf: (name: string) => ActionShape | undefined;
  /** Why there is no action of that name, without a full stop. */
  readonly whyNone?: (name: string) => string | undefined;
  /** Why a text is no PromQL, as the end of a sentence; undefined when it is. */
  readonly whyNotQuery?: (promql: string) => string | undefined;
};

/** Reads one runbook. Problems name the place and the rule. */
export function parseRunbook(text: string, checks: Checks): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    logLevel: "error",
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    return {
      problems: faults
        .slice(0, 5)
        .map(({ message, pos }) => ({ ...spotAt(lines, pos[0]), text: message.split("\n")[0] ?? "" })),
    };
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    return { problems: [{ line: 1, column: 1, text: `must not use YAML aliases: ${reasonOf(cause)}` }] };
  }
  const read = RunbookYaml.safeParse(plain);
  if (!read.success)
    return {
      problems: read.error.issues.slice(0, 20).map(({ path, message }) => {
        const place = path.map(String).join(".");
        const said = message.endsWith("received undefined") ? "is missing" : message;
        return { ...spotOf(document, lines, path), text: place === "" ? said : `${place}: ${said}` };
      }),
    };
  const { content, overrides } = read.data;
  const problems = [
    ...lint(content, checks.actionOf, checks.whyNone).map((said) => ({
      ...spotOf(document, lines, pathIn(said)),
      text: said,
    })),
    ...queryProblems(content, checks.whyNotQuery).map(({ path, text: said }) => ({
      ...spotOf(document, lines, path),
      text: said,
    })),
  ];
  return problems.length > 0 ? { problems } : { runbook: { ...content, version: versionOf(content) }, overrides };
}

/** SHA-256 over the canonical content: comments, order and spelling of the file make no difference. */
export function versionOf(content: Omit<Runbook, "version">): string {
  const { version: _, ...rest } = content as Runbook;
  return sha256(`sco.runbook.v1\n${canonicalJson(contentJson(rest))}`);
}

function queryProblems(
  { preconditions, verify }: Omit<Runbook, "version">,
  whyNot: Checks["whyNotQuery"],
): readonly { readonly path: readonly PropertyKey[]; readonly text: string }[] {
  if (whyNot === undefined) return [];
  const queries = [
    ...preconditions.map((one, at) => ({ ...one, path: ["preconditions", at, "promql"] })),
    ...(verify?.checks ?? []).map((one, at) => ({ ...one, path: ["verify", "checks", at, "promql"] })),
  ];
  return queries.flatMap(({ name, promql, path }) => {
    // Quotes and digits in each place: whether it is a query at all does not hang on the values.
    const sample = promql.replace(/\{\{\s*[\w.]+\s*\}\}/g, "1");
    const reason = whyNot(sample);
    return reason === undefined ? [] : [{ path, text: `${JSON.stringify(name)} is no PromQL: ${reason}` }];
  });
}
