import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { RETENTION } from "../contracts/store.ts";
import { ANN, BEN, buttonsIn, CHANNEL, clickOn, effectServer, writeDeskSettings } from "../fakes/remedy-world.ts";
import { eventBody, mentionEvent, type Stored } from "../fakes/slack/index.ts";
import { type Cluster, type Replica, startCluster } from "./cluster.ts";

/** Two replicas of the whole program on one Redis, with a Slack that sends to either or both of them. */

const PATIENCE = { timeout: 45_000, interval: 50 };
/** In which a message that came twice would have come, too. */
const QUIET_MS = 1500;

let missing: string | undefined;
let cluster: Cluster;
let shop: Awaited<ReturnType<typeof effectServer>>;
let store: Store;
let one: Replica;
let two: Replica;

beforeAll(async () => {
  shop = await effectServer();
  const started = await startCluster(async (folder) => {
    writeDeskSettings(folder, shop.url, { isPatient: true });
    return {};
  });
  if ("skipped" in started) {
    missing = started.skipped;
    return;
  }
  cluster = started;
  [one, two] = await Promise.all([cluster.start("one"), cluster.start("two")]);
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
  await Promise.all([cluster?.stop(), shop?.stop()]);
});

const tell = (replica: Replica, body: Record<string, unknown>, kind: "event" | "click" = "event") =>
  cluster.tell(() => replica, body, kind);
const mention = (text: string, user = ANN) => eventBody(mentionEvent(text, { user }));
let questions = 0;
const ask = () => {
  questions += 1;
  return mention(`\`up > ${questions}\``);
};
const threadOf = (body: Record<string, unknown>) => (body["event"] as { ts: string }).ts;
const inThread = (ts: string) => cluster.slack.sent(CHANNEL).filter((message) => message.thread_ts === ts);
const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));
const newest = async () => (await store.proposals.find({ limit: 1 }))[0];

describe("two replicas on one Redis", () => {
  it("answer a question once that was sent to both of them", { timeout: 60_000 }, async () => {
    const asked = Array.from({ length: 5 }, () => ask());
    await Promise.all(asked.flatMap((body) => [tell(one, body), tell(two, body)]));
    await expect.poll(() => asked.map((body) => inThread(threadOf(body)).length), PATIENCE).toEqual(asked.map(() => 1));
    await quiet();
    expect(asked.map((body) => inThread(threadOf(body)).length)).toEqual(asked.map(() => 1));
  });

  it("run a change once that a hundred clicks through both of them approve", { timeout: 60_000 }, async () => {
    const asked = mention("restart ferrydesk");
    await tell(one, asked);
    const cardOf = (): Stored | undefined => inThread(threadOf(asked)).find(({ text }) => /Restart a desk/.test(text));
    await expect.poll(() => buttonsIn(cardOf()?.blocks ?? []).length, PATIENCE).toBeGreaterThan(0);
    const card = cardOf()!;
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        tell(at % 2 === 0 ? one : two, clickOn(cluster.slack, card, "approve", BEN), "click"),
      ),
    );
    await expect.poll(async () => (await newest())?.status, PATIENCE).toMatch(/succeeded|verifying|verified|no_effect/);
    await quiet();
    expect(shop.effects.map(({ path }) => path)).toEqual(["/restart/ferrydesk"]);
    expect((await newest())?.votes).toHaveLength(1);
    expect(inThread(threadOf(asked)).filter(({ text }) => /Restart a desk/.test(text))).toHaveLength(1);
  });

  it("lose nothing when one is killed with questions in its hand", { timeout: 60_000 }, async () => {
    const asked = Array.from({ length: 10 }, () => ask());
    await Promise.all(asked.map((body) => tell(one, body)));
    one.child.kill("SIGKILL");
    const after = ask();
    await tell(two, after);
    await expect
      .poll(() => [...asked, after].map((body) => inThread(threadOf(body)).length), PATIENCE)
      .toEqual(Array.from({ length: 11 }, () => 1));
    one = await cluster.start("one");
  });

  it("come back by themselves when Redis was killed, and say nothing twice", { timeout: 60_000 }, async () => {
    const before = ask();
    await tell(one, before);
    await cluster.redis.restart();
    const after = [ask(), ask()];
    await Promise.all([tell(one, after[0]!), tell(two, after[1]!)]);
    await expect
      .poll(() => [before, ...after].map((body) => inThread(threadOf(body)).length), PATIENCE)
      .toEqual([1, 1, 1]);
    await quiet();
    expect([before, ...after].map((body) => inThread(threadOf(body)).length)).toEqual([1, 1, 1]);
    expect(shop.effects).toHaveLength(1);
    expect(one.child.exitCode ?? two.child.exitCode).toBe(null);
  });
});
