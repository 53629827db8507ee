import { createHmac } from "node:crypto";
import { personal } from "../../fakes/bot-framework/activities.ts";
import { APP_ID, TENANT } from "../../fakes/bot-framework/index.ts";
import { chatEnv, startChatBot } from "../chat-bot.ts";
import type { Played } from "./play.ts";
import type { World } from "./world.ts";

/** Plays what an entry says about `POST /api/messages`. */

type Scene = Readonly<Record<string, unknown>>;

const CLAIMS = ["aud", "iss", "exp", "nbf", "iat", "tid", "azp", "appid", "ver", "sub"];
const KNOWN = new Set([
  ...[
    ...CLAIMS,
    "auth",
    "alg",
    "kid",
    "key",
    "activity",
    "serviceurl_claim",
    "emulator_path",
    "raw",
    "config",
    "replay",
  ],
  ...["content_type"],
]);

export async function playTeams(scene: Scene, world: World): Promise<Played> {
  const unknown = Object.keys(scene).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) return { skipped: `it uses ${unknown.join(", ")}` };
  if (scene["config"] !== undefined) return await playConfig(scene["config"] as Record<string, string>, world);
  const authorization = await authorizationOf(scene, world);
  if (authorization === undefined) return { skipped: `its token is made by "${String(scene["alg"])}"` };
  const { raw } = scene;
  const over = named(scene["activity"] ?? {}) as Record<string, unknown>;
  const plain = merged(personal(world.framework.url, "status"), over) as Record<string, unknown>;
  // Who it is from is said whole or not at all.
  const activity = over["from"] === undefined ? plain : { ...plain, from: over["from"] };
  const body = raw === undefined ? JSON.stringify(activity) : Buffer.isBuffer(raw) ? raw : String(raw);
  const { times = 1 } = (scene["replay"] ?? {}) as { times?: number };
  const headers = {
    "content-type": String(scene["content_type"] ?? "application/json"),
    ...(authorization === "" ? {} : { authorization }),
  };
  const statuses: number[] = [];
  const bodies: string[] = [];
  for (let i = 0; i < times; i++) {
    const answer = await world.post("/api/messages", headers, body);
    statuses.push(answer.status);
    bodies.push(answer.body);
  }
  return { statuses, bodies };
}

/** The header; "" for none. Undefined for an algorithm that is not known here. */
async function authorizationOf(scene: Scene, { framework }: World): Promise<string | undefined> {
  if (scene["auth"] === "none") return "";
  if (typeof scene["auth"] === "string") return scene["auth"];
  const now = Math.floor(Date.now() / 1000);
  const claims = Object.fromEntries(
    CLAIMS.filter((name) => scene[name] !== undefined).map((name) => {
      const value = scene[name];
      if (typeof value === "number" && ["exp", "nbf", "iat"].includes(name)) return [name, now + value];
      return [name, value === "APP" ? APP_ID : value];
    }),
  );
  if (scene["serviceurl_claim"] !== undefined) claims["serviceurl"] = scene["serviceurl_claim"];
  const alg = String(scene["alg"] ?? "RS256");
  const forged = (head: object, sign: (text: string) => string) => {
    const payload = {
      iss: "https://api.botframework.com",
      aud: APP_ID,
      nbf: now - 10,
      exp: now + 600,
      serviceurl: framework.url,
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part(head)}.${part({ ...payload, ...claims })}`;
    return `Bearer ${text}.${sign(text)}`;
  };
  if (/^HS/.test(alg)) {
    const pem = (await crypto.subtle.exportKey("spki", framework.publicKey)) as ArrayBuffer;
    const secret = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(pem).toString("base64")}\n-----END PUBLIC KEY-----\n`;
    return forged({ alg: "HS256", kid: "channel", typ: "JWT" }, (text) =>
      createHmac("sha256", secret).update(text).digest("base64url"),
    );
  }
  if (/^none/i.test(alg)) return forged({ alg: "none", typ: "JWT" }, () => "");
  if (!/^RS256/.test(alg)) return undefined;
  const isStranger = scene["key"] !== undefined && scene["key"] !== "ok";
  const kid = scene["kid"] === undefined ? {} : { kid: String(scene["kid"]) };
  return `Bearer ${await framework.sign(claims, { ...kid, stranger: isStranger })}`;
}

/** Names that entries use for ours and for somebody else's. */
function named(value: unknown): unknown {
  if (value === "OURS") return TENANT;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(named);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, named(one)]));
}

function merged(base: unknown, over: unknown): unknown {
  const areObjects = [base, over].every((one) => typeof one === "object" && one !== null && !Array.isArray(one));
  if (!areObjects) return over;
  const [all, some] = [base, over] as [Record<string, unknown>, Record<string, unknown>];
  return { ...all, ...Object.fromEntries(Object.entries(some).map(([key, one]) => [key, merged(all[key], one)])) };
}

/** Another bot with these settings, which must not come to listen. */
async function playConfig(config: Record<string, string>, { slack, framework }: World): Promise<Played> {
  try {
    const other = await startChatBot({ ...chatEnv(slack, framework), ...config });
    const answer = await fetch(`http://127.0.0.1:${other.port}/api/messages`, { method: "POST" });
    await other.stop();
    return answer.status === 404 ? { statuses: [] } : { statuses: [], problems: ["listen"] };
  } catch (problem) {
    return /ended with 78/.test(String(problem)) ? { statuses: [] } : { statuses: [], problems: [String(problem)] };
  }
}
