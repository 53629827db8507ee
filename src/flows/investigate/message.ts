import { rfc3339 } from "../../core/zone.ts";
import type { Case } from "../../ports/model.ts";
import { type Cleaner, fenced } from "./data.ts";
import type { Before } from "./history.ts";
import { type Masks, masksFor, NO_MASKS } from "./masks.ts";

/** The question with what is known already, as one message: what people and labels wrote is data, with its author. */
export function messageOf(
  { question, text, found }: Case,
  clean: Cleaner,
  { points, turns, left }: Before,
  context: string | undefined,
): string {
  const facts = [...found.details, ...(found.list ?? [])].slice(0, 25).map((one) => clean(one, 300));
  return [
    points.length > 0
      ? `Earlier in this thread, in short. No number of it is evidence; query what you want to state:\n${fenced(points)}`
      : "",
    left > 0 ? `${left} earlier turns of this thread are left out.` : "",
    turns.length > 0 ? `Said before in this thread:\n${fenced(turns)}` : "",
    context === undefined ? "" : `The whole at a glance:\n${context}`,
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
