import { lookOf, renderCard } from "../chat/terminal/index.ts";
import type { Card } from "../core/card.ts";
import { rfc3339 } from "../core/zone.ts";
import type { Lesson } from "../ports/store.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { readStore } from "./read-store.ts";
import { readConfig, readUser } from "./settings.ts";

/** `lessons list`: words this user taught the bot in the terminal. */
export async function runLessons(call: Call): Promise<number> {
  if (call.words.join(" ") !== "list")
    throw new UsageError(`lessons wants "list": it is ${JSON.stringify(call.words.join(" "))}.`);
  const channel = { platform: "terminal", channel: readUser(call).id };
  const found = await readStore(readConfig(call), (store) => store.lessons.of(channel));
  return printList(call, (found ?? []).map(lessonJson), {
    title: "Nobody has taught me a word here.",
    columns: ["word", "means", "taught by", "at (UTC)"],
    row: (one) => [one.word, one.meaning, one.by, one.at],
  });
}

function lessonJson({ id, word, meaning, by, at }: Lesson) {
  return { id, word, meaning, by, at: rfc3339(at) };
}

/** A list as JSON with `--json`, else as a table. `title` is said when there is nothing in it. */
export function printList<T>(
  call: Call,
  rows: readonly T[],
  shown: { title: string; columns: readonly string[]; row: (one: T) => readonly string[] },
): number {
  if (call.flags.json === true) {
    call.stdout.write(`${JSON.stringify(rows)}\n`);
    return EXIT.ok;
  }
  return printCard(
    call,
    rows.length === 0
      ? { title: shown.title, tone: "info", blocks: [] }
      : {
          title: rows.length === 1 ? "One entry." : `${rows.length} entries.`,
          tone: "info",
          blocks: [{ kind: "table", columns: shown.columns, rows: rows.map(shown.row) }],
        },
  );
}

export function printCard(call: Call, card: Card): number {
  call.stdout.write(renderCard(card, lookOf(call.stdout, call.env, "UTC")));
  return EXIT.ok;
}
