import type { Entity } from "../../core/catalogue.ts";
import { readCues } from "../../core/language/cues.ts";
import { findMentions } from "../../core/language/link.ts";
import { fold, tokens } from "../../core/language/normalise.ts";
import type { Memory } from "../../core/language/understand.ts";
import type { Turn } from "./turn.ts";

/** How many exchanges back "it" may reach. */
const REACH = 4;

/**
 * What "it" may mean: the things of those kinds that the last exchanges were about, nearest exchange first. One entity per
 * name; several when an answer named several. Empty when the thread says nothing about such a thing.
 */
export function lately(turn: Turn, kinds: readonly string[]): readonly Entity[] {
  let exchanges = 0;
  let memory: Memory | undefined;
  let reply = "";
  for (const said of turn.history.toReversed()) {
    if (said.author === "bot") {
      exchanges += 1;
      if (exchanges > REACH) return [];
      memory = said.memory as Memory | undefined;
      reply = said.text;
      continue;
    }
    const asked = fitting(turn, namesIn(turn, said.text), kinds);
    const names = fitting(turn, memory?.names ?? [], kinds);
    const answered = fitting(turn, told(turn, reply, kinds), kinds);
    const found = [names, asked, answered].find((list) => list.length > 0);
    // "Which version is it on?" with a list for an answer: "it" was said before that.
    if (found === undefined || (found === answered && found.length > 1 && readCues(said.text).pointsBack)) continue;
    return found;
  }
  return [];
}

/** Names in an answer: those of its first line, and of its list when that names none or when several things are meant. */
function told(turn: Turn, reply: string, kinds: readonly string[]): readonly string[] {
  const lines = reply.split("\n");
  const evidence = lines.findIndex((line) => line.startsWith("`"));
  const said = (evidence < 0 ? lines : lines.slice(0, evidence)).slice(0, 30);
  const first = namesIn(turn, said[0] ?? "");
  const whole = PLURAL.test(fold(turn.read.plain)) || fitting(turn, first, kinds).length === 0;
  return whole ? said.flatMap((line) => namesIn(turn, line)) : first;
}

const PLURAL =
  /\b(?:them|those|these|they|all of|both|sie alle|beide|diese|ellos|ellas|los dos|esos|eux|elles|les deux|ceux|eles|elas|esses|unko|unhe|dono)\b/;

function namesIn(turn: Turn, text: string): readonly string[] {
  return findMentions(tokens(text.slice(0, 2000)), new Set(), turn.catalogue).flatMap(
    (mention) => mention.entities[0]?.name ?? [],
  );
}

/** Names -> their entity of the first kind that any of them has. A pod also stands for the workload that it belongs to. */
export function fitting(turn: Turn, names: readonly string[], kinds: readonly string[]): readonly Entity[] {
  const entities = names.flatMap((name) => turn.catalogue.named(name));
  const owners = entities
    .filter((entity) => entity.kind === "pod")
    .flatMap((pod) => turn.catalogue.ofKind("deployment").filter((one) => pod.name.startsWith(`${one.name}-`)));
  for (const kind of kinds) {
    const found = [...entities, ...owners].filter((entity) => entity.kind === kind);
    if (found.length > 0) return [...new Map(found.map((entity) => [entity.name, entity])).values()];
  }
  return [];
}
