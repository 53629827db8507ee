import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { ReadOnlyError } from "../../util/errors.ts";
import type { Turn } from "./turn.ts";

/** What a program is told that asks for what only people may have done. `intent` where it is not what was read. */
export function onlyReads(turn: Turn, intent?: Answer["intent"]): Answer {
  const [name] = turn.read.mentions.flatMap(({ entities }) => entities[0]?.name ?? []);
  return answerOf(new ReadOnlyError().message, {
    tone: "warning",
    ...(intent !== undefined && { intent }),
    next: name === undefined ? [] : [askButton(`How is ${name}?`, `how is ${name} doing`)],
  });
}
