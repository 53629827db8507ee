import type { z } from "zod";
import type { Action, Look, Ran, RunContext } from "../../ports/changes.ts";
import { canonicalJson, type Json } from "../../util/canonical.ts";
import { RefusedError } from "../../util/errors.ts";
import { outputOf } from "../shared/output.ts";
import type { Ask, Patch } from "./api.ts";
import { type Cluster, checkPlaced, type Kit, place, readAs, sayFailure } from "./clusters.ts";
import { hasExecution, marksOf, mayHaveDropped } from "./executions.ts";
import { EXECUTION, EXECUTIONS } from "./objects.ts";

/** An action that is one patch of one object. */
export type Patching<A, T> = {
  readonly name: string;
  readonly args: z.ZodType<A>;
  readonly object: z.ZodType<T>;
  /** Where the object is. */
  readonly find: (args: A) => Pick<Ask, "kind" | "namespace" | "name">;
  /**
   * What is to be done about the object as it is. `pinned` is the precondition that was approved, undefined at the first
   * look. Throws a `RefusedError` where it makes no sense.
   */
  readonly plan: (
    args: A,
    object: T,
    at: { readonly cluster: Cluster; readonly signal: AbortSignal; readonly pinned?: Look["precondition"] },
  ) => Promise<Plan>;
  /** Waits until the change has spread. Default: it is done with the answer. */
  readonly follow?: (args: A, at: { readonly cluster: Cluster; readonly context: RunContext }) => Promise<Ran>;
};

export type Plan = Pick<Look, "precondition" | "captured" | "facts" | "blast"> & {
  /** The patch without the marks that every one gets. `json` patches are lists of operations. */
  readonly patch: (marks: Marks) => Patch;
  /** "deployment checkout in shop is restarted": said as what is so now, or would be. */
  readonly effect: string;
};

/** `restartedAt` is RFC 3339. */
export type Marks = { readonly key: string; readonly restartedAt: string };

type Placed = { readonly cluster?: string | undefined; readonly namespace?: string };
type HasMetadata = {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
};

/** Each try reads anew; so often something else may write the same object in between. */
const TRIES = 6;

/**
 * Makes the action. What people approved is the object's uid and what matters of its content (a resourceVersion would
 * move with every status update): both are compared with a fresh read, and the patch carries uid and resourceVersion of
 * that read, so that the API server itself refuses (409) when anything moved in between. The patch writes the key as an
 * annotation; an object that has it is not patched again.
 */
export function patching<A extends Placed, T extends HasMetadata>(kit: Kit, spec: Patching<A, T>): Action {
  const getOf = (read: A): Ask => ({ verb: "get", ...spec.find(read) });
  const patchOf = (read: A, object: T, plan: Plan, marks: Marks): Ask => ({
    verb: "patch",
    ...spec.find(read),
    query: { fieldManager: "smartcloudops" },
    patch: marked(plan.patch(marks), object, marksOf(object.metadata.annotations, marks.key, kit.clock())),
  });
  const ran = (outcome: Ran["outcome"], text: string): Ran => ({ outcome, output: outputOf(text, kit.redact) });

  async function attempt(read: A, cluster: Cluster, context: RunContext): Promise<Ran | "again"> {
    const { signal, key } = context;
    let object: T;
    let plan: Plan;
    try {
      object = await readAs(cluster, spec.object, getOf(read), signal);
      if (hasExecution(object.metadata.annotations, key))
        return await finish(read, cluster, context, "an earlier attempt did it");
      plan = await spec.plan(read, object, { cluster, signal, pinned: context.precondition });
    } catch (error) {
      return ran("failed", sayFailure(error));
    }
    const moved = whyMoved(object, plan, context);
    if (moved !== undefined) return ran("failed", `${moved} Nothing was changed.`);
    const marks = { key, restartedAt: rfc3339(context.approvedAt ?? kit.clock()) };
    const sent = await cluster.api.send(patchOf(read, object, plan, marks), signal);
    switch (sent.kind) {
      case "done":
        return await finish(read, cluster, context, plan.effect);
      case "refused":
        return sent.status === 409
          ? "again"
          : ran("failed", `${cluster.api.service}: ${sent.text} Nothing was changed.`);
      case "not_sent":
        return ran("failed", `${sent.text} Nothing was changed.`);
      case "unknown":
        return ran("unknown", `${sent.text} Whether ${plan.effect} is not known.`);
    }
  }

  async function finish(read: A, cluster: Cluster, context: RunContext, said: string): Promise<Ran> {
    context.progress(said);
    if (spec.follow === undefined) return ran("succeeded", said);
    const followed = await spec.follow(read, { cluster, context });
    const { outcome, output } = ran(followed.outcome, `${said}\n${followed.output}`);
    return { outcome, output, ...(followed.parts === undefined ? {} : { parts: followed.parts }) };
  }

  return {
    name: spec.name,
    changes: true,
    check: (args) => checkPlaced(kit, spec.args, args),
    async look(args, signal) {
      const { cluster, read } = place(kit, spec.args, args);
      const object = await readAs(cluster, spec.object, getOf(read), signal);
      const { precondition, captured, facts, blast } = await spec.plan(read, object, { cluster, signal });
      return { identity: { cluster: cluster.name, uid: object.metadata.uid }, precondition, captured, facts, blast };
    },
    async simulate(args, look, signal) {
      const { cluster, read } = place(kit, spec.args, args);
      const object = await readAs(cluster, spec.object, getOf(read), signal);
      const plan = await spec.plan(read, object, { cluster, signal, pinned: look.precondition });
      const moved = whyMoved(object, plan, look);
      if (moved !== undefined) throw new RefusedError(cluster.api.service, 409, moved);
      const ask = patchOf(read, object, plan, { key: "dry-run", restartedAt: rfc3339(kit.clock()) });
      const sent = await cluster.api.send({ ...ask, query: { ...ask.query, dryRun: "All" } }, signal);
      signal.throwIfAborted();
      switch (sent.kind) {
        case "done":
          return {
            kind: "simulated",
            text: `${cluster.api.service} accepted the change in a dry run: ${plan.effect} would be the outcome. Whether the pods then start is not tried.`,
          };
        case "refused":
          throw new RefusedError(cluster.api.service, sent.status, sent.text);
        default:
          return { kind: "cannot", why: `The dry run has no result. ${sent.text}` };
      }
    },
    async run(args, context) {
      try {
        const { cluster, read } = place(kit, spec.args, args);
        for (let tried = 0; tried < TRIES; tried++) {
          const done = await attempt(read, cluster, context);
          if (done !== "again") return done;
        }
        return ran(
          "failed",
          `Something else keeps writing that object: it changed ${TRIES} times under this change. Nothing was changed.`,
        );
      } catch (error) {
        return ran("failed", sayFailure(error));
      }
    },
    async probe(args, context) {
      try {
        const { cluster, read } = place(kit, spec.args, args);
        const object = await readAs(cluster, spec.object, getOf(read), context.signal);
        if (object.metadata.uid !== context.identity["uid"])
          return {
            found: "unknown",
            text: "The object has been deleted and made anew since, so its annotation tells nothing.",
          };
        const { annotations } = object.metadata;
        const carries = "The object carries this execution's key in";
        if (annotations[EXECUTION] === context.key) return { found: "ran", text: `${carries} ${EXECUTION}.` };
        if (hasExecution(annotations, context.key))
          return { found: "ran", text: `${carries} ${EXECUTIONS}; others changed it since.` };
        return mayHaveDropped(annotations, kit.clock())
          ? {
              found: "unknown",
              text: `So many changed the object since that ${EXECUTIONS} may have lost this one's key.`,
            }
          : { found: "not_run", text: `The object does not carry this execution's key in ${EXECUTIONS}.` };
      } catch (error) {
        if (error instanceof RefusedError && error.status === 404)
          return { found: "unknown", text: "The object is gone, so nothing tells whether it was changed before." };
        return {
          found: "unknown",
          text: outputOf(`It cannot be seen: ${error instanceof Error ? error.message : error}`, kit.redact),
        };
      }
    },
  };
}

/** Adds the identity, the version that was read, and the annotations. */
function marked(patch: Patch, { metadata }: HasMetadata, annotations: Readonly<Record<string, string>>): Patch {
  const { uid, resourceVersion } = metadata;
  if (patch.type === "json") {
    const body = [
      { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
      { op: "test", path: "/metadata/uid", value: uid },
      ...(Object.keys(metadata.annotations).length === 0
        ? [{ op: "add", path: "/metadata/annotations", value: {} }]
        : []),
      ...Object.entries(annotations).map(([name, value]) => ({
        op: "add",
        path: `/metadata/annotations/${name.replace("/", "~1")}`,
        value,
      })),
      ...(patch.body as readonly unknown[]),
    ];
    return { type: "json", body };
  }
  return {
    type: patch.type,
    body: { ...(patch.body as object), metadata: { uid, resourceVersion, annotations } },
  };
}

/** Why it is not what was approved any more, as a sentence. */
export function whyMoved(
  object: HasMetadata,
  plan: Pick<Plan, "precondition">,
  approved: Pick<RunContext, "identity" | "precondition">,
): string | undefined {
  if (object.metadata.uid !== approved.identity["uid"])
    return "It is another object of the same name now: the one that was approved has been deleted and made anew.";
  const moved = Object.entries(plan.precondition).filter(
    ([name, now]) => canonicalJson(now) !== canonicalJson(approved.precondition[name] ?? null),
  );
  if (moved.length === 0) return undefined;
  const changes = moved.map(([name, now]) => `${name} was ${say(approved.precondition[name])} and is ${say(now)}`);
  return `It has changed since it was approved: ${changes.join(", ")}.`;
}

function say(value: Json | undefined): string {
  return value === undefined ? "not noted" : JSON.stringify(value);
}

function rfc3339(unix: number): string {
  return new Date(unix * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}
