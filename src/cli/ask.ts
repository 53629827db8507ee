import { randomUUID } from "node:crypto";
import type { Card } from "../core/card.ts";
import { openBot } from "./bot.ts";
import { type Call, EXIT, flag, readNow, UsageError } from "./command.ts";
import { placeOf, readConfig, readUser } from "./settings.ts";

/** `ask "text"`: one question, one answer. `ask --batch`: see batch.ts. */
export async function run(call: Call): Promise<number> {
  if (call.flags.batch !== undefined) return (await import("./batch.ts")).runBatch(call);
  if (call.flags.parallel !== undefined) throw new UsageError("--parallel belongs to --batch, which was not given.");
  const text = call.words.join(" ").trim();
  if (text === "") throw new UsageError('ask wants a question, as in: smartcloudops ask "how is checkout doing?"');
  const now = readNow(call);
  const config = readConfig(call);
  const user = readUser(call);
  const bot = await openBot(config, { now });
  // A bot that runs elsewhere reads the question itself.
  const { useKeptTraining } = bot.isRemote ? NOTHING_KEPT : await import("./training-cache.ts");
  const keepTraining = await useKeptTraining(config.dataDir);
  try {
    const place = placeOf(user, flag(call, "thread") ?? `ask-${randomUUID()}`);
    const asked = await bot.ask({ id: randomUUID(), place, user, text, at: now ?? Date.now() / 1000 });
    call.stdout.write(
      call.flags.json === true ? `${JSON.stringify(asked.reply)}\n` : await shown(asked.card, call, config.timezone),
    );
    return asked.failed ? EXIT.failed : EXIT.ok;
  } finally {
    await Promise.all([bot.stop(), keepTraining()]);
  }
}

const NOTHING_KEPT = { useKeptTraining: async (_dataDir: string) => async () => {} };

/** Loaded only for people: a script that wants JSON does not wait for what draws charts. */
async function shown(card: Card, call: Call, zone: string): Promise<string> {
  const { lookOf, renderCard } = await import("../chat/terminal/index.ts");
  return renderCard(card, lookOf(call.stdout, call.env, zone));
}
