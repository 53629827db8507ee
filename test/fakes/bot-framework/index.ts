import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { createStreams } from "./streams.ts";

/**
 * A Bot Framework on loopback: its own keys and OpenID metadata, a login server, a connector that keeps what it is sent
 * and can be made to fail, and a sender that signs activities as the channel does.
 */

export const APP_ID = "11111111-2222-3333-4444-555555555555";
export const APP_PASSWORD = "correct horse battery staple";
export const TENANT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
export const ISSUER = "https://api.botframework.com";

/** What the real one refuses as too large. */
const LARGEST = 28 * 1024;

export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string; readonly code?: string }
  | { readonly kind: "hang" }
  | { readonly kind: "cut" };

export type Kept = {
  readonly method: string;
  readonly conversation: string;
  readonly id: string;
  readonly replyTo: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into activities of every kind
  readonly activity: any;
  readonly authorization: string | undefined;
};

export type BotFramework = Awaited<ReturnType<typeof startBotFramework>>;

/** Starts one. `close` ends it. */
export async function startBotFramework() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const stranger = await generateKeyPair("RS256");
  const jwk = await exportJWK(publicKey);
  const kept: Kept[] = [];
  const faults: Fault[] = [];
  const counts = { metadata: 0, keys: 0, tokens: 0, requests: 0 };
  const roles = new Map<string, string>();
  const state = { login: 200, metadata: 200, refuseCharts: false };
  let waiters: (() => void)[] = [];
  let next = 1;
  const streams = createStreams(() => `1:${next++}`);

  const server: Server = createServer((request, response) => {
    answer(request, response).catch((problem) => {
      response.statusCode = 500;
      response.end(String(problem));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? "/", base());
    const body = await read(request);
    if (url.pathname === "/openid") {
      counts.metadata++;
      return json(response, state.metadata, { issuer: ISSUER, jwks_uri: `${base()}/keys` });
    }
    if (url.pathname === "/keys") {
      counts.keys++;
      return json(response, 200, {
        keys: [
          { ...jwk, use: "sig", kid: "channel", x5t: "channel", endorsements: ["msteams", "webchat"] },
          { ...jwk, use: "sig", kid: "no-teams", endorsements: ["webchat"] },
        ],
      });
    }
    if (url.pathname === "/directory/oauth2/v2.0/token") return token(body, response);
    if (url.pathname.startsWith("/v3/conversations/")) return connector(request, url, body, response);
    return json(response, 404, {});
  }

  function token(body: string, response: ServerResponse): unknown {
    counts.tokens++;
    const form = new URLSearchParams(body);
    const right =
      form.get("client_id") === APP_ID &&
      form.get("client_secret") === APP_PASSWORD &&
      form.get("scope") === `${ISSUER}/.default`;
    if (state.login !== 200) return json(response, state.login, { error: "temporarily_unavailable" });
    if (!right) return json(response, 401, { error: "invalid_client" });
    return json(response, 200, { token_type: "Bearer", expires_in: 3600, access_token: `bot-token-${counts.tokens}` });
  }

  async function connector(
    request: IncomingMessage,
    url: URL,
    body: string,
    response: ServerResponse,
  ): Promise<unknown> {
    counts.requests++;
    const parts = url.pathname.split("/").slice(3).map(decodeURIComponent);
    const [conversation = "", what, item] = parts;
    if (request.headers.authorization?.startsWith("Bearer bot-token-") !== true && !anonymous)
      return json(response, 401, { error: { code: "Unauthorized" } });
    if (what === "members" && item !== undefined) return member(item, response);
    const activity = body === "" ? undefined : JSON.parse(body);
    const fault = activity?.type === "typing" ? undefined : faults.shift();
    if (fault?.kind === "hang") return undefined;
    if (fault?.kind === "cut") return request.socket.destroy();
    if (fault?.kind === "status") {
      if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
      return json(response, fault.status, { error: { code: fault.code ?? "ServiceError", message: "as told" } });
    }
    if (Buffer.byteLength(body) > LARGEST) return json(response, 413, { error: { code: "MessageSizeTooBig" } });
    if (state.refuseCharts && body.includes("Chart.Line")) return json(response, 400, { error: { code: "BadSyntax" } });
    const streamed = streams.take(activity);
    if (streamed !== undefined && "status" in streamed) {
      const { status: refusal, code, message } = streamed;
      return json(response, refusal, { error: { code, message } });
    }
    const id = streamed?.id ?? (request.method === "POST" ? `1:${next++}` : (item ?? ""));
    const replyTo = request.method === "POST" ? item : undefined;
    const { authorization } = request.headers;
    kept.push({ method: request.method ?? "", conversation, id, replyTo, activity, authorization });
    json(response, request.method === "POST" ? 201 : 200, { id });
    for (const wake of waiters.splice(0)) wake();
    return undefined;
  }

  function member(id: string, response: ServerResponse): unknown {
    const fault = roles.get("*");
    if (fault === "down") return json(response, 503, {});
    const role = roles.get(id);
    if (role === undefined) return json(response, 404, { error: { code: "MemberNotFoundInConversation" } });
    const [userRole, tenantId] = role.split("@");
    return json(response, 200, { id, name: id, userRole, ...(tenantId === undefined ? {} : { tenantId }) });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let anonymous = false;

  function base(): string {
    return `http://127.0.0.1:${port}`;
  }

  /** A token as the channel makes it, with what differs. */
  async function sign(claims: JWTPayload = {}, opts: { kid?: string; stranger?: boolean } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: ISSUER, aud: APP_ID, nbf: now - 10, exp: now + 600, serviceurl: base(), ...claims };
    const key = opts.stranger === true ? stranger.privateKey : privateKey;
    return new SignJWT(payload).setProtectedHeader({ alg: "RS256", typ: "JWT", kid: opts.kid ?? "channel" }).sign(key);
  }

  return {
    url: base(),
    host: `127.0.0.1:${port}`,
    publicKey,
    jwk,
    kept,
    counts,
    roles,
    state,
    /** What becomes of streams from now on. */
    streams: streams.state,
    sign,
    /** One for each of the next requests to the connector, in order. Signs of typing take none. */
    fail: (...some: Fault[]) => void faults.push(...some),
    /** Takes requests without a token, as the connector of an emulator does. */
    takeAnonymous: () => {
      anonymous = true;
    },
    overrides: {
      openIdMetadata: `${base()}/openid`,
      emulatorOpenIdMetadata: `${base()}/openid`,
      tokenIssuer: ISSUER,
      loginUrl: `${base()}/directory`,
      oauthScope: ISSUER,
      oauthUrl: base(),
    },
    /** The messages that came so far, without signs of typing. */
    messages: () => kept.filter(({ activity }) => activity?.type === "message"),
    /** Waits until that many messages came. */
    async arrived(count: number, timeoutMs = 5000): Promise<Kept[]> {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const found = kept.filter(({ activity }) => activity?.type === "message");
        if (found.length >= count) return found;
        if (Date.now() > end)
          throw new Error(`${found.length} messages came in ${timeoutMs} ms, ${count} were awaited`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 50);
          waiters.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
        waiters = [];
      }
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });
}

function json(response: ServerResponse, status: number, body: unknown): unknown {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  return response.end(JSON.stringify(body));
}
