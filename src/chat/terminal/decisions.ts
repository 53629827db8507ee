import { setTimeout as sleep } from "node:timers/promises";
import type { ButtonAction, Card } from "../../core/card.ts";
import type { ProposalView } from "../../ports/chat.ts";
import { exact } from "../../util/inert.ts";
import { commandOf } from "./render.ts";

/** Decisions at a terminal: a person is shown the card, and types their answer to a question that was asked then. */

type Decide = ButtonAction & { kind: "decide" };

export type DecideHere = {
  /** Decides as the person whom the configuration maps to the account of the operating system. */
  readonly decide: (action: Decide, fields: Readonly<Record<string, string>>) => Promise<Card>;
  readonly proposal: (id: string) => Promise<ProposalView | undefined>;
};

export type ConfirmDeps = {
  /** What was typed; undefined when the person left. */
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly tell: (sentence: string) => void;
};

/** Those that only look, or make something that is decided about by itself. */
const HARMLESS: ReadonlySet<Decide["decision"]> = new Set(["details", "dry_run", "look_again", "undo"]);

/** Asks for what the decision needs, and that it is meant. Undefined when the person left or typed something else. */
export async function confirmed(
  { decision, confirm, fields = [] }: Decide,
  { ask, tell }: ConfirmDeps,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (confirm !== undefined) tell(`${exact(confirm.title)} ${exact(confirm.text)}`);
  const typed: Record<string, string> = {};
  for (const { id, label, isRequired, value } of fields) {
    const shown = value === undefined ? "" : ` [${exact(value)}]`;
    const optional = isRequired ? "" : " (may be left empty)";
    const said = await ask(`${exact(label)}${optional}${shown}: `);
    if (said === undefined) return undefined;
    const text = said.trim() === "" ? (value ?? "") : said.trim();
    if (text === "" && isRequired) return undefined;
    typed[id] = text;
  }
  if (HARMLESS.has(decision)) return typed;
  const word = commandOf(decision);
  const said = await ask(`Type "${word}" to do it, anything else leaves it: `);
  return said?.trim().toLowerCase() === word ? typed : undefined;
}

const EVERY_MS = 1000;

/** Shows the proposal, and again whenever it changed, as long as it goes on by itself. */
export async function follow(
  id: string,
  { proposal }: DecideHere,
  show: (card: Card) => void,
  signal: AbortSignal,
): Promise<void> {
  let last = "";
  while (!signal.aborted) {
    const view = await proposal(id);
    if (view === undefined) return;
    const now = JSON.stringify(view.card);
    if (now !== last) show(view.card);
    last = now;
    if (!view.isMoving) return;
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
