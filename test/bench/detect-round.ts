/**
 * `npm run bench -- detect-round [--series N] [--rounds N]`: the scheduled detector on a real Prometheus with a thousand series in ten
 * watches, a store on disk, and a stand-in for Slack over HTTP. Each round one series becomes five times as large: how long it takes from the
 * start of the round that first sees it until its card is in the channel (limit: p95 5 s), and how much of a round is the bot's own,
 * beyond the time that it waits for Prometheus (limit: 1 s). The bot's clock goes through history that was written before, a minute a
 * round, so that nobody waits. Ends with 1 when a change was not posted.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "../../src/cli/serve.ts";
import { loadConfig } from "../../src/config.ts";
import { findBinaries } from "../../src/demo/binaries.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { createProcesses } from "../../src/demo/processes.ts";
import { createLog } from "../../src/util/log.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { noise } from "../fakes/watched.ts";
import { arrival } from "../stories/stage.ts";
import { quantile } from "./timed.ts";

const { values: options } = parseArgs({
  options: { series: { type: "string", default: "1000" }, rounds: { type: "string", default: "20" } },
});
const SERIES = Number(options.series);
const ROUNDS = Number(options.rounds);
const WATCHES = 10;
const STEP = 60;
const PAST_HOURS = 20;
const CHANNEL = "C0GENERAL1";

const end = Math.floor(Date.now() / 1000 / STEP) * STEP;
/** The bot's now in that round, and the moment from which a series of its own is five times as large. */
const momentOf = (round: number) => end - (ROUNDS - round) * STEP;
const changed = (round: number) => (round * 37) % SERIES;

const folder = mkdtempSync(join(tmpdir(), "detect-round-"));
const processes = createProcesses();
const slack = await new FakeSlack().start();
try {
  const found = await findBinaries(resolve(".demo"), () => {});
  if ("missing" in found) throw new Error(found.missing);
  writeHistory(join(folder, "history.om"));
  console.error(`importing ${PAST_HOURS} hours of ${SERIES} series`);
  mkdirSync(join(folder, "data"));
  await processes.run(found.promtool, [
    "tsdb",
    "create-blocks-from",
    "openmetrics",
    "--max-block-duration=48h",
    join(folder, "history.om"),
    join(folder, "data"),
  ]);
  const [port = 0] = await freePorts(1);
  writeFileSync(join(folder, "prometheus.yml"), "global: {scrape_interval: 1h}\n");
  const flags = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--storage.tsdb.retention.time=5y",
  ];
  await processes.start(found.prometheus, flags, join(folder, "prometheus.log"), () => {});
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/-/ready`)).ok);
  await bench(url);
} finally {
  await processes.stopAll();
  await slack.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function bench(url: string): Promise<void> {
  const watches = Array.from({ length: WATCHES }, (_, i) => ({
    name: `watch-${i}`,
    about: `load ${i}`,
    promql: `bench_load{watch="${i}"}`,
    by: ["service"],
    direction: "up",
  }));
  writeFileSync(
    join(folder, "smartcloudops.yaml"),
    JSON.stringify({
      watches,
      // Rounds begin when the bench asks for one.
      schedules: {
        detect: { automatic: false, cron: "0 0 1 1 *", post: [{ slack: CHANNEL, severity: "info" }] },
      },
    }),
  );
  const env = {
    PROMETHEUS_URL: url,
    SMARTCLOUDOPS_DATA: join(folder, "bot"),
    PORT: "0",
    SLACK_MODE: "socket",
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  };
  const loaded = loadConfig({ env, cwd: folder });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("; "));
  let now = momentOf(0);
  const reports: { seconds: number; asking: number; series: number; points: number }[] = [];
  const serving = await serve(loaded.config, {
    log: createLog({ level: "error" }),
    overrides: { clock: () => now, limitPerPerson: false },
    onBrokenStore: (problem) => console.error(problem),
    watched: (report) => void reports.push(report),
  });
  const scan = () => {
    const user = { platform: "terminal", id: "bench", name: "bench" };
    const place = { platform: "terminal", channel: "bench", thread: "bench" };
    return serving.app.ask({ id: crypto.randomUUID(), place, user, text: "scan", at: now });
  };
  try {
    await scan();
    const [first] = reports;
    console.log(
      `first round, ${first?.series} series read back: ${first?.points} points in ${first?.seconds.toFixed(1)} s, of them ${first?.asking.toFixed(1)} s for Prometheus`,
    );
    const posted: number[] = [];
    let missed = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      now = momentOf(round);
      const began = performance.now();
      const said = arrival(
        () =>
          slack
            .sent(CHANNEL)
            .find(
              ({ blocks }) =>
                JSON.stringify(blocks).includes(`service-${changed(round)} `) ||
                JSON.stringify(blocks).includes(`service-${changed(round)}:`),
            ),
        `the card of service-${changed(round)}`,
      )
        .then(() => void posted.push(performance.now() - began))
        .catch(() => void missed++);
      await scan();
      await said;
    }
    const rounds = reports.slice(1);
    const own = rounds.map(({ seconds, asking }) => (seconds - asking) * 1000);
    const all = rounds.map(({ seconds }) => seconds * 1000);
    const asking = rounds.map((one) => one.asking * 1000);
    const ms = (values: readonly number[], q: number) => quantile(values, q).toFixed(0);
    console.log(
      `${posted.length} of ${ROUNDS} changes posted; from the start of the round to the card in the channel: p50 ${ms(posted, 0.5)} ms, p95 ${ms(posted, 0.95)} ms (limit 5000 ms)`,
    );
    console.log(
      `a round: p50 ${ms(all, 0.5)} ms, p95 ${ms(all, 0.95)} ms; waiting for Prometheus p50 ${ms(asking, 0.5)} ms; the bot's own p50 ${ms(own, 0.5)} ms, p95 ${ms(own, 0.95)} ms (limit 1000 ms)`,
    );
    console.log(
      `a round takes ${(quantile(all, 0.5) / quantile(asking, 0.5)).toFixed(1)} times what Prometheus takes for its queries`,
    );
    if (missed > 0) process.exitCode = 1;
  } finally {
    await serving.stop(2000);
  }
}

/** OpenMetrics text: each series in order of time. */
function writeHistory(file: string): void {
  writeFileSync(file, "# TYPE bench_load gauge\n");
  const from = end - PAST_HOURS * 3600;
  for (let i = 0; i < SERIES; i++) {
    const round = Array.from({ length: ROUNDS }, (_, r) => r + 1).find((r) => changed(r) === i);
    const since = round === undefined ? Number.POSITIVE_INFINITY : momentOf(round);
    const lines: string[] = [];
    for (let at = from; at <= end; at += STEP) {
      const usual = 100 * (1 + 0.2 * Math.sin((at / 86_400) * 2 * Math.PI) + 0.05 * noise(at, i));
      lines.push(
        `bench_load{watch="${i % WATCHES}",service="service-${i}"} ${(at >= since ? 5 * usual : usual).toFixed(3)} ${at}`,
      );
    }
    appendFileSync(file, `${lines.join("\n")}\n`);
  }
  appendFileSync(file, "# EOF\n");
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + 60_000; ; ) {
    if (await holds().catch(() => false)) return;
    if (Date.now() > late) throw new Error("Prometheus did not come up");
    await new Promise((done) => setTimeout(done, 100));
  }
}
