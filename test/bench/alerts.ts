/**
 * `npm run bench -- alerts [--seconds N]`: how many alerts a second the whole program takes in over /webhooks/alertmanager, beside a bare
 * server that parses and stores in SQLite (wanted: half of it, 2,000/s); how long it takes from a delivery to its message in a stand-in for Slack (wanted: p95
 * below 1 s); and a storm of 10,000 alerts with a kill -9 in the middle (wanted: at most 20 messages, the first within 10 s, no alert lost). Ends
 * with 1 when an alert was lost or messages were too many.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePorts } from "../../src/demo/ports.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { cpuOf } from "./processes.ts";
import { quantile } from "./timed.ts";

const { values: options } = parseArgs({ options: { seconds: { type: "string", default: "8" } } });
const CHANNEL = "C0GENERAL1";
const TOKEN = "invented-webhook-token";
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const BARE = fileURLToPath(new URL("alerts-bare.ts", import.meta.url));
/** Alerts in a delivery, and deliveries on their way at once: a busy Alertmanager and its twin. */
const IN_ONE = 10;
const AT_ONCE = 16;
const STORM = 10_000;

const homes: string[] = [];
const children = new Set<ChildProcess>();
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

type Server = { readonly child: ChildProcess; readonly port: number };

async function started(
  args: readonly string[],
  home: string,
  env: Record<string, string>,
  says: RegExp,
): Promise<string> {
  const child = spawn(process.execPath, args, {
    cwd: home,
    env: { PATH: process.env.PATH ?? "", HOME: home, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.add(child);
  return await new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < 100_000) said += String(chunk);
      const found = says.exec(said);
      if (found !== null) resolve(found[1] ?? "");
    });
    child.on("exit", () => reject(new Error(`it ended: ${said.slice(-2000)}`)));
  });
}

async function bot(home: string, slack: FakeSlack): Promise<Server> {
  const [port = 0] = await freePorts(1);
  writeFileSync(join(home, "smartcloudops.yaml"), `routes:\n  - {slack: [${CHANNEL}]}\n`);
  const env = {
    SMARTCLOUDOPS_DATA: join(home, "data"),
    ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
    PORT: `${port}`,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  };
  await started([MAIN, "start"], home, env, /("ready")/);
  return { child: [...children].at(-1)!, port };
}

async function end({ child }: Pick<Server, "child">): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "bench-alerts-"));
  homes.push(home);
  return home;
}

let made = 0;
/** Alerts of which every one is another, about as long as those of Kubernetes' rules. */
function delivery(count: number): string {
  const alerts = Array.from({ length: count }, () => {
    const n = made++;
    return {
      status: "firing",
      labels: {
        alertname: `Alert${n % 40}`,
        service: `service-${n % 500}`,
        instance: `10.0.${n >> 8}.${n & 255}:9100`,
        severity: n % 10 === 0 ? "critical" : "warning",
        n: `${n}`,
      },
      annotations: {
        summary: `Something is wrong with service-${n % 500}`,
        description: "It has been so for a while. ".repeat(4),
      },
      startsAt: new Date().toISOString(),
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: `http://prometheus.example/graph?g0.expr=up&n=${n}`,
      fingerprint: `f${n}`,
    };
  });
  return JSON.stringify({ version: "4", status: "firing", alerts });
}

/** The status of the answer; 0 when nobody answered. */
function post(port: number, body: string): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const sent = request(
      { port, host: "127.0.0.1", method: "POST", path: "/webhooks/alertmanager", headers, agent },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
        answer.on("error", () => resolve(0));
      },
    );
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

type Throughput = { readonly rate: number; readonly refused: number; readonly taken: number; readonly cpuMs: number };

/** Alerts a second that were answered with 200, and the server's processor time for them; others are counted apart. */
async function throughput({ port, child }: Server, seconds: number): Promise<Throughput> {
  let [taken, refused] = [0, 0];
  const cpu = () => cpuOf(child.pid ?? 0) ?? Number.NaN;
  const before = cpu();
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < until) {
        if ((await post(port, delivery(IN_ONE))) === 200) taken += IN_ONE;
        else {
          refused += IN_ONE;
          await sleep(20);
        }
      }
    }),
  );
  const rate = taken / ((performance.now() - began) / 1000);
  return { rate, refused, taken, cpuMs: cpu() - before };
}

async function latencies(rounds: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const slack = await new FakeSlack().start();
    const server = await bot(newHome(), slack);
    // Ten new incidents in a minute are told apart; what comes then is a storm.
    for (let n = 0; n < 10; n++) {
      const service = `lone-${round}-${n}`;
      const alert = { status: "firing", labels: { alertname: "Lone", service }, startsAt: new Date().toISOString() };
      const sent = performance.now();
      await post(server.port, JSON.stringify({ version: "4", alerts: [alert] }));
      while (!slack.sent(CHANNEL).some(({ text }) => text.includes(service))) await sleep(2);
      times.push(performance.now() - sent);
    }
    await end(server);
    await slack.stop();
  }
  return times;
}

async function storm() {
  const slack = await new FakeSlack().start();
  const home = newHome();
  let server = await bot(home, slack);
  const bodies = Array.from({ length: STORM / IN_ONE }, () => delivery(IN_ONE));
  const began = performance.now();
  let first: number | undefined;
  const looking = setInterval(() => {
    if (slack.sent(CHANNEL).length > 0) first ??= (performance.now() - began) / 1000;
  }, 20);
  const send = async (all: readonly string[]) => {
    const left = [...all];
    const work = async () => {
      for (let body = left.pop(); body !== undefined; body = left.pop())
        // As Alertmanager does: what was not answered with 200 is sent again.
        while ((await post(server.port, body)) !== 200) await sleep(100);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  };
  const sending = send(bodies);
  await sleep(400);
  await end(server);
  server = await bot(home, slack);
  await sending;
  const accepted = (performance.now() - began) / 1000;
  const db = new DatabaseSync(join(home, "data", "smartcloudops.db"), { readOnly: true });
  const count = () => Number(db.prepare("SELECT count(*) AS n FROM alerts WHERE incident IS NOT NULL").get()?.["n"]);
  for (const deadline = Date.now() + 60_000; count() < STORM && Date.now() < deadline; ) await sleep(100);
  const stored = (performance.now() - began) / 1000;
  await sleep(5000);
  clearInterval(looking);
  const [kept, messages] = [count(), slack.sent(CHANNEL).length];
  db.close();
  await end(server);
  await slack.stop();
  return { accepted, stored, kept, messages, first };
}

try {
  const seconds = Number(options.seconds);
  const bareHome = newHome();
  const barePort = Number(await started([BARE, bareHome], bareHome, {}, /listening on (\d+)/));
  const bare = { child: [...children].at(-1)!, port: barePort };
  const slack = await new FakeSlack().start();
  const server = await bot(newHome(), slack);
  await throughput(bare, 1);
  await throughput(server, 1);
  // In turns, so that both meet the same neighbours.
  const [a, b, c, d] = [
    await throughput(bare, seconds / 2),
    await throughput(server, seconds / 2),
    await throughput(bare, seconds / 2),
    await throughput(server, seconds / 2),
  ];
  await end(server);
  await end(bare);
  await slack.stop();
  const [yardstick, ours] = [(a.rate + c.rate) / 2, (b.rate + d.rate) / 2];
  console.log(
    `accepted: ${ours.toFixed(0)} alerts/s, ${(ours / yardstick).toFixed(2)} of the ${yardstick.toFixed(0)}/s of a bare server (wanted: 0.5 and 2000/s); ${b.refused + d.refused} were told to come again`,
  );
  const perCpu = (x: Throughput, y: Throughput) => ((x.taken + y.taken) * 1000) / (x.cpuMs + y.cpuMs);
  console.log(
    `for a second of the processor: ${perCpu(b, d).toFixed(0)} alerts, dealt with as well, against ${perCpu(a, c).toFixed(0)} that are stored: ${(perCpu(b, d) / perCpu(a, c)).toFixed(2)}`,
  );
  const times = await latencies(3);
  console.log(
    `from a delivery to its message: p50 ${quantile(times, 0.5).toFixed(0)} ms, p95 ${quantile(times, 0.95).toFixed(0)} ms of ${times.length} (wanted: p95 below 1000 ms)`,
  );
  const { accepted, stored, kept, messages, first } = await storm();
  console.log(
    `storm of ${STORM} with a kill -9: ${kept} kept, ${messages} messages (wanted: at most 20), the first after ${first?.toFixed(1) ?? "never"} s (wanted: 10), all accepted after ${accepted.toFixed(1)} s and in incidents after ${stored.toFixed(1)} s`,
  );
  if (kept !== STORM || messages > 20 || first === undefined) process.exitCode = 1;
} finally {
  for (const child of children) child.kill("SIGKILL");
  agent.destroy();
  for (const home of homes) rmSync(home, { recursive: true, force: true, maxRetries: 3 });
}
