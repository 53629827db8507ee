import type { Activity as SdkActivity } from "botbuilder";
import type { Card } from "../../core/card.ts";
import type { Draft } from "../../core/draft.ts";
import type { Clock } from "../../ports/clock.ts";
import { EnoughError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { newest } from "../../util/newest.ts";
import type { Bot, Target } from "./adapter.ts";
import { STREAM_INFO } from "./connector.ts";
import { ConnectorError, sendProblem } from "./errors.ts";
import { escaped } from "./text.ts";

/**
 * Answers on their way. In a chat of two, words stream, with a sign of what is being done before the first of them; Teams has that nowhere
 * else (learn.microsoft.com, "Stream bot messages"). There, and where it refuses streams, a card is edited.
 */

/** How the sender knows the draft of an answer. */
export const DRAFT_HINT = "draft";

/** What a draft's message is referred to by: a stream, or a card that was posted. */
export type DraftReference = { readonly kind: "stream" | "card"; readonly id: string };

export function writeDraftReference({ kind, id }: DraftReference): string {
  return `${kind}|${id}`;
}

/** Undefined for a message that is no draft. */
export function readDraftReference(reference: string | undefined): DraftReference | undefined {
  const [, kind, id] = /^(stream|card)\|([\s\S]+)$/.exec(reference ?? "") ?? [];
  return kind === undefined || id === undefined ? undefined : { kind: kind as DraftReference["kind"], id };
}

type Stream = { readonly sequence: number; readonly text: string };

/** Streams that Teams refused are not tried again for so long. Seconds. */
const REFUSED_SECONDS = 600;
/** What an informative update may have. */
const MOST_STATUS = 900;
const MOST_STREAMS = 2000;

export type Drafts = {
  /** Starts a stream in a chat of two. Undefined where there is none to be had. */
  start(bot: Bot, target: Target, card: Card): Promise<string | undefined>;
  /** Shows a newer draft in a stream. Throws as `Sender.redraw` does. */
  append(bot: Bot, target: Target, id: string, draft: Draft, before: Draft): Promise<void>;
  /** What makes an activity the end of that stream. */
  end(id: string): Partial<SdkActivity>;
};

export function createDrafts({ clock, chance, log }: { clock: Clock; chance: () => number; log: Log }): Drafts {
  let refusedUntil = 0;
  const streams = newest<Stream>(MOST_STREAMS);

  return {
    async start(bot, target, card) {
      if (target.reference.conversationType !== "personal" || clock() < refusedUntil) return undefined;
      const words = firstWords(card);
      const status = card.blocks.flatMap((block) => (block.kind === "note" ? [block.text] : [])).at(-1) ?? "…";
      try {
        const update = words === "" ? informative(status, 1) : streaming(words, 1);
        const id = await bot.send(target, update);
        if (id === "") return undefined;
        streams.set(id, { sequence: 1, text: words });
        return writeDraftReference({ kind: "stream", id });
      } catch (thrown) {
        if (!(thrown instanceof ConnectorError) || ![400, 403, 404, 405].includes(thrown.status)) throw thrown;
        log.info({ reason: thrown.message }, "Teams refuses a stream: the answer on its way is shown in a card");
        refusedUntil = clock() + REFUSED_SECONDS;
        return undefined;
      }
    },

    async append(bot, target, id, draft, before) {
      const stream = streams.get(id);
      if (stream === undefined) throw new Error("that stream is another run's");
      const text = textAfter(stream.text, draft, before);
      // The sign of what is being done is shown until the first words are.
      if (text === stream.text && (text !== "" || draft.status === before.status)) return;
      const next = { sequence: stream.sequence + 1, text };
      const update = text === "" ? informative(draft.status, next.sequence, id) : streaming(text, next.sequence, id);
      try {
        await bot.send(target, update);
        streams.set(id, next);
      } catch (thrown) {
        if (thrown instanceof ConnectorError && /cancell?ed by user/i.test(thrown.message))
          throw new EnoughError("Stopped in Teams", { cause: thrown });
        throw sendProblem(thrown, 1, chance());
      }
    },

    end: (id) => ({ entities: [{ type: STREAM_INFO }], channelData: { streamType: "final", streamId: id } }),
  };
}

/** Teams wants each update to begin with the one before. */
function textAfter(shown: string, draft: Draft, before: Draft): string {
  const goesOn = before.said.every((sentence, at) => draft.said[at] === sentence);
  const more = goesOn ? draft.said.slice(before.said.length) : draft.said;
  const lead = goesOn ? (before.said.length === 0 ? "\n\n" : " ") : "\n\n(It looked further.)\n\n";
  const words = more.map(escaped).join(" ");
  if (goesOn && words === "") return shown;
  return shown === "" ? words : `${shown}${lead}${words}`;
}

function firstWords(card: Card): string {
  const parts = card.blocks.flatMap((block) => {
    if (block.kind === "text") return [escaped(block.text)];
    return block.kind === "list" ? [block.items.map((item) => `- ${escaped(item)}`).join("\n")] : [];
  });
  // A title that only says that something follows is told by the sign.
  return parts.length === 0 ? "" : [`**${escaped(card.title)}**`, ...parts].join("\n\n");
}

function informative(status: string, sequence: number, id?: string): Partial<SdkActivity> {
  return update(status.slice(0, MOST_STATUS), "informative", sequence, id);
}

function streaming(text: string, sequence: number, id?: string): Partial<SdkActivity> {
  return update(text, "streaming", sequence, id);
}

function update(text: string, streamType: string, streamSequence: number, id?: string): Partial<SdkActivity> {
  return {
    type: "typing",
    text,
    entities: [{ type: STREAM_INFO }],
    channelData: { streamType, streamSequence, ...(id !== undefined && { streamId: id }) },
  };
}
