import type { App, AppOptions } from "@slack/bolt";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Secret } from "../../util/secret.ts";
import { isAccountError, platformError } from "./errors.ts";
import type { Intake } from "./intake.ts";
import type { BoltLogger } from "./logger.ts";

type Receiver = typeof import("@slack/bolt").SocketModeReceiver;
type ClientOptions = AppOptions["clientOptions"];

export type SocketLink = {
  readonly isConnected: () => boolean;
  /** Connects, and from then on stays connected. Rejects when the first try fails; then nothing is left behind. */
  connect(): Promise<void>;
  stop(): void;
};

/** Slack says hello at once; a proxy that swallows the connection never does. */
const HELLO_MS = 15_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;
/** A refused token is not cured by asking again soon. */
const REFUSED_WAIT_MS = 300_000;

/**
 * Slack's Socket Mode through bolt's own receiver, but with our gate in place of bolt's App and our own reconnecting:
 * the SDK's rejects into nowhere when the network is down while it reconnects, which would end the process.
 */
export function openSocket(
  SocketModeReceiver: Receiver,
  settings: { readonly appToken: Secret; readonly clientOptions: ClientOptions },
  intake: Intake,
  logger: BoltLogger,
  log: Log,
): SocketLink {
  const receiver = new SocketModeReceiver({
    appToken: settings.appToken.reveal(),
    autoReconnectEnabled: false,
    logger,
    installerOptions: { ...(settings.clientOptions !== undefined && { clientOptions: settings.clientOptions }) },
  });
  receiver.init({ processEvent: (event: Delivered) => take(event, intake, log) } as unknown as App);
  const { client } = receiver;
  catchBadFrames(client as unknown as Frames, log);

  let stopped = false;
  let connected = false;
  let timer: NodeJS.Timeout | undefined;

  const attempt = async () => {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error(`Slack did not say hello within ${HELLO_MS / 1000} s`)), HELLO_MS);
    });
    const started = client.start();
    started.catch(() => {}); // it may still fail after it was too late
    try {
      await Promise.race([started, tooLate]);
      connected = true;
    } finally {
      clearTimeout(late);
    }
  };
  const again = (waitMs: number) => {
    if (stopped || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      attempt().then(
        () => log.info("connected to Slack again"),
        (err: unknown) => {
          const error = platformError(err);
          log[isAccountError(error) ? "error" : "warn"](
            { reason: reasonOf(err) },
            "Slack's Socket Mode cannot connect",
          );
          again(isAccountError(error) ? REFUSED_WAIT_MS : Math.min(LONGEST_WAIT_MS, waitMs * 2));
        },
      );
    }, waitMs);
    timer.unref();
  };
  client.on("disconnected", () => {
    if (!connected) return;
    connected = false;
    again(FIRST_WAIT_MS);
  });

  return {
    isConnected: () => connected,
    connect: attempt,
    stop() {
      stopped = true;
      connected = false;
      clearTimeout(timer);
      client.disconnect().catch(() => {});
    },
  };
}

type Delivered = { readonly body: unknown; readonly ack: () => Promise<void> };

/** Acknowledges what was noted or is of no use. The rest Slack sends again. */
async function take(event: Delivered, intake: Intake, log: Log): Promise<void> {
  const verdict = await intake.offer(event.body, JSON.stringify(event.body));
  if (verdict.kind === "full" || verdict.kind === "starting" || verdict.kind === "broken") return;
  if (verdict.kind === "malformed" || verdict.kind === "stranger")
    log.warn({ reason: verdict.reason }, "something from Slack's socket was put aside");
  try {
    await event.ack();
  } catch (err) {
    log.debug({ reason: reasonOf(err) }, "an event could not be acknowledged, so Slack sends it again");
  }
}

type Frames = {
  onWebSocketMessage(data: unknown, isBinary: boolean): Promise<void>;
  removeAllListeners(event: string): void;
  on(event: string, listener: (data: unknown, isBinary: boolean) => void): void;
};

/** The SDK reads `payload.event.type` of any frame in an async listener: one without would be an unhandled rejection. */
function catchBadFrames(client: Frames, log: Log): void {
  client.removeAllListeners("ws_message");
  client.on("ws_message", (data, isBinary) => {
    client.onWebSocketMessage(data, isBinary).catch((err: unknown) => {
      log.warn({ reason: reasonOf(err) }, "a frame of Slack's socket could not be read");
    });
  });
}
