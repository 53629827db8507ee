import { describe, expect, it } from "vitest";
import type { AskReply } from "../../src/core/answer.ts";
import { formatValue, type Unit } from "../../src/core/units.ts";
import { harbour } from "../fakes/harbour.ts";
import { verdictOf, World } from "../fakes/world.ts";

/** Every number was returned by a query of this turn, and the query is shown as it was sent. */

const QUESTIONS = [
  "cpu of quay-1",
  "cpu of quay-2 at 03:00",
  "cpu of winch-3 in the last 6 hours",
  "p95 latency of ferrydesk",
  "p99 latency of lighthouse",
  "traffic of tidetable",
  "error rate of lighthouse",
  "messages in manifests",
  "tide height in the north basin",
  "top 2 hosts by cpu",
  "top 3 services by traffic",
  "which service has the highest latency?",
  "host with the lowest cpu",
  "slowest service",
  "p95 latency by service",
  "compare quay-1 and quay-2 cpu",
  "lighthouse vs ferrydesk latency",
  "traffic of lighthouse compared to yesterday",
  "p95 latency of ferrydesk compared to last week",
  "hosts above 80% cpu",
  "how many requests did lighthouse get in the last hour?",
  "average cpu of all hosts",
];

/** Numbers of a line that are claims: without names, times, durations, quantiles and the order of a list. */
function claims(line: string): string[] {
  const bare = line
    .replace(/“[^”]*”|`[^`]*`/g, "")
    .replace(/\b[a-z]+-\d+\b|\bp\d+\b|\b[45]xx\b/gi, "")
    .replace(/\b\d\d:\d\d\b|\b\d{1,2} [A-Z][a-z]{2}\b|\bUTC\b/g, "")
    .replace(/\b(?:in|over|for) (?:the )?last [\d.]+ \w+|\b[\d.]+ (?:d|h|min|s|w) (?:earlier|ago|old)\b/g, "")
    .replace(/^- \d+\. /, "- ")
    .replace(/\b(?:highest|lowest|top) \d+\b/gi, "");
  return bare.match(/\d[\d.,]*/g)?.map((number) => number.replace(/[.,]$/, "")) ?? [];
}

/** Numbers that the reply's values may be said as: each one, what two of them make, how many they are. */
function sayable({ values, slots }: AskReply): ReadonlySet<string> {
  const numbers = new Set<string>();
  const say = (value: number, unit: string): void => {
    for (const number of formatValue(value, unit as Unit).match(/\d[\d.,]*/g) ?? []) numbers.add(number);
  };
  const total = values.reduce((sum, { value }) => sum + value, 0);
  for (const [index, { value, unit }] of values.entries()) {
    say(value, unit);
    say(Math.round(value), unit);
    say(total, unit);
    say(total / values.length, unit);
    for (const other of values.slice(index + 1)) {
      for (const ratio of [value / other.value, other.value / value]) {
        for (const digits of [2, 3]) {
          numbers.add(String(Number(ratio.toPrecision(digits))));
          numbers.add(String(Number((Math.abs(ratio - 1) * 100).toPrecision(digits))));
          numbers.add(String(Number((ratio * 100).toPrecision(digits))));
        }
      }
    }
  }
  for (let count = 0; count <= values.length; count++) numbers.add(String(count));
  for (const slot of Object.values(slots)) if (typeof slot === "number") numbers.add(String(slot));
  return numbers;
}

describe.each(QUESTIONS)("%s", (question) => {
  it("states numbers that are among its values or made of them, and shows the queries it sent", async () => {
    const world = new World(harbour());
    const reply = await world.ask(question);
    expect(reply.values.length).toBeGreaterThan(0);
    const allowed = sayable(reply);
    const limit = /(\d+)%/.exec(question)?.[1];
    const lines = [verdictOf(reply), ...reply.reply_text.split("\n").filter((line) => line.startsWith("- "))];
    for (const line of lines) {
      for (const number of claims(line))
        if (number !== limit) expect(allowed, `${number} in: ${line}`).toContain(number);
    }
    const sent = new Set(world.queries);
    expect(reply.promql.length).toBeGreaterThan(0);
    for (const promql of reply.promql) {
      expect(sent).toContain(promql);
      expect(reply.reply_text).toContain(promql);
    }
    expect(new Set(reply.sources.map(({ promql }) => promql))).toEqual(sent);
    for (const { value, at } of reply.values) {
      expect(Number.isFinite(value)).toBe(true);
      expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/);
    }
  });
});

describe("evidence", () => {
  it("is kept under the question's id, as it was asked", async () => {
    const world = new World(harbour());
    const reply = await world.ask("cpu of quay-1");
    const [kept] = await world.store.evidence.since(0, 5);
    const whole = await world.store.evidence.get(kept?.id ?? "");
    expect(whole?.text).toBe(reply.reply_text);
    expect(whole?.evidence.map(({ promql }) => promql)).toEqual(world.queries);
    expect(whole?.evidence.map(({ readings }) => readings)).toEqual(reply.sources.map(({ readings }) => readings));
  });

  it("links to Prometheus where people can open it, and nowhere where they cannot", async () => {
    const linked = await new World(harbour({ externalUrl: "https://prom.harbour.example" })).tell("cpu of quay-1");
    const lines = linked.card.blocks.flatMap((block) => (block.kind === "evidence" ? block.items : []));
    expect(lines.length).toBeGreaterThan(0);
    for (const { url, promql } of lines) {
      expect(new URL(url!).searchParams.get("g0.expr")).toBe(promql);
    }
    const plain = await new World(harbour()).tell("cpu of quay-1");
    for (const block of plain.card.blocks)
      if (block.kind === "evidence") expect(block.items[0]).not.toHaveProperty("url");
  });

  it("of a question about the past is asked for that time", async () => {
    const world = new World(harbour());
    const reply = await world.ask("cpu of quay-1 at 03:00");
    const three = Date.UTC(2026, 2, 11, 3) / 1000;
    expect(world.metrics.sent.some(({ at }) => at === three)).toBe(true);
    expect(reply.values.map(({ at }) => at)).toEqual(["2026-03-11T03:00:00Z"]);
  });
});
