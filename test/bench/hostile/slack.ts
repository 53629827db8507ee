import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fresh, TEAM } from "../../fakes/slack/index.ts";
import type { Played } from "./play.ts";
import { CHANNEL, type Headers, type World } from "./world.ts";

/** Plays what an entry says about `POST /slack/events`. */

type Scene = Readonly<Record<string, unknown>>;

const KNOWN = new Set([
  ...[
    "body",
    "form",
    "body_bytes",
    "chunked_forever",
    "slowloris",
    "event",
    "type",
    "challenge",
    "method",
    "sign",
    "ts",
  ],
  ...["header_dup", "repeat", "gap_s", "retry_num", "content_type", "headers", "path"],
]);

export async function playSlack(scene: Scene, world: World): Promise<Played> {
  const unknown = Object.keys(scene).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) return { skipped: `it uses ${unknown.join(", ")}` };
  if (scene["slowloris"] !== undefined) return await slowloris(world);
  if (scene["body_bytes"] !== undefined) return { statuses: [await flooded(world, Number(scene["body_bytes"]))] };
  if (scene["chunked_forever"] !== undefined) return { statuses: [await flooded(world, undefined)] };
  const text = bodyOf(scene);
  const [path, method] = [String(scene["path"] ?? "/slack/events"), String(scene["method"] ?? "POST")];
  const statuses: number[] = [];
  const bodies: string[] = [];
  for (let i = 0; i < Number(scene["repeat"] ?? 1); i++) {
    if (i > 0) await sleep(Number(scene["gap_s"] ?? 0) * 1000);
    const headers = headersOf(scene, text, world, i);
    if (headers === undefined) return { skipped: `it is signed "${String(scene["sign"])}"` };
    const answer = await world.post(path, headers, text, method);
    statuses.push(answer.status);
    bodies.push(answer.body);
  }
  return { statuses, bodies };
}

/** The workspace as entries call it, and ids of its own, so that one entry is not taken for a repetition of another. */
function bodyOf(scene: Scene): string {
  if (scene["form"] !== undefined) return String(scene["form"]);
  if (Buffer.isBuffer(scene["body"])) return scene["body"].toString("latin1");
  if (typeof scene["body"] === "string") return scene["body"];
  if (scene["event"] !== undefined) {
    const event = {
      channel: CHANNEL,
      user: "U1",
      text: "status",
      ts: fresh("1780000000."),
      ...(scene["event"] as object),
    };
    return JSON.stringify({ type: "event_callback", team_id: TEAM, event_id: fresh("Ev"), event });
  }
  if (scene["type"] !== undefined) return JSON.stringify({ type: scene["type"], challenge: scene["challenge"] });
  const body = structuredClone(scene["body"] ?? {});
  if (typeof body !== "object" || body === null || Array.isArray(body)) return JSON.stringify(body);
  const renewed = { ...body } as Record<string, unknown>;
  if (renewed["team_id"] === "T1") renewed["team_id"] = TEAM;
  if (typeof renewed["event_id"] === "string") renewed["event_id"] = fresh("Ev");
  const { event } = renewed as { event?: { ts?: unknown } };
  if (typeof event?.ts === "string") renewed["event"] = { ...event, ts: fresh("1780000000.") };
  // JSON's own `__proto__` is a key like any other, and must get there as one.
  return Object.hasOwn(body, "__proto__") ? JSON.stringify(scene["body"]) : JSON.stringify(renewed);
}

function headersOf(scene: Scene, text: string, world: World, i: number): Headers | undefined {
  const type = scene["form"] === undefined ? "application/json" : "application/x-www-form-urlencoded";
  const retries = scene["retry_num"] as readonly number[] | undefined;
  const others: Headers = {
    "content-type": String(scene["content_type"] ?? type),
    ...(retries?.[i] === undefined
      ? {}
      : { "x-slack-retry-num": String(retries[i]), "x-slack-retry-reason": "http_timeout" }),
    ...(scene["headers"] as Headers | undefined),
  };
  const { ts } = scene;
  const at = typeof ts === "string" ? ts : String(Math.floor(Date.now() / 1000) + Number(ts ?? 0));
  const sign = String(scene["sign"] ?? "ok");
  const mac = (secret: string) => createHmac("sha256", secret).update(`v0:${at}:${text}`).digest("hex");
  const right = mac(world.slack.signingSecret);
  const signature = /^ok/.test(sign)
    ? `v0=${right}`
    : /upper/.test(sign)
      ? `v0=${right.toUpperCase()}`
      : /other|wrong|forged/.test(sign)
        ? `v0=${mac("another secret")}`
        : /short|cut/.test(sign)
          ? `v0=${right.slice(0, -1)}`
          : undefined;
  if (sign === "none") return others;
  if (signature === undefined) return undefined;
  const twice = String(scene["header_dup"] ?? "");
  const signed = { "x-slack-signature": signature, "x-slack-request-timestamp": at };
  return {
    ...others,
    ...Object.fromEntries(
      Object.entries(signed).map(([name, value]) => [name, name === twice ? [value, value] : value]),
    ),
  };
}

/** A connection that is cut while it is written to may lose the answer that came first: then it is tried again. */
async function flooded(world: World, bytes: number | undefined): Promise<number> {
  for (let tries = 1; ; tries++) {
    const status = await flood(world, bytes);
    if (status !== 0 || tries === 5) return status;
  }
}

/** Sends so many bytes, or for ever, until it is answered. 0 when it was cut off without an answer. */
function flood(world: World, bytes: number | undefined): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(world.bot.port, "127.0.0.1");
    const length = bytes === undefined ? "transfer-encoding: chunked" : `content-length: ${bytes}`;
    socket.write(`POST /slack/events HTTP/1.1\r\nhost: bot\r\ncontent-type: application/json\r\n${length}\r\n\r\n`);
    const piece = Buffer.alloc(65_536, "a");
    const chunk = bytes === undefined ? Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")]) : piece;
    let isOver = false;
    // A turn of the event loop between two pieces: an answer is read before the next one leaves.
    const more = () => {
      if (!isOver && socket.write(chunk)) setImmediate(more);
    };
    let answer = "";
    const end = () => {
      isOver = true;
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0));
      socket.destroy();
    };
    socket.on("connect", more).on("drain", more);
    socket.on("data", (data) => {
      answer += String(data);
      if (answer.includes("\r\n\r\n")) end();
    });
    socket.on("error", end).on("close", end);
  });
}

/** A hundred clients that send a header now and then, while others ask. */
async function slowloris(world: World): Promise<Played> {
  const sockets = Array.from({ length: 100 }, () => connect(world.bot.port, "127.0.0.1"));
  for (const socket of sockets) {
    socket.on("error", () => {});
    socket.write("POST /slack/events HTTP/1.1\r\nhost: bot\r\nx-a: ");
  }
  let slowest = 0;
  for (let i = 0; i < 20; i++) {
    const began = performance.now();
    await (await fetch(`http://127.0.0.1:${world.bot.port}/healthz`)).text();
    slowest = Math.max(slowest, performance.now() - began);
  }
  for (const socket of sockets) socket.destroy();
  return { statuses: [], slowestMs: slowest };
}
