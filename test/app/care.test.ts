import { expect, it } from "vitest";
import { createCare } from "../../src/app/care.ts";
import { WASTE_METRICS } from "../../src/core/waste.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { createLog } from "../../src/util/log.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { aWatch } from "../fakes/watched.ts";
import { NOW, newStore, shippedPacks } from "../fakes/world.ts";

const HOUR = 3600;

it("scores forecasts, measures waste and looks after the versions of watches, and counts it", async () => {
  const store = newStore();
  let now = NOW;
  const source = fakeMetrics({
    clock: () => now,
    series: [
      { metric: "latency_seconds", labels: { service: "orders" }, value: () => 10 },
      ...WASTE_METRICS.map((metric) => ({ metric, labels: { pod: "a" }, value: () => 1 })),
    ],
    answers: [
      [/^count_over_time/, [{ labels: {}, at: now, value: 14 * 24 }]],
      [/^(sum by|quantile)/, [{ labels: { namespace: "shop", workload: "orders" }, at: now, value: 1 }]],
    ],
  });
  const line = [10, 10, 10];
  await store.forecasts.keep({
    ...{ id: "f", about: "latency", source: source.name, promql: "latency_seconds", series: '[["service","orders"]]' },
    ...{ at: NOW, start: NOW, step: HOUR, mean: line, lo80: line, hi80: line, lo95: line, hi95: line, last: 5 },
  });
  const telemetry = createTelemetry({ version: "1" });
  const detection = { enabled: true, automatic: false, everySeconds: 300, watches: [{ ...aWatch(), where: "here" }] };
  const config = { timezone: "UTC", costs: { core: 20, gib: 4, currency: "EUR" }, detection } as unknown as Parameters<
    typeof createCare
  >[0];
  const care = createCare(config, {
    ...{ store, sources: [source], packs: await shippedPacks(), clock: () => now, owner: "me", observer: telemetry },
    log: createLog({ level: "error", secrets: [] }),
  });
  now += 3 * HOUR;
  await care.round(now, new AbortController().signal);
  expect((await store.forecasts.scores("latency", 9)).map(({ off }) => off)).toEqual([0]);
  expect(await store.waste.open()).toMatchObject([{ id: source.name, days: 14, prices: { core: 20 } }]);
  expect(await store.models.open()).toMatchObject([{ watch: "latency", versions: [{ number: 1, status: "active" }] }]);
  const metrics = await telemetry.text();
  expect(metrics).toContain("smartcloudops_forecasts_scored_total 1");
  expect(metrics).toContain('smartcloudops_forecast_steps_total{inside95="yes"} 3');
  expect(metrics).toContain("smartcloudops_watch_drift_total");
  // What is told to end ends without a word: it begins anew after the next start.
  await care.round(now + 600, AbortSignal.abort());
});
