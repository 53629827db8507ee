import { expect, it } from "vitest";
import { ingest } from "../../src/flows/ingest.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { firing, T } from "../fakes/incidents.ts";

it("a storm stays one over restarts and clicks: twenty messages within a minute at most", async () => {
  const store = createMemoryStore({ retention: RETENTION });
  let made = 0;
  for (let run = 0; run < 5; run++) {
    const { take, forget } = ingest({ store, newId: () => `inc-${++made}`, placesOf: () => [], changed: () => {} });
    for (let part = 0; part < 4; part++) {
      await take(
        Array.from({ length: 50 }, (_, n) =>
          firing(`${run}-${part}-${n}`, { labels: { alertname: `A${n % 30}` }, at: T + 10 * run + part }),
        ),
      );
      forget();
    }
  }
  const live = await store.incidents.live();
  expect(live.length).toBeLessThanOrEqual(20);
  expect(live.reduce((sum, { total }) => sum + total, 0)).toBe(1000);
});
