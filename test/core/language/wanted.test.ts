import { describe, expect, it } from "vitest";
import { findAggregation, findQuantile, findRanking, findThreshold } from "../../../src/core/language/lexicon.ts";
import { understand } from "../../../src/core/language/understand.ts";
import { context, memory, NOW } from "./mill.ts";

/** How a number is wanted: which limit, which part of a distribution, how many, over which time. */

describe("a limit in words", () => {
  it.each([
    ["more than 5 million", ">", 5e6, "none"],
    ["above 2 thousand", ">", 2000, "none"],
    ["over 3 k requests", ">", 3000, "none"],
    ["above 70 por ciento", ">", 0.7, "ratio"],
    ["plus de 20 pour cent", ">", 0.2, "ratio"],
    ["unter 5 Prozent", "<", 0.05, "ratio"],
    ["above 2 por favor", ">", 2, "none"],
  ])("%s: %s %d %s", (text, op, value, unit) => {
    const found = findThreshold(text)?.value;
    expect(found).toMatchObject({ op, unit });
    expect(found?.value).toBeCloseTo(value, 9);
  });

  it("is none without a number", () => {
    expect(findThreshold("greater than x")).toBeUndefined();
  });
});

describe("a part of a distribution", () => {
  it.each([
    ["p99.9", 0.999],
    ["0.5 quantile", 0.5],
    ["the 100th percentile", undefined],
    ["percentile 0", undefined],
  ])("%s: %s", (text, value) => {
    expect(findQuantile(text)?.value).toBe(value);
  });
});

describe("how many, and from which end", () => {
  it.each([
    ["first 5 hosts", "desc", 5],
    ["primeros 3 servicios", "desc", 3],
    ["bottom 3", "asc", 3],
    ["the most", "desc", 1],
    ["worst", "desc", 1],
  ])("%s: %s %i", (text, direction, k) => {
    expect(findRanking(text)?.value).toMatchObject({ direction, k });
  });

  it("is not a length of time", () => {
    expect(findRanking("first 5 minutes")).toBeUndefined();
  });
});

describe("how values are drawn together", () => {
  it.each([
    ["max cpu per min", "max"],
    ["min cpu", "min"],
    ["how many times", "count"],
    ["average", "avg"],
    ["per min", "rate"],
    ["5 min", undefined],
    ["once a day", undefined],
  ])("%s: %s", (text, value) => {
    expect(findAggregation(text)?.value).toBe(value);
  });
});

describe("a question whose time or limit is said in passing", () => {
  const read = (text: string, more: Parameters<typeof context>[0] = {}) => understand(text, context(more));

  it("means the same time a day ago", () => {
    const asked = read("cpu of stone-1 same time yesterday");
    expect(asked.window).toBeUndefined();
    expect(asked.offset?.seconds ?? NOW - (asked.at?.at ?? 0)).toBe(86_400);
  });

  it("means the middle of the last month of that name", () => {
    expect(read("cpu of stone-1 in march").at?.at).toBe(Date.UTC(2026, 2, 15, 12) / 1000);
    expect(read("cpu of stone-1 last december").at?.at).toBe(Date.UTC(2025, 11, 15, 12) / 1000);
  });

  it("means half as a limit", () => {
    expect(read("is cpu of stone-1 over half").threshold).toMatchObject({ op: ">" });
    expect(read("hosts with less than half memory").threshold).toMatchObject({ op: "<" });
    expect(read("hosts with less than half memory").threshold?.valueIn("ratio")).toBe(0.5);
  });

  it("means requests by a status code", () => {
    expect(read("how many 200 did granary return").subjects[0]?.bound.concept.id).toBe("service.requests");
  });

  it("is found at the end of a long story", () => {
    const story = [
      "hello everybody, we had a long meeting this morning about the new roof.",
      "the baker came late and said the bread was good.",
      "nobody knows when the next delivery arrives at the mill.",
      "what is the p99 latency of granary?",
    ].join(" ");
    const asked = read(story);
    expect(asked).toMatchObject({ quantile: 0.99, text: story });
    expect(asked.subjects[0]?.bound.concept.id).toBe("service.latency");
    expect(asked.subjects[0]?.filters).toEqual([{ label: "service", values: ["granary"] }]);
  });

  it("keeps the window of the thread: one that ended where it was, one up to now up to now", () => {
    const ended = memory({ window: { from: NOW - 7200, to: NOW - 3600, live: false } });
    expect(read("and stone-2?", { memory: ended }).window).toMatchObject({ from: NOW - 7200, to: NOW - 3600 });
    const live = memory({ window: { from: NOW - 7300, to: NOW - 100, live: true } });
    expect(read("and stone-2?", { memory: live }).window).toMatchObject({ from: NOW - 7200, to: NOW });
    expect(read("and stone-2 yesterday?", { memory: live }).window?.to).not.toBe(NOW);
  });

  it("keeps how values were drawn together, and how many were wanted", () => {
    expect(read("and stone-2?", { memory: memory({ aggregation: "max" }) }).aggregation).toBe("max");
    const ranking = { direction: "low", k: 2, explicit: true, implies: undefined } as const;
    const last = memory({ intent: "top_k", names: [], ranking });
    expect(read("and memory?", { memory: last })).toMatchObject({
      intent: "top_k",
      ranking: { direction: "low", k: 2 },
    });
  });
});
