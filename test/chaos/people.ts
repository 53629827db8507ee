import { once } from "node:events";
import { Agent } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { answerTo } from "./request.ts";

/** What people's requests came to: how long each took until it was taken (ms), and the answers other than 200. */
export type Asked = { readonly ms: readonly number[]; readonly others: readonly (number | string)[] };

type Settings = { readonly port: number; readonly everyMs: number };

export type People = {
  /** They ask from now on, or no more; resolves once what they asked is answered. */
  readonly ask: (isOn: boolean) => Promise<void>;
  /** Ends it. */
  readonly end: () => Promise<Asked>;
};

/**
 * People who ask something every so often, in a thread of their own, with connections of their own: what they wait for is the bot, and not
 * whoever sends it the rest. The first that they ask is not counted: it loads code and opens a connection on this side.
 */
export async function startPeople(settings: Settings): Promise<People> {
  const worker = new Worker(new URL(import.meta.url), { workerData: settings });
  const say = async (order: Order) => {
    worker.postMessage(order);
    const [said] = (await once(worker, "message")) as [Asked];
    return said;
  };
  await say("pause");
  return {
    ask: async (isOn) => void (await say(isOn ? "ask" : "pause")),
    async end() {
      const all = await say("pause");
      await worker.terminate();
      return all;
    },
  };
}

type Order = "ask" | "pause";

async function work({ port, everyMs }: Settings): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const slack = new FakeSlack(); // signs, and is not listened to
  const ms: number[] = [];
  const others: (number | string)[] = [];
  const flying = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  const one = async () => {
    const { headers, body } = slack.signed(eventBody(mentionEvent("help")), Math.floor(Date.now() / 1000));
    const began = performance.now();
    const status = await answerTo(agent, port, { method: "POST", path: "/slack/events", headers, body });
    ms.push(performance.now() - began);
    if (status !== 200) others.push(status);
  };
  await one();
  ms.length = 0;
  parentPort?.on("message", async (order: Order) => {
    clearInterval(timer);
    if (order === "ask")
      timer = setInterval(() => {
        const asking: Promise<void> = one().finally(() => flying.delete(asking));
        flying.add(asking);
      }, everyMs);
    else await Promise.all(flying);
    parentPort?.postMessage({ ms, others } satisfies Asked);
  });
}

if (!isMainThread) await work(workerData as Settings);
