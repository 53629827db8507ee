import { createRequire } from "node:module";
import { SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { personal } from "../../fakes/bot-framework/activities.ts";
import { APP_ID, type BotFramework, startBotFramework, TENANT } from "../../fakes/bot-framework/index.ts";
import { openTeams } from "./world.ts";

let framework: BotFramework;
let world: Awaited<ReturnType<typeof openTeams>>;
const hello = (more = {}) => personal(framework.url, "status", more);

beforeAll(async () => {
  framework = await startBotFramework();
});
beforeEach(async () => {
  world = await openTeams(framework);
});
afterAll(() => framework.close());

/** Refused with that status, in a few words without a stack, and nothing of the bot ran. */
async function refused(answer: Promise<{ status: number; body?: unknown }>, status: number): Promise<void> {
  const found = await answer;
  expect({ status: found.status, asked: world.asked.length, put: world.put.length }).toEqual({
    status,
    asked: 0,
    put: 0,
  });
  expect(String(found.body).length).toBeLessThan(100);
  expect(String(found.body)).not.toMatch(/node_modules|at |Error:/);
}

describe("the gate of /api/messages", () => {
  it("lets a signed activity of the channel in", async () => {
    expect((await world.post(hello())).status).toBe(200);
    await framework.arrived(1);
    expect(world.asked.map(({ text }) => text)).toEqual(["status"]);
  });

  it.each([["{}"], ['{"type":123}'], ["null"], ["[]"], ['"text"'], ["{"], [""], ['{"__proto__":{"type":"message"}}']])(
    "refuses the body %s before anything else looks at it",
    async (body) => {
      await refused(world.raw(body), 400);
      await refused(world.raw(body, { authorization: `Bearer ${await framework.sign()}` }), 400);
    },
  );

  it("tells who shows no token nothing about how an activity has to look inside", async () => {
    const body = '{"type":"invoke","name":"adaptiveCard/action","value":null}';
    await refused(world.raw(body), 401);
    await refused(world.raw(body, { authorization: `Bearer ${await framework.sign()}` }), 400);
  });

  it("refuses what is nested more than 50 levels deep", async () => {
    await refused(world.raw(`${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`), 400);
    const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
    await refused(world.post({ ...hello(), value: deep(60) }), 400);
    expect((await world.post({ ...hello(), value: deep(40) })).status).toBe(200);
  });

  it("refuses a body of more than a megabyte", async () => {
    await refused(world.post({ ...hello(), text: "x".repeat(1_100_000) }), 413);
  });

  it.each([["from"], ["recipient"], ["conversation"], ["id"], ["channelId"], ["serviceUrl"]])(
    "refuses an activity without %s",
    async (field) => {
      await refused(world.post(hello({ [field]: undefined })), 400);
      await refused(world.post(hello({ [field]: 7 })), 400);
      await refused(world.raw(JSON.stringify(hello({ [field]: 7 }))), 401); // without a token, nothing about the shape
    },
  );

  it("refuses what has no token, or something else for one", async () => {
    const body = JSON.stringify(hello());
    await refused(world.raw(body), 401);
    for (const authorization of ["Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi", `Bearer ${"x".repeat(20_000)}.y.z`])
      await refused(world.raw(body, { authorization }), 401);
  });

  it("refuses tokens for another bot, of another issuer, expired, not yet valid, without end, or by a stranger's key", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [
      { aud: "other-app" },
      { iss: "https://api.botframework.us" },
      { iss: `https://sts.windows.net/${TENANT}/` },
      { exp: now - 61 },
      { exp: now - 240 },
      { nbf: now + 120 },
      { exp: undefined },
    ])
      await refused(world.post(hello(), await framework.sign(claims)), 401);
    await refused(world.post(hello(), await framework.sign({}, { stranger: true })), 401);
    for (const kid of ["unknown", "../../../etc/passwd", ""])
      await refused(world.post(hello(), await framework.sign({}, { kid })), 401);
  });

  it("takes a token up to a minute after its end, because clocks differ", async () => {
    const token = await framework.sign({ exp: Math.floor(Date.now() / 1000) - 30 });
    expect((await world.post(hello(), token)).status).toBe(200);
  });

  it("refuses a directory's token, as an emulator of any tenant would send, with the channel's own key or another", async () => {
    const claims = {
      iss: "https://login.microsoftonline.com/evil/v2.0",
      tid: "evil",
      azp: APP_ID,
      ver: "2.0",
      serviceurl: "https://evil.example/",
    };
    await refused(world.post(hello({ serviceUrl: "https://evil.example/" }), await framework.sign(claims)), 401);
    await refused(world.post(hello(), await framework.sign(claims, { stranger: true })), 401);
  });

  it("refuses alg none, and HS256 with the public key as its secret", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: "https://api.botframework.com", aud: APP_ID, exp: 9_999_999_999, serviceurl: framework.url };
    await refused(world.post(hello(), `${part({ alg: "none", kid: "channel" })}.${part(claims)}.`), 401);
    await refused(world.post(hello(), `${part({ alg: "none", kid: "channel" })}.${part(claims)}.AA`), 401);
    const key = new TextEncoder().encode(JSON.stringify(framework.jwk));
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "channel" }).sign(key);
    await refused(world.post(hello(), forged), 401);
  });

  it.each([
    ["", 403],
    ["https://evil.example/", 403],
    ["http://evil.example/", 403],
    ["https://smba.trafficmanager.net.evil.example/", 403],
    ["https://user:pass@smba.trafficmanager.net/", 403],
    ["http://smba.trafficmanager.net/", 403],
    ["http://127.0.0.1:1/", 403],
    ["file:///etc/passwd", 403],
  ])("refuses the serviceUrl %j even when the token was made for it", async (serviceUrl, status) => {
    await refused(world.post(hello({ serviceUrl }), await framework.sign({ serviceurl: serviceUrl })), status);
  });

  it("refuses a serviceUrl that is allowed but not the token's", async () => {
    await refused(world.post(hello({ serviceUrl: `${framework.url}/other/` })), 403);
    await refused(world.post(hello(), await framework.sign({ serviceurl: undefined })), 403);
  });

  it("refuses other channels, none, and keys that may not sign for Teams", async () => {
    for (const channelId of ["", "webchat", "emulator", "MSTeams"])
      await refused(world.post(hello({ channelId })), 403);
    await refused(world.post(hello(), await framework.sign({}, { kid: "no-teams" })), 403);
  });

  it("refuses other tenants, none, and two that disagree", async () => {
    const at = (tenantId: string | undefined, other: string | undefined) =>
      hello({
        conversation: { conversationType: "personal", id: "a:1", tenantId },
        channelData: other === undefined ? {} : { tenant: { id: other } },
      });
    await refused(world.post(at("other", "other")), 403);
    await refused(world.post(at(undefined, undefined)), 403);
    await refused(world.post(at(TENANT, "other")), 403);
    expect((await world.post(at(TENANT.toUpperCase(), TENANT))).status).toBe(200);
  });

  it("handles an activity that comes three times once", async () => {
    const activity = hello();
    const before = framework.messages().length;
    for (let i = 0; i < 3; i++) expect((await world.post(activity)).status).toBe(200);
    await framework.arrived(before + 1);
    expect(world.asked).toHaveLength(1);
  });

  it("asks for keys once however many tokens name keys that nobody has, and keeps nothing of them", async () => {
    // The SDK's own list of issuers, which unsigned tokens make grow when they reach it.
    const require = createRequire(createRequire(import.meta.url).resolve("botbuilder"));
    const place = "botframework-connector/lib/auth/tokenValidationParameters";
    const { ToBotFromBotOrEmulatorTokenValidationParameters: parameters } = require(place);
    await world.post(hello());
    const issuers = parameters.issuer.length;
    const fetched = framework.counts.keys;
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const body = JSON.stringify(hello());
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 5000; i++) {
      const tid = `tenant-${i}`;
      const claims = { iss: `https://sts.windows.net/${tid}/`, tid, aud: APP_ID, appid: APP_ID, ver: "1.0" };
      const forged = `${part({ alg: "RS256", kid: `key-${i}` })}.${part(claims)}.${part({ i })}`;
      const answer = await world.raw(body, { authorization: `Bearer ${forged}` });
      if (answer.status !== 401) expect(answer.status).toBe(401);
    }
    globalThis.gc?.();
    expect(parameters.issuer.length).toBe(issuers);
    expect(framework.counts.keys - fetched).toBeLessThanOrEqual(1);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64_000_000);
  });

  it("answers 503 while the channel's keys cannot be fetched", async () => {
    let now = Date.now() / 1000;
    const fresh = await openTeams(framework, { clock: () => now });
    framework.state.metadata = 500;
    const answer = await fresh.post(hello());
    framework.state.metadata = 200;
    expect(answer.status).toBe(503);
    now += 10;
    expect((await fresh.post(hello())).status).toBe(200);
  });
});

describe("settings", () => {
  it("refuses to run without an app id unless for development, half of the credentials, and nobody to serve", async () => {
    const open = (settings: object) => openTeams(framework, { settings, start: false });
    await expect(open({ appId: undefined })).rejects.toThrow(/app id is needed/);
    await expect(open({ appPassword: undefined })).rejects.toThrow(/needs its password/);
    await expect(open({ tenantId: undefined })).rejects.toThrow(/needs the id of its tenant/);
    await expect(open({ appType: "MultiTenant", tenantId: undefined })).rejects.toThrow(/lets nobody in/);
    await expect(open({ overrides: { loginUrl: "https://login.evil.example" } })).rejects.toThrow(/on this machine/);
  });

  it("without authentication takes activities that come from and go to this machine only", async () => {
    const open = await openTeams(framework, {
      settings: { appId: undefined, appPassword: undefined, tenantId: undefined, insecureDev: true, serviceUrls: [] },
    });
    expect(open.logged.join()).toContain("TEAMS AUTHENTICATION IS OFF");
    framework.takeAnonymous();
    const before = framework.messages().length;
    const bare = { channelId: "emulator", channelData: undefined, conversation: { id: "personal-chat-id" } };
    const json = { "content-type": "application/json; charset=utf-8" };
    expect((await open.raw(JSON.stringify(hello(bare)), json)).status).toBe(200);
    // What a page on the web can make a browser send.
    expect((await open.raw(JSON.stringify(hello(bare)), { "content-type": "text/plain" })).status).toBe(400);
    await framework.arrived(before + 1);
    expect((await open.raw(JSON.stringify(hello({ serviceUrl: "https://smba.example/" })), json)).status).toBe(403);
    expect((await open.raw(JSON.stringify(hello({ channelId: "directline" })), json)).status).toBe(403);
  });

  it("takes what comes from Microsoft's own hosts when no others are named", async () => {
    const world = await openTeams(framework, { settings: { serviceUrls: [] } });
    const serviceUrl = "https://smba.trafficmanager.net/emea/";
    const token = await framework.sign({ serviceurl: serviceUrl });
    expect((await world.post(hello({ serviceUrl }), token)).status).toBe(200);
    expect((await world.post(hello(), await framework.sign())).status).toBe(403); // this machine is none of them
  });
});
