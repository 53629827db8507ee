/**
 * `npm run bench -- teams [--rounds N] [--requests N] [--seconds N] [--tokens N]`: how soon a message from Teams is
 * acknowledged at 200 requests a second, and how many a second are acknowledged and dealt with at most, beside bare
 * botbuilder apps. All verify the channel's token. `silent` answers nothing and keeps nothing, and is what `bot` is
 * compared with; `replying` and `bot-replying` also post an answer to the connector. The bot serves through its own HTTP
 * server and has each message in its store on the disk before it acknowledges it; the bare apps are a plain node:http
 * server, lighter than the Express that the SDK's samples use. `--tokens`: how many tokens the requests take turns with.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { personal } from "../fakes/bot-framework/activities.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { serveSurface } from "./edge.ts";
import { post } from "./load.ts";
import { measure, printRatio, tellFigures } from "./side-by-side.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    requests: { type: "string", default: "1000" },
    seconds: { type: "string", default: "15" },
    tokens: { type: "string", default: "8" },
    server: { type: "string" },
    framework: { type: "string", default: "{}" },
  },
});

type Framework = { readonly host: string; readonly overrides: Record<string, string> };

const framework = JSON.parse(options.framework) as Framework;
if (options.server === undefined) await compare();
else if (options.server.startsWith("bot")) await serveBot(options.server === "bot-replying");
else await serveBare(options.server === "replying");

async function compare(): Promise<void> {
  const { url, host, overrides, kept, sign, close } = await startBotFramework();
  const exp = Math.floor(Date.now() / 1000) + 24 * 3600;
  const tokens = await Promise.all(Array.from({ length: Number(options.tokens) }, (_, i) => sign({ exp: exp + i })));
  let sent = 0;
  const make = () => {
    kept.length = 0;
    const authorization = `Bearer ${tokens[sent++ % tokens.length]}`;
    const headers = { "content-type": "application/json; charset=utf-8", authorization };
    return post("/api/messages", headers, JSON.stringify(personal(url, "status")));
  };
  const sizes = {
    rounds: Number(options.rounds),
    requests: Number(options.requests),
    seconds: Number(options.seconds),
  };
  const file = fileURLToPath(import.meta.url);
  const args = ["--framework", JSON.stringify({ host, overrides } satisfies Framework)];
  const figures = await measure(file, ["silent", "bot", "replying", "bot-replying"], args, make, sizes);
  printRatio(figures, "bot", "silent");
  printRatio(figures, "bot-replying", "replying");
  await close();
}

async function serveBot(replies: boolean): Promise<void> {
  const { createTeams } = await import("../../src/chat/teams/index.ts");
  const { createLog } = await import("../../src/util/log.ts");
  const { secret } = await import("../../src/util/secret.ts");
  const dataDir = mkdtempSync(join(tmpdir(), "teams-bench-"));
  process.on("exit", () => rmSync(dataDir, { recursive: true, force: true }));
  const settings = {
    appId: APP_ID,
    appPassword: secret(APP_PASSWORD),
    tenantId: TENANT,
    appType: "SingleTenant",
    tenants: [],
    serviceUrls: [framework.host],
    insecureDev: false,
    overrides: framework.overrides,
  } as const;
  await serveSurface(
    "teams",
    dataDir,
    (deps) => createTeams(settings, deps, createLog({ level: "error" })),
    async ({ sender }, message) =>
      replies ? sender.send({ ...message, attempts: 1 }, undefined, AbortSignal.timeout(10_000)) : undefined,
  );
}

/** As the SDK's own samples are: authentication, adapter, and a handler that the turn waits for. */
async function serveBare(replies: boolean): Promise<void> {
  console.error = () => {};
  const { default: sdk } = (await import("botbuilder")) as unknown as { default: typeof import("botbuilder") };
  const { overrides } = framework;
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
      ToChannelFromBotLoginUrl: overrides["loginUrl"]!,
      ToChannelFromBotOAuthScope: overrides["oauthScope"]!,
      ToBotFromChannelTokenIssuer: overrides["tokenIssuer"]!,
      OAuthUrl: overrides["oauthUrl"]!,
      ToBotFromChannelOpenIdMetadataUrl: overrides["openIdMetadata"]!,
      ToBotFromEmulatorOpenIdMetadataUrl: overrides["emulatorOpenIdMetadata"]!,
    },
    credentials as never,
  );
  const adapter = new sdk.CloudAdapter(authentication);
  let dealt = 0;
  async function take(incoming: IncomingMessage): Promise<number> {
    const body: unknown = JSON.parse((await buffer(incoming)).toString("utf8"));
    let status = 200;
    const response = {
      status: (code: number) => {
        status = code;
      },
      header: () => {},
      send: () => {},
      end: () => {},
    };
    const request = { method: "POST", body, headers: incoming.headers };
    await adapter.process(request as never, response as never, async (context) => {
      if (replies) await context.sendActivity("checkout answers in 812 ms");
      dealt++;
    });
    return status;
  }
  const server = createServer((incoming, outgoing) => {
    void take(incoming).then((status) => outgoing.writeHead(status).end());
  });
  server.listen(0, "127.0.0.1", () => tellFigures((server.address() as AddressInfo).port, () => dealt));
}
