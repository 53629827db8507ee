import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { verifyAll } from "../app/audit.ts";
import type { App, Asked } from "../app.ts";
import type { DecideHere } from "../chat/terminal/index.ts";
import { accountHere } from "../chat/terminal/visitor.ts";
import type { Config } from "../config.ts";
import { type Card, type ClickMeaning, plainText } from "../core/card.ts";
import type { Question, User } from "../core/chat.ts";
import { type Proposal, shortHash } from "../core/proposal.ts";
import { accountOf, COLLEAGUE, YOU } from "../demo/remedy.ts";
import type { Demo } from "../demo/run.ts";
import { readAnchors } from "../store/anchors.ts";
import { UsageError } from "./command.ts";
import { placeOf } from "./settings.ts";

/** People of the demo: you, and a colleague whom you play with `--as`. Nowhere else can anybody speak as somebody else. */

const you = (): User => ({ platform: "terminal", id: accountHere(), name: YOU.name });
const robin = (): User => ({ platform: "terminal", id: accountOf(COLLEAGUE), name: COLLEAGUE.name });

function userOf(name: string): User | undefined {
  const word = name.toLowerCase();
  if (word === YOU.id || word === accountHere().toLowerCase()) return you();
  return word === COLLEAGUE.id ? robin() : undefined;
}

/** Who sits at the demo's terminal, and decides. Throws `UsageError` when `first` is none of its people. */
export function playPeople({ remedy, decide: decideAny }: App, first: string | undefined) {
  const names = `${YOU.id} and ${COLLEAGUE.id}`;
  const start = first === undefined ? you() : userOf(first);
  if (start === undefined) throw new UsageError(`--as wants one of the demo's people, ${names}: it is ${first}.`);
  let current = start;
  const decide: DecideHere = {
    decide: ({ decision, proposal, code }, fields) =>
      click({ decide: decideAny }, current, decision, { proposal, code, fields }),
    proposal: remedy.view,
  };
  return {
    decide,
    current: () => current,
    become(name: string): string {
      const next = userOf(name);
      if (next === undefined) return `The demo's people are ${names}.`;
      current = next;
      return `You are ${current.name} now.`;
    },
  };
}

type Clicked = { readonly proposal: string; readonly code: string; readonly fields?: Readonly<Record<string, string>> };

function click({ decide }: Pick<App, "decide">, user: User, decision: ClickMeaning, clicked: Clicked): Promise<Card> {
  const visitor = { user, place: placeOf(user, "terminal"), isGuest: false, isExternal: false };
  return decide({ fields: {}, ...clicked, id: randomUUID(), visitor, decision, message: undefined });
}

/** Asks, and shows the card of what was proposed, with what can be done about it, in the place of the answer. */
export async function withCard(app: App, question: Question, signal?: AbortSignal): Promise<Asked> {
  const asked = await app.ask(question, signal);
  if (asked.reply.proposed_actions.length !== 1) return asked;
  const [newest] = await app.store.proposals.find({ status: ["pending"], limit: 1 });
  const view = newest?.spec.runbook === undefined ? undefined : await app.remedy.view(newest.id);
  return view === undefined ? asked : { ...asked, card: view.card };
}

const EVERY_MS = 500;
const PATIENCE_MS = 6 * 60_000;

/**
 * The demo's incident from the wish to the verdict: you ask for the restart and cannot approve it, your colleague does, it
 * runs at the shop once, Prometheus shows that it helped, and the audit verifies. Says each step; true when all held.
 */
export async function repair(
  app: App,
  { story, admin }: Pick<Demo, "story" | "admin">,
  { dataDir }: Pick<Config, "dataDir">,
  show: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  let ok = true;
  const check = (isSo: boolean, said: string): boolean => {
    show(`${isSo ? "ok     " : "FAILED "} ${said}`);
    if (!isSo) ok = false;
    return isSo;
  };
  const text = `restart ${story.service}`;
  const user = you();
  const question = { id: randomUUID(), place: placeOf(user, "repair"), user, text, at: Date.now() / 1000 };
  const { reply } = await app.ask(question, signal);
  const [proposal] = await app.store.proposals.find({ status: ["pending"], limit: 1 });
  if (proposal === undefined || proposal.spec.runbook === undefined) {
    return check(false, `${text} -> ${reply.reply_text}`);
  }
  check(true, `${text} -> ${headline(reply.reply_text)}`);
  const clicked = { proposal: proposal.id, code: shortHash(proposal.hash) };
  const own = await click(app, user, "approve", clicked);
  check(own.tone === "warning" && admin.done.length === 0, `${YOU.name} approve it -> ${own.title}`);
  const dry = await click(app, robin(), "dry_run", clicked);
  check(dry.tone !== "warning" && admin.done.length === 0, `${COLLEAGUE.name} tries it -> ${dry.title}`);
  const other = await click(app, robin(), "approve", clicked);
  if (!check(other.tone !== "warning", `${COLLEAGUE.name} approves it -> ${other.title}`)) return false;
  const ended = await settled(app, proposal.id, signal);
  check(
    admin.done.length === 1 && admin.done[0]?.service === story.service,
    `the shop was asked ${admin.done.length} times: ${admin.done.map(({ service }) => `restart ${service}`).join(", ")}`,
  );
  const after = await app.remedy.view(proposal.id);
  check(ended?.status === "verified", `it is ${ended?.status}: ${ended?.note ?? ""}`);
  const measured = ended?.measured ?? [];
  check(
    measured.length > 0 && measured.every(({ before, after }) => before.length > 0 && after.length > 0),
    `each of ${measured.length} checks was measured before and after`,
  );
  for (const line of after === undefined
    ? []
    : plainText(after.card)
        .split("\n")
        .filter((one) => /before/.test(one)))
    show(`        ${line}`);
  const { verdict } = await verifyAll(app.store, readAnchors(dataDir)?.lines ?? [], [], undefined);
  check(
    verdict.kind === "whole",
    `the audit is ${verdict.kind}${verdict.kind === "whole" ? `, ${verdict.records} records` : ""}`,
  );
  return ok;
}

const headline = (text: string): string => text.split("\n")[0] ?? "";

/** The proposal once it has its verdict, or as it is when patience ends. */
async function settled({ store }: App, id: string, signal: AbortSignal): Promise<Proposal | undefined> {
  const moving = new Set(["approved", "claimed", "started", "succeeded", "partial", "verifying"]);
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(EVERY_MS, undefined, { signal })) {
    const found = await store.proposals.get(id);
    if (found === undefined || !moving.has(found.status) || Date.now() > end) return found;
  }
}
