import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { quantitiesIn } from "../../../src/core/gate/claims.ts";
import { type Family, quantityOf } from "../../../src/core/gate/quantity.ts";
import type { Fact, Known } from "../../../src/core/gate.ts";
import type { Unit } from "../../../src/core/units.ts";

/**
 * Sentences about 29 turns, written apart from the gate by somebody who did not know its rules: what a set made together with
 * the rules cannot tell. Some rules were mended after it, so a stranger's next set does a little worse.
 */
export type Sentence = {
  readonly text: string;
  readonly known: Known;
  readonly isHonest: boolean;
  /** The part that must not be said, where the rest may. */
  readonly bad: string | undefined;
};

const Turn = z.object({
  id: z.string(),
  question: z.string(),
  names: z.array(z.string()),
  facts: z.array(
    z.looseObject({
      origin: z.enum(["returned", "span", "question", "computed"]),
      value: z.number(),
      unit: z.string().optional(),
      family: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      query: z.number().optional(),
    }),
  ),
});
const Line = z.object({
  text: z.string(),
  turn: z.string(),
  expected: z.enum(["keep", "drop"]),
  bad: z.string().optional(),
});

/** All of them. Throws when the file is damaged. */
export function readProse(): readonly Sentence[] {
  const lines = readFileSync(fileURLToPath(new URL("./prose.jsonl", import.meta.url)), "utf8")
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const turns = new Map(lines.filter(isTurn).map((line) => [line.id, knownIn(line)]));
  return lines
    .filter((line) => !isTurn(line))
    .map((line) => {
      const { text, turn, expected, bad } = Line.parse(line);
      return { text, known: turns.get(turn)!, isHonest: expected === "keep", bad };
    });
}

function isTurn(line: unknown): line is z.infer<typeof Turn> {
  return Turn.safeParse(line).success;
}

function knownIn({ question, names, facts }: z.infer<typeof Turn>): Known {
  const own = new Set(
    [...names, ...facts.flatMap(({ labels }) => Object.values(labels ?? {}))].map((name) => name.toLowerCase()),
  );
  return {
    facts: [
      ...facts.map(({ unit, family, value, origin, labels, query }): Fact => {
        const quantity = unit === undefined ? undefined : quantityOf(value, unit as Unit);
        return {
          ...(quantity ?? { value, family: (family ?? "plain") as Family }),
          origin,
          ...(labels !== undefined && { labels }),
          ...(query !== undefined && { query }),
        };
      }),
      ...quantitiesIn(question).map((quantity): Fact => ({ ...quantity, origin: "question" })),
    ],
    hasName: (name) => own.has(name.toLowerCase()) || question.toLowerCase().includes(name.toLowerCase()),
  };
}
