import { z } from "zod";
import { CLICKS } from "../../core/card.ts";

/**
 * What a command may ask of a running bot. One JSON object on one line. Built when first used, since most commands
 * only look whether a bot runs.
 */
export function socketRequest() {
  return z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("ping") }),
    z.object({
      kind: z.literal("ask"),
      text: z.string(),
      user: z.string(),
      thread: z.string(),
      /** Unix seconds the question is asked at; the present when left out. */
      at: z.number().optional(),
      /** Names the question, for `enough`. */
      id: Name.optional(),
      /** Wants lines with drafts of the answer before the answer. */
      live: z.boolean().optional(),
    }),
    /** Ends the further look into a question of that person. */
    z.strictObject({ kind: z.literal("enough"), id: Name, user: z.string().max(200) }),
    /** A proposal as it stands: a `ProposalView`, or null. */
    z.strictObject({ kind: z.literal("proposal"), id: Name }),
    /** What a person confirmed at a terminal. Who it is, the bot knows: nobody else may connect (terminal/visitor.ts). */
    z.strictObject({
      kind: z.literal("decide"),
      /** The same when it is sent twice. */
      id: Name,
      proposal: Name,
      decision: z.enum(CLICKS),
      code: z.string().min(1).max(100),
      fields: z.record(z.string().max(200), z.string().max(4000)),
    }),
    z.strictObject({ kind: z.literal("stop"), reason: z.string().max(500) }),
    z.strictObject({ kind: z.literal("resume") }),
    /** Learns a watch anew; tells how far it is before it answers with its model. */
    z.strictObject({ kind: z.literal("learn watch"), watch: Name }),
    /** Puts an earlier version of a watch in force; answers with its model. */
    z.strictObject({ kind: z.literal("roll back watch"), watch: Name, version: z.int().min(1) }),
  ]);
}
const Name = z.string().min(1).max(200);

export type SocketRequest = z.infer<ReturnType<typeof socketRequest>>;

/** What comes back, each on one line: drafts of an answer where they were wanted; then what the bot answered, or a sentence on why it did not. */
export function socketReply() {
  return z.union([z.object({ error: z.string() }), z.object({ draft: z.unknown() }), z.object({ ok: z.unknown() })]);
}

/** Longest request and reply in bytes. A reply holds a chart's points at most; a request is one question. */
export const MAX_REQUEST = 64 * 1024;
export const MAX_REPLY = 16 * 1024 * 1024;
