/**
 * `npm run bench -- slack [--rounds N] [--requests N] [--seconds N]`: how soon a signed event is acknowledged at 200
 * requests a second, and how many a second are acknowledged and dealt with at most, beside a bare bolt app. Both verify the
 * signature and run a handler that does nothing of its own. The bot serves through its own HTTP server and has each event
 * in its store on the disk before it acknowledges it; the bare app keeps nothing. Rounds alternate between the two.
 */
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSlack } from "../../src/chat/slack/index.ts";
import { signatureOf } from "../../src/chat/slack/signature.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { serveSurface } from "./edge.ts";
import { post } from "./load.ts";
import { measure, printRatio, tellFigures } from "./side-by-side.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    requests: { type: "string", default: "2000" },
    seconds: { type: "string", default: "15" },
    server: { type: "string" },
    api: { type: "string", default: "" },
  },
});
const SECRET = "invented-signing-secret";
const TOKEN = "xoxb-invented-0001";

if (options.server === "bot") await serveBot(options.api);
else if (options.server === "bolt") await serveBolt(options.api);
else await compare();

async function compare(): Promise<void> {
  const slack = await new FakeSlack().start();
  const make = () => {
    const body = JSON.stringify(eventBody(mentionEvent("status checkout")));
    const stamp = String(Math.floor(Date.now() / 1000));
    return post(
      "/slack/events",
      {
        "content-type": "application/json",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signatureOf(SECRET, stamp, body),
      },
      body,
    );
  };
  const sizes = {
    rounds: Number(options.rounds),
    requests: Number(options.requests),
    seconds: Number(options.seconds),
  };
  const file = fileURLToPath(import.meta.url);
  const figures = await measure(file, ["bolt", "bot"], ["--api", slack.apiUrl], make, sizes);
  printRatio(figures, "bot", "bolt");
  await slack.stop();
}

async function serveBot(apiUrl: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "slack-bench-"));
  process.on("exit", () => rmSync(dataDir, { recursive: true, force: true }));
  const settings = { botToken: secret(TOKEN), signingSecret: secret(SECRET), apiUrl, teams: [], command: "/ops" };
  await serveSurface("slack", dataDir, (deps) =>
    createSlack({ mode: "http", ...settings }, deps, createLog({ level: "error" })),
  );
}

async function serveBolt(apiUrl: string): Promise<void> {
  const { App, HTTPReceiver, LogLevel } = await import("@slack/bolt");
  const receiver = new HTTPReceiver({ signingSecret: SECRET, logLevel: LogLevel.ERROR });
  const app = new App({ token: TOKEN, receiver, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl: apiUrl } });
  let dealt = 0;
  app.event("app_mention", async () => {
    dealt++;
  });
  await app.start({ port: 0, host: "127.0.0.1" } as never);
  const { server } = receiver as unknown as { server: { address(): AddressInfo } };
  tellFigures(server.address().port, () => dealt);
}
