import { z } from "zod";
import type { ModelAccount } from "../core/answer.ts";
import type { ForecastScore, KeptForecast } from "../core/forecast/score.ts";
import { type AlertRecord, INCIDENT_STATUSES, type Incident, SEVERITIES } from "../core/incident.ts";
import { type Proposal, STATUSES } from "../core/proposal.ts";
import type { Evidence } from "../core/reading.ts";
import type { Queued } from "../ports/outbox.ts";
import type { Held, Lesson, Turn } from "../ports/store.ts";
import { once } from "../util/once.ts";
import { storedRecordingSchema } from "./recording.ts";

/**
 * Rows as they stand in the file, read once on their way out: a file can be old, damaged or edited by hand. A schema
 * is built when its first row is read: all of them together take some 10 ms, and a one-shot `ask` needs two.
 */

/** Reads rows of one table. */
export type RowSchema<T> = () => z.ZodType<T>;

export const TurnRow = once(() => {
  const User = z.object({ platform: z.string(), id: z.string(), name: z.string(), zone: z.string().optional() });
  return z
    .object({
      id: z.string(),
      at: z.number(),
      author: z.enum(["person", "bot"]),
      user: json().pipe(User).nullable(),
      text: z.string(),
      memory: json().nullable(),
      has_memory: z.number(),
    })
    .transform(
      ({ id, at, author, user, text, memory, has_memory }): Turn => ({
        id,
        at,
        author,
        user: user === null ? undefined : defined(user),
        text,
        memory: has_memory === 0 ? undefined : memory,
      }),
    );
});

export const PlaceRow = once(() =>
  z
    .object({ ...place(), reference: json().nullable(), at: z.number() })
    .transform(({ platform, channel, thread, reference, at }) => ({
      place: { platform, channel, thread },
      reference,
      at,
    })),
);

export const HeldRow = once(
  (): z.ZodType<Held> => z.object({ id: z.string(), body: z.string(), at: z.number(), attempts: z.number() }),
);

/** The message is the bot's own JSON, so only what this store adds to it is looked at closely. */
export const QueuedRow = once(() => {
  const Message = z.looseObject({
    id: z.string(),
    at: z.number(),
    place: z.object(place()),
    card: z.looseObject({ title: z.string(), tone: z.string(), blocks: z.array(z.looseObject({ kind: z.string() })) }),
  });
  return z
    .object({ body: json().pipe(Message), attempts: z.number() })
    .transform(({ body, attempts }): Queued => ({ ...(body as unknown as Queued), attempts }));
});

/** The newest revision that was put for a message; null where it shows nothing that counts. */
export const NewestRow = once(() => z.object({ revision: z.number().nullable() }));

export const BegunRow = once(() => z.object({ attempts: z.number() }));

export const FateRow = once(() =>
  z
    .object({ state: z.enum(["waiting", "sent", "given up"]), reason: z.string().nullable() })
    .transform(({ state, reason }) => ({ state, ...(reason !== null && { reason }) })),
);

export const ReferenceRow = once(() => z.object({ reference: z.string() }).transform(({ reference }) => reference));

export const ShownRow = once(() =>
  z.object({ answer: z.string().nullable() }).transform(({ answer }) => ({ answer: answer ?? undefined })),
);

export const WaitingRow = once(() =>
  z
    .object({ count: z.number(), oldest: z.number().nullable() })
    .transform(({ count, oldest }) => ({ count, oldest: oldest ?? undefined })),
);

export const FeedbackRow = once(() => z.object({ helpful: z.number(), unhelpful: z.number() }));

export const LatestRow = once(() => z.object({ latest: z.number() }));

export const AnswerRow = once(() => {
  const EvidenceList = z.array(
    z.object({
      promql: z.string(),
      source: z.string(),
      start: z.number(),
      end: z.number(),
      step: z.number(),
      readings: z.union([z.number(), z.object({ failed: z.string() })]),
      url: z.string().optional(),
      values: z
        .array(
          z.object({ labels: z.record(z.string(), z.string()), value: z.number(), unit: z.string(), at: z.number() }),
        )
        .optional(),
      sentences: z.array(z.string()).optional(),
      background: z.boolean().optional(),
    }),
  );
  const Account = z.object({
    model: z.string(),
    prompt: z.string(),
    calls: z.number(),
    input: z.number(),
    output: z.number(),
    cost: z.number().optional(),
    kept: z.number(),
    dropped: z.array(z.object({ sentence: z.string(), reason: z.string() })),
  });
  return z
    .object({
      at: z.number(),
      text: z.string(),
      evidence: json().pipe(EvidenceList),
      model: json().pipe(Account).nullable(),
      recording: storedRecordingSchema().nullable(),
    })
    .transform(({ at, text, evidence, model, recording }) => ({
      at,
      text,
      evidence: evidence.map((item): Evidence => defined(item)),
      ...(model !== null && { model: defined(model) as ModelAccount }),
      ...(recording !== null && { recording }),
    }));
});

export const SpendingRow = once(() => z.object({ tokens: z.number(), cost: z.number() }));

export const ForecastRow = once(() => {
  const line = z.array(z.number());
  const Body = z.object({
    id: z.string(),
    about: z.string(),
    source: z.string(),
    promql: z.string(),
    series: z.string(),
    at: z.number(),
    start: z.number(),
    step: z.number().positive(),
    mean: line.min(1),
    lo80: line,
    hi80: line,
    lo95: line,
    hi95: line,
    last: z.number(),
    reaches: z.object({ at: z.number(), what: z.string(), ask: z.string() }).optional(),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as KeptForecast);
});

export const ForecastScoreRow = once(() => {
  const Score: z.ZodType<ForecastScore> = z.object({
    steps: z.number(),
    off: z.number(),
    offIfUnchanged: z.number(),
    bias: z.number(),
    inside80: z.number(),
    inside95: z.number(),
  });
  return z.object({ score: json().pipe(Score) }).transform(({ score }) => score);
});

export const AnswerLine = once(() =>
  z.object({ id: z.string(), at: z.number(), text: z.string(), queries: z.number() }),
);

export const LessonRow = once(() =>
  z
    .object({ id: z.string(), word: z.string(), meaning: z.string(), taught_by: z.string(), at: z.number() })
    .transform(({ id, word, meaning, taught_by, at }): Lesson => ({ id, word, meaning, by: taught_by, at })),
);

export const RevisionRow = once(() => z.object({ id: z.string(), revision: z.int() }));

/** What the bot itself wrote as JSON: only what the store and its callers go by is looked at. */
export const IncidentRow = once(() => {
  const text = z.string();
  const Line = z.looseObject({
    fingerprint: text,
    name: text,
    severity: z.enum(SEVERITIES),
    labels: z.record(text, text),
  });
  const Body = z.looseObject({
    id: text,
    revision: z.int(),
    status: z.enum(INCIDENT_STATUSES),
    severity: z.enum(SEVERITIES),
    keys: z.array(text),
    openedAt: z.number(),
    changedAt: z.number(),
    total: z.int(),
    firing: z.int(),
    lines: z.array(Line),
    places: z.array(z.object(place())),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as unknown as Incident);
});

export const AlertRow = once(() => {
  const text = z.string();
  const Body = z.looseObject({
    fingerprint: text,
    name: text,
    severity: z.enum(SEVERITIES),
    labels: z.record(text, text),
    startsAt: z.number(),
    seenAt: z.number(),
    begins: z.array(z.number()),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as unknown as AlertRecord);
});

export const ShelfRow = once(() => {
  const Body = z.looseObject({ id: z.string(), revision: z.int(), madeAt: z.number(), endedAt: z.number().optional() });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body);
});

/** Looked at as closely as those need who decide by it; what was approved in it is held by its hash. */
export const ProposalRow = once(() => {
  const text = z.string();
  const steps = z.array(z.looseObject({ name: text, uses: text, with: z.record(text, z.unknown()) }));
  const Body = z.looseObject({
    id: text,
    revision: z.int(),
    hash: z.string().regex(/^[0-9a-f]{64}$/, "is no hash"),
    status: z.enum(STATUSES),
    fence: z.int(),
    places: z.array(z.object(place())),
    facts: z.array(text),
    votes: z.array(
      z.looseObject({ person: text, hash: text, decision: z.enum(["approve", "reject"]), roles: z.array(text) }),
    ),
    spec: z.looseObject({
      v: z.literal(1),
      id: text,
      action: z.looseObject({ type: text, target: text, params: z.record(text, z.union([text, z.number()])) }),
      params: z.record(text, z.looseObject({ value: z.union([text, z.number(), z.boolean()]) })),
      target: z.looseObject({ kind: text, name: text, key: text }),
      rule: z.looseObject({ approvals: z.number(), approvers: z.array(text), fourEyes: z.boolean() }),
      steps,
      createdAt: z.number(),
      approveBy: z.number(),
    }),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as unknown as Proposal);
});

/** Text that holds JSON. */
export function json() {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  });
}

function place() {
  return { platform: z.string(), channel: z.string(), thread: z.string() };
}

/** Without the keys that are undefined, so that what comes out equals what went in. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
