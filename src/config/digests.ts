import { topOf } from "../core/chat.ts";
import type { DigestPlan } from "../core/digest/schedule.ts";
import type { Deps } from "./sources.ts";
import { show } from "./values.ts";

/** A plan, and where its expression stands, for problems that are found at the start. */
export type ConfiguredDigest = DigestPlan & { readonly cronWhere: string };

/** The digests of the file. One that goes nowhere, or has a name twice, is a problem; their expressions are looked at at the start. */
export function readDigests({ file, report }: Deps): readonly ConfiguredDigest[] {
  const seen = new Set<string>();
  return (file.settings.digests ?? []).map((written, index) => {
    const { name, kind, cron, environments, labels } = written;
    if (seen.has(name))
      report(
        file.where(["digests", index, "name"]),
        `must be a name of its own: ${show(name)} stands twice. Rename one of them.`,
      );
    seen.add(name);
    const to = [
      ...(written.slack ?? []).map((channel) => topOf("slack", channel)),
      ...(written.teams ?? []).map((channel) => topOf("teams", channel)),
    ];
    if (to.length === 0)
      report(file.where(["digests", index]), "must say where to: list channels under slack or teams.");
    const only = { ...(environments !== undefined && { environments }), ...(labels !== undefined && { labels }) };
    return {
      ...{ name, kind, cron, to },
      zone: written.timezone ?? file.settings.timezone ?? "UTC",
      ...(Object.keys(only).length > 0 && { only }),
      cronWhere: file.where(["digests", index, "cron"]),
    };
  });
}
