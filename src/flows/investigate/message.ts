import { rfc3339 } from "../../core/zone.ts";
import type { Case } from "../../ports/model.ts";
import { type Cleaner, fenced } from "./data.ts";
import { type Masks, masksFor, NO_MASKS } from "./masks.ts";

/** Said before in the thread: the newest that fit. */
const TURNS = 12;
const TURN_LENGTH = 400;
const HISTORY_LENGTH = 4000;

/** The question with what is known already, as one message: what people and labels wrote is data, with its author. */
export function messageOf({ question, text, history, found }: Case, clean: Cleaner): string {
  const before: { readonly author: string; readonly said: string }[] = [];
  let length = 0;
  for (const { author, user, text: said } of history.slice(-TURNS).toReversed()) {
    const short = clean(said, TURN_LENGTH);
    length += short.length;
    if (length > HISTORY_LENGTH) break;
    before.unshift({ author: author === "bot" ? "the bot" : clean(user?.name ?? "somebody"), said: short });
  }
  const facts = [...found.details, ...(found.list ?? [])].slice(0, 25).map((one) => clean(one, 300));
  return [
    before.length > 0 ? `Said before in this thread:\n${fenced(before)}` : "",
    found.intent === "clarify"
      ? "The bot's templates could not answer this."
      : `What the bot's templates found, all from queries of this moment:\n${fenced({ verdict: clean(found.verdict, 300), facts, at: rfc3339(question.at) })}`,
    `The question of ${clean(question.user.name)}:\n${fenced({ question: clean(text, 4000) })}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Other names for the hosts of this Prometheus and the people of this thread; none without a case. */
export function masksOf(one: Case | undefined): Masks {
  if (one === undefined) return NO_MASKS;
  const { catalogue, history, question } = one;
  const hosts = ["host", "node"].flatMap((kind) => catalogue.ofKind(kind)).map(({ name }) => name);
  const people = [question.user.name, ...history.flatMap(({ user }) => user?.name ?? [])];
  return masksFor({ host: hosts, person: people });
}
