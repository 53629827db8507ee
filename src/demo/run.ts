import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Admin, startAdmin } from "./admin.ts";
import { findBinaries } from "./binaries.ts";
import { startExporter } from "./exporter.ts";
import { importHistory } from "./history.ts";
import { freePorts } from "./ports.ts";
import { createProcesses } from "./processes.ts";
import { untilReady } from "./ready.ts";
import { alertmanagerYaml, prometheusYaml, rulesYaml } from "./settings.ts";
import { createWorld, type Story, type World } from "./world.ts";

/** `fraction` goes from 0 to 1 over the whole start. `problem` is a sentence about something that broke afterwards. */
export type Progress = { readonly step: string; readonly fraction: number; readonly problem?: string };

export type Demo = {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  /** Where the shop can be repaired. */
  readonly admin: Pick<Admin, "url" | "token" | "done">;
  /** What a newcomer could ask first. */
  readonly questions: readonly [string, string, string, string, string];
  readonly story: Story;
  /** What the tour is judged by. */
  readonly world: TouredWorld;
  /** Ends everything that was started and deletes its data. May be called twice. */
  stop(): Promise<void>;
};

/** A world, and where a Prometheus shows it. */
export type TouredWorld = World & { readonly prometheusUrl: string };

export type DemoOptions = {
  /** Where the programs are kept and the data lives while it runs. Default `.demo` in the working folder. */
  readonly folder?: string;
  readonly report: (progress: Progress) => void;
  /** Unix seconds. */
  readonly now: () => number;
  /** Whoever gives one handles Ctrl-C too; without one, the demo ends on SIGINT, SIGTERM and SIGHUP by itself. */
  readonly signal?: AbortSignal;
  readonly seed?: number;
};

/**
 * Builds the demo's world and starts a real Prometheus and Alertmanager on it, on free loopback ports. Resolves when
 * history is there, every target has been scraped and the story's alerts fire. Throws a sentence when a program is
 * missing or does not start; whatever was started is ended first. An abort of `signal`, at any time, ends everything.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const folder = resolve(options.folder ?? ".demo");
  const { report, now } = options;
  const ours = new AbortController();
  const signal = options.signal === undefined ? ours.signal : AbortSignal.any([options.signal, ours.signal]);
  signal.throwIfAborted();
  const processes = createProcesses();
  const run = join(folder, `run-${process.pid}-${Date.now().toString(36)}`);
  const closers: (() => Promise<void>)[] = [
    () => rm(run, { recursive: true, force: true, maxRetries: 3 }),
    () => processes.stopAll(),
  ];
  const ended = Promise.withResolvers<void>();
  const interrupt = () => {
    ours.abort(new Error("The demo was interrupted."));
    return ended.promise;
  };
  const dropHandlers = options.signal === undefined ? onTermination(interrupt) : () => undefined;

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      dropHandlers();
      signal.removeEventListener("abort", stopOnAbort);
      ours.abort(new Error("The demo was stopped."));
      try {
        for (const close of closers.toReversed()) await close();
      } finally {
        ended.resolve();
      }
    })();
    return stopped;
  };
  const stopOnAbort = () => void stop().catch(() => undefined);

  try {
    report({ step: "looking for Prometheus", fraction: 0 });
    await mkdir(folder, { recursive: true });
    await removeOldRuns(folder);
    const found = await findBinaries(folder, (step) => report({ step, fraction: 0.01 }), { signal });
    if ("missing" in found) throw new Error(found.missing);

    await mkdir(join(run, "data"), { recursive: true });
    report({ step: "writing two weeks of history", fraction: 0.05 });
    const world = createWorld({ now: now(), ...(options.seed === undefined ? {} : { seed: options.seed }) });
    await importHistory({
      world,
      promtool: found.promtool,
      processes,
      data: join(run, "data"),
      work: run,
      signal,
      done: (share) => report({ step: "writing two weeks of history", fraction: 0.05 + 0.6 * share }),
    });

    report({ step: "starting Prometheus and Alertmanager", fraction: 0.66 });
    const exporter = await startExporter(world, now);
    closers.push(() => exporter.stop());
    const admin = await startAdmin(world, now);
    closers.push(() => admin.stop());
    signal.throwIfAborted();
    const [prometheusPort = 0, alertmanagerPort = 0] = await freePorts(2);
    await writeFile(join(run, "rules.yml"), rulesYaml());
    await writeFile(
      join(run, "prometheus.yml"),
      prometheusYaml(world, { exporter: exporter.port, alertmanager: alertmanagerPort }, join(run, "rules.yml")),
    );
    await writeFile(join(run, "alertmanager.yml"), alertmanagerYaml());
    const died = Promise.withResolvers<never>();
    died.promise.catch(() => undefined);
    const onExit = (name: string, log: string) => (code: number | null) => {
      void readFile(log, "utf8")
        .catch(() => "")
        .then((text) => {
          const problem = `${name} ended by itself with ${code}. Its last words: ${text.trim().slice(-600) || "none"}`;
          died.reject(new Error(problem));
          report({ step: "running", fraction: 1, problem });
        });
    };
    const logs = { prometheus: join(run, "prometheus.log"), alertmanager: join(run, "alertmanager.log") };
    await processes.start(
      found.prometheus,
      [
        `--config.file=${join(run, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(run, "data")}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
        // The blocks are two weeks old and as large as blocks should get: nothing to delete, nothing to merge.
        "--storage.tsdb.retention.time=5y",
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.max-block-duration=54h",
        // Alerts that have held long enough in the history we wrote fire again at once.
        "--rules.alert.for-grace-period=0s",
        "--log.level=warn",
      ],
      logs.prometheus,
      onExit("Prometheus", logs.prometheus),
    );
    await processes.start(
      found.alertmanager,
      [
        `--config.file=${join(run, "alertmanager.yml")}`,
        `--storage.path=${join(run, "alertmanager")}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        "--cluster.listen-address=",
        "--log.level=warn",
      ],
      logs.alertmanager,
      onExit("Alertmanager", logs.alertmanager),
    );
    const prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
    const alertmanagerUrl = `http://127.0.0.1:${alertmanagerPort}`;
    const where = { prometheusUrl, alertmanagerUrl, targets: world.targets.length, alerts: world.story.alerts };
    const ready = untilReady(where, signal, (step, share) => report({ step, fraction: 0.7 + 0.29 * share }));
    await Promise.race([ready, died.promise]);
    await silence(alertmanagerUrl, world, now(), signal);

    signal.addEventListener("abort", stopOnAbort, { once: true });
    signal.throwIfAborted();
    report({ step: "ready", fraction: 1 });
    return {
      prometheusUrl,
      alertmanagerUrl,
      admin,
      questions: questionsOf(world.story),
      story: world.story,
      world: { ...world, prometheusUrl },
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

function questionsOf(story: Story): Demo["questions"] {
  return [
    "what is wrong?",
    `why is ${story.service} slow?`,
    `when will the disk of ${story.disk.host} be full?`,
    "which certificates expire soon?",
    "which hosts use the most cpu?",
  ];
}

/** Somebody knows already that the story's host is away. */
async function silence(alertmanagerUrl: string, { story }: World, now: number, signal: AbortSignal): Promise<void> {
  const time = (at: number) => new Date(at * 1000).toISOString();
  const response = await fetch(`${alertmanagerUrl}/api/v2/silences`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      matchers: [{ name: "instance", value: story.down.instance, isRegex: false, isEqual: true }],
      startsAt: time(now),
      endsAt: time(now + 3 * 3600),
      createdBy: "linnea",
      comment: `${story.down.host} gets a new disk`,
    }),
    signal,
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Alertmanager refused the demo's silence with status ${response.status}`);
}

/** Data of runs whose process is gone: a power cut, a kill -9. */
async function removeOldRuns(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1] ?? "0");
    if (pid === 0 || isAlive(pid)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Calls `end` on Ctrl-C and its kin, and waits for it. When nobody else listened for that signal, it is then sent once
 * more, without our handlers, so that the process ends as it would have.
 */
function onTermination(end: () => Promise<void>): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const handlers = signals.map((name) => {
    const handle = () => {
      const isAlone = process.listenerCount(name) === 1;
      void end().finally(() => {
        if (isAlone) process.kill(process.pid, name);
      });
    };
    process.on(name, handle);
    return () => process.removeListener(name, handle);
  });
  return () => {
    for (const drop of handlers) drop();
  };
}
