import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { replacedBy } from "../../src/core/watch/certificate.ts";
import type { FakeSeries } from "../fakes/metrics.ts";
import { Watched } from "../fakes/watched.ts";
import { NOW } from "../fakes/world.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

describe("a certificate that is another one", () => {
  it("is unexpected before it was due and when it ends sooner, and not when it was renewed in time", () => {
    expect(replacedBy(62 * DAY, 90 * DAY, DAY)).toEqual({ wasLeft: 61 * DAY, left: 90 * DAY, isSooner: false });
    expect(replacedBy(62 * DAY, 20 * DAY, DAY)).toMatchObject({ isSooner: true });
    expect(replacedBy(20 * DAY, 3 * DAY, DAY)).toMatchObject({ isSooner: true });
    expect(replacedBy(30 * DAY, 90 * DAY, DAY)).toBeUndefined();
    expect(replacedBy(62 * DAY, 61 * DAY + 30, DAY)).toBeUndefined();
    expect(replacedBy(Number.NaN, 61 * DAY, DAY)).toBeUndefined();
  });

  it("is said once, by its name and query, and stays said over a restart", async () => {
    let at = Number.POSITIVE_INFINITY;
    const ends = NOW + 62 * DAY;
    const until = (site: string, change: (now: number) => number | undefined): FakeSeries => ({
      metric: "probe_ssl_earliest_cert_expiry",
      labels: { instance: `https://${site}`, job: "blackbox" },
      // The fake reads the selector alone: this is what is left.
      value: (now) => (change(now) ?? ends) - now,
    });
    const bot = await new Watched(
      [
        until("shop.example.com", (now) => (now >= at ? ends + 30 * DAY : undefined)),
        until("pay.example.com", (now) => (now >= at ? ends - 42 * DAY : undefined)),
        until("www.example.com", () => undefined),
      ],
      { settings: { watches: [], automatic: true } },
    ).start();
    await bot.wait(HOUR, 1200);
    expect(await bot.posts()).toEqual([]);
    at = bot.now;
    await bot.wait(1200, 1200);
    const posts = (await bot.posts()).filter(({ edits }) => edits === undefined);
    expect(posts).toHaveLength(1);
    const text = plainText(posts[0]!.card);
    expect(text).toMatch(
      /Certificate of .*shop\.example\.com was replaced \d+ d before it was due, noticed at \d\d:\d\d UTC/,
    );
    expect(text).toMatch(
      /pay\.example\.com was replaced by one that ends sooner: in (19|20) d, where the one before had 6\d d left/,
    );
    expect(text).not.toContain("www.example.com");
    expect(text).toContain("probe_ssl_earliest_cert_expiry");
    expect(posts[0]!.card.tone).toBe("warning");

    await bot.start();
    await bot.wait(2 * HOUR, 1200);
    expect((await bot.posts()).filter(({ edits }) => edits === undefined)).toEqual([]);
    await bot.wait(25 * HOUR, HOUR);
    const replaced = (await bot.store.detection.anomalies({ limit: 20 })).filter(({ kind }) => kind === "replaced");
    expect(replaced.map(({ status }) => status)).toEqual(["over", "over"]);
    await bot.wait(2 * HOUR, 1200);
    expect((await bot.posts()).filter(({ edits }) => edits === undefined)).toEqual([]);
  });
});
