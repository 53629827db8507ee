import { describe, expect, it } from "vitest";
import { anAnomaly } from "../contracts/detection.ts";
import { HARBOUR, harbour } from "../fakes/harbour.ts";
import { NOW, World } from "../fakes/world.ts";

const QUERY = "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))";

async function world(readTo = NOW - 60) {
  const bot = new World(harbour({ series: HARBOUR }));
  const labels = { service: "ferrydesk" };
  await bot.store.detection.commit({
    watch: { watch: "service.latency@1", at: readTo, series: 3, matched: 3 },
    states: [],
    anomalies: [
      anAnomaly("a", {
        source: bot.metrics.name,
        watch: "service.latency",
        promql: QUERY,
        labels,
        series: JSON.stringify(Object.entries(labels)),
        subject: "ferrydesk",
        openedAt: NOW - 600,
        since: NOW - 660,
        value: 9.9,
      }),
    ],
  });
  return bot;
}

describe("anything unusual?", () => {
  it("says what the schedule found, with its value of now and since when", async () => {
    const bot = await world();
    const reply = await bot.ask("anything unusual?");
    expect(reply.reply_text).toMatch(
      /p95 latency of ferrydesk is 3\.5 s, usual 200 to 400 ms, unusual since 10:09 UTC/,
    );
    expect(reply.reply_text).toContain("The schedule follows 3 series of 1 watch;");
    // The value that was kept is no value of this moment.
    expect(reply.reply_text).not.toContain("9.9");
    expect(reply.promql).toContain(QUERY);
    expect(reply.values).toContainEqual(expect.objectContaining({ name: "p95 latency of ferrydesk", value: 3.5 }));
  });

  it("is silent about it where the question is about something else, another time, or the schedule has stopped", async () => {
    const bot = await world();
    expect((await bot.ask("anything unusual on quay-1?")).reply_text).not.toContain("unusual since");
    expect((await bot.ask("did anything unusual happen yesterday?")).reply_text).not.toContain("unusual since");
    expect((await (await world(NOW - 7200)).ask("anything unusual?")).reply_text).not.toContain("unusual since");
  });
});
