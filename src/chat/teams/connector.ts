import { networkReason, WEB_PAGE } from "../../util/exchange.ts";
import { ConnectorError, ForeignHostError } from "./errors.ts";
import { whyNotServiceUrl } from "./hosts.ts";

/** The request of the SDK's HTTP client, of which this much is used. */
export type SdkRequest = {
  readonly url: string;
  readonly method: string;
  readonly body?: unknown;
  readonly headers: { toJson(options?: { preserveCase?: boolean }): Record<string, string> };
};

/** The type of an entity by which Teams shows "AI generated" beside a message (learn.microsoft.com, "Bot messages with AI-generated content"). */
export const AI_MESSAGE = "https://schema.org/Message";
const AI_LABEL = {
  type: AI_MESSAGE,
  "@type": "Message",
  "@context": "https://schema.org",
  "@id": "",
  additionalType: ["AIGeneratedContent"],
};

/** The type of an entity that makes an activity a part of a stream (learn.microsoft.com, "Stream bot messages"). */
export const STREAM_INFO = "streaminfo";

const TIMEOUT_MS = 15_000;
const MAX_ANSWER = 1_000_000;

/**
 * The way out to the Bot Framework's connector, given to the SDK as its HTTP client: it carries the bot's token, so it
 * goes to allowed hosts only and follows nobody elsewhere. It tries once: the outbox decides about further tries. Throws
 * `ForeignHostError`, `ConnectorError` for an answer other than success, and what `fetch` throws.
 */
export function createConnectorClient(allowed: readonly string[], anyLoopback: boolean) {
  return {
    async sendRequest(request: SdkRequest) {
      const reason = whyNotServiceUrl(request.url, allowed, anyLoopback);
      if (reason !== undefined) throw new ForeignHostError(`nothing was sent to ${hostOf(request.url)}: ${reason}`);
      const headers = request.headers.toJson({ preserveCase: true });
      const response = await fetch(request.url, {
        method: request.method,
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(host|content-length)$/i.test(name))),
        ...(request.body === undefined || request.body === null ? {} : { body: labelled(String(request.body)) }),
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch(unreachable);
      const text = await bounded(response).catch(unreachable);
      if (response.status < 200 || response.status >= 300)
        throw new ConnectorError(response.status, codeOf(text), secondsOf(response.headers.get("retry-after")));
      if (!isJson(text)) throw new Error(`Teams cannot be reached: ${WEB_PAGE}`);
      const found = Object.fromEntries(response.headers);
      return { request, status: response.status, headers: { toJson: () => found }, bodyAsText: text };
    },
  };
}

/** The SDK sends of an entity only the fields that it knows: others are put back. Those of a stream stand in `channelData` too. */
function labelled(body: string): string {
  if (!body.includes(`"${AI_MESSAGE}"`) && !body.includes(`"${STREAM_INFO}"`)) return body;
  const activity = JSON.parse(body) as {
    entities?: readonly { readonly type?: unknown }[];
    channelData?: Readonly<Record<string, unknown>>;
  };
  const { streamType, streamSequence, streamId } = activity.channelData ?? {};
  const entities = activity.entities?.map((one) => {
    if (one.type === STREAM_INFO) return { type: STREAM_INFO, streamType, streamSequence, streamId };
    return one.type === AI_MESSAGE ? AI_LABEL : one;
  });
  return JSON.stringify({ ...activity, ...(entities && { entities }) });
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "that address";
}

function unreachable(cause: unknown): never {
  throw new Error(`Teams cannot be reached: ${networkReason(cause)}`, { cause });
}

/** The connector says JSON, or nothing. Taking a proxy's page for its answer would lose the message. */
function isJson(text: string): boolean {
  if (text.trim() === "") return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function bounded(response: Response): Promise<string> {
  const text = await response.text();
  return text.length > MAX_ANSWER ? "" : text;
}

/** The connector's own word for what is wrong: {"error":{"code":"BotNotInConversationRoster", …}}. */
function codeOf(text: string): string {
  const start = text.slice(0, 2000);
  const code = /"code"\s*:\s*"([A-Za-z0-9_. -]{1,80})"/.exec(start)?.[1] ?? "";
  // One code stands for several ends of a stream, and only its words tell them apart.
  return /cancell?ed by user/i.test(start) ? `${code}: canceled by user` : code;
}

/** Retry-After in seconds; its other form is a date. */
function secondsOf(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d{1,6}$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
