import type { z } from "zod";
import type { Action, Arguments } from "../../ports/changes.ts";
import { RefusedError, reasonOf, UnreachableError } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { outputOf, type Redact, redactLines } from "../shared/output.ts";
import { checkWith, entryName, readWith } from "../shared/patterns.ts";
import { accessTo } from "./access.ts";
import { type Ask, createApi, type KubernetesApi } from "./api.ts";
import type { KubernetesSettings } from "./settings.ts";

/** A cluster that may be changed. */
export type Cluster = {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly api: KubernetesApi;
};

/** What all actions on Kubernetes share. */
export type Kit = {
  readonly clusters: readonly Cluster[];
  readonly redact: Redact;
  readonly clock: ActionDeps["clock"];
  /** Milliseconds between two looks at something that is awaited. */
  readonly pollMs: number;
};

/** Arguments of every action: which cluster, when there are several. */
export const inCluster = { cluster: entryName.optional() };

export function createKit(settings: readonly KubernetesSettings[], deps: ActionDeps, pollMs: number): Kit {
  const tokens = settings.flatMap(({ token }) => (token === undefined ? [] : [token]));
  return {
    clusters: settings.map((one) => ({
      name: one.name,
      namespaces: one.namespaces,
      api: createApi(one, accessTo(one)),
    })),
    redact: redactLines([...deps.secrets, ...tokens]),
    clock: deps.clock,
    pollMs,
  };
}

type Placed = { readonly cluster?: string | undefined; readonly namespace?: string };

/** A sentence about wrong arguments, a cluster that is not configured, or a namespace that is out of bounds. */
export function checkPlaced(kit: Kit, schema: z.ZodType<Placed>, args: Arguments): string | undefined {
  const wrong = checkWith(schema, args);
  if (wrong !== undefined) return wrong;
  const { cluster: name, namespace } = readWith(schema, args);
  const chosen = choose(kit.clusters, name, "cluster");
  return chosen.kind === "none" ? chosen.why : whyNotNamespace(chosen.entry, namespace);
}

/** Reads checked arguments and finds their cluster. Throws a `RefusedError` with a sentence for those that are wrong. */
export function place<A extends Placed>(
  kit: Kit,
  schema: z.ZodType<A>,
  args: Arguments,
): { readonly cluster: Cluster; readonly read: A } {
  const wrong = checkPlaced(kit, schema, args);
  if (wrong !== undefined) throw new RefusedError("Kubernetes", 400, wrong);
  const read = readWith(schema, args);
  const chosen = choose(kit.clusters, read.cluster, "cluster");
  if (chosen.kind === "none") throw new RefusedError("Kubernetes", 400, chosen.why);
  return { cluster: chosen.entry, read };
}

/** Why a namespace may not be touched, as a sentence; undefined when it may. */
export function whyNotNamespace(cluster: Cluster, namespace: string | undefined): string | undefined {
  if (namespace === undefined || cluster.namespaces.some((one) => one === namespace || one === "*")) return undefined;
  const allowed =
    cluster.namespaces.length === 0
      ? "none is"
      : `${cluster.namespaces.join(", ")} ${cluster.namespaces.length === 1 ? "is" : "are"}`;
  return `Namespace ${namespace} of ${cluster.name} is out of bounds: ${allowed} listed under namespaces.`;
}

/** Reads an object or list in the shape that is needed. Throws as `KubernetesApi.read` does. */
export async function readAs<T extends z.ZodType>(
  cluster: Cluster,
  schema: T,
  ask: Ask,
  signal: AbortSignal,
): Promise<z.output<T>> {
  const read = schema.safeParse(await cluster.api.read(ask, signal));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UnreachableError(
    cluster.api.service,
    `its answer about ${ask.kind} ${ask.name ?? "lists"} is not as expected: ${issue?.path.join(".")} ${issue?.message}`,
  );
}

/** What failed before anything was done, as a sentence. */
export function sayFailure(error: unknown): string {
  const why = reasonOf(error);
  return `${why}${/[.!?)]$/.test(why) ? "" : "."} Nothing was changed.`;
}

/** An action that only reads: `text` is its output. */
export function reading<A extends Placed>(
  kit: Kit,
  name: string,
  schema: z.ZodType<A>,
  text: (cluster: Cluster, read: A, signal: AbortSignal) => Promise<string>,
): Action {
  return {
    name,
    changes: false,
    check: (args) => checkPlaced(kit, schema, args),
    async look(args, signal) {
      const { cluster, read } = place(kit, schema, args);
      const said = outputOf(await text(cluster, read, signal), kit.redact, 4096);
      return {
        identity: { cluster: cluster.name },
        precondition: {},
        captured: {},
        facts: said.split("\n").filter((line) => line !== ""),
        blast: { kind: "known", text: "It only reads." },
      };
    },
    async simulate() {
      return { kind: "simulated", text: "It only reads: running it changes nothing." };
    },
    async run(args, { signal }) {
      try {
        const { cluster, read } = place(kit, schema, args);
        return { outcome: "succeeded", output: outputOf(await text(cluster, read, signal), kit.redact) };
      } catch (error) {
        return { outcome: "failed", output: outputOf(sayFailure(error), kit.redact) };
      }
    },
    async probe() {
      return { found: "not_run", isSure: true, text: "It only reads: whether it ran makes no difference." };
    },
  };
}
