import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Replica } from "../e2e/cluster.ts";
import { eventBody, mentionEvent } from "../fakes/slack/index.ts";
import { createChanges, judge } from "./changes.ts";
import { exactly, type Outcome, type Run, told } from "./figures.ts";
import { CHANNELS, startWorld, until, WEBHOOK_TOKEN, type World } from "./world.ts";

const REPLICAS = 3;
/** Between two of the same kind. */
const QUESTION_MS = 400;
const ALERT_MS = 150;
const SETTLE_MS = 240_000;
/** In which what was said twice would have been said twice. */
const QUIET_MS = 3000;

type Asked = { readonly channel: string; readonly ts: string };

/** Replicas are ended by SIGTERM and started anew, one after the other, while people ask, alerts come and changes are approved: nothing of that is lost. */
export async function rolling({ size, show }: Run): Promise<Outcome> {
  const world = await startWorld(REPLICAS);
  const odd: string[] = [];
  try {
    const changes = createChanges(world);
    const questions: Asked[] = [];
    const alerts: string[] = [];
    let isOver = false;
    const load = [
      again(QUESTION_MS, async () => void questions.push(await ask(world))),
      again(ALERT_MS, async () => void alerts.push(await alert(world, alerts.length))),
      again(0, async () => changes.approve(await changes.propose())),
    ];
    async function again(ms: number, work: () => Promise<void>): Promise<void> {
      while (!isOver) {
        await work();
        await sleep(ms);
      }
    }
    for (const one of load) one.catch((problem: unknown) => odd.push(`the load could not go on: ${String(problem)}`));
    for (let done = 0; done < size && odd.length === 0; done++) {
      show((0.95 * done) / size, `${done} of ${size} restarts`);
      const place = done % REPLICAS;
      const replica = world.replicas[place]!;
      // A load balancer sends nothing more to one that is about to end; what it has taken is its own.
      world.replicas[place] = undefined;
      replica.child.kill("SIGTERM");
      const how = await replica.ended;
      if (how !== 0) odd.push(`${replica.name} ended with ${how}: ${replica.log.slice(-3).join(" ")}`);
      await world.revive(place);
    }
    isOver = true;
    await Promise.allSettled(load);
    show(0.95, "what is left is looked after");
    const proposals = await changes.settle(SETTLE_MS);
    const unanswered = await answers(world, questions, 0);
    await sleep(QUIET_MS);
    const lostAlerts = await missing(world, alerts);
    const { count: unsent } = await world.store.outbox.waiting("slack");
    const found = await judge(world, changes, proposals);
    const twice = questions.filter((one) => countOf(world, one) > 1).length;
    return {
      broken: [...odd, ...found.double, ...found.lost, ...found.stuck, ...found.untrue],
      figures: [
        told(
          "questions, alerts, proposals, executions",
          `${questions.length}, ${alerts.length}, ${found.proposals}, ${found.executions}`,
        ),
        exactly("proposals lost", found.lost.length, 0),
        exactly("changes executed twice", found.double.length, 0),
        exactly("changes stuck", found.stuck.length, 0),
        exactly("questions without an answer", unanswered, 0),
        exactly("questions answered twice", twice, 0),
        exactly("alerts without an incident", lostAlerts, 0),
        exactly("messages not sent", unsent, 0),
      ],
    };
  } finally {
    await world.stop();
  }
}

let asked = 0;
async function ask(world: World): Promise<Asked> {
  asked += 1;
  const channel = CHANNELS[asked % CHANNELS.length]!;
  const body = eventBody(mentionEvent(`\`up > ${asked}\``, { channel }));
  await world.tell(world.any, body, "event", 60_000);
  return { channel, ts: (body["event"] as { ts: string }).ts };
}

function countOf(world: World, { channel, ts }: Asked): number {
  return world.slack.sent(channel).filter((message) => message.thread_ts === ts).length;
}

/** How many stay without one. */
async function answers(world: World, questions: readonly Asked[], most: number): Promise<number> {
  const without = () => questions.filter((one) => countOf(world, one) === 0).length;
  await until(() => (without() <= most ? true : undefined), "all answers").catch(() => undefined);
  return without();
}

/** As Alertmanager does: again until it is taken. Resolves with the fingerprint. */
async function alert(world: World, number: number): Promise<string> {
  const fingerprint = `f${number}`;
  const labels = { alertname: `Alert${number % 7}`, service: `service-${number}`, severity: "warning" };
  const body = JSON.stringify({
    version: "4",
    alerts: [{ status: "firing", labels, startsAt: new Date().toISOString(), fingerprint }],
  });
  for (;;) {
    const replica = world.any();
    if (replica !== undefined && (await post(replica, body)) === 200) return fingerprint;
    await sleep(100);
  }
}

function post({ port }: Replica, body: string): Promise<number> {
  const headers = { authorization: `Bearer ${WEBHOOK_TOKEN}`, "content-type": "application/json" };
  return new Promise((resolve) => {
    const sent = request(
      { port, host: "127.0.0.1", method: "POST", path: "/webhooks/alertmanager", headers },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

/** How many of these alerts are in no incident. */
async function missing(world: World, fingerprints: readonly string[]): Promise<number> {
  const without = async () => {
    const known = await world.store.incidents.alerts(fingerprints);
    return fingerprints.length - known.filter(({ incident }) => incident !== undefined).length;
  };
  await until(async () => ((await without()) === 0 ? true : undefined), "all alerts in incidents").catch(
    () => undefined,
  );
  return without();
}
