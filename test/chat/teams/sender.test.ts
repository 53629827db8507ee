import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createConnectorClient } from "../../../src/chat/teams/connector.ts";
import { ConnectorError, sendProblem, TokenError } from "../../../src/chat/teams/errors.ts";
import { MICROSOFT_HOSTS, whyNotServiceUrl } from "../../../src/chat/teams/hosts.ts";
import type { Card } from "../../../src/core/card.ts";
import type { Queued } from "../../../src/ports.ts";
import { NeverError, NotNowError } from "../../../src/util/errors.ts";
import { channel, installed } from "../../fakes/bot-framework/activities.ts";
import { type BotFramework, type Fault, startBotFramework } from "../../fakes/bot-framework/index.ts";
import { openTeams, wordsOf } from "./world.ts";

let framework: BotFramework;
beforeAll(async () => {
  framework = await startBotFramework();
});
beforeEach(() => {
  framework.kept.length = 0;
  framework.state.refuseCharts = false;
});
afterAll(() => framework.close());

const CHAT = { platform: "teams", channel: "a:chat-with-alice", thread: "a:chat-with-alice" };
const PLAIN: Card = { title: "checkout is slow", tone: "danger", blocks: [{ kind: "text", text: "812 ms" }] };
const DRAWN: Card = {
  ...PLAIN,
  blocks: [
    {
      kind: "chart",
      chart: {
        title: "latency",
        unit: "seconds",
        series: [
          { name: "p95", points: Array.from({ length: 300 }, (_, i) => [i * 60, 0.2 + (i === 77 ? 1 : 0)] as const) },
        ],
      },
    },
  ],
};

let count = 0;
const message = (card: Card = PLAIN, more: Partial<Queued> = {}): Queued => ({
  id: `m${++count}`,
  place: CHAT,
  card,
  at: 1,
  attempts: 1,
  ...more,
});

async function connected(opts: Parameters<typeof openTeams>[1] = {}) {
  const world = await openTeams(framework, opts);
  framework.kept.length = 0;
  await world.post(installed(framework.url, "add"));
  await framework.arrived(1);
  framework.kept.length = 0;
  const send = (one: Queued, edited?: string, signal = AbortSignal.timeout(5000)) =>
    world.surface.sender.send(one, edited, signal);
  return { ...world, send };
}

const fault = (status: number, retryAfter?: string, code?: string): Fault => ({
  kind: "status",
  status,
  ...(retryAfter === undefined ? {} : { retryAfter }),
  ...(code === undefined ? {} : { code }),
});

describe("sending to Teams", () => {
  it("returns what it needs to edit the message later, and edits it in place", async () => {
    const { send } = await connected();
    const id = await send(message());
    expect(await send(message({ ...PLAIN, title: "checkout is fine again", tone: "good" }), id)).toBe(id);
    const [posted, edited] = framework.messages();
    expect([posted?.method, edited?.method]).toEqual(["POST", "PUT"]);
    expect(edited?.id).toBe(posted?.id);
    expect(wordsOf(edited?.activity)).toContain("checkout is fine again");
  });

  it.each([[429], [412], [502], [503], [504], [500]])(
    "tries again later after %i, in that channel alone",
    async (status) => {
      const { send } = await connected();
      const before = framework.counts.requests;
      framework.fail(fault(status));
      const problem = await send(message()).catch((thrown) => thrown);
      expect(problem).toBeInstanceOf(NotNowError);
      expect(problem.scope).toBe("channel");
      expect(problem.seconds).toBeGreaterThan(0);
      expect(framework.counts.requests - before).toBe(1);
      await send(message());
      expect(framework.messages()).toHaveLength(1);
    },
  );

  it("waits as long as Teams asks for, but not for a day", async () => {
    const { send } = await connected();
    framework.fail(fault(429, "17"), fault(429, "86400"), fault(429, new Date(Date.now() + 30_000).toUTCString()));
    const seconds: number[] = [];
    for (let i = 0; i < 3; i++) seconds.push((await send(message()).catch((thrown) => thrown)).seconds);
    expect(seconds[0]).toBeGreaterThanOrEqual(17);
    expect(seconds[0]).toBeLessThan(19);
    expect(seconds[1]).toBeLessThan(602);
    expect(seconds[2]).toBeGreaterThan(25);
  });

  it("tries again later when the connection is cut, and when nobody answers until it is told to stop", async () => {
    const { send } = await connected();
    framework.fail({ kind: "cut" }, { kind: "hang" });
    await expect(send(message())).rejects.toBeInstanceOf(NotNowError);
    const begun = Date.now();
    await expect(send(message(), undefined, AbortSignal.timeout(200))).rejects.toBeInstanceOf(NotNowError);
    expect(Date.now() - begun).toBeLessThan(2000);
  });

  it("gives up and forgets the place when the bot was removed or the conversation is gone", async () => {
    for (const status of [403, 404]) {
      const world = await connected();
      framework.fail(fault(status, undefined, "BotNotInConversationRoster"));
      await expect(world.send(message())).rejects.toThrow(/BotNotInConversationRoster/);
      expect(await world.places.all("teams")).toEqual([]);
      await expect(world.send(message())).rejects.toBeInstanceOf(NeverError);
    }
  });

  it("keeps the place when only the message that was to be edited is gone", async () => {
    const world = await connected();
    framework.fail(fault(404));
    await expect(world.send(message(), "1:1")).rejects.toBeInstanceOf(NeverError);
    expect(await world.places.all("teams")).toHaveLength(1);
  });

  it("sends plainer forms of a message that is too large: without its chart, then as text", async () => {
    const { send } = await connected();
    framework.fail(fault(413));
    await send(message(DRAWN));
    framework.fail(fault(413), fault(413));
    await send(message(DRAWN));
    const [first, second] = framework.messages();
    expect(JSON.stringify(first?.activity)).not.toContain("Chart.Line");
    expect(wordsOf(first?.activity)).toContain("highest 1.2 s");
    expect(second?.activity.attachments).toBeUndefined();
    expect(second?.activity).toMatchObject({ textFormat: "plain", text: expect.stringContaining("checkout is slow") });
  });

  it("sends a picture where Teams refuses the chart, and the words alone where there is no picture", async () => {
    framework.state.refuseCharts = true;
    const { send } = await connected();
    await send(message(DRAWN));
    expect(framework.messages()[0]?.activity.attachments[0].content.body[1]).toMatchObject({
      type: "Image",
      url: "data:image/png;base64,iVBORw==",
    });
    const broken = await connected({ drawChart: () => Promise.reject(new Error("no font")) });
    await broken.send(message(DRAWN));
    expect(wordsOf(framework.messages()[0]?.activity)).toContain("latency: 200 ms at 05:59 CET");
  });

  it("draws pictures from the start when told so, unless they are too large", async () => {
    const small = await connected({ settings: { charts: "image" } });
    await small.send(message(DRAWN));
    expect(JSON.stringify(framework.messages()[0]?.activity)).toContain("data:image/png");
    const large = await connected({ settings: { charts: "image" }, drawChart: async () => new Uint8Array(20_000) });
    await large.send(message(DRAWN));
    expect(JSON.stringify(framework.messages()[0]?.activity)).not.toContain("data:image/png");
    expect(wordsOf(framework.messages()[0]?.activity)).toContain("highest 1.2 s");
  });

  it("holds everything back, not one channel, when no token can be had", async () => {
    const world = await openTeams(framework);
    await world.places.save(CHAT, reference(framework.url), 1);
    const { surface } = await openTeams(framework, { places: world.places, start: false });
    await expect(surface.sender.send(message(), undefined, AbortSignal.timeout(1000))).rejects.toMatchObject({
      name: "NotNowError",
      scope: "platform",
    });
    framework.state.login = 500;
    const cold = await openTeams(framework, { places: world.places });
    const problem = await cold.surface.sender.send(message(), undefined, AbortSignal.timeout(5000)).catch((e) => e);
    framework.state.login = 200;
    expect(problem).toMatchObject({ name: "NotNowError", scope: "platform" });
  });

  it("sends nothing, least of all its token, to a host that is not allowed, though the store names it", async () => {
    const evil = await startBotFramework();
    const world = await openTeams(framework);
    await world.places.save(CHAT, reference(evil.url), 1);
    await expect(world.surface.sender.send(message(), undefined, AbortSignal.timeout(5000))).rejects.toBeInstanceOf(
      NeverError,
    );
    expect(evil.counts.requests).toBe(0);
    await evil.close();
  });

  it("does not follow the connector elsewhere", async () => {
    const { send } = await connected();
    framework.fail(fault(307));
    await expect(send(message())).rejects.toBeInstanceOf(NeverError);
  });

  it("answers in a thread after a restart, from what the store kept", async () => {
    const world = await openTeams(framework);
    await world.post(channel(framework.url, "status", "1700000000001"));
    await framework.arrived(1);
    const later = await openTeams(framework, { places: world.places });
    const place = { platform: "teams", channel: "19:general@thread.tacv2", thread: "1700000000001" };
    await later.deliver(message(PLAIN, { place }));
    expect(framework.messages()[1]?.conversation).toBe("19:general@thread.tacv2;messageid=1700000000001");
  });
});

function reference(serviceUrl: string) {
  return { serviceUrl, conversationType: "personal", bot: { id: "28:x", name: "bot" } };
}

describe("the way out", () => {
  it("knows Microsoft's hosts and nobody who looks like them", () => {
    const why = (url: string) => whyNotServiceUrl(url, MICROSOFT_HOSTS);
    for (const url of [
      "https://smba.trafficmanager.net/emea/",
      "https://smba.infra.gov.teams.microsoft.us/teams",
      "https://webchat.botframework.com/",
    ])
      expect(why(url)).toBeUndefined();
    for (const url of [
      "https://botframework.com.evil.example/",
      "https://evilbotframework.com/",
      "https://smba.trafficmanager.net:8443/",
      "https://smba.trafficmanager.net@evil.example/",
      "https://127.0.0.1/",
      "http://localhost:3978/",
      "not an address",
    ])
      expect(why(url)).toBeDefined();
    expect(whyNotServiceUrl("http://127.0.0.1:9000/", ["127.0.0.1:9000"])).toBeUndefined();
    expect(whyNotServiceUrl("http://127.0.0.1:9001/", ["http://127.0.0.1:9000"])).toBeDefined();
    expect(whyNotServiceUrl("http://10.0.0.1/", ["10.0.0.1"])).toBeDefined();
  });

  it("checks the host of each request itself", async () => {
    const client = createConnectorClient([framework.host], false);
    const headers = { toJson: () => ({ authorization: "Bearer secret" }) };
    const request = { url: "https://evil.example/v3/conversations", method: "POST", body: "{}", headers };
    await expect(client.sendRequest(request)).rejects.toThrow(/nothing was sent to evil.example/);
  });

  it("spreads tries, and says of each status whether another try is of use", () => {
    const now = (status: number, attempts = 1, chance = 0) =>
      sendProblem(new ConnectorError(status, "", undefined), attempts, chance) as NotNowError;
    expect(now(429, 1, 0).seconds).toBeLessThan(now(429, 1, 1).seconds);
    expect(now(429, 1).seconds).toBeLessThan(now(429, 5).seconds);
    expect(now(502, 1000, 1).seconds).toBeLessThanOrEqual(120);
    for (const status of [400, 403, 404, 410, 413]) expect(now(status)).toBeInstanceOf(NeverError);
    expect(now(401).scope).toBe("platform");
    expect((sendProblem(new TokenError("x", false), 1, 0) as NotNowError).scope).toBe("platform");
    expect((sendProblem(new Error("socket hang up"), 1, 0) as NotNowError).scope).toBe("channel");
  });
});
