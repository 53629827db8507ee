import type { Tree } from "./patches.ts";

/** What the API server would not store, in its words; undefined for what it would. Only what tests come across. */
export function whyInvalid(kind: string, { spec }: Tree): string | undefined {
  if (spec?.replicas !== undefined && (!Number.isInteger(spec.replicas) || spec.replicas < 0))
    return `spec.replicas: Invalid value: ${spec.replicas}: must be greater than or equal to 0`;
  if (kind === "Node" && spec?.unschedulable !== undefined && typeof spec.unschedulable !== "boolean")
    return "spec.unschedulable: Invalid value: must be a boolean";
  const template = spec?.template;
  if (template === undefined) return undefined;
  for (const [name, value] of Object.entries<Tree>(spec.selector?.matchLabels ?? {}))
    if (template.metadata?.labels?.[name] !== value)
      return "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`";
  const containers: Tree[] = template.spec?.containers ?? [];
  if (containers.length === 0) return "spec.template.spec.containers: Required value";
  for (const [i, { resources }] of containers.entries()) {
    for (const [name, request] of Object.entries<Tree>(resources?.requests ?? {})) {
      const limit = resources?.limits?.[name];
      if (limit !== undefined && amountOf(request) > amountOf(limit))
        return `spec.template.spec.containers[${i}].resources.requests: Invalid value: "${request}": must be less than or equal to ${name} limit of ${limit}`;
    }
    for (const value of Object.values<Tree>(resources?.limits ?? {}))
      if (Number.isNaN(amountOf(value)))
        return `spec.template.spec.containers[${i}].resources.limits: Invalid value: "${value}": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;
  }
  return undefined;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function amountOf(quantity: unknown): number {
  const [, number, suffix] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  return number === undefined ? Number.NaN : Number(number) * (SUFFIXES[suffix ?? ""] ?? Number.NaN);
}
