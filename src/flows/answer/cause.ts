import type { Answer } from "../../core/answer.ts";
import type { Subject } from "../../core/language/subject.ts";
import { overview } from "./overview.ts";
import type { Turn } from "./turn.ts";

/** Why: what else is wrong with the thing in question. */
export async function cause(turn: Turn, _subject: Subject | undefined): Promise<Answer> {
  return overview(turn);
}
