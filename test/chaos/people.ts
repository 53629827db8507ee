import { Agent } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { answerTo } from "./request.ts";

/** What people's requests came to: how long each took until it was taken (ms), and the answers other than 200. */
export type Asked = { readonly ms: readonly number[]; readonly others: readonly (number | string)[] };

type Settings = { readonly port: number; readonly everyMs: number };

/**
 * People who ask something every so often, in a thread of their own, with connections of their own: what they wait for is the bot, and not
 * whoever sends it the rest. The returned function ends it.
 */
export function startPeople(settings: Settings): () => Promise<Asked> {
  const worker = new Worker(new URL(import.meta.url), { workerData: settings });
  const asked = new Promise<Asked>((resolve, reject) => worker.once("message", resolve).once("error", reject));
  asked.catch(() => undefined); // it is told when it is asked for
  return async () => {
    worker.postMessage("end");
    const all = await asked;
    await worker.terminate();
    return all;
  };
}

function ask({ port, everyMs }: Settings): void {
  const agent = new Agent({ keepAlive: true });
  const slack = new FakeSlack(); // signs, and is not listened to
  const ms: number[] = [];
  const others: (number | string)[] = [];
  const flying = new Set<Promise<void>>();
  const one = async () => {
    const { headers, body } = slack.signed(eventBody(mentionEvent("help")), Math.floor(Date.now() / 1000));
    const began = performance.now();
    const status = await answerTo(agent, port, { method: "POST", path: "/slack/events", headers, body });
    ms.push(performance.now() - began);
    if (status !== 200) others.push(status);
  };
  const timer = setInterval(() => {
    const asking: Promise<void> = one().finally(() => flying.delete(asking));
    flying.add(asking);
  }, everyMs);
  parentPort?.once("message", async () => {
    clearInterval(timer);
    await Promise.all(flying);
    agent.destroy();
    parentPort?.postMessage({ ms, others } satisfies Asked);
  });
}

if (!isMainThread) ask(workerData as Settings);
