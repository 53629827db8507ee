import { z } from "zod";
import { callSocket, isRunning } from "../../chat/socket/call.ts";
import { readCard } from "../../chat/terminal/schema.ts";
import { accountHere } from "../../chat/terminal/visitor.ts";
import type { Config } from "../../config.ts";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok } from "./check.ts";

const TIMEOUT_MS = 60_000;

/** Has the running bot post a marked test alert, and a proposal that can never run, through every route. */
export async function sendThroughRoutes(config: Pick<Config, "dataDir">): Promise<Check[]> {
  const name = "test through every route";
  try {
    if (!(await isRunning(config.dataDir)))
      return [
        failed(
          name,
          "no bot runs on this data folder",
          "Start it with `smartcloudops start`, and run the doctor again.",
        ),
      ];
    const user = accountHere();
    const request = { kind: "ask" as const, text: "test routes with a change", user, thread: `doctor-${Date.now()}` };
    const answered = Answered.parse(await callSocket(config.dataDir, request, { timeoutMs: TIMEOUT_MS }));
    const card = readCard(answered.card);
    const each = card.blocks.flatMap((block) =>
      block.kind === "list" ? block.items : block.kind === "text" ? [block.text] : [],
    );
    const found = [card.title, ...each].join(" ");
    return [card.tone === "good" ? ok(name, found) : failed(name, found, CURE)];
  } catch (problem) {
    return [failed(name, reasonOf(problem), CURE)];
  }
}

const Answered = z.object({ card: z.unknown() });

const CURE =
  "See that the bot is a member of each channel, that the notifiers' credentials are right, and that you have one of the roles in `responders`.";
