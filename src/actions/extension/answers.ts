import { z } from "zod";
import type { Look, Probed, Ran, Simulated } from "../../ports/changes.ts";
import type { Json } from "../../util/canonical.ts";

/** What an extension's hands give back, read as data: nothing of theirs stays behind, and what is no answer is said to be none. */

const MOST = 64 * 1024;
/** Facts of one look, and characters of what one of them says. */
const MOST_FACTS = 20;
const LONGEST = 2000;

const text = z.string().max(LONGEST, `must be at most ${LONGEST} characters`);
const name = z.string().min(1).max(60);
const json = z.json() as z.ZodType<Json>;

const look: z.ZodType<Look> = z.strictObject({
  identity: z.record(name, text),
  precondition: z.record(name, json),
  captured: z.record(name, json),
  facts: z.array(text).max(MOST_FACTS),
  blast: z.strictObject({ kind: z.enum(["known", "unknown"]), text }),
});

const simulated: z.ZodType<Simulated> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("simulated"), text: z.string() }),
  z.strictObject({ kind: z.literal("cannot"), why: text }),
]);

const ran: z.ZodType<Ran> = z.strictObject({
  outcome: z.enum(["succeeded", "failed", "partial", "unknown"]),
  output: z.string(),
});

const probed = z.strictObject({
  found: z.enum(["ran", "not_run", "unknown"]),
  isSure: z.literal(true).optional(),
  text: z.string(),
}) as z.ZodType<Probed>;

/** Throws an `Error` with what was wanted and found. */
function reader<T>(schema: z.ZodType<T>, what: string): (answer: unknown) => T {
  return (answer) => {
    let plain: unknown;
    try {
      const written = JSON.stringify(answer) ?? "";
      if (written.length > MOST * 2) throw new Error(`it is longer than ${(MOST * 2) / 1024} KB`);
      plain = JSON.parse(written);
    } catch (cause) {
      throw new Error(`it gave back no ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    const read = schema.safeParse(plain);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const at = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
    throw new Error(`it gave back no ${what}: ${at}${issue?.message ?? ""}`);
  };
}

export const readLook = reader(look, "look at a target");
export const readSimulated = reader(simulated, "dry run");
export const readRan = reader(ran, "outcome");
export const readProbed = reader(probed, "finding");
