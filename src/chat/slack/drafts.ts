import { z } from "zod";
import type { Block, Card } from "../../core/card.ts";
import type { Draft } from "../../core/draft.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Queued } from "../../ports/outbox.ts";
import { EnoughError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { deliveryError, isAccountError, platformError } from "./errors.ts";
import { type Api, QUIET, type Reference, threadOf } from "./message.ts";
import { renderCard } from "./render.ts";
import { Posted } from "./schema.ts";
import { cutEscaped, escaped } from "./text.ts";

/**
 * Answers on their way. In a thread of direct messages, words stream: Slack draws a stream as it comes for one reader only, and shows
 * others nothing until its end. So everywhere else, and where Slack refuses streams, the message is edited.
 */

/** What is kept with a draft until it was sent: who reads its stream, where there is to be one. */
const Hint = z.object({ draft: z.object({ user: z.string(), team: z.string().optional() }) });

export function draftHint(user: string, team: string | undefined): string {
  return JSON.stringify({ draft: { user, ...(team !== undefined && { team }) } });
}

/** Undefined for a message that is no draft. */
export function readDraftHint(text: string | undefined): z.infer<typeof Hint>["draft"] | undefined {
  try {
    return Hint.safeParse(JSON.parse(text ?? "")).data?.draft;
  } catch {
    return undefined;
  }
}

/** A stream that Slack refused is not tried again for so long. Seconds. */
const REFUSED_SECONDS = 600;
/** Units of text in one piece of a stream: Slack takes 12,000. */
const MOST_TEXT = 8000;

type Chunk = { readonly type: string } & Readonly<Record<string, unknown>>;

export type Drafts = {
  /** Starts a stream for a draft. Undefined where there is none to be had: then it is posted like any message. */
  start(message: Queued, api: Api): Promise<string | undefined>;
  /** Shows a newer draft in place of `before`. Throws as `Sender.redraw` does. */
  redraw(target: Reference, draft: Draft, before: Draft, api: Api): Promise<void>;
  /** Ends a stream, so that its message can be edited. Does nothing when it has ended. Throws what Slack answers. */
  stop(target: Reference, api: Api): Promise<void>;
};

export function createDrafts({ clock, log }: { readonly clock: Clock; readonly log: Log }): Drafts {
  let refusedUntil = 0;
  /** Streams that Slack has ended: their messages are edited from then on. Few at a time, and gone when the answer is there. */
  const ended = new Set<string>();

  return {
    async start({ place, card, hint }, api) {
      const reader = readDraftHint(hint);
      const thread = threadOf(place);
      if (reader === undefined || thread === undefined || !place.channel.startsWith("D") || clock() < refusedUntil)
        return undefined;
      const { user: recipient_user_id, team: recipient_team_id } = reader;
      const where = { channel: place.channel, thread_ts: thread, recipient_user_id };
      const envelope = { ...where, ...(recipient_team_id !== undefined && { recipient_team_id }) };
      const first = [textChunk(firstWords(card)), statusChunk(lastNote(card))];
      for (const chunks of [[...first, ...buttonChunks(card, clock())], first])
        try {
          const { channel, ts } = Posted.parse(await api.apiCall("chat.startStream", { ...envelope, chunks }));
          return `${channel}/${ts}/stream`;
        } catch (err) {
          const error = platformError(err);
          // Slack may not have drawn buttons in a stream yet, or have no streams there: neither keeps the draft from being shown.
          if (error === undefined || isAccountError(error)) throw err;
          if (MALFORMED.has(error) && chunks !== first) continue;
          log.info({ reason: error }, "Slack refuses a stream: the answer on its way is shown by editing a message");
          refusedUntil = clock() + REFUSED_SECONDS;
          return undefined;
        }
      return undefined;
    },

    async redraw(target, draft, before, api) {
      const { channel, ts, kind } = target;
      try {
        if (kind === "stream" && !ended.has(ts)) {
          const chunks = newChunks(draft, before);
          if (chunks.length > 0) await api.apiCall("chat.appendStream", { channel, ts, chunks });
        } else {
          const rendered = renderCard(draft.card, { now: clock(), zone: "UTC", native: false });
          await api.apiCall("chat.update", { channel, ts, ...QUIET, ...rendered });
        }
      } catch (err) {
        const error = platformError(err);
        if (error === "stopped_by_user") {
          ended.add(ts);
          throw new EnoughError("Stopped in Slack", { cause: err });
        }
        // Slack ends streams by itself after some minutes.
        if (error !== "message_not_in_streaming_state") throw deliveryError(err);
        ended.add(ts);
      }
    },

    async stop({ channel, ts, kind }, api) {
      if (kind !== "stream") return;
      try {
        if (!ended.delete(ts)) await api.apiCall("chat.stopStream", { channel, ts });
      } catch (err) {
        if (!OVER.has(platformError(err) ?? "")) throw err;
      }
    },
  };
}

const OVER = new Set(["message_not_in_streaming_state", "stopped_by_user", "message_not_found"]);
const MALFORMED = new Set(["invalid_chunks", "invalid_blocks", "invalid_arguments", "invalid_blocks_format"]);

/** What came since: status, then words. A model that went on looking said what it said for nothing. */
function newChunks(draft: Draft, before: Draft): readonly Chunk[] {
  const goesOn = before.said.every((sentence, at) => draft.said[at] === sentence);
  const more = goesOn ? draft.said.slice(before.said.length) : draft.said;
  const words = more.map(markdown).join(" ");
  const status = draft.status === before.status ? [] : [statusChunk(draft.status)];
  if (goesOn && words === "") return status;
  const lead = goesOn ? (before.said.length === 0 ? "\n\n" : " ") : `\n\n${markdown("(It looked further.)")}\n\n`;
  return [...status, textChunk(`${lead}${words}`)];
}

function textChunk(text: string): Chunk {
  return { type: "markdown_text", text: text.slice(0, MOST_TEXT) };
}

/** One line that Slack draws with a sign of work, and that the next one takes the place of. */
function statusChunk(status: string): Chunk {
  return { type: "task_update", id: "look", title: cutEscaped(status, 250), status: "in_progress" };
}

function buttonChunks(card: Card, now: number): readonly Chunk[] {
  const buttons = card.blocks.filter(({ kind }) => kind === "buttons");
  if (buttons.length === 0) return [];
  const { blocks } = renderCard({ ...card, blocks: buttons }, { now, zone: "UTC", native: false });
  return [{ type: "blocks", blocks: blocks.filter(({ type }) => type === "actions") }];
}

function firstWords(card: Card): string {
  const parts = card.blocks.flatMap((block) => wordsOf(block).map(markdown));
  return [`**${markdown(card.title)}**`, ...parts].join("\n\n");
}

function wordsOf(block: Block): readonly string[] {
  if (block.kind === "text") return [block.text];
  return block.kind === "list" ? block.items.map((item) => `• ${item}`) : [];
}

function lastNote(card: Card): string {
  return card.blocks.flatMap((block) => (block.kind === "note" ? [block.text] : [])).at(-1) ?? "…";
}

/** Text of a card where Slack reads Markdown: it stays text. */
export function markdown(text: string): string {
  return escaped(text)
    .replace(/[\\`*_~[\]()#|!{}]/g, "\\$&")
    .replace(/^(\s*)([-+]|\d{1,9}\.)(?=\s)/gm, "$1\\$2")
    .replaceAll("://", ":\u200B//")
    .replace(/@(?=(?:everyone|here|channel)\b)/gi, "@\u200B");
}
