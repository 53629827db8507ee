import type { Card, Chart } from "../../core/card.ts";
import type { Place } from "../../core/chat.ts";
import type { Sender } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Queued } from "../../ports/outbox.ts";
import { NeverError, NotNowError, reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { createDrafts, type Drafts, readDraftHint } from "./drafts.ts";
import { cureOf, deliveryError, isAccountError, isBlocksError, platformError } from "./errors.ts";
import { readHint } from "./hint.ts";
import { type Api, QUIET, type Reference, threadOf } from "./message.ts";
import { type Rendered, renderCard, renderText } from "./render.ts";
import type { Replies } from "./replies.ts";
import { Opened, Page, Posted, UploadUrl } from "./schema.ts";

export type SenderDeps = {
  /** Resolves once the bot is connected; rejects when Slack refuses it. */
  readonly api: () => Promise<Api>;
  /** How many calls make sense just now. */
  readonly room: () => number;
  /** The bot's own id, by which its messages are told from others. */
  readonly botId: () => string | undefined;
  /** The zone of whoever asked last there, for the times in charts. */
  readonly zoneOf: (place: Place) => string;
  /** Answers the slash command of a message where the bot cannot post. */
  readonly viaCommand: Replies["public"];
  readonly drawChart: (chart: Chart, zone: string) => Promise<Uint8Array>;
  /** Puts bytes to an address that Slack gave out. */
  readonly upload: (url: string, bytes: Uint8Array, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
};

const EVENT_TYPE = "smartcloudops_message";
/** Our clock and Slack's may differ, and a message may have waited in a queue of theirs. */
const BEFORE_SECONDS = 120;
const PAGES = 5;
/** A picture is usable some moments after it was uploaded. */
const PICTURE_WAITS_MS = [200, 500, 1000, 2000];
const NOT_THERE = new Set(["not_in_channel", "channel_not_found"]);
/** What `sent` is told when the message went as the answer to a command: such a one cannot be edited. */
const COMMAND_REFERENCE = "command";

/** chat.update may be called some fifty times in a minute (docs.slack.dev, rate limits, Tier 3); other messages are edited too. */
const PACE_MS = 1200;

/** Posts and edits messages in Slack, once each. */
export function createSender(deps: SenderDeps): Sender {
  const drafts = createDrafts(deps);
  return {
    platform: "slack",
    room: deps.room,
    under: (place, reference) => {
      if (reference === COMMAND_REFERENCE || reference === NOWHERE) return place;
      const { channel, ts } = readReference(reference);
      return { ...place, channel, thread: ts };
    },
    drafts: {
      paceMs: PACE_MS,
      async redraw(reference, draft, before, signal) {
        if (reference === COMMAND_REFERENCE || reference === NOWHERE)
          throw new NeverError("Slack: no draft is shown there");
        const api = await deps.api();
        signal.throwIfAborted();
        await drafts.redraw(readReference(reference), draft, before, api);
      },
    },
    async send(message, edited, signal) {
      try {
        return await deliver(message, edited === NOWHERE ? undefined : edited, await deps.api(), signal, {
          ...deps,
          drafts,
        });
      } catch (err) {
        const error = platformError(err);
        if (isAccountError(error)) deps.log.error({ reason: error }, cureOf(error!));
        throw deliveryError(err);
      }
    },
  };
}

type Deps = SenderDeps & { readonly drafts: Drafts };

async function deliver(
  message: Queued,
  edited: string | undefined,
  api: Api,
  signal: AbortSignal,
  deps: Deps,
): Promise<string> {
  const isDraft = readDraftHint(message.hint) !== undefined;
  if (edited === COMMAND_REFERENCE) throw new NeverError("Slack: an answer to a slash command cannot be edited");
  const target = edited === undefined ? undefined : readReference(edited);
  if (isDraft && target === undefined && message.attempts === 1) {
    const streamed = await deps.drafts.start(message, api);
    if (streamed !== undefined) return streamed;
  }
  if (target !== undefined) await deps.drafts.stop(target, api);
  try {
    const reference = await post(message, target, api, signal, deps);
    return isDraft ? `${reference}/draft` : reference;
  } catch (err) {
    // Where the bot is no member, its answer has another way. A draft has none, and is not needed.
    if (isDraft && NOT_THERE.has(platformError(err) ?? "")) return NOWHERE;
    // Somebody deleted the draft: the answer is said all the same.
    if (target?.kind !== undefined && platformError(err) === "message_not_found")
      return await post(message, undefined, api, signal, deps);
    const isElsewhere = target === undefined && NOT_THERE.has(platformError(err) ?? "");
    if (!isElsewhere || message.hint === undefined) throw err;
    const forms = [true, false].map((native) => () => render(message, deps, native));
    if (await deps.viaCommand(message, forms, signal)) return COMMAND_REFERENCE;
    return await postDirectly(message, api, signal, deps);
  }
}

/** To the one who typed the command, where its channel can no longer be reached: nothing that was asked stays unanswered. */
async function postDirectly(message: Queued, api: Api, signal: AbortSignal, deps: SenderDeps): Promise<string> {
  const hint = readHint(message.hint);
  if (hint === undefined) throw new NeverError("Slack: nobody is known to whom this answer belongs");
  const opened = Opened.parse(await api.apiCall("conversations.open", { users: hint.user }));
  const perhaps = hint.unsure > 0 ? " It may have been shown there all the same." : "";
  const note = `You asked this in a channel that I am no member of, and the time for answers there ran out.${perhaps} Invite me, and I answer in the channel.`;
  const card: Card = { ...message.card, blocks: [...message.card.blocks, { kind: "note", text: note }] };
  const place: Place = { platform: "slack", channel: opened.channel.id, thread: "" };
  return await post({ ...message, card, place }, undefined, api, signal, deps);
}

async function post(
  message: Queued,
  target: Reference | undefined,
  api: Api,
  signal: AbortSignal,
  deps: SenderDeps,
): Promise<string> {
  if (target === undefined && message.attempts > 1) {
    const found = await findEarlier(message, api, signal, deps);
    if (found !== undefined) return found;
  }
  const send = async (rendered: Rendered) => {
    signal.throwIfAborted();
    const method = target === undefined ? "chat.postMessage" : "chat.update";
    const answered = await api.apiCall(method, { ...envelopeOf(message, target), ...rendered });
    const { channel, ts } = Posted.parse(answered);
    return `${channel}/${ts}`;
  };
  return await postSomehow(message, send, api, signal, deps);
}

/** As Slack draws it best, then with pictures, then as text: each only when Slack could not read the one before. */
async function postSomehow(
  message: Queued,
  post: (rendered: Rendered) => Promise<string>,
  api: Api,
  signal: AbortSignal,
  deps: SenderDeps,
): Promise<string> {
  try {
    return await post(render(message, deps, true));
  } catch (err) {
    if (!isBlocksError(platformError(err))) throw err;
    deps.log.warn({ id: message.id, reason: platformError(err) }, "Slack could not read a message with native charts");
  }
  const zone = deps.zoneOf(message.place);
  const pictures = await uploadCharts(message, api, signal, zone, deps);
  const pictured = {
    zone,
    now: message.at,
    native: false,
    pictures,
    ...(message.answer !== undefined && { answer: message.answer }),
  };
  for (const wait of [...PICTURE_WAITS_MS, undefined]) {
    try {
      return await post(renderCard(message.card, pictured));
    } catch (err) {
      if (!isBlocksError(platformError(err))) throw err;
      if (wait === undefined || pictures.every((one) => one === undefined)) break;
      await pause(wait, signal);
    }
  }
  deps.log.warn({ id: message.id }, "Slack could not read a message with pictures either: it goes as text");
  return await post(renderText(message.card, "Slack could not show the charts and buttons of this message."));
}

function render(message: Queued, deps: SenderDeps, native: boolean): Rendered {
  return renderCard(message.card, {
    zone: deps.zoneOf(message.place),
    now: message.at,
    native,
    ...(message.answer !== undefined && { answer: message.answer }),
  });
}

function envelopeOf(message: Queued, target: Reference | undefined): Record<string, unknown> {
  const metadata = { event_type: EVENT_TYPE, event_payload: { id: message.id } };
  if (target !== undefined) return { channel: target.channel, ts: target.ts, ...QUIET, metadata };
  const thread = threadOf(message.place);
  return {
    channel: message.place.channel,
    ...(thread !== undefined && { thread_ts: thread }),
    ...QUIET,
    metadata,
  };
}

/** Of a draft that could be shown nowhere. */
const NOWHERE = "nowhere";

function readReference(reference: string): Reference {
  const [channel = "", ts = "", kind] = reference.split("/");
  if (ts === "") throw new NeverError(`Slack: "${reference}" refers to no message`);
  return kind === "draft" || kind === "stream" ? { channel, ts, kind } : { channel, ts };
}

// ---------------------------------------------------------------- an earlier attempt

/** The reference of a message with this id that arrived although its sending seemed to fail. */
async function findEarlier(
  message: Queued,
  api: Api,
  signal: AbortSignal,
  deps: SenderDeps,
): Promise<string | undefined> {
  const channel = await channelOf(message.place, api);
  const thread = threadOf(message.place);
  const oldest = String(Math.floor(message.at - BEFORE_SECONDS));
  const method = thread === undefined ? "conversations.history" : "conversations.replies";
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    signal.throwIfAborted();
    const options = { channel, oldest, limit: 200, include_all_metadata: true };
    const where = { ...options, ...(thread !== undefined && { ts: thread }), ...(cursor !== undefined && { cursor }) };
    let found: Page;
    try {
      found = Page.parse(await api.apiCall(method, where));
    } catch (err) {
      const error = platformError(err) ?? "";
      if (NOT_THERE.has(error) || error === "thread_not_found") return undefined;
      if (error !== "missing_scope") throw err;
      deps.log.warn({ method }, "Slack does not let the bot look for an earlier message, so that one may appear twice");
      return undefined;
    }
    const mine = found.messages.find((one) => isOurs(one, message, deps.botId()));
    if (mine !== undefined) return `${channel}/${mine.ts}${mine.streaming_state === STREAMING ? "/stream" : ""}`;
    cursor = found.response_metadata?.next_cursor || undefined;
    if (cursor === undefined) return undefined;
  }
  return undefined;
}

/** Somebody's id stands for the chat of two with them where one posts, and nowhere else. */
async function channelOf({ channel }: Place, api: Api): Promise<string> {
  if (!/^[UW][A-Z0-9]+$/.test(channel)) return channel;
  return Opened.parse(await api.apiCall("conversations.open", { users: channel })).channel.id;
}

const STREAMING = "in_progress";

/** Others may write the same metadata: only our own message counts. A stream has none until its end, and is a draft's in that thread. */
function isOurs(one: Page["messages"][number], { id, hint }: Queued, botId: string | undefined): boolean {
  if (botId !== undefined && one.bot_id !== botId) return false;
  if (one.streaming_state === STREAMING) return readDraftHint(hint) !== undefined;
  return one.metadata?.event_type === EVENT_TYPE && one.metadata.event_payload["id"] === id;
}

// ---------------------------------------------------------------- pictures of charts

/** File ids of the card's charts in their order. A picture that cannot be made or uploaded is left out. */
async function uploadCharts(
  message: Queued,
  api: Api,
  signal: AbortSignal,
  zone: string,
  deps: SenderDeps,
): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  for (const chart of chartsOf(message.card)) {
    try {
      ids.push(await uploadChart(chart, api, signal, zone, deps));
    } catch (err) {
      // A rate limit or an outage concerns the whole message, which is then tried again.
      const trouble = deliveryError(err);
      if (trouble instanceof NotNowError && platformError(err) !== "missing_scope" && isFromSlack(err)) throw err;
      deps.log.warn({ id: message.id, reason: reasonOf(err) }, "a chart could not be sent as a picture");
      ids.push(undefined);
    }
  }
  return ids;
}

function isFromSlack(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("slack_webapi");
}

function chartsOf(card: Card): Chart[] {
  return card.blocks.flatMap((block) => (block.kind === "chart" ? [block.chart] : []));
}

async function uploadChart(
  chart: Chart,
  api: Api,
  signal: AbortSignal,
  zone: string,
  deps: SenderDeps,
): Promise<string> {
  const png = await deps.drawChart(chart, zone);
  const alt = `Chart: ${chart.title}`.slice(0, 1000);
  const place = { filename: "chart.png", length: png.byteLength, alt_txt: alt };
  const { upload_url: url, file_id: id } = UploadUrl.parse(await api.apiCall("files.getUploadURLExternal", place));
  await deps.upload(url, png, signal);
  await api.apiCall("files.completeUploadExternal", { files: [{ id, title: chart.title.slice(0, 200) || "Chart" }] });
  return id;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
