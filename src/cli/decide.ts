import { isRunning } from "../chat/socket/call.ts";
import { commandOf, confirmed, follow, lookOf, renderCard } from "../chat/terminal/index.ts";
import { type Card, type ClickMeaning, DECISIONS } from "../core/card.ts";
import { type Call, EXIT, STOPPING, UsageError } from "./command.ts";
import { askHere, noDecider, remoteDecider } from "./deciding.ts";
import { readConfig } from "./settings.ts";

/** `proposals approve ID` and its like: shows the card, asks the person at the terminal, decides through the running bot. */
export async function run(call: Call): Promise<number> {
  const [word = "", id, ...more] = call.words;
  const decision = DECISIONS.find((one) => one !== "resume" && commandOf(one) === word);
  if (decision === undefined)
    throw new UsageError(
      `proposals wants "list", "show ID", or one of ${DECISIONS.map(commandOf).join(", ")} with an ID: it is ${JSON.stringify(call.words.join(" "))}.`,
    );
  if (id === undefined || more.length > 0)
    throw new UsageError(`proposals ${word} wants the id of one proposal, as on its card: proposals ${word} ID.`);
  if (call.flags.json === true)
    throw new UsageError(
      `proposals ${word} is decided by a person: it has no --json. "proposals show ${id} --json" has.`,
    );
  const config = readConfig(call);
  const refuse = (sentence: string): number => {
    call.stderr.write(`smartcloudops: ${sentence}\n`);
    return EXIT.failed;
  };
  if (call.stdin.isTTY !== true || call.stdout.isTTY !== true)
    return refuse("a decision is typed by a person at a terminal: neither a pipe nor a script can make one.");
  if (!(await isRunning(config.dataDir))) return refuse(noDecider(config));
  return decide(decision, id, call, config);
}

async function decide(
  decision: ClickMeaning,
  id: string,
  call: Call,
  config: ReturnType<typeof readConfig>,
): Promise<number> {
  const bot = remoteDecider(config);
  const look = lookOf(call.stdout, call.env, config.timezone);
  const show = (card: Card) => void call.stdout.write(`${renderCard(card, look)}\n`);
  const view = await bot.proposal(id);
  if (view === undefined) {
    call.stderr.write(`smartcloudops: there is no proposal ${JSON.stringify(id)}. "proposals list" lists them.\n`);
    return EXIT.failed;
  }
  show({ ...view.card, blocks: view.card.blocks.filter(({ kind }) => kind !== "buttons") });
  const buttons = view.card.blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons : []));
  const action = buttons
    .map((button) => button.action)
    .find((one) => one.kind === "decide" && one.decision === decision);
  if (action?.kind !== "decide") {
    const offered = buttons.flatMap(({ action: one }) => (one.kind === "decide" ? [commandOf(one.decision)] : []));
    const what =
      offered.length === 0 ? "nothing is left to decide about it" : `what can be done is ${offered.join(", ")}`;
    call.stderr.write(`smartcloudops: ${commandOf(decision)} is not possible as it stands: ${what}.\n`);
    return EXIT.failed;
  }
  const person = askHere(call);
  const fields = await confirmed(action, person).finally(() => person.close());
  if (fields === undefined) {
    call.stdout.write("Nothing was decided.\n");
    return EXIT.failed;
  }
  const said = await bot.decide(action, fields);
  show(said);
  if (said.tone === "warning" || said.tone === "danger") return EXIT.failed;
  if (decision !== "details") await untilStopped((signal) => follow(id, bot, show, signal));
  return EXIT.ok;
}

/** Ctrl-C stops watching: what was decided goes on in the bot. */
async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of STOPPING) process.once(signal, onSignal);
  try {
    await work(stop.signal);
  } finally {
    for (const signal of STOPPING) process.off(signal, onSignal);
  }
}
