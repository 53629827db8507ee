/**
 * `npm run bench -- mutations [--requests N]`: mangled requests to `/slack/events` and `/api/messages` of a bot that runs,
 * one in ten of them validly signed. Prints how they were answered, whether the process lived, and how its memory grew:
 * what the system counts, and the heap right after a garbage collection. The warm-up before the first of the two looks is
 * part of the requests.
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ALICE, click, personal } from "../fakes/bot-framework/activities.ts";
import { startBotFramework } from "../fakes/bot-framework/index.ts";
import { directEvent, eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { randomNumbers } from "../tools/random.ts";
import { chatEnv, startChatBot } from "./chat-bot.ts";
import { mangle } from "./mangle.ts";

const { values: options } = parseArgs({ options: { requests: { type: "string", default: "20000" } } });
const AT_ONCE = 40;

type Sent = { readonly path: string; readonly headers: Record<string, string>; readonly body: string };

const chance = randomNumbers(7);
const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
const mangled = (body: unknown) => mangle(body, chance);

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

function send(port: number, { path, headers, body }: Sent): Promise<number | string> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, host: "127.0.0.1", port, path, method: "POST", headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    outgoing.end(body);
  });
}

async function run(): Promise<void> {
  const count = Number(options.requests);
  const warmUp = Math.min(10_000, Math.floor(count / 5));
  const [slack, framework] = [await new FakeSlack().start(), await startBotFramework()];
  framework.roles.set(ALICE.id, "user"); // who is not listed is a guest, and asks nothing
  const bot = await startChatBot(chatEnv(slack, framework));
  let signed = 0;
  try {
    const token = await framework.sign({ exp: Math.floor(Date.now() / 1000) + 7200 });
    const next = (i: number): Sent => {
      const isSigned = i % 20 < 2;
      if (isSigned) signed++;
      if (i % 2 === 0) {
        const body = mangled(eventBody(chance() < 0.5 ? mentionEvent("cpu of web-1") : directEvent("status")));
        const { headers } = slack.signed(body, Math.floor(Date.now() / 1000));
        const forged = { ...headers, "x-slack-signature": `v0=${"0".repeat(64)}` };
        return { path: "/slack/events", headers: isSigned ? headers : forged, body };
      }
      const activity =
        chance() < 0.5
          ? personal(framework.url, "status")
          : click(framework.url, { action: { kind: "ask", text: "status" } });
      const forged = pick(["", "Bearer x", `Bearer ${token.slice(0, -9)}AAAAAAAAA`]);
      const authorization = isSigned ? `Bearer ${token}` : forged;
      const headers = { "content-type": "application/json", authorization };
      return { path: "/api/messages", headers, body: mangled(activity) };
    };
    const statuses = new Map<string, number>();
    const burst = async (from: number, to: number) => {
      let i = from;
      const worker = async () => {
        while (i < to) {
          const sent = next(i++);
          const key = `${sent.path} ${await send(bot.port, sent)}`;
          statuses.set(key, (statuses.get(key) ?? 0) + 1);
          // The stand-ins would otherwise remember everything that they were ever told.
          if (i % 1000 === 0) for (const list of [slack.calls, framework.kept]) list.length = 0;
          if (i % 1000 === 0) slack.messages.clear();
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    };
    const memory = async () => {
      await sleep(3000); // what was asked is answered
      const [rss, heap] = [bot.rss(), await bot.heapAfterGc()];
      return { rss, heap, kept: bot.rss() };
    };
    await burst(0, warmUp); // all code is loaded, all caches have their size
    const before = await memory();
    const began = performance.now();
    await burst(warmUp, count);
    const seconds = (performance.now() - began) / 1000;
    const after = await memory();
    const mb = (one: number) => `${one.toFixed(0)} MB`;
    for (const [key, times] of [...statuses].sort()) console.log(`${key.padEnd(28)} ${times}`);
    console.log(`validly signed               ${signed} of ${count}`);
    console.log(`requests a second            ${((count - warmUp) / seconds).toFixed(0)}`);
    console.log(`resident memory              ${mb(before.rss)} after ${warmUp}, ${mb(after.rss)} after ${count}`);
    console.log(`the same after a collection  ${mb(before.kept)}, ${mb(after.kept)}`);
    console.log(`heap after a collection      ${mb(before.heap)}, ${mb(after.heap)}`);
    console.log(`the process                  ${bot.exitCode() === null ? "lives" : `ended with ${bot.exitCode()}`}`);
    const mistakes = bot.log.filter((line) => /a request failed|a mistake of the bot/.test(line));
    console.log(`failures in its log          ${mistakes.length}`);
    for (const line of mistakes.slice(0, 3)) console.log(line.slice(0, 500));
  } finally {
    agent.destroy();
    await bot.stop();
    await slack.stop();
    await framework.close();
  }
}

await run();
