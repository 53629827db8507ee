import { describe, expect, it } from "vitest";
import { ingest } from "../../src/flows/ingest.ts";
import { reconcile } from "../../src/flows/reconcile.ts";
import { watchForSigns } from "../../src/flows/sign-of-life.ts";
import type { AlertList, ListedAlert } from "../../src/ports/metrics.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { firing, T } from "../fakes/incidents.ts";

/** A bot that waits ten minutes for a sign of life at most, unless told otherwise. */
function aBot() {
  let now = T;
  let made = 0;
  const setting: { within: number | undefined } = { within: 600 };
  const store = createMemoryStore({ retention: RETENTION });
  const { take } = ingest({
    ...{ store, newId: () => `inc-${++made}`, placesOf: () => [], changed: () => {} },
    isWatched: () => setting.within !== undefined,
  });
  let isAway = false;
  const alerts: typeof store.incidents.alerts = async (fingerprints) => {
    if (isAway) throw new Error("the store is away");
    return store.incidents.alerts(fingerprints);
  };
  const watched = { incidents: { ...store.incidents, alerts } };
  const newWatch = () => watchForSigns({ store: watched, clock: () => now, take, within: () => setting.within });
  let watch = newWatch();
  const list = { name: "alertmanager", read: async (): Promise<readonly ListedAlert[]> => [] };
  return {
    take,
    setting,
    list,
    look: reconcile({ list, lists: [list.name], store, clock: () => now, take }),
    lookAt: (other: AlertList, lists: readonly string[]) =>
      reconcile({ list: other, lists, store, clock: () => now, take }),
    breaks(is: boolean) {
      isAway = is;
    },
    now: () => now,
    sleep(seconds: number) {
      now += seconds;
    },
    restart() {
      watch = newWatch();
    },
    /** Lets so many seconds pass, with looks where they are due. */
    async passes(seconds: number) {
      for (const end = now + seconds; ; ) {
        const pause = await watch();
        expect(pause).toBeGreaterThan(0);
        if (now >= end) return;
        now = Math.min(end, now + pause);
      }
    },
    comes: (alertname = "Watchdog") =>
      take([firing("w", { labels: { alertname, severity: "none" }, startsAt: T - 9000, at: now })]),
    incidents: async () =>
      (await store.incidents.find({ limit: 10 })).map(({ status, severity, openedAt, endedAt, lines }) => ({
        ...{ status, severity, name: lines[0]?.name, summary: lines[0]?.summary },
        opened: openedAt - T,
        ended: endedAt === undefined ? undefined : endedAt - T,
        since: (lines[0]?.startsAt ?? 0) - T,
      })),
  };
}

describe("signs of life", () => {
  it("are nothing that anybody hears of while they come", async () => {
    const { comes, passes, incidents } = aBot();
    for (let minutes = 0; minutes < 60; minutes += 5) {
      await comes();
      await passes(300);
    }
    expect(await incidents()).toEqual([]);
  });

  it("that do not come any more are one critical incident, which the next one ends", async () => {
    const { comes, passes, incidents } = aBot();
    await passes(60);
    await comes();
    await passes(599);
    expect(await incidents()).toEqual([]);
    await passes(1);
    const summary =
      "No sign of life (Watchdog) came within 10 min: alerts may not arrive here. Look whether Prometheus and Alertmanager run, and whether the route of Watchdog still leads here.";
    const told = { status: "open", severity: "critical", name: "NoSignOfLife", summary };
    expect(await incidents()).toEqual([{ ...told, opened: 660, ended: undefined, since: 660 }]);
    await passes(7200);
    expect(await incidents()).toHaveLength(1);
    await comes();
    expect(await incidents()).toEqual([{ ...told, status: "resolved", opened: 660, ended: 7860, since: 660 }]);
    await passes(590);
    await comes();
    expect(await incidents()).toMatchObject([{ status: "resolved" }]);
    await passes(601);
    expect((await incidents()).filter(({ status }) => status === "open")).toHaveLength(1);
  });

  it("are waited for from the start on, and for half of the time at least by whoever begins to look", async () => {
    const { passes, comes, sleep, restart, incidents } = aBot();
    await comes();
    for (let at = 0; at < 600; at += 290) {
      await passes(290);
      expect(await incidents()).toEqual([]);
      restart();
    }
    await passes(299);
    expect(await incidents()).toEqual([]);
    sleep(3600); // a machine that was suspended
    await passes(299);
    expect(await incidents()).toEqual([]);
    await passes(1);
    expect(await incidents()).toMatchObject([{ status: "open" }]);
  });

  it("are waited for all the time after a restart or a sleep where none ever came", async () => {
    const { passes, sleep, restart, incidents } = aBot();
    await passes(500);
    restart();
    await passes(599);
    sleep(3600);
    await passes(599);
    expect(await incidents()).toEqual([]);
    await passes(1);
    expect(await incidents()).toMatchObject([{ status: "open" }]);
    restart();
    await passes(3000);
    expect(await incidents()).toHaveLength(1);
  });

  it("are told apart from alerts that end, and from those that only inhibit others", async () => {
    const { passes, comes, take, now, incidents } = aBot();
    await passes(500);
    await comes("InfoInhibitor");
    const labels = { alertname: "Watchdog", severity: "none" };
    await take([firing("w", { labels, status: "resolved", endsAt: now(), at: now() })]);
    await passes(100);
    expect(await incidents()).toMatchObject([{ status: "open" }]);
  });

  it("count where Alertmanager lists them, whomever they are routed to", async () => {
    const { passes, list, look, incidents } = aBot();
    const watchdog = { fingerprint: "w", labels: { alertname: "Watchdog" }, annotations: {}, startsAt: T - 9000 };
    list.read = async () => [{ ...watchdog, generatorUrl: "", isMuted: false, receivers: ["null"] }];
    for (let minutes = 0; minutes < 30; minutes++) {
      await passes(60);
      await look(new AbortController().signal);
    }
    expect(await incidents()).toEqual([]);
    list.read = async () => [];
    await look(new AbortController().signal);
    await passes(600);
    expect(await incidents()).toMatchObject([{ status: "open" }]);
  });

  it("of another list count where Alertmanager's is read only if there is no such", async () => {
    for (const [lists, told] of [
      [["alertmanager", "shop"], 1],
      [["shop"], 0],
    ] as const) {
      const { passes, incidents, lookAt } = aBot();
      const watchdog = { fingerprint: "w", labels: { alertname: "Watchdog" }, annotations: {}, startsAt: T - 9000 };
      const read = async () => [{ ...watchdog, generatorUrl: "", isMuted: false }];
      const look = lookAt({ name: "shop", read }, lists);
      for (let minutes = 0; minutes < 15; minutes++) {
        await passes(60);
        await look(new AbortController().signal);
      }
      expect(await incidents()).toHaveLength(told);
    }
  });

  it("are not missed because nobody could look for them", async () => {
    const bot = aBot();
    bot.setting.within = 120;
    await bot.comes();
    await bot.passes(30);
    bot.breaks(true);
    for (let seconds = 0; seconds < 100; seconds += 25) {
      await expect(bot.passes(0)).rejects.toThrow("the store is away");
      bot.sleep(25);
    }
    bot.breaks(false);
    await bot.passes(59);
    expect(await bot.incidents()).toEqual([]);
    await bot.comes();
    await bot.passes(119);
    expect(await bot.incidents()).toEqual([]);
  });

  it("are waited for by nobody unless it is set, and what was told ends when it is not any more", async () => {
    const bot = aBot();
    bot.setting.within = undefined;
    await bot.comes();
    await bot.passes(86_400);
    expect(await bot.incidents()).toEqual([]);
    bot.setting.within = 600;
    await bot.passes(601);
    expect(await bot.incidents()).toMatchObject([{ status: "open" }]);
    bot.setting.within = undefined;
    await bot.passes(31);
    expect(await bot.incidents()).toMatchObject([{ status: "resolved" }]);
  });
});
