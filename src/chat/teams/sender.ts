import type { Activity as SdkActivity } from "botbuilder";
import type { Chart } from "../../core/card.ts";
import type { Sender, SurfaceDeps } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Queued } from "../../ports/outbox.ts";
import { NeverError, NotNowError, reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { newest } from "../../util/newest.ts";
import type { Bot, Target } from "./adapter.ts";
import { AI_MESSAGE } from "./connector.ts";
import {
  createDrafts,
  DRAFT_HINT,
  type DraftReference,
  type Drafts,
  readDraftReference,
  writeDraftReference,
} from "./drafts.ts";
import { ConnectorError, sendProblem } from "./errors.ts";
import { conversationOf } from "./intake.ts";
import type { References } from "./places.ts";
import { type Look, renderCard, renderText } from "./render.ts";
import type { Reference } from "./schema.ts";
import type { Zones } from "./zones.ts";

export type SenderDeps = Pick<SurfaceDeps, "drawChart"> & {
  readonly bot: () => Bot | undefined;
  /** How many calls make sense just now. */
  readonly room: () => number;
  readonly references: References;
  readonly zones: Zones;
  /** IANA zone of times in charts where nobody's zone is known. */
  readonly zone: string;
  readonly charts: "native" | "image";
  /** A number from 0 to 1, each time another, so that many messages do not come back at once. */
  readonly chance: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

/** Teams takes one update of a stream in a second, and wants some more between them (learn.microsoft.com, "Stream bot messages"). */
const PACE_MS = 1500;

const ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive";
const MOST_TARGETS = 2000;

/** The object id of an account in Microsoft Entra, with or without the tenant before it. */
const PERSON = /^(?:[0-9a-f-]{36}\/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Longest base64 text of pictures in a card: the rest of it needs some room too. */
const PICTURE_BYTES = 16_000;

/** A message in ever plainer forms. The next one is tried when Teams calls the one before too large or malformed. */
type Form = Look["charts"] | "text";

/** Posts and edits messages in Teams. A message cut off while it was sent may come twice: Teams cannot be searched. */
export function createSender(deps: SenderDeps): Sender {
  const drafts = createDrafts(deps);
  /** Where each stream goes on: the reference of a message does not tell. */
  const targets = newest<Target>(MOST_TARGETS);
  const connected = (): Bot => {
    const bot = deps.bot();
    if (bot === undefined) throw new NotNowError("Teams is not connected yet", 2, "platform");
    return bot;
  };
  return {
    platform: "teams",
    room: deps.room,
    // Chats have no threads; channels of teams do.
    under: (place, reference) =>
      /@thread\.(?:tacv2|skype)$/.test(place.channel) && readDraftReference(reference) === undefined
        ? { ...place, thread: reference }
        : place,
    drafts: {
      paceMs: PACE_MS,
      async redraw(reference, draft, before, signal) {
        const target = targets.get(reference);
        const shown = readDraftReference(reference);
        if (target === undefined || shown === undefined) throw new NeverError("Teams: no draft is shown there");
        const bot = connected();
        if (shown.kind === "stream") return abortable(drafts.append(bot, target, shown.id, draft, before), signal);
        const { content, summary } = renderCard(draft.card, { now: deps.clock(), zone: "UTC", charts: "none" });
        const edited = { type: "message", summary, attachments: [{ contentType: ADAPTIVE_CARD, content }] };
        await bot.update(target, shown.id, edited).catch((thrown: unknown) => {
          throw sendProblem(thrown, 1, deps.chance());
        });
      },
    },
    async send(message, edited, signal) {
      const bot = connected();
      // A person stands for their chat with the bot.
      const own = PERSON.test(message.place.channel)
        ? await deps.references.personal(message.place.channel)
        : undefined;
      const place = own ?? message.place;
      const reference = await deps.references.get(place);
      if (reference === undefined)
        throw new NeverError("nobody in Teams has spoken to the bot there since it was added");
      const target = { conversation: conversationOf(place), reference };
      try {
        if (message.hint === DRAFT_HINT) {
          const shown = await abortable(showDraft(deps, drafts, bot, target, message), signal);
          targets.set(shown, target);
          return shown;
        }
        const draft = readDraftReference(edited);
        if (draft !== undefined) return await abortable(replace(deps, drafts, bot, target, message, draft), signal);
        return await abortable(deliver(deps, bot, target, message, edited), signal);
      } catch (thrown) {
        if (meansRemoved(thrown, edited)) await deps.references.forget(message.place.channel, undefined);
        throw sendProblem(thrown, message.attempts, deps.chance());
      }
    },
  };
}

/** A stream in a chat of two, else a card. One that an earlier attempt may have begun is begun anew: Teams ends the other by itself. */
async function showDraft(deps: SenderDeps, drafts: Drafts, bot: Bot, target: Target, message: Queued): Promise<string> {
  const stream = await drafts.start(bot, target, message.card);
  if (stream !== undefined) return stream;
  return writeDraftReference({ kind: "card", id: await deliver(deps, bot, target, message, undefined) });
}

/** The answer in the place of its draft. Where that is gone or its stream is over, it is a message of its own. */
async function replace(
  deps: SenderDeps,
  drafts: Drafts,
  bot: Bot,
  target: Target,
  message: Queued,
  draft: DraftReference,
): Promise<string> {
  try {
    if (draft.kind === "card") return await deliver(deps, bot, target, message, draft.id);
    // A stream that an earlier attempt may have ended takes nothing more.
    if (message.attempts === 1) return await deliver(deps, bot, target, message, undefined, drafts.end(draft.id));
  } catch (thrown) {
    if (!(thrown instanceof ConnectorError) || ![400, 403, 404].includes(thrown.status)) throw thrown;
    deps.log.info({ id: message.id, reason: thrown.message }, "the draft of an answer could not be replaced in Teams");
  }
  return await deliver(deps, bot, target, message, undefined);
}

async function deliver(
  deps: SenderDeps,
  bot: Bot,
  target: Target,
  message: Queued,
  edited: string | undefined,
  more: Partial<SdkActivity> = {},
): Promise<string> {
  const hasChart = message.card.blocks.some(({ kind }) => kind === "chart");
  const forms: readonly Form[] = !hasChart
    ? ["none", "text"]
    : deps.charts === "image"
      ? ["image", "none", "text"]
      : ["native", "image", "none", "text"];
  let refusal: unknown;
  for (const form of forms) {
    // What is too large with drawn lines is no smaller with a picture.
    if (form === "image" && isTooLarge(refusal)) continue;
    try {
      const activity = withMore(await activityOf(deps, message, form, target.reference), more);
      if (edited === undefined) return await bot.send(target, activity);
      await bot.update(target, edited, activity);
      return edited;
    } catch (thrown) {
      if (!isTooLarge(thrown) && !isMalformed(thrown)) throw thrown;
      deps.log.warn(
        { err: thrown, id: message.id, form },
        "Teams refused this form of a message: a plainer one follows",
      );
      refusal = thrown;
    }
  }
  throw refusal;
}

function withMore(activity: Partial<SdkActivity>, more: Partial<SdkActivity>): Partial<SdkActivity> {
  const entities = [...(activity.entities ?? []), ...(more.entities ?? [])];
  const channelData = { ...activity.channelData, ...more.channelData };
  return {
    ...activity,
    ...(entities.length > 0 && { entities }),
    ...(Object.keys(channelData).length > 0 && { channelData }),
  };
}

function isTooLarge(thrown: unknown): boolean {
  return (
    thrown instanceof ConnectorError && (thrown.status === 413 || /TooLarge|SizeTooBig|TooBig/i.test(thrown.message))
  );
}

function isMalformed(thrown: unknown): boolean {
  return thrown instanceof ConnectorError && thrown.status === 400;
}

/** 403: the bot was removed or blocked. 404 of a new message: the conversation is gone. */
function meansRemoved(thrown: unknown, edited: string | undefined): boolean {
  return thrown instanceof ConnectorError && (thrown.status === 403 || (thrown.status === 404 && edited === undefined));
}

async function activityOf(
  deps: SenderDeps,
  { card, answer, at, place }: Queued,
  form: Form,
  reference: Reference,
): Promise<Partial<SdkActivity>> {
  if (form === "text") return { type: "message", textFormat: "plain", text: renderText(card) };
  const zone = deps.zones.of(place) ?? reference.zone ?? deps.zone;
  const pictures =
    form === "image"
      ? await picturesOf(
          deps,
          card.blocks.flatMap((b) => (b.kind === "chart" ? [b.chart] : [])),
          zone,
        )
      : undefined;
  const { content, summary } = renderCard(card, {
    now: at,
    zone,
    charts: form,
    ...(pictures === undefined ? {} : { pictures }),
  });
  return {
    type: "message",
    summary,
    attachments: [{ contentType: ADAPTIVE_CARD, content }],
    ...(card.blocks.some(({ kind }) => kind === "said") && { entities: [{ type: AI_MESSAGE }] }),
    ...(answer === undefined ? {} : { channelData: { feedbackLoop: { type: "default" } } }),
  };
}

/** The pictures that fit, in the order of the charts. One that cannot be drawn is left to its words. */
async function picturesOf(
  { drawChart, log }: SenderDeps,
  charts: readonly Chart[],
  zone: string,
): Promise<ReadonlyMap<Chart, Uint8Array>> {
  const pictures = new Map<Chart, Uint8Array>();
  let left = PICTURE_BYTES;
  for (const chart of charts) {
    try {
      const png = await drawChart(chart, zone);
      const size = Math.ceil(png.length / 3) * 4;
      if (size > left) continue;
      left -= size;
      pictures.set(chart, png);
    } catch (problem) {
      log.warn({ reason: reasonOf(problem) }, "a chart could not be drawn: its words stand alone");
    }
  }
  return pictures;
}

/** The SDK takes no signal: what goes on after an abort ends by its own time limit. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new NotNowError("sending was stopped", 1, "channel"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
