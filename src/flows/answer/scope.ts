import type { Entity } from "../../core/catalogue.ts";
import type { Understanding } from "../../core/language/understand.ts";

/** The things a question names, in its order; each with everything of that name. Values like "failed" are no things. */
export function scopeOf(read: Pick<Understanding, "mentions">): readonly Entity[] {
  return read.mentions
    .filter((mention) => mention.strong || mention.entities.some((entity) => SCOPES.has(entity.kind)))
    .flatMap((mention) => mention.entities.filter((entity) => SCOPES.has(entity.kind) || mention.strong));
}

const SCOPES: ReadonlySet<string> = new Set(["service", "host", "namespace", "deployment", "queue", "domain", "node", "database", "project", "instance", "container"]);
