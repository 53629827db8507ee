import { z } from "zod";
import type { KeptDigest } from "../core/digest/digest.ts";
import { DIGEST_KINDS, type PlanRecord } from "../core/digest/schedule.ts";
import { once } from "../util/once.ts";
import { json } from "./rows.ts";

/** Rows of digests and their plans. What was told is the bot's own JSON: what it is found and shown by is looked at. */

const place = () => z.object({ platform: z.string(), channel: z.string(), thread: z.string() });

export const DigestRow = once(() => {
  const Body = z.looseObject({
    id: z.string(),
    name: z.string(),
    slot: z.number(),
    revision: z.int(),
    missed: z.int(),
    zone: z.string(),
    places: z.array(place()),
    digest: z.looseObject({
      kind: z.enum(DIGEST_KINDS),
      from: z.number(),
      to: z.number(),
      madeAt: z.number(),
      sections: z.array(z.looseObject({ name: z.string(), total: z.int(), items: z.array(z.looseObject({})) })),
      done: z.array(z.looseObject({})),
      counts: z.array(z.looseObject({ name: z.string() })),
      isCompared: z.boolean(),
      missing: z.array(z.string()),
    }),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as unknown as KeptDigest);
});

export const PlanRow = once(() => {
  const Body = z.object({
    name: z.string(),
    revision: z.int(),
    state: z.enum(["active", "paused", "removed"]),
    since: z.number(),
    plan: z
      .object({
        name: z.string(),
        kind: z.enum(DIGEST_KINDS),
        cron: z.string(),
        zone: z.string(),
        to: z.array(place()),
        only: z
          .object({
            environments: z.array(z.string()).optional(),
            labels: z.record(z.string(), z.array(z.string())).optional(),
          })
          .optional(),
      })
      .optional(),
    by: z.object({ person: z.string(), name: z.string(), at: z.number() }).optional(),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as PlanRecord);
});
