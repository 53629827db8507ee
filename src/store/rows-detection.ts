import { z } from "zod";
import { ANOMALY_KINDS, type Anomaly, OPINIONS } from "../core/watch/anomaly.ts";
import type { Track } from "../core/watch/track.ts";
import type { SeriesState, WatchRound } from "../ports/detection.ts";
import { once } from "../util/once.ts";
import { json } from "./rows.ts";

/** Rows of what the scheduled detector keeps, as they stand in the file. */

const severity = () => z.enum(["info", "warning", "critical"]);

export const SlotRow = once(() => z.object({ slot: z.number(), owner: z.string(), until: z.number() }));

/** A row that was damaged is one series' loss: it comes with why, and the others are read all the same. */
export const SeriesStateRow = once(() => {
  const opened = {
    id: z.string(),
    since: z.number(),
    severity: severity(),
    own: severity(),
    calm: z.number(),
    unusual: z.number(),
    extreme: z.number(),
    usual: z.object({ low: z.number(), typical: z.number(), high: z.number() }).optional(),
  };
  // JSON has no NaN and no infinity: a series whose newest value was one comes back without it.
  const TrackJson = z.object({
    last: z.number(),
    value: z
      .number()
      .nullable()
      .transform((value) => value ?? Number.NaN),
    muteUntil: z.number().optional(),
    held: z.object({ since: z.number() }).optional(),
    open: z.object(opened).optional(),
    closed: z.object({ ...opened, at: z.number() }).optional(),
    goneSince: z.number().optional(),
  });
  const Whole = z.object({
    series: z.string(),
    labels: json().pipe(z.record(z.string(), z.string())),
    track: json().pipe(TrackJson),
    detector: z.instanceof(Uint8Array),
  });
  return z.looseObject({ series: z.string() }).transform((row) => {
    const read = Whole.safeParse(row);
    if (!read.success) {
      const what = read.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ");
      return { series: row.series, broken: what };
    }
    const { track, ...rest } = read.data;
    return { ...rest, track: track as Track } satisfies SeriesState;
  });
});

export const WatchRoundRow = once(() =>
  z
    .object({
      watch: z.string(),
      at: z.number(),
      series: z.number(),
      matched: z.number(),
      problem: z.string().nullable(),
    })
    .transform(({ problem, ...rest }): WatchRound => ({ ...rest, ...(problem !== null && { problem }) })),
);

/** The bot's own JSON: what decides something is looked at closely. */
export const AnomalyRow = once(() => {
  const Body = z.looseObject({
    id: z.string(),
    group: z.string(),
    kind: z.enum(ANOMALY_KINDS),
    watch: z.string(),
    source: z.string(),
    labels: z.record(z.string(), z.string()),
    status: z.enum(["open", "over"]),
    severity: severity(),
    since: z.number(),
    revision: z.number(),
    because: z.array(z.string()),
    points: z.array(z.unknown()),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as unknown as Anomaly);
});

export const IdRow = once(() => z.object({ id: z.string() }));

export const OpinionRow = once(() =>
  z
    .object({
      anomaly: z.string(),
      watch: z.string(),
      series: z.string(),
      person: z.string(),
      kind: z.enum(OPINIONS),
      at: z.number(),
      since: z.number(),
    })
    .transform(({ person, ...rest }) => ({ ...rest, by: person })),
);

export const RecordRow = once(() =>
  z
    .object({
      watch: z.string(),
      posts: z.number(),
      useful: z.number(),
      not_useful: z.number(),
      expected: z.number(),
    })
    .transform(({ not_useful, ...rest }) => ({ ...rest, notUseful: not_useful })),
);
