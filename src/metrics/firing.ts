import * as YAML from "yaml";
import { z } from "zod";
import type { ListedAlert } from "../ports/metrics.ts";
import { RefusedError, UnreachableError } from "../util/errors.ts";
import { fingerprintOf } from "./fingerprint.ts";

export type FiringDeps = {
  /** Asks one of Prometheus's own APIs. Throws like a query. */
  readonly ask: (api: "firing" | "alertmanagers" | "config") => Promise<unknown>;
  readonly service: string;
  /** A page where a person can see that query now. */
  readonly linkTo: (promql: string) => string | undefined;
  readonly environment: string | undefined;
  /** Also where Prometheus tells an Alertmanager of its alerts. */
  readonly always: boolean;
};

type Labels = Readonly<Record<string, string>>;

const Text = z.record(z.string(), z.string());
const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          query: z.string().default(""),
          /** `for`, in seconds. */
          duration: z.number().default(0),
          alerts: z
            .array(
              z.object({
                labels: Text,
                annotations: Text.default({}),
                state: z.string(),
                activeAt: z.string().optional(),
              }),
            )
            .default([]),
        }),
      ),
    }),
  ),
});
const Alertmanagers = z.object({ activeAlertmanagers: z.array(z.unknown()) });
const Written = z.object({ yaml: z.string() });
const Global = z.object({
  global: z.object({ external_labels: z.record(z.string(), z.coerce.string()).nullish() }).nullish(),
});

/**
 * The alerts of Prometheus's rules that fire (what is pending does not), as an Alertmanager would list them: with the external labels, and known
 * by the same fingerprint, so that it makes no other alerts of them when there is one some day. Undefined where Prometheus tells an
 * Alertmanager of them, or does not say whether it does. Throws like a query.
 */
export async function readFiring(deps: FiringDeps): Promise<readonly ListedAlert[] | undefined> {
  if (!deps.always && (await tellsOthers(deps))) return undefined;
  const [rules, external] = await Promise.all([deps.ask("firing"), externalLabels(deps)]);
  const read = Rules.safeParse(rules);
  if (!read.success)
    throw new UnreachableError(deps.service, "what came back is no list of rules", { cause: read.error });
  const found = new Map<string, ListedAlert>();
  for (const { query, duration, alerts } of read.data.groups.flatMap((group) => group.rules))
    for (const { labels: own, annotations, state, activeAt } of alerts) {
      if (state !== "firing") continue;
      // Its own labels stand before those of all.
      const labels = withoutEmpty({ ...external, ...withoutEmpty(own) });
      const fingerprint = fingerprintOf(labels);
      found.set(fingerprint, {
        fingerprint,
        labels: inEnvironment(labels, deps.environment),
        annotations,
        startsAt: (Date.parse(activeAt ?? "") / 1000 || 0) + duration,
        generatorUrl: deps.linkTo(query) ?? "",
        isMuted: false,
      });
    }
  return [...found.values()];
}

async function tellsOthers({ ask, service }: FiringDeps): Promise<boolean> {
  try {
    const read = Alertmanagers.safeParse(await ask("alertmanagers"));
    if (read.success) return read.data.activeAlertmanagers.length > 0;
    throw new UnreachableError(service, "what came back is no list of Alertmanagers", { cause: read.error });
  } catch (problem) {
    // Servers that are no Prometheus have rules without saying whom they tell.
    if (problem instanceof RefusedError) return true;
    throw problem;
  }
}

/** What Prometheus adds to each alert that it sends. None where it does not show its configuration. */
async function externalLabels({ ask }: FiringDeps): Promise<Labels> {
  try {
    const written = Written.safeParse(await ask("config"));
    return written.success ? labelsIn(written.data.yaml) : {};
  } catch (problem) {
    if (problem instanceof RefusedError) return {};
    throw problem;
  }
}

/** Of a configuration as Prometheus writes it: only its first part is parsed, as the whole of it may be megabytes. */
function labelsIn(config: string): Labels {
  const [part] = /^global:\n(?:[ \t#].*\n|\n)*/m.exec(config) ?? [];
  if (part === undefined) return {};
  return Global.safeParse(YAML.parse(part, { schema: "failsafe" })).data?.global?.external_labels ?? {};
}

function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

/** The source's environment, where the labels name none: incidents are routed and read by it. */
function inEnvironment(labels: Labels, environment: string | undefined): Labels {
  const isNamed = ["environment", "env", "stage"].some((name) => labels[name] !== undefined);
  return environment === undefined || isNamed ? labels : { ...labels, environment };
}
