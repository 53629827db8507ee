import { existsSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../app.ts";
import { lookOf, renderCard } from "../chat/terminal/index.ts";
import type { Card } from "../core/card.ts";
import type { Proposal } from "../core/proposal.ts";
import type { Lesson, Store } from "../ports.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { readConfig, readUser } from "./settings.ts";

const MOST = 1000;

/** `proposals list`: what waits for a decision, oldest first. */
export async function runProposals(call: Call): Promise<number> {
  expectList(call, "proposals");
  const found = await readStore(call, (store) => store.proposals.pending(MOST));
  return print(call, (found ?? []).map(proposalJson), {
    title: "No change waits for a decision.",
    columns: ["id", "what", "on", "asked by", "at (UTC)"],
    row: (one) => [one.id, one.type, one.target, one.requester.name, one.at],
  });
}

/** `lessons list`: words this user taught the bot in the terminal. */
export async function runLessons(call: Call): Promise<number> {
  expectList(call, "lessons");
  const channel = { platform: "terminal", channel: readUser(call).id };
  const found = await readStore(call, (store) => store.lessons.of(channel));
  return print(call, (found ?? []).map(lessonJson), {
    title: "Nobody has taught me a word here.",
    columns: ["word", "means", "taught by", "at (UTC)"],
    row: (one) => [one.word, one.meaning, one.by, one.at],
  });
}

function expectList(call: Call, command: string): void {
  if (call.words.join(" ") === "list") return;
  throw new UsageError(`${command} wants "list": it is ${JSON.stringify(call.words.join(" "))}.`);
}

/** Reads beside a running bot. Undefined when nothing was ever stored in that folder. */
async function readStore<T>(call: Call, read: (store: Store) => Promise<T>): Promise<T | undefined> {
  const config = readConfig(call);
  if (!existsSync(join(config.dataDir, "smartcloudops.db"))) return undefined;
  const store = await openStore(config, () => Date.now() / 1000, { readOnly: true });
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

function proposalJson({ id, action, requester, at }: Proposal) {
  return { id, ...action, requester, at: rfc3339(at) };
}

function lessonJson({ id, word, meaning, by, at }: Lesson) {
  return { id, word, meaning, by, at: rfc3339(at) };
}

function print<T>(
  call: Call,
  rows: readonly T[],
  shown: { title: string; columns: readonly string[]; row: (one: T) => readonly string[] },
): number {
  if (call.flags.json === true) {
    call.stdout.write(`${JSON.stringify(rows)}\n`);
    return EXIT.ok;
  }
  const card: Card =
    rows.length === 0
      ? { title: shown.title, tone: "info", blocks: [] }
      : {
          title: rows.length === 1 ? "One entry." : `${rows.length} entries.`,
          tone: "info",
          blocks: [{ kind: "table", columns: shown.columns, rows: rows.map(shown.row) }],
        };
  call.stdout.write(renderCard(card, lookOf(call.stdout, call.env, "UTC")));
  return EXIT.ok;
}

function rfc3339(at: number): string {
  return new Date(at * 1000).toISOString();
}
