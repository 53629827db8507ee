import { inertName } from "../../util/inert.ts";
import type { SaidByModel } from "../answer.ts";
import type { Judged } from "../gate.ts";

/** Sentences that passed the gate, as they are shown. `promqlAt` tells the query of an index among the evidence. */
export function saidFrom(
  by: string,
  judged: readonly Judged[],
  promqlAt: (index: number) => string | undefined,
): SaidByModel {
  return {
    by,
    sentences: judged.flatMap((one) =>
      one.kept
        ? [
            {
              text: plainSentence(one.sentence),
              promql: one.queries.flatMap((index) => promqlAt(index) ?? []),
              ...(/\n/.test(one.sentence) && { endsLine: true as const }),
            },
          ]
        : [],
    ),
  };
}

/** No marks of Markdown, and nothing that a chat could take for a mention or a link. */
function plainSentence(sentence: string): string {
  const bare = sentence
    .replace(/^\s*#{1,6}\s+/, "")
    .replace(/^\s*[*-]\s+/, "• ")
    .replace(/\*\*|__|`/g, "")
    .trim();
  return inertName(bare, { max: 600 });
}
