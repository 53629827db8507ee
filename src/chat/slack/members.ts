import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../util/log.ts";
import { platformError } from "./errors.ts";
import type { Api } from "./message.ts";
import { ChannelMembers } from "./schema.ts";

/** Somebody who left a channel counts as in it so much longer at most. */
const KEPT_SECONDS = 60;
const MOST = 5000;
/** Slack gives at most 1,000 members at once; in a larger channel than this it is not told. */
const PAGE = 1000;
const PAGES = 20;

/** Answers after which asking again is of no use: what the app may not ask, or Slack does not tell of such a channel. */
const UNTOLD = new Set(["missing_scope", "method_not_supported_for_channel_type", "not_allowed_token_type"]);

/**
 * Whether an account is in a channel now, or was within the last minute. Undefined where Slack does not tell: in a direct
 * message with the bot, in a very large channel, without the scope. Throws when it cannot be asked just now.
 */
export function createMembers(deps: { readonly api: () => Promise<Api>; readonly clock: Clock; readonly log: Log }) {
  const known = new Map<string, { readonly at: number; readonly isIn: boolean | undefined }>();

  async function read(account: string, channel: string): Promise<boolean | undefined> {
    const api = await deps.api();
    let cursor = "";
    for (let page = 0; page < PAGES; page++) {
      const options = { channel, limit: PAGE, ...(cursor !== "" && { cursor }) };
      const found = ChannelMembers.parse(await api.apiCall("conversations.members", options));
      if (found.members.includes(account)) return true;
      cursor = found.response_metadata?.next_cursor ?? "";
      if (cursor === "") return false;
    }
    deps.log.warn(
      { channel },
      "a Slack channel is too large to ask who is in it: whoever sees its messages counts as in it",
    );
    return undefined;
  }

  return async (account: string, channel: string): Promise<boolean | undefined> => {
    if (channel.startsWith("D")) return undefined;
    const key = `${channel}/${account}`;
    const held = known.get(key);
    if (held !== undefined && deps.clock() - held.at < KEPT_SECONDS) return held.isIn;
    const at = deps.clock();
    const isIn = await read(account, channel).catch((err: unknown) => {
      const error = platformError(err) ?? "";
      if (!UNTOLD.has(error)) throw err;
      deps.log.warn(
        { channel, error },
        "Slack does not tell who is in a channel: whoever sees its messages counts as in it",
      );
      return undefined;
    });
    if (known.size >= MOST) known.delete(known.keys().next().value!);
    known.set(key, { at, isIn });
    return isIn;
  };
}
