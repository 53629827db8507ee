import type { Log } from "../../util/log.ts";
import { sentenceOf } from "./errors.ts";
import type { SlackSettings } from "./index.ts";
import { boltLogger } from "./logger.ts";
import { AuthTest } from "./schema.ts";

/**
 * Whether Slack takes the tokens, without connecting: a second connection of the bot would be given a part of its events.
 * Resolves with what they are good for. Throws a sentence with the cure.
 */
export async function checkSlack({ mode, apiUrl, botToken, appToken }: SlackSettings, log: Log): Promise<string> {
  const { WebClient } = await import("@slack/web-api");
  const options = {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 10_000,
    logger: boltLogger(log),
  };
  try {
    const { team_id: team } = AuthTest.parse(await new WebClient(botToken.reveal(), options).auth.test());
    if (mode === "socket") await new WebClient(appToken?.reveal(), options).apps.connections.open({});
    return `the tokens are good for workspace ${team}, in ${mode} mode`;
  } catch (problem) {
    throw new Error(sentenceOf(problem), { cause: problem });
  }
}
