import { fork } from "node:child_process";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { personal } from "../fakes/bot-framework/activities.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";

/**
 * How fast a Teams message is acknowledged, with authentication on: `node test/bench/teams.ts [rounds]`. `ours` is the
 * whole surface with deduplication, `bare` the smallest botbuilder app that replies in its turn, `empty` one that does
 * nothing at all. Each runs in a process of its own, in turns, in the same minute.
 */

type Kind = "ours" | "bare" | "empty";
const KINDS: readonly Kind[] = ["empty", "bare", "ours"];
type Start = {
  readonly kind: Kind;
  readonly url: string;
  readonly host: string;
  readonly overrides: Record<string, string>;
};

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

if (process.send === undefined) await compare(Number(process.argv[2] ?? 3));
else process.once("message", (start: Start) => void serve(start));

// ---------------------------------------------------------------- the servers

async function serve({ kind, host, overrides }: Start): Promise<void> {
  console.error = () => {};
  const take = kind === "ours" ? await ours(host, overrides) : await bare(kind, overrides);
  const server = createServer((incoming, outgoing) => {
    void read(incoming).then(async (body) => {
      const { status, text } = await take(body, incoming.headers);
      outgoing.writeHead(status).end(text);
    });
  });
  server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }));
}

type Take = (body: Buffer, headers: IncomingMessage["headers"]) => Promise<{ status: number; text?: string }>;

async function ours(host: string, overrides: Record<string, string>): Promise<Take> {
  const { createTeams } = await import("../../src/chat/teams/index.ts");
  const { createLog } = await import("../../src/util/log.ts");
  const { secret } = await import("../../src/util/secret.ts");
  const { memoryPlaces } = await import("../chat/teams/world.ts");
  const seen = new Set<string>();
  const card = { title: "checkout answers in 812 ms", tone: "info", blocks: [] } as const;
  const surface = createTeams(
    {
      appId: APP_ID,
      appPassword: secret(APP_PASSWORD),
      tenantId: TENANT,
      appType: "SingleTenant",
      tenants: [],
      serviceUrls: [host],
      insecureDev: false,
      overrides,
    },
    {
      ask: async () => ({ card }),
      decide: async () => ({ title: "", tone: "info", blocks: [] }),
      proposal: async () => undefined,
      proposalsFor: async () => ({ waiting: [], own: [], decided: [] }),
      mayRead: () => ({ allowed: true }),
      store: {
        seen: { first: async (_, id) => !seen.has(id) && seen.add(id) !== undefined },
        places: memoryPlaces(),
        outbox: {
          put: async (message: {
            id: string;
            place: { platform: string; channel: string; thread: string };
            at: number;
          }) => {
            void surface.sender
              .send({ ...message, card, attempts: 1 }, undefined, AbortSignal.timeout(10_000))
              .catch(() => {});
            return true;
          },
        } as never,
        feedback: { save: async () => {}, count: async () => ({ helpful: 0, unhelpful: 0 }) },
      },
      wake: () => {},
      drawChart: async () => new Uint8Array(),
      clock: () => Date.now() / 1000,
    },
    createLog({ level: "error" }),
  );
  await surface.start();
  const [route] = surface.routes;
  return async (body, headers) => {
    const { status } = await route!.handle({
      method: "POST",
      path: "/api/messages",
      query: new URLSearchParams(),
      headers,
      body,
      remoteAddress: "127.0.0.1",
      signal: new AbortController().signal,
    });
    return { status };
  };
}

/** As the SDK's own samples are: authentication, adapter, and a reply that the turn waits for. */
async function bare(kind: Kind, overrides: Record<string, string>): Promise<Take> {
  const { default: sdk } = (await import("botbuilder")) as unknown as { default: typeof import("botbuilder") };
  const credentials = {
    isValidAppId: async (id?: string) => id === APP_ID,
    isAuthenticationDisabled: async () => false,
    createCredentials: async () => ({
      async signRequest(sent: { headers: { set(name: string, value: string): void } }) {
        sent.headers.set("authorization", "Bearer bot-token-bare");
        return sent;
      },
    }),
  };
  const authentication = new sdk.ConfigurationBotFrameworkAuthentication(
    {
      ToChannelFromBotLoginUrl: overrides.loginUrl!,
      ToChannelFromBotOAuthScope: overrides.oauthScope!,
      ToBotFromChannelTokenIssuer: overrides.tokenIssuer!,
      OAuthUrl: overrides.oauthUrl!,
      ToBotFromChannelOpenIdMetadataUrl: overrides.openIdMetadata!,
      ToBotFromEmulatorOpenIdMetadataUrl: overrides.emulatorOpenIdMetadata!,
    },
    credentials as never,
  );
  const adapter = new sdk.CloudAdapter(authentication);
  return async (body, headers) => {
    let status = 200;
    const response = {
      status: (code: number) => {
        status = code;
      },
      header: () => {},
      send: () => {},
      end: () => {},
    };
    const incoming = { method: "POST", body: JSON.parse(body.toString("utf8")), headers };
    await adapter.process(incoming as never, response as never, async (context) => {
      if (kind === "bare") await context.sendActivity("checkout answers in 812 ms");
    });
    return { status };
  };
}

function read(stream: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve(Buffer.concat(chunks)));
    stream.on("error", reject);
  });
}

// ---------------------------------------------------------------- the client

async function compare(rounds: number): Promise<void> {
  const framework = await startBotFramework();
  const authorization = `Bearer ${await framework.sign({ exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  const bots = await Promise.all(
    KINDS.map((kind) =>
      startServer({ kind, url: framework.url, host: framework.host, overrides: framework.overrides }),
    ),
  );
  const found = new Map(KINDS.map((kind) => [kind, { ack: [] as number[], rate: [] as number[], bad: 0 }]));
  const shot = async (kind: Kind, port: number) => {
    const begun = performance.now();
    const status = await post(port, JSON.stringify(personal(framework.url, "status")), authorization);
    if (status !== 200) found.get(kind)!.bad++;
    return performance.now() - begun;
  };
  for (const { kind, port } of bots) for (let i = 0; i < 300; i++) await shot(kind, port);
  for (let round = 0; round < rounds; round++)
    for (const { kind, port } of bots) {
      framework.kept.length = 0;
      found.get(kind)!.ack.push(...(await paced(() => shot(kind, port), 200, 1000)));
      found.get(kind)!.rate.push(await flood(() => shot(kind, port), 32, 1500));
    }
  for (const [kind, { ack, rate, bad }] of found) {
    ack.sort((a, b) => a - b);
    const at = (share: number) => ack[Math.floor(share * (ack.length - 1))]!.toFixed(1);
    const median = [...rate].sort((a, b) => a - b)[Math.floor(rate.length / 2)]!;
    console.log(
      `${kind}: ack at 200/s p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; flood ${median.toFixed(0)}/s; not 200: ${bad}`,
    );
  }
  for (const { stop } of bots) stop();
  await framework.close();
}

function startServer(start: Start): Promise<{ kind: Kind; port: number; stop: () => void }> {
  const child = fork(fileURLToPath(import.meta.url));
  return new Promise((resolve, reject) => {
    child.once("message", ({ port }: { port: number }) =>
      resolve({ kind: start.kind, port, stop: () => void child.kill() }),
    );
    child.once("exit", (code) => reject(new Error(`${start.kind} ended with ${code}`)));
    child.send(start);
  });
}

async function paced(shot: () => Promise<number>, perSecond: number, count: number): Promise<number[]> {
  const begun = performance.now();
  const shots: Promise<number>[] = [];
  for (let i = 0; i < count; i++) {
    const wait = begun + (i * 1000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    shots.push(shot());
  }
  return Promise.all(shots);
}

/** Requests a second with so many at once. */
async function flood(shot: () => Promise<number>, atOnce: number, count: number): Promise<number> {
  const begun = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await shot();
    }),
  );
  return (count * 1000) / (performance.now() - begun);
}

function post(port: number, body: string, authorization: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(
      { agent, port, host: "127.0.0.1", method: "POST", path: "/api/messages", headers },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
