import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeRegex } from "../../src/core/concept.ts";
import { exact, GUARD_LIMITS, guard, quoteLabel, selector, selectorInfo } from "../../src/metrics/guard.ts";

const NOW = 1_700_000_000;
const instant = (promql: string) => guard(promql, { kind: "instant", end: NOW });
function reason(promql: string): string {
  const verdict = instant(promql);
  return verdict.ok ? "passed" : verdict.reason;
}

describe("the guard lets pass", () => {
  it.each([
    "up",
    'sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))',
    'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{service="checkout"}[5m])))',
    "max_over_time(rate(http_requests_total[5m])[1d:5m])",
    "node_filesystem_avail_bytes offset 1w",
    "x offset -5m",
    `x @ ${NOW - 60}`,
    "x @ end()",
    '{job="api"}',
    '{"http.requests", "label.name"="x"}',
    '{__name__=~"up|scrape_duration_seconds"}',
    "predict_linear(node_filesystem_avail_bytes[6h], 4 * 3600) < 0",
    'node_filesystem_avail_bytes{mountpoint!~"/(boot|run).*"}',
    'up # a comment with (((( and "',
    "1 + 1",
    "rate(x[31d])",
  ])("%s", (promql) => {
    expect(instant(promql)).toMatchObject({ ok: true });
  });
});

describe("the guard refuses, with a reason and a cure,", () => {
  it.each([
    ["a range of a year over everything", 'count_over_time({__name__=~".+"}[365d])', /31 days.*365 days.*shorter/],
    [
      "a subquery of a year by the second",
      "max_over_time(rate(x[5m])[365d:1s])",
      /11000 points.*31536000.*step of at least/,
    ],
    ["a subquery of a month by the second", "max_over_time(x[30d:1s])", /11000 points/],
    ["a subquery whose unwritten step makes too many points", "max_over_time(x[30d:])", /43200/],
    ["a subquery in a subquery", "max_over_time(max_over_time(x[5m:1m])[1d:5m])", /nested 1 deep/],
    ["ranges that add up", "max_over_time(rate(x[20d])[20d:1h])", /reach back 31 days.*40 days/],
    ["a long range inside a subquery of many points", "max_over_time(rate(x[15d])[10d:90s])", /50,000,000 samples/],
    ["a pattern for every name", '{__name__=~".+"}', /must name a metric.*matcher like/],
    ["a name that is only not empty", '{__name__!=""}', /must name a metric/],
    ["a pattern for every job", 'count({job=~".+"})', /must name a metric/],
    ["a label that equals nothing", '{job=""}', /must name a metric/],
    ["an empty selector", "sum({})", /must name a metric/],
    ["everything as the other side of a join", 'a * on() group_left() {__name__=~".+"}', /must name a metric/],
    [
      "everything under label_replace",
      'label_replace({__name__=~".+"},"x","$1","instance","(.*)")',
      /must name a metric/,
    ],
    ["a repeated group", 'x{job=~"(a|b)*.*.*"}', /repeats a group/],
    ["a repeated group in label_replace", 'label_replace(x,"a","$1","b","(a+)+")', /repeats a group/],
    ["a huge repetition", 'x{job=~"a{900}b{900}"}', /1000 are allowed/],
    ["many stars", `x{job=~"${"a.*".repeat(11)}"}`, /10 times/],
    ["a long pattern", `x{job=~"${"a".repeat(513)}"}`, /512 characters; it has 513/],
    ["many alternatives", `x{job=~"${"a|".repeat(101)}a"}`, /100 alternatives/],
    ["an offset of a thousand years", "up offset -1000y", /offset may be 31 days/],
    ["offsets that add up", "rate(x[1h:5m] offset 20d) offset 20d", /offset|PromQL/],
    ["a time far away", "x @ 5", /@ modifier/],
    ["a computed duration", "x[5m + 1]", /written out/],
    ["an endless duration", "x[inf]", /written out/],
    ["an unknown function", "explode(up)", /no function "explode".*spelling/],
    ["an open bracket", "sum(up", /character 7, it ends too early/],
    ["an open text", 'up{job="a}', /not PromQL/],
    ["an unknown escape", 'up{job="\\d"}', /unknown escape/],
    ["a path", "/api/v1/admin/tsdb/delete_series", /not PromQL: at character 1/],
    ["nothing", "  ", /empty/],
    ["a long query", "a".repeat(4097), /4096 bytes; this one has 4097/],
    ["a hundred thousand brackets", `${"(".repeat(100_000)}1${")".repeat(100_000)}`, /4096 bytes/],
    ["51 brackets", `${"(".repeat(51)}1${")".repeat(51)}`, /nested 50 deep/],
    ["signs in a row", `${"-".repeat(51)}1`, /nested 50 deep/],
    ["many selectors", Array.from({ length: 21 }, (_, i) => `m${i}`).join(" + "), /20 selectors/],
  ])("%s", (_, promql, expected) => {
    expect(reason(promql)).toMatch(expected);
  });

  it("a range query of more points than Prometheus would give", () => {
    const verdict = guard("up", { kind: "range", start: NOW - 5 * 86_400, end: NOW, step: 15 });
    expect(verdict).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/11000 points; this one has 28801.*step of at least 40 s/),
    });
  });

  it("a range query from 1970 to 2099", () => {
    expect(guard("up", { kind: "range", start: 0, end: 4_070_908_800, step: 1 })).toMatchObject({ ok: false });
  });

  it.each([
    [NOW, NOW - 1, 15],
    [NOW - 60, NOW, 0],
    [NOW - 60, NOW, Number.NaN],
    [Number.NEGATIVE_INFINITY, NOW, 15],
  ])("a window from %d to %d by %d", (start, end, step) => {
    expect(guard("up", { kind: "range", start, end, step })).toMatchObject({ ok: false });
  });

  it("a long range at each of many points", () => {
    const window = { kind: "range", start: NOW - 10 * 86_400, end: NOW, step: 100 } as const;
    expect(guard("rate(x[20d])", window)).toMatchObject({ ok: false, reason: expect.stringMatching(/samples/) });
    expect(guard("rate(x[1h])", window)).toMatchObject({ ok: true });
  });

  it("a bare metric that nobody knows, where the known ones are given", () => {
    const listedMetrics = (name: string) => name === "up";
    expect(guard("up", { kind: "instant", listedMetrics })).toMatchObject({ ok: true });
    expect(guard("upp", { kind: "instant", listedMetrics })).toMatchObject({ ok: false });
    expect(guard('upp{job="api"}', { kind: "instant", listedMetrics })).toMatchObject({ ok: true });
  });
});

describe("what the guard says of a query", () => {
  it("names its metrics, functions, longest range and subqueries", () => {
    const verdict = instant('topk(3, max_over_time(rate(a{b="c"}[5m])[1h:1m])) / a + on(x) d');
    expect(verdict).toMatchObject({
      ok: true,
      info: {
        metrics: ["a", "d"],
        functions: ["topk", "max_over_time", "rate"],
        maxRangeSeconds: 3600,
        hasSubquery: true,
      },
    });
  });

  it("lists selectors with their matchers, quoted names too", () => {
    expect(selectorInfo('sum(a{b=~"c|d",e!="f"}) / {"g.h", "i.j"="k"}')).toEqual([
      {
        metric: "a",
        matchers: [
          { label: "b", op: "=~", value: "c|d" },
          { label: "e", op: "!=", value: "f" },
        ],
      },
      { metric: "g.h", matchers: [{ label: "i.j", op: "=", value: "k" }] },
    ]);
    expect(selectorInfo("sum(")).toEqual([]);
  });
});

describe("whatever is typed", () => {
  const pieces = fc.constantFrom(
    ..."( ) [ ] { } , up x rate sum by on 5m 1d : = =~ != ~ \" ' ` \\ # \n offset @ - + * / ^ and unless __name__ .+ 1e9 inf nan start() $ é \u0000 \ud800".split(
      " ",
    ),
  );
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(pieces, { maxLength: 80 }).map((parts) => parts.join(" ")),
    fc.array(pieces, { maxLength: 80 }).map((parts) => parts.join("")),
  );

  it("the guard answers, and a refusal has a reason", () => {
    fc.assert(
      fc.property(hostile, fc.double(), fc.double(), fc.double(), (promql, start, end, step) => {
        for (const verdict of [instant(promql), guard(promql, { kind: "range", start, end, step })]) {
          if (verdict.ok) continue;
          expect(verdict.reason.length).toBeGreaterThan(10);
          expect(verdict.reason.length).toBeLessThan(400);
        }
        selectorInfo(promql);
      }),
      { numRuns: 400 },
    );
  });

  it("no query passes whose selector has neither a name nor an equality", () => {
    const matcher = fc.constantFrom('job=~".+"', '__name__!=""', 'job!="a"', 'a=""', '__name__=~"a.*"', 'b!~"c"');
    const wrap = fc.constantFrom(
      "{}",
      "sum({})",
      "rate({}[5m])",
      "up + {}",
      "-{} offset 1h",
      "max_over_time({}[1h:1m])",
    );
    fc.assert(
      fc.property(fc.array(matcher, { maxLength: 4 }), wrap, (matchers, around) => {
        expect(instant(around.replace("{}", `{${matchers.join(",")}}`)).ok).toBe(false);
      }),
    );
  });

  it("no range or offset beyond the limit passes, however it is written", () => {
    const days = GUARD_LIMITS.rangeSeconds / 86_400;
    const shape = fc.constantFrom(
      "rate(x[D])",
      "x offset D",
      "x offset -D",
      "max_over_time(x[D:1d])",
      "sum(rate(x[5m] offset D))",
    );
    fc.assert(
      fc.property(fc.integer({ min: days + 1, max: 100_000 }), shape, fc.boolean(), (n, around, inHours) => {
        const written = inHours ? `${n * 24}h` : `${n}d`;
        expect(instant(around.replace("D", written)).ok).toBe(false);
      }),
    );
  });

  it("a quoted value reads back as it was and stays inside its quotes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (value) => {
        expect(selectorInfo(selector("up", [exact("job", value)]))).toEqual([
          { metric: "up", matchers: [{ label: "job", op: "=", value }] },
        ]);
      }),
    );
  });

  it("hostile label and metric names stay names", () => {
    for (const name of ["__proto__", "hasOwnProperty", "toString", 'a"b', "a\\", "é", "http.status", "a} or {b"]) {
      const [found] = selectorInfo(selector(name, [exact(name, "1")]));
      expect(found).toEqual({ metric: name, matchers: [{ label: name, op: "=", value: "1" }] });
    }
    expect(quoteLabel('a"\n\\\u0000')).toBe('"a\\"\\n\\\\\\x00"');
    expect(escapeRegex("check.*out")).toBe("check\\.\\*out");
  });
});
