import type { Place } from "../../core/chat.ts";

/** The part of Slack's client that sending needs. It must not try again by itself: that could post a message twice. */
export type Api = {
  apiCall(method: string, options?: Record<string, unknown>): Promise<unknown>;
};

/** Nothing in a message calls somebody, becomes a link or brings a preview by itself. */
export const QUIET = { parse: "none", link_names: false, unfurl_links: false, unfurl_media: false } as const;

/** A thread is named by its first message. Conversations at the top of a channel have none. */
export function threadOf(place: Place): string | undefined {
  return /^\d+\.\d+$/.test(place.thread) ? place.thread : undefined;
}

/** A message; `kind` where it is the draft of an answer. */
export type Reference = { readonly channel: string; readonly ts: string; readonly kind?: "draft" | "stream" };
