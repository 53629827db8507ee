import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { converse, type DecideHere, lookOf } from "../chat/terminal/index.ts";
import type { Config } from "../config.ts";
import type { Card } from "../core/card.ts";
import type { User } from "../core/chat.ts";
import type { Detection } from "../ports/detection.ts";
import { type Bot, openBot } from "./bot.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import { noDecider, remoteDecider } from "./deciding.ts";
import { watchNews } from "./news.ts";
import { readStore } from "./read-store.ts";
import { placeOf, readConfig, readUser } from "./settings.ts";

/** `chat`: a conversation until Ctrl-D. */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(
      `chat takes no words: ask ${JSON.stringify(call.words.join(" "))} with "smartcloudops ask", or type it in the chat.`,
    );
  const config = readConfig(call);
  const bot = await openBot(config, { warm: true });
  try {
    if (call.stdin.isTTY === true) {
      const whom = bot.isRemote ? `the bot that runs on ${config.dataDir}` : "a bot of this terminal's own";
      call.stderr.write(`You talk to ${whom}. Ask in plain words; "help" shows what it can do, Ctrl-D leaves.\n\n`);
    }
    // Only a bot that was started watches; what it finds is read beside it.
    const read = <T>(work: (detection: Detection) => Promise<T>) => readStore(config, (store) => work(store.detection));
    const news = watchNews({ read, clock: () => Date.now() / 1000, zone: config.timezone });
    await chatWith(
      {
        ask: bot.ask,
        decide: bot.isRemote ? remoteDecider(config) : noDecider(config),
        ...(bot.isRemote && { news }),
      },
      config,
      call,
    );
    return EXIT.ok;
  } finally {
    await bot.stop();
  }
}

/** Who answers, and who decides for the person at this terminal: a sentence where nobody can. */
export type Answering = {
  readonly ask: Bot["ask"];
  readonly decide: DecideHere | string;
  /** What the bot says by itself. */
  readonly news?: () => Promise<readonly Card[]>;
  /** Whoever sits there now, where that may change, and how it changes. */
  readonly players?: { readonly current: () => User; readonly become: (name: string) => string };
};

/** The conversation itself. */
export async function chatWith(
  { ask, decide, news, players }: Answering,
  config: Config,
  call: Call,
  signal?: AbortSignal,
): Promise<void> {
  const user = readUser(call);
  await converse({
    answer: async (question, stop, onlooker) =>
      (await ask(players === undefined ? question : { ...question, user: players.current() }, stop, onlooker)).card,
    decide,
    ...(news !== undefined && { news }),
    place: placeOf(user, flag(call, "thread") ?? "chat"),
    user,
    ...(players !== undefined && { become: players.become }),
    clock: () => Date.now() / 1000,
    newId: randomUUID,
    input: call.stdin,
    output: call.stdout,
    status: call.stderr,
    look: { ...lookOf(call.stdout, call.env, config.timezone), buttons: "numbered" },
    historyFile: call.stdin.isTTY === true ? join(config.dataDir, "history") : undefined,
    ...(signal === undefined ? {} : { signal }),
  });
}
