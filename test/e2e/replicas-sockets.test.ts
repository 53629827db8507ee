import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { RETENTION } from "../contracts/store.ts";
import { ALICE, BOT, channel, click } from "../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework } from "../fakes/bot-framework/index.ts";
import { type Openai, startOpenai } from "../fakes/openai/index.ts";
import {
  ANN,
  BEN,
  BEN_TEAMS,
  buttonsIn,
  CHANNEL,
  clickOn,
  effectServer,
  teamsEnv,
  writeDeskSettings,
} from "../fakes/remedy-world.ts";
import { eventBody, mentionEvent, type Stored } from "../fakes/slack/index.ts";
import { type Cluster, type Replica, startCluster } from "./cluster.ts";

/**
 * Two replicas on one Redis, both connected to Slack by sockets, of which Slack takes one and then the other, and with Teams before a load balancer, which
 * does the same.
 */

const PATIENCE = { timeout: 45_000, interval: 50 };
/** In which a message that came twice would have come, too. */
const QUIET_MS = 1500;
const DONE = /succeeded|verifying|verified|no_effect/;

let missing: string | undefined;
let cluster: Cluster;
let shop: Awaited<ReturnType<typeof effectServer>>;
let framework: BotFramework;
let openai: Openai;
let store: Store;
let replicas: readonly Replica[];

beforeAll(async () => {
  [shop, framework, openai] = await Promise.all([effectServer(), startBotFramework(), startOpenai(() => "hangs")]);
  for (const { id } of [ALICE, BEN_TEAMS]) framework.roles.set(id, "user");
  const started = await startCluster(async (folder, _, slack) => {
    writeDeskSettings(folder, shop.url, { isPatient: true });
    slack.spreads = true;
    // Nothing is sent again meanwhile, which would change whose turn it is.
    slack.redeliverMs = 60_000;
    const model = { OPENAI_BASE_URL: openai.url, OPENAI_API_KEY: "sk-test", OPENAI_MODEL: "scripted" };
    return { env: { SLACK_MODE: "socket", SLACK_APP_TOKEN: slack.appToken, ...teamsEnv(framework), ...model } };
  });
  if ("skipped" in started) {
    missing = started.skipped;
    return;
  }
  cluster = started;
  replicas = await Promise.all([cluster.start("one"), cluster.start("two")]);
  await vi.waitFor(() => expect(cluster.slack.openSockets).toBe(2), PATIENCE);
  store = await openRedisStore({
    ...{ url: cluster.redis.urlOf(0), dataDir: join(cluster.folder, "test"), retention: RETENTION, readOnly: true },
    now: () => Date.now() / 1000,
  });
}, 60_000);
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterAll(async () => {
  await store?.close();
  await Promise.all([cluster?.stop(), shop?.stop(), framework?.close(), openai?.stop()]);
});

const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));
const newest = async () => (await store.proposals.find({ limit: 1 }))[0];
const becomesDone = () => expect.poll(async () => (await newest())?.status, PATIENCE).toMatch(DONE);

describe("two replicas with a socket each", () => {
  const mention = (text: string) => eventBody(mentionEvent(text, { user: ANN }));
  const threadOf = (body: Record<string, unknown>) => (body["event"] as { ts: string }).ts;
  const inThread = (body: Record<string, unknown>): readonly Stored[] =>
    cluster.slack.sent(CHANNEL).filter((message) => message.thread_ts === threadOf(body));
  const tell = (body: Record<string, unknown>) => cluster.slack.deliver("events_api", body);
  const press = (body: Record<string, unknown>) => cluster.slack.deliver("interactive", body);

  it("answer a question once that Slack gave to both of them", { timeout: 60_000 }, async () => {
    const asked = [1, 2, 3, 4, 5].map((n) => mention(`\`up > ${n}\``));
    for (const body of asked) await Promise.all([tell(body), tell(body)]);
    await expect.poll(() => asked.map((body) => inThread(body).length), PATIENCE).toEqual(asked.map(() => 1));
    await quiet();
    expect(asked.map((body) => inThread(body).length)).toEqual(asked.map(() => 1));
  });

  it("run a change once that clicks through both of them approve", { timeout: 60_000 }, async () => {
    const before = shop.effects.length;
    const asked = mention("restart ferrydesk");
    await tell(asked);
    const cardOf = () => inThread(asked).find(({ text }) => /Restart a desk/.test(text));
    await expect.poll(() => buttonsIn(cardOf()?.blocks ?? []).length, PATIENCE).toBeGreaterThan(0);
    const card = cardOf()!;
    await Promise.all(Array.from({ length: 20 }, () => press(clickOn(cluster.slack, card, "approve", BEN))));
    await becomesDone();
    await quiet();
    expect(shop.effects.slice(before).map(({ path }) => path)).toEqual(["/restart/ferrydesk"]);
    expect((await newest())?.votes).toHaveLength(1);
    expect(inThread(asked).filter(({ text }) => /Restart a desk/.test(text))).toHaveLength(1);
  });

  it("end a look at the wish that the other one heard", { timeout: 60_000 }, async () => {
    const asked = mention("why is the queue manifests so long, and what does the tide have to do with it?");
    await tell(asked);
    const shown = () => JSON.stringify(inThread(asked).map(({ blocks }) => blocks));
    await expect.poll(shown, PATIENCE).toMatch(/Stop looking/);
    const [message] = inThread(asked);
    // The next envelope goes to the other socket.
    await press(clickOn(cluster.slack, message!, "enough", BEN));
    await expect.poll(shown, PATIENCE).toMatch(/Stopped by Ben Example/);
    expect(shown()).not.toMatch(/Stop looking/);
    expect(cluster.slack.ephemerals.map(({ text }) => text)).not.toContain("That look is over already.");
    expect(inThread(asked)).toHaveLength(1);
  });
});

describe("two replicas behind a load balancer, with Teams", () => {
  const CARD = /Restart a desk/;
  let roots = 1_773_224_400_000;
  async function post(replica: Replica, activity: unknown): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${replica.port}/api/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${await framework.sign()}`, "content-type": "application/json" },
      body: JSON.stringify(activity),
    });
    const said = await response.text();
    expect(response.status, said).toBe(200);
    return said;
  }
  const said = (root: string) =>
    framework.messages().filter(({ method, conversation }) => method === "POST" && conversation.endsWith(root));

  it("answer a message once that came to both of them", { timeout: 60_000 }, async () => {
    const root = `${++roots}`;
    const activity = channel(framework.url, "`up > 7`", root);
    await Promise.all(replicas.map((replica) => post(replica, activity)));
    await expect.poll(() => said(root).length, PATIENCE).toBe(1);
    await quiet();
    expect(said(root)).toHaveLength(1);
  });

  it("run a change once that is approved through the one that did not post it", { timeout: 60_000 }, async () => {
    for (const [poster, other] of [replicas, replicas.toReversed()] as const) {
      const before = shop.effects.length;
      const root = `${++roots}`;
      const activity = channel(framework.url, "restart ferrydesk", root) as {
        conversation: unknown;
        channelData: unknown;
      };
      await post(poster!, activity);
      const cardOf = () => said(root).find(({ activity: one }) => CARD.test(JSON.stringify(one)));
      await expect.poll(() => approveIn(cardOf()?.activity), PATIENCE).toBeDefined();
      const card = cardOf()!;
      const data = approveIn(card.activity);
      const press = (replica: Replica) =>
        post(
          replica,
          click(framework.url, data, {
            from: BEN_TEAMS,
            recipient: BOT,
            conversation: activity.conversation,
            channelData: activity.channelData,
            replyToId: card.id,
            value: { action: { type: "Action.Execute", verb: "decide", data }, trigger: "manual" },
          }),
        );
      expect(await press(other!)).toMatch(/Restart a desk|Approved|It starts now/);
      await Promise.all(Array.from({ length: 10 }, (_, at) => press(replicas[at % 2]!)));
      await becomesDone();
      await quiet();
      expect(shop.effects.slice(before).map(({ path }) => path)).toEqual(["/restart/ferrydesk"]);
      expect((await newest())?.votes).toHaveLength(1);
      expect(said(root).filter(({ activity: one }) => CARD.test(JSON.stringify(one)))).toHaveLength(1);
    }
  });
});

/** What the button Approve of a card in Teams carries. */
function approveIn(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { data } = value as { data?: { action?: { decision?: string } } };
  if (data?.action?.decision === "approve") return data;
  for (const inner of Object.values(value)) {
    const found = approveIn(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
