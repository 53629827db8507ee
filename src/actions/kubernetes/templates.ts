import { z } from "zod";
import type { Action } from "../../ports/changes.ts";
import { argumentsOf, dnsLabel, dnsName, integer, oneOf } from "../shared/patterns.ts";
import { type Cluster, inCluster, type Kit, readAs } from "./clusters.ts";
import { listOf, REVISION, ReplicaSet, Template, templateHash, Workload } from "./objects.ts";
import { type Patching, patching } from "./patching.ts";
import { followRollout } from "./rollout.ts";
import { factsOf, nameOf, podsOf, refuse, refusePaused, targetOf } from "./workloads.ts";

const RollbackArgs = argumentsOf({
  ...inCluster,
  namespace: dnsLabel,
  name: dnsName,
  revision: integer(1, 2 ** 31 - 1).optional(),
});

/** Quantities as people write them: "500m", "2", "512Mi", "1Gi"; "none" takes the limit away. */
const QUANTITY = {
  cpu: /^(?:[1-9]\d{0,5}m|\d{1,3}(?:\.\d{1,3})?|none)$/,
  memory: /^(?:[1-9]\d{0,5}(?:Ki|Mi|Gi|Ti|k|M|G|T)|[1-9]\d{4,14}|none)$/,
};

const LimitArgs = argumentsOf({
  ...inCluster,
  namespace: dnsLabel,
  name: dnsName,
  kind: oneOf("deployment", "statefulset", "daemonset"),
  container: dnsLabel.optional(),
  resource: oneOf("cpu", "memory"),
  limit: z.string("must be a quantity").max(16, "must be a quantity"),
}).superRefine(({ resource, limit }, context) => {
  if (!QUANTITY[resource].test(limit))
    context.addIssue({
      code: "custom",
      path: ["limit"],
      message: `must be an amount of ${resource} such as ${resource === "cpu" ? '"500m" or "2"' : '"512Mi" or "1Gi"'}, or "none"`,
    });
});

/** Changes that put another pod template in place: an earlier one, or this one with another limit. */
export function templateActions(kit: Kit): readonly Action[] {
  return [patching(kit, rollback(kit)), patching(kit, setLimit(kit))];
}

/**
 * As `kubectl rollout undo --to-revision`: the template of that revision's replica set takes the place of the present one.
 * Which one that is, and what it holds, is pinned when it is approved.
 */
function rollback(kit: Kit): Patching<z.output<typeof RollbackArgs>, Workload> {
  return {
    name: "kubernetes/rollback",
    args: RollbackArgs,
    object: Workload,
    find: (args) => targetOf({ ...args, kind: "deployment" }),
    async plan(args, object, { cluster, signal, pinned }) {
      const target = targetOf({ ...args, kind: "deployment" });
      refusePaused(target, object);
      const sets = await revisionsOf(cluster, object, target.namespace, signal);
      const current = Number(object.metadata.annotations[REVISION] ?? 0);
      const wanted =
        args.revision ??
        (typeof pinned?.["revision"] === "number" ? pinned["revision"] : undefined) ??
        sets.find(({ revision }) => revision < current)?.revision;
      if (wanted === undefined)
        refuse(`There is no revision before the present one (${current}) of ${nameOf(target)}.`);
      const set = sets.find(({ revision }) => revision === wanted);
      if (set === undefined)
        refuse(
          `${nameOf(target)} has no revision ${wanted} any more: it has ${sets.map(({ revision }) => revision).join(", ") || "none"}.`,
        );
      const template = withoutPodHash(set.template);
      if (templateHash(template) === templateHash(object.spec.template))
        refuse(`${nameOf(target)} is as in revision ${wanted} already.`);
      return {
        precondition: {
          template: templateHash(object.spec.template),
          revision: wanted,
          wanted: templateHash(template),
        },
        captured: { revision: current },
        facts: [
          ...factsOf("deployment", object),
          `Revision ${wanted} ran ${imagesOf(template)}; the present one is ${current}.`,
        ],
        blast: podsOf("deployment", object, "made anew from the earlier template, a few at a time"),
        effect: `${nameOf(target)} is rolled back from revision ${current} to revision ${wanted}`,
        patch: () => ({ type: "json", body: [{ op: "replace", path: "/spec/template", value: template }] }),
      };
    },
    follow: (args, { cluster, context }) =>
      followRollout(kit, cluster, targetOf({ ...args, kind: "deployment" }), context),
  };
}

/** Sets one limit of one container. */
function setLimit(kit: Kit): Patching<z.output<typeof LimitArgs>, Workload> {
  return {
    name: "kubernetes/set_limit",
    args: LimitArgs,
    object: Workload,
    find: targetOf,
    async plan(args, object) {
      const target = targetOf(args);
      refusePaused(target, object);
      const { containers } = Template.parse(object.spec.template).spec;
      const [only] = containers;
      if (args.container === undefined && containers.length > 1)
        refuse(`Say which container of ${nameOf(target)}: ${containers.map(({ name }) => name).join(", ")}.`);
      const container = args.container === undefined ? only : containers.find(({ name }) => name === args.container);
      if (container === undefined)
        refuse(
          `${nameOf(target)} has no container ${args.container}: it has ${containers.map(({ name }) => name).join(", ")}.`,
        );
      const limit = String(container.resources.limits[args.resource] ?? "none");
      if (limit === args.limit) refuse(`The ${args.resource} limit of ${container.name} is ${limit} already.`);
      return {
        precondition: { template: templateHash(object.spec.template) },
        captured: { limit, container: container.name },
        facts: [...factsOf(args.kind, object), `The ${args.resource} limit of ${container.name} is ${limit}.`],
        blast: podsOf(args.kind, object, "made anew with the other limit, a few at a time"),
        effect: `the ${args.resource} limit of container ${container.name} of ${nameOf(target)} is ${args.limit} instead of ${limit}`,
        patch: () => ({
          type: "strategic",
          body: {
            spec: {
              template: {
                spec: {
                  containers: [
                    {
                      name: container.name,
                      resources: { limits: { [args.resource]: args.limit === "none" ? null : args.limit } },
                    },
                  ],
                },
              },
            },
          },
        }),
      };
    },
    follow: (args, { cluster, context }) => followRollout(kit, cluster, targetOf(args), context),
  };
}

type Revision = { readonly revision: number; readonly template: unknown };

/** A deployment's revisions, the newest first. */
async function revisionsOf(
  cluster: Cluster,
  { metadata, spec }: Workload,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Revision[]> {
  const labelSelector = Object.entries(spec.selector.matchLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
  const { items } = await readAs(
    cluster,
    listOf(ReplicaSet),
    { verb: "list", kind: "replicaset", namespace, query: labelSelector === "" ? {} : { labelSelector } },
    signal,
  );
  return items
    .filter((set) => set.metadata.ownerReferences.some(({ uid }) => uid === metadata.uid))
    .map((set) => ({ revision: Number(set.metadata.annotations[REVISION] ?? 0), template: set.spec.template }))
    .filter(({ revision }) => revision > 0)
    .sort((a, b) => b.revision - a.revision);
}

/** A replica set's template has one label more than the deployment's. */
function withoutPodHash(template: unknown): unknown {
  const { metadata, ...rest } = template as { readonly metadata?: { readonly labels?: Record<string, string> } };
  if (metadata === undefined) return template;
  const { "pod-template-hash": _, ...labels } = metadata.labels ?? {};
  return { ...rest, metadata: { ...metadata, labels } };
}

function imagesOf(template: unknown): string {
  const read = Template.safeParse(template);
  return read.success
    ? read.data.spec.containers.map(({ image }) => image).join(", ")
    : "something that cannot be read";
}
