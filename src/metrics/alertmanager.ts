import { z } from "zod";
import { sayMatcher } from "../core/silence.ts";
import { rfc3339 } from "../core/zone.ts";
import type { AlertRouter } from "../ports/metrics.ts";
import { reasonOf, UnreachableError } from "../util/errors.ts";
import { createHttp, type Hidden, type HttpDeps, type HttpRequest } from "./http.ts";

export type AlertmanagerSettings = {
  readonly url: string;
  readonly bearerToken?: Hidden | undefined;
  readonly basic?: { readonly user: string; readonly password: Hidden } | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly caFile?: string | undefined;
  /** Milliseconds; 10,000 unless told. */
  readonly timeoutMs?: number | undefined;
  /** 20 MB unless told. */
  readonly maxBytes?: number | undefined;
};

// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
const Silences = z.array(
  z.object({
    id: z.string(),
    status: z.object({ state: z.string() }),
    matchers: z.array(
      z.object({
        name: z.string(),
        value: z.string(),
        isRegex: z.boolean(),
        // Absent before Alertmanager 0.22, which knew no negative matchers.
        isEqual: z.boolean().default(true),
      }),
    ),
    endsAt: z.string(),
    createdBy: z.string().default(""),
    comment: z.string().default(""),
  }),
);
const Alerts = z.array(
  z.object({
    fingerprint: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()).default({}),
    startsAt: z.string(),
    generatorURL: z.string().default(""),
    status: z.object({ state: z.string() }),
    receivers: z.array(z.object({ name: z.string() })).optional(),
  }),
);
const Written = z.object({ silenceID: z.string().min(1) });
const Status = z.object({ versionInfo: z.object({ version: z.string() }) });

/** Alertmanager by its API v2: its alerts, its silences, its version. Throws like the Prometheus client. */
export function createAlertmanager(
  settings: AlertmanagerSettings,
  deps: HttpDeps,
): AlertRouter & { stop(): Promise<void> } {
  const service = "Alertmanager";
  const http = createHttp(
    {
      ...settings,
      dependency: "alertmanager",
      service,
      timeoutMs: settings.timeoutMs ?? 10_000,
      maxBytes: settings.maxBytes ?? 20_000_000,
      maxConcurrent: 2,
    },
    deps,
  );

  async function ask<T>(
    api: string,
    path: string,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
    more: Pick<HttpRequest, "params" | "write"> = {},
  ): Promise<T> {
    const read = schema.safeParse(await http.json({ api, path, signal, ...more }));
    if (read.success) return read.data;
    throw new UnreachableError(service, "its answer is not one of Alertmanager's. Check the address and its path.", {
      cause: read.error,
    });
  }

  async function alerts(params: NonNullable<HttpRequest["params"]>, signal?: AbortSignal) {
    const all = await ask("alerts", "/api/v2/alerts", Alerts, signal, { params });
    return all.map(({ status, startsAt, generatorURL, receivers, ...alert }) => ({
      ...alert,
      ...(receivers !== undefined && { receivers: receivers.map(({ name }) => name) }),
      startsAt: Date.parse(startsAt) / 1000 || 0,
      generatorUrl: generatorURL,
      isMuted: status.state !== "active" && status.state !== "unprocessed",
    }));
  }

  return {
    alerts: (signal) => alerts([], signal),
    matching: (matchers, signal) =>
      alerts(
        matchers.map((one) => ["filter", sayMatcher(one)] as const),
        signal,
      ),
    silence: async ({ startsAt, endsAt, ...wanted }, signal) => {
      const json = { ...wanted, startsAt: rfc3339(startsAt), endsAt: rfc3339(endsAt) };
      const write = { method: "POST", json } as const;
      return (await ask("silence", "/api/v2/silences", Written, signal, { write })).silenceID;
    },
    unsilence: async (id, signal) => {
      const path = `/api/v2/silence/${encodeURIComponent(id)}`;
      await http.json({ api: "unsilence", path, signal, write: { method: "DELETE" } }).catch((problem: unknown) => {
        // 404 for one that is unknown, 500 "already expired" for one that is over.
        if (!/already expired|not found/i.test(reasonOf(problem))) throw problem;
      });
    },
    silences: async (signal) => {
      const all = await ask("silences", "/api/v2/silences", Silences, signal);
      return all
        .filter(({ status }) => status.state === "active")
        .map(({ status: _, endsAt, ...silence }) => ({ ...silence, endsAt: Date.parse(endsAt) / 1000 || 0 }));
    },
    check: async (signal) => {
      const { versionInfo } = await ask("status", "/api/v2/status", Status, signal);
      return { version: versionInfo.version };
    },
    stop: async () => http.close(),
  };
}
