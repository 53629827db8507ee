import type { Entity } from "../../core/catalogue.ts";
import type { Understanding } from "../../core/language/understand.ts";

/** The things a question names, in its order; each with everything of that name. Values like "failed" are no things. */
export function scopeOf(read: Pick<Understanding, "mentions">): readonly Entity[] {
  return read.mentions.flatMap((mention) => mention.entities.filter((entity) => SCOPES.has(entity.kind)));
}

const SCOPES: ReadonlySet<string> = new Set([
  ...["service", "host", "namespace", "deployment", "queue", "domain", "node", "database", "project", "instance"],
  ...["container", "pod", "statefulset", "daemonset", "gateway", "rack", "site", "persistentvolumeclaim", "slot_name"],
  ...["horizontalpodautoscaler", "job_name", "cronjob"],
]);
