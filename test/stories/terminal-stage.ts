import { PassThrough, Writable } from "node:stream";
import { converse } from "../../src/chat/terminal/index.ts";
import type { Card } from "../../src/core/card.ts";
import { NOW } from "../fakes/world.ts";
import { startBot } from "./bot.ts";
import { arrival, type Shown, type Stage, withoutIds } from "./stage.ts";

const LOOK = { width: 100, colour: false, links: false, zone: "Europe/Berlin", buttons: "numbered" } as const;

/** The bot's own conversation over a pipe, as `chat` holds it. */
export async function terminalStage(): Promise<Stage> {
  const bot = await startBot({});
  const input = new PassThrough();
  const cards: Card[] = [];
  const written: string[] = [];
  let ids = 0;
  const talk = converse({
    answer: async (question, signal) => {
      const { card } = await bot.serving.app.ask(question, signal);
      cards.push(card);
      return card;
    },
    place: { platform: "terminal", channel: "mira", thread: "chat" },
    user: { platform: "terminal", id: "mira", name: "mira", zone: "Europe/Berlin" },
    clock: () => NOW,
    newId: () => `asked-${++ids}`,
    input,
    output: new Writable({ write: (chunk, _, done) => done(void written.push(String(chunk))) }),
    status: new Writable({ write: (_chunk, _, done) => done() }),
    look: LOOK,
    historyFile: undefined,
    decide: "Nobody decides in these stories.",
  });
  const answers = () => written.filter((text) => text.endsWith("\n\n"));

  return {
    bot,
    async act(step) {
      const before = answers().length;
      const typed = "say" in step ? step.say : numberOf(step.press, answers().at(-1) ?? "");
      input.write(`${typed}\n`);
      const answer = await arrival(() => answers()[before], `an answer to ${JSON.stringify(step)}`, bot);
      return shownOf(answer);
    },
    golden: () => withoutIds(written.join("")),
    async stop() {
      input.end();
      await talk;
      await bot.stop();
    },
  };
}

const BUTTON = /^(\d+) {2}(.+(?:\n {3}\S.*)*)$/gm;

function buttonsIn(answer: string): { readonly number: string; readonly label: string }[] {
  return [...answer.matchAll(BUTTON)].map(([, number = "", label = ""]) => ({
    number,
    label: label.replace(/\s+/g, " "),
  }));
}

function numberOf(label: string, answer: string): string {
  const found = buttonsIn(answer).find((one) => one.label === label);
  if (found === undefined) throw new Error(`There is no choice ${label}.`);
  return found.number;
}

function shownOf(answer: string): Shown {
  const [title = ""] = answer.split("\n\n");
  return {
    headline: title.replace(/^[•✓▲✖] /, "").replace(/\s+/g, " "),
    words: answer,
    hasChart: /[\u2801-\u28ff▁▂▃▄▅▆▇█]/.test(answer),
    buttons: buttonsIn(answer).map(({ label }) => label),
    isPrivate: true,
  };
}
