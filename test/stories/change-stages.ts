import { randomUUID } from "node:crypto";
import { renderCard } from "../../src/chat/terminal/index.ts";
import { accountHere } from "../../src/chat/terminal/visitor.ts";
import type { Decision } from "../../src/core/card.ts";
import { shortHash } from "../../src/core/proposal.ts";
import { ALICE } from "../fakes/bot-framework/activities.ts";
import {
  ANN,
  BEN,
  BEN_TEAMS,
  buttonsIn,
  CHANNEL,
  type RemedyWorld,
  remedyWorld,
  TEAMS_CHANNEL,
} from "../fakes/remedy-world.ts";

/** Who takes part in the story of a change. */
export type Who = "ann" | "ben";

/** One surface with the bot on it, and a desk that can be restarted. */
export type ChangeStage = {
  readonly world: RemedyWorld;
  readonly ask: (text: string) => Promise<void>;
  /** Makes a decision as a person does there, with the button of the newest card. What they alone are told comes back. */
  readonly decide: (decision: Decision, who: Who) => Promise<string>;
  /** The newest card as it is now, as the surface was given it. Undefined before there is one. */
  readonly card: () => Promise<string | undefined>;
  /** What the buttons say under that card. */
  readonly buttons: () => Promise<readonly string[]>;
};

export async function slackChange(mode: "socket" | "http"): Promise<ChangeStage> {
  const world = await remedyWorld(mode);
  const newest = () => world.slack.sent(CHANNEL).at(-1);
  return {
    world,
    ask: (text) => world.say(text),
    async decide(decision, who) {
      const before = world.aside().length;
      await world.press(newest()!, decision, who === "ann" ? ANN : BEN);
      for (;;) {
        const told = world.aside()[before];
        if (told !== undefined) return told;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async card() {
      const message = newest();
      return message === undefined
        ? undefined
        : JSON.stringify({ text: message.text, blocks: message.blocks }, null, 2);
    },
    buttons: async () => buttonsIn(newest()?.blocks ?? []).map(({ text }) => text.text),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: cards of every kind are looked into
type Card = any;

export async function teamsChange(): Promise<ChangeStage> {
  const world = await remedyWorld("http");
  /** The last state of the message that was posted last. */
  function newest(): { readonly id: string; readonly card: Card } | undefined {
    const messages = world.framework.messages().filter(({ conversation }) => conversation.startsWith(TEAMS_CHANNEL));
    const posted = messages.findLast(({ method }) => method === "POST");
    const last = messages.findLast(({ id }) => id === posted?.id);
    return last === undefined ? undefined : { id: last.id, card: last.activity.attachments[0].content };
  }
  return {
    world,
    ask: async (text) => void (await world.sayInTeams(text)),
    decide(decision, who) {
      const { id, card } = newest()!;
      const marks = JSON.stringify(card).match(/"decision":"\w+","about":"[^"]+"/g) ?? [];
      const about = marks.find((one) => one.startsWith(`"decision":"${decision}"`))?.match(/"about":"([^"]+)"/)?.[1];
      if (about === undefined) throw new Error(`There is no button ${decision}.`);
      return world.pressInTeams(id, about, decision, who === "ann" ? ALICE : BEN_TEAMS);
    },
    async card() {
      const found = newest();
      return found === undefined ? undefined : JSON.stringify(found.card, null, 2);
    },
    buttons: async () => (newest()?.card.actions ?? []).map(({ title }: Card) => title),
  };
}

const LOOK = { width: 100, colour: false, links: false, zone: "UTC", buttons: "numbered" } as const;

export async function terminalChange(): Promise<ChangeStage> {
  const world = await remedyWorld("http");
  const { app } = world.serving();
  const user = (who: Who) =>
    who === "ann"
      ? { platform: "terminal", id: accountHere(), name: "Ann" }
      : { platform: "terminal", id: "ben", name: "Ben" };
  const place = { platform: "terminal", channel: "desk", thread: "cli" };
  const newest = async () => (await app.store.proposals.find({ limit: 1 }))[0];
  const view = async () => {
    const proposal = await newest();
    return proposal === undefined ? undefined : await app.remedy.view(proposal.id);
  };
  return {
    world,
    async ask(text) {
      await app.ask({ id: randomUUID(), place, user: user("ann"), text, at: Date.now() / 1000 });
    },
    async decide(decision, who) {
      const { id: proposal, hash } = (await newest())!;
      const visitor = { user: user(who), place, isGuest: false, isExternal: false };
      const click = { id: randomUUID(), visitor, decision, proposal, code: shortHash(hash), fields: {} };
      return renderCard(await app.remedy.decide({ ...click, message: undefined }), LOOK);
    },
    async card() {
      const shown = await view();
      return shown === undefined ? undefined : renderCard(shown.card, LOOK);
    },
    async buttons() {
      const { card } = (await view()) ?? {};
      return (card?.blocks ?? [])
        .flatMap((block) => (block.kind === "buttons" ? block.buttons : []))
        .map(({ label }) => label);
    },
  };
}

/** What differs each time, as fixed words. */
export function withoutChance(text: string): string {
  return (
    text
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<id>")
      .replace(/\|<id>\|[\w-]+/g, "|<id>|<code>")
      .replace(/\bcode [0-9a-f]{8}\b/g, "code <code>")
      .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
      // Within the first hour of a day, an hour ago was yesterday.
      .replace(/\b(since|before|until) yesterday (?=\d\d:\d\d\b)/g, "$1 ")
      .replace(/\byesterday (?=\d\d:\d\d\b)/g, "at ")
      .replace(/\b\d\d:\d\d\b/g, "<time>")
      .replaceAll(`terminal ${accountHere()}`, "terminal <account>")
      .replace(/succeeded in \d+ m?s/g, "succeeded in <time>")
      // Slack's picture has stretches of whole minutes: what the last of them holds depends on the second of the minute.
      .replace(/"name": "([^"]+?)(?: max| min)?",\s*"data": \[[^\]]*\]/g, '"name": "$1", "data": "<points>"')
      .replace(/(\{\s*"name": "[^"]+", "data": "<points>"\s*\}),\s*\1/g, "$1")
      .replace(/"categories": \[[^\]]*\]/g, '"categories": "<times>"')
      .replace(/\\nThe picture shows the highest and the lowest value of each \d+ min\./g, "")
  );
}
