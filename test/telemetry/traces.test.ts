import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTraces, idsOf } from "../../src/telemetry/traces.ts";
import { loggedWith } from "../../src/util/log.ts";
import { apiWorld } from "../fakes/api.ts";

/** Spans as a collector of OpenTelemetry receives them, over HTTP in JSON. */

type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
  readonly status: { readonly code?: number };
};
type Body = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
};

const bodies: Body[] = [];
const collector = createServer(async (request, response) => {
  if (request.url === "/v1/traces") bodies.push((await json(request)) as Body);
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

beforeEach(async () => {
  bodies.length = 0;
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

const told = () =>
  bodies.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
const attributeOf = ({ attributes }: Pick<Span, "attributes">, key: string) =>
  attributes.find((one) => one.key === key)?.value.stringValue;

describe("traces", () => {
  it("have a question with its queries below it, found by its id", async () => {
    const traces = await createTraces({ endpoint: endpoint(), service: "shop-bot" }, "1.2.3");
    await loggedWith({ question: "q-7" }, async () => {
      traces.asked({ source: "main", api: "query_range", outcome: "ok", seconds: 0.25 });
      await Promise.resolve();
      traces.asked({ source: "main", api: "query", outcome: "unreachable", seconds: 1 });
      traces.ended("question", 2, { "smartcloudops.intent": "metric_query" }, false);
    });
    traces.asked({ source: "main", api: "series", outcome: "ok", seconds: 0.1 });
    await traces.stop();
    const spans = told();
    expect(spans.map(({ name }) => name)).toEqual([
      "prometheus query_range",
      "prometheus query",
      "question",
      "prometheus series",
    ]);
    const { traceId, spanId } = idsOf("question", "q-7");
    const [range, failed, question, alone] = spans as [Span, Span, Span, Span];
    expect(question).toMatchObject({ traceId, spanId });
    expect(question.parentSpanId ?? "").toBe("");
    expect(attributeOf(question, "smartcloudops.question")).toBe("q-7");
    for (const one of [range, failed]) expect(one).toMatchObject({ traceId, parentSpanId: spanId });
    expect(failed.status.code).toBe(2);
    expect(Number(BigInt(range.endTimeUnixNano) - BigInt(range.startTimeUnixNano)) / 1e9).toBeCloseTo(0.25, 2);
    // What nobody asked for, such as the list of what exists, belongs to no question.
    expect(alone.traceId).not.toBe(traceId);
    expect(attributeOf(bodies[0]!.resourceSpans[0]!.resource, "service.name")).toBe("shop-bot");
  });

  it("come from the running bot, by the id of the answer's question", async () => {
    const world = await apiWorld({}, undefined, undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() });
    try {
      expect((await world.ask({ question: "how much cpu does web-1 use?" }, "all")).status).toBe(200);
    } finally {
      await world.stop();
    }
    const question = told().find(({ name }) => name === "question");
    expect(question?.traceId).toBe(idsOf("question", attributeOf(question!, "smartcloudops.question") ?? "").traceId);
    expect(attributeOf(question!, "smartcloudops.outcome")).toBe("answered");
  });

  it("have all messages of an incident in one trace", async () => {
    const traces = await createTraces({ endpoint: endpoint(), service: "shop-bot" }, "1.2.3");
    const sent = { platform: "slack", outcome: "sent", seconds: 0.2 };
    traces.delivered({ ...sent, id: "incident:inc-1:0" });
    traces.delivered({ ...sent, id: "incident:inc-1:0:woken-5", outcome: "later" });
    traces.delivered({ ...sent, id: "incident:inc-2:0" });
    await traces.stop();
    const { traceId } = idsOf("incident", "inc-1");
    expect(told().map((one) => one.traceId === traceId)).toEqual([true, true, false]);
    expect(told().map(({ status }) => status.code)).toEqual([0, 2, 0]);
  });
});
