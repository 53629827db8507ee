import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Lure } from "./play.ts";

const Entries = z.array(z.object({ id: z.string(), input: z.unknown(), must_not: z.array(z.string()).default([]) }));

/** Every entry of the JSON files in that folder. Throws on a file of another shape. */
export function readLures(folder: string): readonly Lure[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => Entries.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))));
}
