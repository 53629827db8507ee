import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { chatEnv } from "../bench/chat-bot.ts";
import { ALICE, channel, click, type Json, personal } from "../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program with incidents that Teams is told of: an escalation into a chat of two, and a storm, each over a kill -9. */

const CHANNEL = "19:general@thread.tacv2";
const ROOT = "1773224400000";
const { newHome, launch, clean } = programs();
let [slack, teams]: [FakeSlack | undefined, BotFramework | undefined] = [undefined, undefined];
let home = "";
let port = 0;
beforeEach(async () => {
  [slack, teams] = [await new FakeSlack().start(), await startBotFramework()];
  teams.roles.set(ALICE.id, "user");
  home = newHome();
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  await slack?.stop();
  await teams?.close();
});
afterAll(clean);

async function begin() {
  const bot = launch(["start"], {
    home,
    env: { ...chatEnv(slack!, teams!), PORT: `${port}`, ALERTMANAGER_WEBHOOK_TOKEN: TOKEN },
  });
  await bot.says('"ready"');
  return bot;
}

async function say(activity: Json): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/api/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${await teams!.sign()}`, "content-type": "application/json" },
    body: JSON.stringify(activity),
  });
  expect(response.status).toBe(200);
  return response.json().catch(() => undefined);
}

/** The bot knows a conversation in Teams since somebody spoke to it there. */
async function meet(): Promise<void> {
  await say(channel(teams!.url, "help", ROOT));
  await say(personal(teams!.url, "help"));
  await until(() => teams!.messages().length >= 2, "both answers");
  teams!.kept.length = 0;
}

const alertOf = (name: string, service: string, status = "firing") => ({
  ...{ status, startsAt: new Date(Date.now() - 60_000).toISOString(), fingerprint: `${name}-${service}` },
  labels: { alertname: name, service, severity: "critical" },
  ...(status === "resolved" && { endsAt: new Date().toISOString() }),
});

const post = (...alerts: readonly object[]) =>
  fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
    ...{
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ version: "4", alerts }),
    },
  }).then(
    ({ status }) => status,
    () => 0,
  );

const isIn = (where: string) => (one: { readonly conversation: string }) => one.conversation.startsWith(where);
const written = (where: string) => teams!.messages().filter(isIn(where));
const first = (where: string) => written(where).find(({ method }) => method === "POST");
/** The newest edition of the message that was posted there first. */
const now = (where: string) =>
  JSON.stringify(written(where).findLast(({ id }) => id === first(where)?.id)?.activity ?? {});
const notes = (where: string) =>
  written(where).filter(
    ({ method, id, activity }) =>
      method === "POST" && id !== first(where)?.id && /Unacknowledged/.test(JSON.stringify(activity)),
  );

it("calls somebody in a chat of two until it is acknowledged there, over a crash, and both messages go on", {
  timeout: 90_000,
}, async () => {
  const account = `${TENANT}/${ALICE.aadObjectId}`;
  writeFileSync(
    join(home, "smartcloudops.yaml"),
    [
      "routes:",
      `  - {teams: ["${CHANNEL}"]}`,
      "people:",
      `  alice: {name: Alice Archer, teams: ["${account}"]}`,
      "oncall:",
      "  escalations:",
      `    - {name: all, repeat: 20, steps: [{after: 1s, people: [alice], teams: ["${account}"]}]}`,
    ].join("\n"),
  );
  const one = await begin();
  await meet();
  expect(await post(alertOf("ErrorRatioHigh", "orders"))).toBe(200);
  const alone = "a:chat-with-alice";
  await until(() => notes(alone).length > 0, "the call in the chat of two");
  expect(now(CHANNEL)).toContain("Critical: orders");
  expect(now(alone)).toContain("Critical: orders");
  expect(JSON.stringify(notes(alone)[0]?.activity)).toContain('"type":"mention"');
  one.child.kill("SIGKILL");
  await one.ended;
  const before = notes(alone).length;
  const two = await begin();
  await until(() => notes(alone).length > before, "the call of the next round");

  const about = /"decision":"acknowledge","about":"([^"]+)"/.exec(now(alone))?.[1];
  const data = { action: { kind: "decide", decision: "acknowledge", about } };
  const answer = await say(click(teams!.url, data, { replyToId: first(alone)?.id }));
  expect(JSON.stringify(answer)).toContain("Acknowledged");
  await until(() => now(CHANNEL).includes("acknowledged it at"), "the acknowledgement in the channel");
  const calls = notes(alone).length;
  await sleep(2500); // two more calls would have been due
  expect(notes(alone)).toHaveLength(calls);
  expect(await post(alertOf("ErrorRatioHigh", "orders", "resolved"))).toBe(200);
  for (const where of [CHANNEL, alone]) {
    await until(() => now(where).includes("Resolved after"), `the end in ${where}`);
    expect(
      written(where).filter(
        ({ method, activity }) => method === "POST" && !/Unacknowledged/.test(JSON.stringify(activity)),
      ),
    ).toHaveLength(1);
  }
  two.child.kill("SIGTERM");
  expect((await two.ended).code).toBe(0);
});

it("makes a storm a few messages, none twice though it is killed in the middle, and all of them end", {
  timeout: 120_000,
}, async () => {
  writeFileSync(join(home, "smartcloudops.yaml"), `routes:\n  - {teams: ["${CHANNEL}"]}\n`);
  const one = await begin();
  await meet();
  const all = Array.from({ length: 1500 }, (_, n) => [`A${n % 15}`, `s${n}`] as const);
  const send = async (status: string) => {
    const parts = Array.from({ length: 150 }, (_, n) =>
      all.slice(n * 10, n * 10 + 10).map(([name, service]) => alertOf(name, service, status)),
    );
    const work = async () => {
      for (let part = parts.shift(); part !== undefined; part = parts.shift())
        while ((await post(...part)) !== 200) await sleep(50);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  };
  const firing = send("firing");
  await until(() => written(CHANNEL).length > 2, "the first messages");
  one.child.kill("SIGKILL");
  await one.ended;
  const two = await begin();
  await firing;
  await send("resolved");
  const posted = () => written(CHANNEL).filter(({ method }) => method === "POST");
  const newest = (id: string) => JSON.stringify(written(CHANNEL).findLast((each) => each.id === id)?.activity);
  const incidentOf = (id: string) => /Incident (inc-[0-9a-f]+)\./.exec(newest(id))?.[1];
  const isOver = (id: string) => newest(id).includes("Resolved after");
  // What was on its way when it was killed may be there twice, as Teams takes no key; the one that the bot does not know of stays as it was.
  const incidents = () => new Set(posted().map(({ id }) => incidentOf(id)));
  const ended = () => new Set(posted().flatMap(({ id }) => (isOver(id) ? [incidentOf(id)] : [])));
  await until(() => incidents().size > 0 && ended().size === incidents().size, "the end of each", 60_000);
  expect(incidents().size).toBeLessThanOrEqual(20);
  expect(posted().length - incidents().size).toBeLessThanOrEqual(1);
  two.child.kill("SIGTERM");
  expect((await two.ended).code).toBe(0);
});
