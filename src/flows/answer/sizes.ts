import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { whyNotQuantity, whyNotReplicas } from "../../core/change/limits.ts";
import { readQuantity, readResource } from "../../core/change/parameters.ts";
import { readReplicas, replicasFrom } from "../../core/change/replicas.ts";
import { quote } from "../../core/concept.ts";
import { inertName } from "../../util/inert.ts";
import type { Wish } from "./propose.ts";
import type { Turn } from "./turn.ts";

/** Where the wanted number of replicas stands, per kind of workload. */
const SPECS = [
  { metric: "kube_deployment_spec_replicas", label: "deployment" },
  { metric: "kube_statefulset_replicas", label: "statefulset" },
] as const;

/** "scale cart to 4", "+2", "one less", "double": checked, and counted from the replicas that Prometheus knows of. */
export async function readScale(
  turn: Turn,
  target: Entity,
  text: string,
  names: readonly string[],
): Promise<Wish | Answer> {
  const current = await currentReplicas(turn, target.name);
  const name = inertName(target.name);
  const has = current === undefined ? [] : [`It has ${current} replica${current === 1 ? "" : "s"} now.`];
  const wish = readReplicas(text, [...names, target.name]);
  if (wish === undefined) {
    return answerOf(`How many replicas should ${name} get?`, {
      intent: "clarify",
      details: has.length === 0 ? ["Please name which number. For example: scale it to 4."] : has,
      next:
        current === undefined
          ? []
          : [...new Set([current + 1, current * 2])].map((count) =>
              askButton(`scale ${target.name} to ${count} replicas`),
            ),
    });
  }
  const replicas = replicasFrom(wish, current);
  if (replicas === undefined) {
    return answerOf(`I cannot tell how many replicas ${name} has now, so please give the number you want.`, {
      intent: "clarify",
      details: ["Which number of replicas should it be? kube_deployment_spec_replicas has no series for it."],
    });
  }
  const why = whyNotReplicas(replicas);
  if (why !== undefined)
    return answerOf(why, { tone: "warning", intent: "remediation", details: [...has, "Nothing was proposed."] });
  return {
    type: "scale",
    target: target.name,
    params: { replicas },
    facts: [...has, ...(replicas === current ? ["That is what it has already."] : [])],
    values:
      current === undefined
        ? []
        : [{ name: `replicas of ${target.name}`, value: current, unit: "count", labels: {}, at: turn.now }],
  };
}

async function currentReplicas(turn: Turn, name: string): Promise<number | undefined> {
  for (const { metric, label } of SPECS) {
    if (!turn.catalogue.metrics.has(metric)) continue;
    const answer = await turn.ask.instant(`${metric}{${label}=${quote(name)}}`);
    const value = answer.ok ? answer.data[0]?.value : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A memory or cpu limit, or a volume's new size. */
export function readSize(turn: Turn, type: "set_limit" | "resize_volume", target: Entity, text: string): Wish | Answer {
  const name = inertName(target.name);
  const plain = turn.read.mentions.reduce((rest, mention) => rest.replaceAll(mention.text, " "), text);
  const resource =
    type === "resize_volume"
      ? "storage"
      : (readResource(plain) ?? (readQuantity(plain, "memory") === undefined ? undefined : "memory"));
  if (resource === undefined)
    return answerOf(`Which limit of ${name} do you mean: memory or cpu?`, {
      intent: "clarify",
      details: ["Which one, and how much? For example: set the memory limit to 2Gi."],
    });
  const quantity = readQuantity(plain, resource);
  if (quantity === undefined) {
    const example = { memory: "2Gi", cpu: "500m", storage: "100Gi" }[resource];
    const what = type === "resize_volume" ? `the volume of ${name}` : `the ${resource} limit of ${name}`;
    return answerOf(`To which size should ${what} change?`, {
      intent: "clarify",
      details: [`Which amount? For example: ${example}.`],
    });
  }
  const why = whyNotQuantity(quantity);
  if (why !== undefined)
    return answerOf(why, { tone: "warning", intent: "remediation", details: ["Nothing was proposed."] });
  return {
    type,
    target: target.name,
    params: type === "resize_volume" ? { size: quantity.text } : { resource, limit: quantity.text },
  };
}
