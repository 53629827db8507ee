import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createActions } from "../../src/actions/index.ts";
import { createCalendar } from "../../src/calendars/index.ts";
import { createSlack } from "../../src/chat/slack/index.ts";
import { createTeams } from "../../src/chat/teams/index.ts";
import { createAlertmanager } from "../../src/metrics/alertmanager.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import { createModel } from "../../src/model/index.ts";
import { createNotifier } from "../../src/notifiers/index.ts";
import { notifierSender } from "../../src/notifiers/sender.ts";
import type { Arguments } from "../../src/ports/changes.ts";
import type { Sender, SurfaceDeps } from "../../src/ports/chat.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import type { Dependencies } from "../../src/util/dependencies.ts";
import { NotNowError, RefusedError, reasonOf, UnreachableError } from "../../src/util/errors.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { contextOf } from "../actions/steps.ts";
import { memoryPlaces } from "../chat/teams/world.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { FAULTS, type Fault, type Says } from "../fakes/fault-server.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { aNotice } from "../notifiers/worlds.ts";

/** Each dependency with its real client, as the matrix of faults asks it. */

/** Where the client goes: to the fault server, or to a name that does not resolve. */
export type Address = { readonly host: string; readonly port: number };

/** What became of a call: for people, and for the thing that was wanted. */
export type Became = { readonly fate: string; readonly told: string };

export type Client = {
  readonly ask: () => Promise<Became>;
  readonly close: () => Promise<void> | void;
};

export type World = {
  /** Name among the dependencies; undefined where there is no breaker. */
  readonly dependency: string | undefined;
  readonly tls: boolean;
  /** A stand-in behind the fault server, for clients that need a good answer first. */
  readonly upstream?: () => Promise<{ readonly port: number; readonly close: () => Promise<void> }>;
  readonly says?: Says;
  readonly speaksFirst?: boolean;
  /** Faults, besides those without an end, in which the client waits for as long as it may. */
  readonly waitsIn?: readonly Fault[];
  /** `patienceMs`: for one call. */
  readonly open: (at: Address, dependencies: Dependencies, patienceMs: number) => Promise<Client>;
};

const clock = () => Date.now() / 1000;
const log = createLog({ level: "error", stream: { write: () => {} } });
const nothing = () => {};

/** A question: what comes of it is told. */
async function asked(call: () => Promise<unknown>): Promise<Became> {
  try {
    await call();
    return { fate: "answered", told: "" };
  } catch (problem) {
    const fate =
      problem instanceof RefusedError ? "refused" : problem instanceof UnreachableError ? "not reached" : "odd";
    return { fate, told: reasonOf(problem) };
  }
}

/** A message: it waits, or is given up. */
async function sent(sender: Sender, message: Queued): Promise<Became> {
  try {
    await sender.send(message, undefined, AbortSignal.timeout(20_000));
    return { fate: "sent", told: "" };
  } catch (problem) {
    return { fate: problem instanceof NotNowError ? "waits" : "given up", told: reasonOf(problem) };
  }
}

const message = (platform: string, channel: string, more: Partial<Queued> = {}): Queued => ({
  id: "m1",
  place: { platform, channel, thread: "" },
  card: { title: "checkout is slow", tone: "warning", blocks: [] },
  at: clock(),
  attempts: 1,
  ...more,
});

function surfaceDeps(places: SurfaceDeps["store"]["places"]): SurfaceDeps {
  const store = createMemoryStore({
    retention: { conversations: 1, evidence: 1, seenEvents: 1, proposals: 1, anomalies: 1 },
  });
  const nobody = { card: { title: "", tone: "info", blocks: [] } } as const;
  return {
    ask: async () => nobody,
    enough: async () => "over",
    live: () => ({ onlooker: { show: nothing }, end: async () => undefined }),
    decide: async () => nobody.card,
    proposal: async () => undefined,
    proposalsFor: async () => ({ waiting: [], own: [], decided: [] }),
    mayRead: () => ({ allowed: true }),
    store: { places, outbox: store.outbox, feedback: store.feedback },
    receive: () => ({ offer: async () => "taken", start: async () => {}, stop: async () => {} }),
    wake: nothing,
    drawChart: async () => new Uint8Array(),
    clock,
  };
}

/** An action of one target that is only looked at, or is run. */
function action(
  kind: string,
  entry: (at: Address) => object,
  name: string,
  args: Arguments,
  how: "look" | "run" = "look",
): World["open"] {
  return async (at, dependencies, patienceMs) => {
    const patience = () => AbortSignal.timeout(patienceMs);
    const actions = await createActions(
      { [kind]: [entry(at)] },
      { clock, secrets: [], dataDir: "/nowhere", dependencies },
    );
    const one = actions.get(name)!;
    const close = () => actions.stop();
    if (how === "look") return { ask: () => asked(() => one.look(args, patience())), close };
    return {
      close,
      async ask() {
        const look = await one.look(args, patience());
        const context = contextOf(look, { timeoutMs: patienceMs, signal: patience() });
        const { outcome, output } = await one.run(args, context);
        return { fate: outcome, told: output };
      },
    };
  };
}

const key = () => secret("a-k3y-of-the-test");
const url = ({ host, port }: Address) => `https://${host}:${port}`;

/** PostgreSQL's ErrorResponse (protocol 3.0). */
function pgError(code: string, text: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`);
  const head = Buffer.alloc(5, "E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

const REDIS: Says = {
  slow: "+",
  broken: "-LOADING Redis is loading the dataset in memory\r\n",
  garbage: "HTTP/1.1 400 Bad Request\r\n\r\n",
  half: "$1000\r\nredis_ver",
  auth: "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
};

export const WORLDS = {
  prometheus: {
    dependency: "prometheus/main",
    tls: true,
    async open(at, dependencies, patienceMs) {
      const settings = { name: "main", url: url(at), timeoutMs: patienceMs };
      const source = createPrometheus(settings, { clock, dependencies, random: () => 0 });
      return { ask: () => asked(() => source.instant("up", clock())), close: () => source.stop() };
    },
  },
  alertmanager: {
    dependency: "alertmanager",
    tls: true,
    async open(at, dependencies, patienceMs) {
      const router = createAlertmanager(
        { url: url(at), timeoutMs: patienceMs },
        { clock, dependencies, random: () => 0 },
      );
      return { ask: () => asked(() => router.alerts()), close: () => router.stop() };
    },
  },
  "alertmanager, writing": {
    dependency: "alertmanager",
    tls: true,
    async open(at, dependencies, patienceMs) {
      const router = createAlertmanager(
        { url: url(at), timeoutMs: patienceMs },
        { clock, dependencies, random: () => 0 },
      );
      const silence = { matchers: [], startsAt: 1, endsAt: 2, createdBy: "ann", comment: "test" };
      return { ask: () => asked(() => router.silence(silence)), close: () => router.stop() };
    },
  },
  model: {
    dependency: "model",
    tls: true,
    async open(at, dependencies, patienceMs) {
      const settings = { name: "m", baseUrl: `${url(at)}/v1`, apiKey: key(), callMs: patienceMs };
      const model = createModel(settings, { clock, dependencies });
      const ask = () => model.readIntent("is it slow?", ["alerts"], AbortSignal.timeout(20_000));
      return { ask: () => asked(ask), close: nothing };
    },
  },
  slack: {
    dependency: "slack",
    tls: true,
    upstream: async () => {
      const slack = await new FakeSlack().start();
      return { port: Number(new URL(slack.origin).port), close: () => slack.stop() };
    },
    says: {
      auth: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 37\r\nconnection: close\r\n\r\n{"ok":false,"error":"token_revoked"} ',
    },
    async open(at, dependencies) {
      const { botToken, signingSecret } = new FakeSlack();
      const tokens = { botToken: secret(botToken), signingSecret: secret(signingSecret) };
      const settings = { mode: "http", apiUrl: `${url(at)}/api/`, teams: [], command: "/ops", ...tokens } as const;
      const slack = createSlack(settings, surfaceDeps(memoryPlaces()), log, dependencies);
      await slack.start();
      return { ask: () => sent(slack.sender, message("slack", "C0OPS00001")), close: () => slack.stop(0) };
    },
  },
  teams: {
    dependency: "teams",
    tls: true,
    async open(at, dependencies) {
      const framework = await startBotFramework();
      const places = memoryPlaces();
      const place = { platform: "teams", channel: "19:ops@thread.tacv2", thread: "" };
      const reference = { serviceUrl: url(at), conversationType: "channel", bot: { id: "28:bot", name: "bot" } };
      await places.save({ ...place, thread: "19:ops@thread.tacv2" }, reference, clock());
      await places.save(place, reference, clock());
      const teams = createTeams(
        {
          ...{ appId: APP_ID, appPassword: secret(APP_PASSWORD), tenantId: TENANT, appType: "SingleTenant" },
          ...{ tenants: [], serviceUrls: [`${at.host}:${at.port}`], insecureDev: false },
          overrides: framework.overrides,
        },
        surfaceDeps(places),
        log,
        dependencies,
      );
      await teams.start();
      return {
        ask: () => sent(teams.sender, message("teams", place.channel)),
        close: async () => {
          await teams.stop(0);
          await framework.close();
        },
      };
    },
  },
  kubernetes: {
    dependency: "executor/kubernetes/prod",
    waitsIn: ["throttled"],
    tls: true,
    open: action(
      "kubernetes",
      (at) => ({ name: "prod", server: url(at), token: key(), namespaces: ["shop"] }),
      "kubernetes/status",
      { kind: "deployment", namespace: "shop", name: "api" },
    ),
  },
  github: {
    dependency: "executor/github/shop",
    tls: true,
    open: action(
      "github",
      (at) => ({ name: "shop", repository: "org/shop", token: key(), apiUrl: url(at), workflows: ["deploy.yml"] }),
      "github/dispatch",
      { workflow: "deploy.yml", ref: "main" },
    ),
  },
  http: {
    dependency: "executor/http/flags",
    tls: true,
    open: action(
      "http",
      (at) => ({ name: "flags", baseUrl: url(at), hosts: [at.host], allowPrivate: true }),
      "http/get",
      { path: "/flags" },
    ),
  },
  "http, changing": {
    dependency: undefined,
    waitsIn: FAULTS,
    tls: true,
    open: action(
      "http",
      (at) => ({ name: "flags", baseUrl: url(at), hosts: [at.host], allowPrivate: true }),
      "http/call",
      { method: "POST", path: "/flags/new-checkout", body: { on: false } },
      "run",
    ),
  },
  ssh: {
    dependency: "executor/ssh/web-1",
    waitsIn: ["garbage"],
    tls: false,
    speaksFirst: true,
    says: { slow: "S", garbage: "HTTP/1.1 400 Bad Request\r\n\r\n", half: "SSH-2.0-" },
    open: action(
      "ssh",
      ({ host, port }) => ({
        ...{ name: "web-1", address: host === "localhost" ? "127.0.0.1" : host, port, user: "ops" },
        ...{ identityFile: keyFile(), knownHostsFile: keyFile(), units: ["nginx.service"], cleanPaths: [] },
      }),
      "ssh/systemctl",
      { unit: "nginx.service", verb: "restart" },
    ),
  },
  postgres: {
    dependency: "executor/postgres/orders",
    waitsIn: ["garbage"],
    tls: false,
    says: {
      slow: "R",
      throttled: pgError("53300", "sorry, too many clients already"),
      broken: pgError("57P03", "the database system is starting up"),
      garbage: "HTTP/1.1 400 Bad Request\r\n\r\n",
      half: "R\0\0\0\u0008",
      auth: pgError("28P01", 'password authentication failed for user "ops"'),
    },
    open: action(
      "postgres",
      ({ host, port }) => ({
        name: "orders",
        host,
        port,
        database: "orders",
        user: "ops",
        password: key(),
        tables: [],
      }),
      "postgres/activity",
      {},
    ),
  },
  redis: {
    dependency: "executor/redis/cache",
    waitsIn: ["broken"],
    tls: true,
    says: REDIS,
    open: action(
      "redis",
      ({ host, port }) => ({
        name: "cache",
        url: secret(`rediss://:pw@${host}:${port}`),
        prefixes: ["cart:"],
        queues: [],
      }),
      "redis/flush_prefix",
      { prefix: "cart:", max_keys: 10 },
    ),
  },
  notifier: {
    dependency: "notifier/charts",
    tls: true,
    async open(at, dependencies) {
      const settings = { kind: "grafana", name: "charts", url: url(at), token: key(), tags: [] } as const;
      const sender = notifierSender(await createNotifier(settings), { clock, late: nothing, dependencies });
      const hint = JSON.stringify(aNotice("opened"));
      return { ask: () => sent(sender, message("notifier/charts", "charts", { hint })), close: nothing };
    },
  },
  webhook: {
    dependency: "notifier/pager",
    tls: true,
    async open(at, dependencies) {
      const settings = { kind: "webhook", name: "pager", url: url(at), secret: key() } as const;
      const sender = notifierSender(await createNotifier(settings), { clock, late: nothing, dependencies });
      return {
        ask: () => sent(sender, message("notifier/pager", "pager", { hint: JSON.stringify(aNotice("opened")) })),
        close: nothing,
      };
    },
  },
  email: {
    dependency: "notifier/mail",
    tls: true,
    speaksFirst: true,
    says: {
      slow: "2",
      throttled: "421 4.7.0 too many connections, try again later\r\n",
      broken: "554 5.3.0 no service here\r\n",
      garbage: "HTTP/1.1 400 Bad Request\r\n\r\n",
      half: "220 mail.exa",
    },
    async open({ host, port }, dependencies) {
      const people = { from: "Bot <bot@example.com>", to: ["ops@example.com"] };
      const settings = { kind: "email", name: "mail", host, port, tls: "implicit", ...people } as const;
      const sender = notifierSender(await createNotifier(settings), { clock, late: nothing, dependencies });
      return {
        ask: () => sent(sender, message("notifier/mail", "mail", { hint: JSON.stringify(aNotice("opened")) })),
        close: nothing,
      };
    },
  },
  calendar: {
    dependency: "calendar/primary",
    tls: true,
    async open(at, dependencies) {
      const settings = { schedule: "primary", from: { url: secret(`${url(at)}/on-call.ics`) }, zone: "UTC" };
      const calendar = createCalendar(settings, { clock, people: [], dependencies });
      return {
        async ask() {
          const { problems } = await calendar.view();
          return { fate: problems.length === 0 ? "answered" : "the last copy counts", told: problems.join(" ") };
        },
        close: nothing,
      };
    },
  },
  store: {
    dependency: undefined,
    tls: true,
    says: REDIS,
    async open({ host, port }, _, patienceMs) {
      const folder = mkdtempSync(join(tmpdir(), "faults-"));
      const retention = { conversations: 1, evidence: 1, seenEvents: 1, proposals: 1, anomalies: 1 };
      const given = { dataDir: folder, retention, now: clock, redact: String, warn: nothing };
      const redis = { url: secret(`rediss://:pw@${host}:${port}`), allowVolatile: true, patienceMs };
      return {
        async ask() {
          try {
            const store = await openRedisStore({ ...given, ...redis });
            await store.close();
            return { fate: "opened", told: "" };
          } catch (problem) {
            return { fate: "does not start", told: reasonOf(problem) };
          }
        },
        close: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  },
} satisfies Readonly<Record<string, World>>;

let file: string | undefined;
/** Any file: no server gets as far as asking for what stands in it. */
function keyFile(): string {
  if (file === undefined) {
    file = join(mkdtempSync(join(tmpdir(), "faults-key-")), "id");
    writeFileSync(file, "", { mode: 0o600 });
  }
  return file;
}

/** The folder of `keyFile` goes with the tests. */
export function tidy(): void {
  if (file !== undefined) rmSync(join(file, ".."), { recursive: true, force: true });
}
