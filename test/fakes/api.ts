import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Overrides } from "../../src/app.ts";
import { serve } from "../../src/cli/serve.ts";
import { loadConfig } from "../../src/config.ts";
import type { AlertRouter } from "../../src/ports/metrics.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Log } from "../../src/util/log.ts";
import { aNight } from "./digests.ts";
import { harbour } from "./harbour.ts";
import { fakeMetrics } from "./metrics.ts";
import { NOW } from "./world.ts";

/** A running bot with tokens and a night behind it, and a client that holds every answer against the bot's own OpenAPI document. */

const SECRET = "0123456789abcdef0123456789";
export const tokenOf = (name: string) => `${name}-${SECRET}`;

/** A host whose processor is not always as busy, so that there is something to draw. */
const QUAY_9 = { instance: "quay-9:9100", job: "node" };
const MOVING = [
  {
    metric: "node_cpu_seconds_total",
    labels: { ...QUAY_9, cpu: "0", mode: "idle" },
    value: (at: number) => 0.5 + 0.3 * Math.sin(at / 900),
  },
  { metric: "up", labels: QUAY_9, value: 1 },
];

const nothing = () => {};
const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silent };

export const TOKENS = `api:
  tokens:
    - name: all
      scopes: [ask, incidents, anomalies, proposals, digests, audit]
      per_minute: 6000
    - name: lists
      scopes: [incidents]
    - name: few
      scopes: [ask, incidents, anomalies, proposals, digests, audit]
      environments: [staging]
    - name: slow
      scopes: [incidents]
      per_minute: 2
sources:
  - name: harbour
    url: http://127.0.0.1:1
    environment: production
  - name: pier
    url: http://127.0.0.1:1
    environment: staging
limits:
  questions_per_minute: 1000
schedules:
  detect:
    enabled: false
`;

export type ApiWorld = Awaited<ReturnType<typeof apiWorld>>;

export async function apiWorld(overrides: Overrides = {}, yaml = TOKENS, log: Log = silent, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "api-"));
  writeFileSync(join(folder, "smartcloudops.yaml"), yaml);
  const names = [...yaml.matchAll(/- name: (\w+)\n {6}scopes/g)].map(([, name]) => name as string);
  const tokens = names.map((name) => `${name}=${tokenOf(name)}`).join(",");
  const loaded = loadConfig({
    env: { PORT: "0", SMARTCLOUDOPS_DATA: folder, API_TOKENS: tokens, ...env },
    cwd: folder,
  });
  assert.ok(loaded.ok, JSON.stringify(!loaded.ok && loaded.problems));
  const clock = () => NOW;
  const store = createMemoryStore({ retention: loaded.config.limits.retentionSeconds });
  await aNight(store, NOW);
  const silences: unknown[] = [];
  const serving = await serve(loaded.config, {
    log,
    overrides: {
      ...{ clock, store, log, alertmanager: recordingRouter(silences) },
      sources: [
        fakeMetrics({ ...harbour({ series: MOVING }), clock, environment: "production" }),
        fakeMetrics({ ...harbour({ series: MOVING }), name: "pier", clock, environment: "staging" }),
      ],
      ...overrides,
    },
    onBrokenStore: nothing,
  });
  const url = `http://127.0.0.1:${serving.port}`;
  const call = async (path: string, { token = "all", ...init }: RequestInit & { token?: string } = {}) => {
    const headers = { authorization: `Bearer ${tokenOf(token)}`, ...(init.headers as Record<string, string>) };
    return fetch(`${url}/api/v1${path}`, { ...init, headers });
  };
  let document: Document | undefined;
  const documented = async (): Promise<Document> => {
    document ??= (await (await call("/openapi.json")).json()) as Document;
    return document;
  };
  /** The status and the body, which has the form that the document gives it. */
  async function get(path: string, init?: Parameters<typeof call>[1]) {
    const response = await call(path, init);
    const body = (await response.json()) as Body;
    checkAnswer(await documented(), init?.method ?? "GET", path, response, body);
    return { status: response.status, body, headers: response.headers };
  }
  const ask = (body: object, token = "all") =>
    get("/ask", {
      ...{ method: "POST", token, body: JSON.stringify(body) },
      headers: { "content-type": "application/json" },
    });
  const stop = async () => {
    await serving.stop(100);
    rmSync(folder, { recursive: true });
  };
  return { url, tokens, call, get, ask, documented, store, silences, serving, config: loaded.config, stop };
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are held against the document
export type Body = any;
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Body>>>>; readonly components: Body };

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const compiled = new Map<string, ValidateFunction>();

function checkAnswer(document: Document, method: string, path: string, response: Response, body: Body): void {
  const at = path.split("?")[0]!;
  const found = Object.entries(document.paths).find(([one]) =>
    new RegExp(`^${one.replace(/\{\w+\}/g, "[^/]+")}$`).test(at),
  )?.[1];
  const own = response.status === 200 ? found?.[method.toLowerCase()]?.responses["200"] : undefined;
  const { content } = own ?? document.components.responses.Problem;
  const [type, { schema }] = Object.entries(content)[0] as [string, { schema: object }];
  assert.ok(response.headers.get("content-type")?.startsWith(type), `${method} ${path}: ${type}`);
  const key = own === undefined ? "problem" : (own.content["application/json"].schema.$ref ?? JSON.stringify(schema));
  const validate = compiled.get(key) ?? ajv.compile({ ...schema, components: document.components });
  compiled.set(key, validate);
  assert.ok(
    validate(body),
    `${method} ${path}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 500)}`,
  );
}

function recordingRouter(written: unknown[]): AlertRouter {
  return {
    alerts: async () => [],
    silences: async () => [],
    matching: async () => [],
    silence: async (wanted) => {
      written.push(wanted);
      return "s";
    },
    unsilence: async (id) => {
      written.push(id);
    },
    check: async () => ({ version: "0" }),
  };
}

/** Everything that is kept, but what a question keeps of itself, and that it was read. */
export async function everythingKept(store: Store): Promise<unknown> {
  const places = ["slack", "teams", "api", "terminal", "alertmanager"];
  const records = await store.audit.range(0, 10_000);
  return structuredClone({
    incidents: await store.incidents.find({ limit: 1000 }),
    proposals: await store.proposals.find({ limit: 1000 }),
    anomalies: await store.detection.anomalies({ limit: 1000 }),
    opinions: await store.detection.opinions(0),
    rounds: await store.detection.rounds(),
    digests: await store.digests.find({ limit: 1000 }),
    plans: await store.digests.plans(),
    shelves: await Promise.all([store.silences, store.overrides, store.models, store.waste].map((one) => one.open())),
    lessons: await Promise.all(places.map((platform) => store.lessons.of({ platform, channel: "all" }))),
    places: await Promise.all(places.map((platform) => store.places.all(platform))),
    inbox: await Promise.all(places.map((platform) => store.inbox.left(platform))),
    outbox: await Promise.all(places.map((platform) => store.outbox.waiting(platform))),
    stop: await store.stop.read(),
    audit: records.filter(({ platform }) => platform !== "api"),
  });
}
