import { type Urgency, urgencyOfClick, urgencyOfText } from "../../core/urgency.ts";
import { readCarried } from "./decide-button.ts";
import { readText } from "./text.ts";

/** What of Slack's envelopes decides about their turn; whether they are what they say is for others to check. */
type Sent = {
  readonly type?: unknown;
  readonly event?: { readonly text?: unknown };
  readonly command?: unknown;
  readonly text?: unknown;
  readonly actions?: readonly { readonly action_id?: unknown; readonly value?: unknown }[];
};

export function urgencyOf(body: unknown): Urgency {
  const { type, event, command, text, actions } = body as Sent;
  // Forms are filled in for decisions alone.
  if (type === "view_submission") return "first";
  if (type === "block_actions") {
    const carried = readCarried(String(actions?.[0]?.action_id), String(actions?.[0]?.value));
    return carried === undefined ? "usual" : urgencyOfClick(carried.decision);
  }
  const typed = command === undefined ? event?.text : text;
  return typeof typed === "string" ? urgencyOfText(withoutMention(typed)) : "usual";
}

/** The bot is mentioned first, where it has to be; who it is there is known to Slack alone before it is connected. */
function withoutMention(typed: string): string {
  return readText(typed.replace(/^(?:\s*<@[A-Z0-9]{1,50}(?:\|[^<>]{0,100})?>)+[\s,:]*/, ""), undefined);
}
