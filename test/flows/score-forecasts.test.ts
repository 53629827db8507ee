import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import type { KeptForecast } from "../../src/core/forecast/score.ts";
import { seriesKey } from "../../src/core/series.ts";
import { readWatchWish } from "../../src/core/watch/wish.ts";
import { scoreForecasts } from "../../src/flows/score-forecasts.ts";
import { watching } from "../../src/flows/watching.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { NOW, newStore } from "../fakes/world.ts";

const HOUR = 3600;
const signal = new AbortController().signal;

/** A forecast of the next six hours, of a value that will be 10. */
function aForecast(id: string, more: Partial<KeptForecast> = {}): KeptForecast {
  const line = (value: number) => Array.from({ length: 6 }, () => value);
  return {
    ...{ id, about: "queue.depth", source: "harbour", promql: "depth", series: seriesKey({ queue: "mail" }) },
    ...{ at: NOW, start: NOW + HOUR, step: HOUR, last: 20 },
    ...{ mean: line(11), lo80: line(9), hi80: line(12), lo95: line(8), hi95: line(13) },
    ...more,
  };
}

function world() {
  const store = newStore();
  let now = NOW;
  const metrics = fakeMetrics({
    clock: () => now,
    series: [{ metric: "depth", labels: { queue: "mail" }, value: () => 10 }],
  });
  const score = scoreForecasts({ store, sources: [metrics], clock: () => now });
  const told = async (text: string, sources?: readonly string[]) => {
    const deps = {
      ...{ store, clock: () => now, zone: "UTC", nameOf: () => "queue depth" },
      ...{ scan: undefined, redraw: async () => {} },
    };
    const user = { platform: "slack", id: "U1", name: "Ana" };
    const question = { user, at: now, ...(sources !== undefined && { sources }) };
    return plainText(await watching(deps, question, readWatchWish(text)!, signal));
  };
  return { store, metrics, score, told, pass: (seconds: number) => (now += seconds) };
}

describe("kept forecasts", () => {
  it("are scored by the schedule once their last step has come, those of one query with one query", async () => {
    const { store, metrics, score, told, pass } = world();
    for (const id of ["a", "b"]) await store.forecasts.keep(aForecast(id));
    await store.forecasts.keep(aForecast("later", { start: NOW + 9 * HOUR }));
    pass(6 * HOUR);
    expect((await score(signal)).scores).toEqual([]);
    expect(await told("forecasts")).toContain("No forecast could be compared with what came yet.");
    pass(HOUR);
    const asked = metrics.sent.length;
    const { scores, unmeasured, problems } = await score(signal);
    expect([scores.length, unmeasured, problems]).toEqual([2, 0, []]);
    expect(scores[0]).toEqual({ steps: 6, off: 0.1, offIfUnchanged: 1, bias: 0.1, inside80: 1, inside95: 1 });
    expect(metrics.sent.slice(asked)).toHaveLength(1);
    expect((await score(signal)).scores).toEqual([]);
    const card = await told("How good were your forecasts?");
    expect(card).toContain("2 forecasts were compared with what came: 100 % of it was inside their 95 % band.");
    expect(card).toContain(
      "queue depth: 2 forecasts, off by 10 % (by 100 % if nothing had changed), 100 % inside the 95 % band; too few to count on.",
    );
    expect(card).toContain("3 forecasts were made in the last 90 days");
    expect(await told("forecasts", ["elsewhere"])).toContain("0 forecasts were made");
  });

  it("of what was not measured, or of a source that is gone, are left alone", async () => {
    const { store, metrics, score, pass } = world();
    await store.forecasts.keep(aForecast("other", { series: seriesKey({ queue: "gone" }) }));
    await store.forecasts.keep(aForecast("moved", { source: "elsewhere" }));
    await store.forecasts.keep(aForecast("ok"));
    pass(8 * HOUR);
    expect(await score(signal)).toMatchObject({ scores: [{ steps: 6 }], unmeasured: 2, problems: [] });
    const asked = metrics.sent.length;
    expect(await score(signal)).toEqual({ scores: [], unmeasured: 0, problems: [] });
    expect(metrics.sent).toHaveLength(asked);
  });

  it("wait while Prometheus cannot be asked, which is said", async () => {
    const { store, metrics, score, pass } = world();
    await store.forecasts.keep(aForecast("a"));
    pass(8 * HOUR);
    metrics.fail("unreachable");
    const { problems } = await score(signal);
    expect(problems[0]).toMatch(/^Forecasts of queue\.depth could not be scored: /);
    metrics.fail(undefined);
    expect((await score(signal)).scores).toHaveLength(1);
  });
});
