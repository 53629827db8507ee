import { createHash } from "node:crypto";
import type { Attributes, SpanContext } from "@opentelemetry/api";
import { factsUnderWay } from "../util/log.ts";

/**
 * What the bot did, as spans for a collector of OpenTelemetry: a question or click with each query that it led to, and the messages of one
 * incident or proposal. The trace of a question is found by its id: a trace's id is made of the id that log lines and the audit carry.
 */
export type Traces = {
  /** A question or a click ended just now. */
  readonly ended: (what: "question" | "click", seconds: number, attributes: Attributes, isError: boolean) => void;
  /** A request to Prometheus ended just now, for what is under way. */
  readonly asked: (event: {
    readonly source: string;
    readonly api: string;
    readonly outcome: string;
    readonly seconds: number;
  }) => void;
  /** An attempt at a message ended just now. `id` begins with what it is about: "incident:inc-1:…". */
  readonly delivered: (event: {
    readonly id: string;
    readonly platform: string;
    readonly outcome: string;
    readonly seconds: number;
  }) => void;
  /** Sends what waits. */
  readonly stop: () => Promise<void>;
};

/** `endpoint`: address of a collector, without /v1/traces. `service`: name of this bot there. */
export type TracesSettings = { readonly endpoint: string; readonly service: string };

/** Loads OpenTelemetry's SDK, which reads its other variables (such as the exporter's headers) itself. */
export async function createTraces({ endpoint, service }: TracesSettings, version: string): Promise<Traces> {
  const [{ ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace }, sdk, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
    ]);
  const random = new sdk.RandomIdGenerator();
  /** Ids of the span that is begun next, where they are not random. */
  let next: { readonly traceId: string; readonly spanId: string } | undefined;
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      "service.name": service,
      "service.version": version,
    }),
    idGenerator: {
      generateTraceId: () => next?.traceId ?? random.generateTraceId(),
      generateSpanId: () => next?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) })],
  });
  const tracer = provider.getTracer("smartcloudops", version);

  function put(
    name: string,
    seconds: number,
    attributes: Attributes,
    place: { readonly ids?: ReturnType<typeof idsOf>; readonly under?: SpanContext },
    { isError = false, isClient = false }: { readonly isError?: boolean; readonly isClient?: boolean } = {},
  ): void {
    const end = Date.now();
    const context = place.under === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, place.under);
    next = place.ids;
    const kind = isClient ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const span = tracer.startSpan(name, { startTime: end - seconds * 1000, kind, attributes }, context);
    next = undefined;
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(end);
  }

  const parentOf = (what: string, id: string): SpanContext => ({
    ...idsOf(what, id),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });

  return {
    ended(what, seconds, attributes, isError) {
      const id = idUnderWay(what);
      const ids = id === undefined ? {} : { ids: idsOf(what, id) };
      put(what, seconds, { ...attributes, ...(id !== undefined && { [`smartcloudops.${what}`]: id }) }, ids, {
        isError,
      });
    },
    asked({ source, api, outcome, seconds }) {
      const [what, id] = underWay() ?? [];
      const place = what === undefined || id === undefined ? {} : { under: parentOf(what, id) };
      const attributes = { "smartcloudops.source": source, "smartcloudops.outcome": outcome };
      put(`prometheus ${api}`, seconds, attributes, place, { isError: outcome !== "ok", isClient: true });
    },
    delivered({ id, platform, outcome, seconds }) {
      const [kind = "message", about = id] = id.split(":");
      const attributes = {
        "smartcloudops.message": id,
        "smartcloudops.outcome": outcome,
        "smartcloudops.platform": platform,
      };
      put(
        `message to ${platform}`,
        seconds,
        attributes,
        { under: parentOf(kind, about) },
        {
          isError: outcome !== "sent",
          isClient: true,
        },
      );
    },
    stop: () => provider.shutdown(),
  };
}

function idUnderWay(what: string): string | undefined {
  const id = factsUnderWay()[what];
  return typeof id === "string" ? id : undefined;
}

/** The question or click that is being dealt with. */
function underWay(): readonly [what: string, id: string] | undefined {
  for (const what of ["question", "click"]) {
    const id = idUnderWay(what);
    if (id !== undefined) return [what, id];
  }
  return undefined;
}

/** The ids of the trace about a thing and of the span that is all of it: the same whoever asks. */
export function idsOf(what: string, id: string): { readonly traceId: string; readonly spanId: string } {
  const digest = createHash("sha256").update(`${what}\n${id}`).digest("hex");
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}
