import * as z from "zod";
import { COUNT_NAMES } from "../cards/digest-counts.ts";
import { allLinesOf } from "../cards/digest-lines.ts";
import { COUNTS } from "../core/digest/counts.ts";
import { type Digest, type KeptDigest, SECTIONS } from "../core/digest/digest.ts";
import { DIGEST_KINDS } from "../core/digest/schedule.ts";
import { rfc3339 } from "../core/zone.ts";
import { once } from "../util/once.ts";
import { count, text, time } from "./parts.ts";

/** Digests as other programs read them: a contract. A number that could not be asked is not there; null is a mean of nothing. */

export const digestSchema = once(() =>
  z
    .object({
      id: text("Its plan and time.").optional(),
      name: text("Its plan.").optional(),
      planned_at: time("When it was to come.").optional(),
      missed: count("Planned times before it that were missed: it covers them.").optional(),
      kind: z.enum(DIGEST_KINDS),
      from: time("Beginning of its period."),
      to: time("End of its period."),
      made_at: time("When what is to be done was looked at."),
      to_do: z.partialRecord(z.enum(SECTIONS), z.int()).describe("How many there are of each kind."),
      lines: z
        .array(
          z.object({
            section: z.enum(SECTIONS).describe("The kind of thing, as in `to_do`."),
            text: z.string(),
            ask: text("The question that tells more about it."),
          }),
        )
        .describe("What there is to do and what happened, in words, by the clock of UTC."),
      counts: z.array(
        z.object({
          name: z.enum(COUNTS),
          about: text("What the number is, in words."),
          now: z.number().nullable(),
          before: z.number().nullable().describe("In the stretch of the same length before.").optional(),
        }),
      ),
      missing: z.array(z.string()).describe("What could not be asked, in sentences."),
    })
    .meta({ id: "Digest" }),
);

export function digestJson(digest: Digest, kept?: KeptDigest): z.infer<ReturnType<typeof digestSchema>> {
  const { kind, from, to, madeAt, sections, counts, missing, isCompared } = digest;
  return {
    ...(kept !== undefined && { id: kept.id, name: kept.name, planned_at: rfc3339(kept.slot), missed: kept.missed }),
    ...{ kind, from: rfc3339(from), to: rfc3339(to), made_at: rfc3339(madeAt) },
    to_do: Object.fromEntries(sections.map(({ name, total }) => [name, total])),
    lines: [...allLinesOf(digest, "UTC")],
    counts: counts.map(({ name, now, before }) => ({
      ...{ name, about: COUNT_NAMES[name], now: now ?? null },
      ...(isCompared && { before: before ?? null }),
    })),
    missing: [...missing],
  };
}
