import { describe, expect, it } from "vitest";
import { ingest } from "../../src/flows/ingest.ts";
import { reconcile } from "../../src/flows/reconcile.ts";
import type { AlertRouter, ListedAlert } from "../../src/ports/metrics.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { firing, T } from "../fakes/incidents.ts";

function aRouter() {
  let listed: readonly ListedAlert[] | Error = [];
  const router: AlertRouter = {
    alerts: async () => {
      if (listed instanceof Error) throw listed;
      return listed;
    },
    matching: async () => [],
    silences: async () => [],
    silence: async () => "1",
    unsilence: async () => {},
    check: async () => ({ version: "0" }),
  };
  const lists = (next: typeof listed): void => {
    listed = next;
  };
  return { router, lists };
}

function listed(name: string, isMuted = false): ListedAlert {
  const labels = { alertname: "Down", service: name, severity: "critical" };
  return { fingerprint: name, labels, annotations: {}, startsAt: T, generatorUrl: "", isMuted };
}

function aBot(receivers?: readonly string[]) {
  let now = T + 30;
  let made = 0;
  const store = createMemoryStore({ retention: RETENTION });
  const { take } = ingest({ store, newId: () => `inc-${++made}`, placesOf: () => [], changed: () => {} });
  const { router, lists } = aRouter();
  const look = reconcile({
    list: { name: "alertmanager", read: router.alerts },
    lists: ["alertmanager"],
    store,
    clock: () => now,
    take,
    receivers,
  });
  const signal = new AbortController().signal;
  const lookAfter = async (seconds = 60) => {
    now += seconds;
    await look(signal);
  };
  return {
    lists,
    take,
    look: lookAfter,
    /** Looks once a minute, until so many seconds are over. */
    async looks(seconds: number) {
      for (let over = 0; over < seconds; over += 60) await lookAfter();
    },
    lines: async () => (await store.incidents.find({ limit: 10 })).flatMap(({ lines }) => lines),
    incidents: async () =>
      (await store.incidents.find({ limit: 10 })).map(({ id, status, firing: n }) => `${id} ${status} ${n}`),
  };
}

it("leaves an alert that is over by a list the words of its rule", async () => {
  const bot = aBot();
  const words = { summary: "No target of shop answers", runbook_url: "https://wiki.example/down" };
  bot.lists([{ ...listed("shop"), annotations: words }]);
  await bot.look();
  bot.lists([]);
  await bot.looks(600);
  expect(await bot.incidents()).toEqual(["inc-1 resolved 0"]);
  expect(await bot.lines()).toMatchObject([{ summary: words.summary, runbookUrl: words.runbook_url }]);
});

describe("several lists", () => {
  /** Each looks once a minute; `lists` is what is configured. */
  function bot(store = createMemoryStore({ retention: RETENTION }), start = T) {
    let now = start;
    let made = 0;
    const newId = () => `inc-${start}-${++made}`;
    const { take } = ingest({ store, newId, placesOf: () => [], changed: () => {} });
    const said = new Map<string, readonly ListedAlert[] | undefined>();
    const lookers = (names: readonly string[]) =>
      names.map((name) =>
        reconcile({ list: { name, read: async () => said.get(name) }, lists: names, store, clock: () => now, take }),
      );
    return {
      store,
      said,
      async minutes(count: number, names: readonly string[]) {
        const all = lookers(names);
        for (let minute = 0; minute < count; minute++) {
          now += 60;
          for (const look of all) await look(new AbortController().signal);
        }
        return now;
      },
      live: async () => (await store.incidents.live()).map(({ subject }) => subject?.name).toSorted(),
    };
  }
  const NAMES = ["prometheus/eu", "prometheus/us"];

  it("end what is missing in each of them for itself, and nothing of one that is not to be asked", async () => {
    const { said, minutes, live } = bot();
    said.set("prometheus/eu", [listed("a")]).set("prometheus/us", [listed("b"), listed("c")]);
    await minutes(2, NAMES);
    expect(await live()).toEqual(["a", "b", "c"]);
    said.set("prometheus/us", [listed("c")]);
    await minutes(7, NAMES);
    expect(await live()).toEqual(["a", "c"]);
    said.set("prometheus/us", undefined);
    await minutes(10, NAMES);
    expect(await live()).toEqual(["a", "c"]);
  });

  it("hand over what they listed: an Alertmanager that comes in their place ends what it does not have", async () => {
    const { said, minutes, live } = bot();
    said.set("prometheus/eu", [listed("a"), listed("b")]);
    await minutes(2, ["prometheus/eu"]);
    said.set("alertmanager", [listed("b")]);
    await minutes(8, ["alertmanager", "prometheus/us"]);
    expect(await live()).toEqual(["b"]);
    said.set("alertmanager", []);
    await minutes(8, ["alertmanager"]);
    expect(await live()).toEqual([]);
  });
});

describe("Alertmanager's own list", () => {
  it("makes incidents without a webhook, and ends them once an alert is missing for five minutes", async () => {
    const { lists, look, looks, incidents } = aBot();
    lists([listed("checkout")]);
    await look();
    await look();
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    lists([]);
    await look();
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    await looks(300);
    expect(await incidents()).toEqual(["inc-1 resolved 0"]);
  });

  it("that was away and comes back empty ends nothing: it has to be empty for five minutes of looks", async () => {
    const { lists, look, looks, incidents } = aBot();
    lists([listed("checkout")]);
    await look();
    lists(new Error("refused"));
    for (let minute = 0; minute < 6; minute++) await expect(look()).rejects.toThrow("refused");
    lists([]);
    await look(20);
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    lists([listed("checkout")]);
    await look();
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    lists([]);
    await looks(240);
    lists(new Error("refused"));
    await expect(look()).rejects.toThrow("refused");
    lists([]);
    await looks(240);
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    await looks(120);
    expect(await incidents()).toEqual(["inc-1 resolved 0"]);
  });

  it("ends nothing when nobody looked for long, and nothing that a webhook tells of meanwhile", async () => {
    const { lists, look, looks, take, incidents } = aBot();
    lists([listed("checkout")]);
    await look();
    lists([]);
    await look();
    await look(3600);
    await look();
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    await looks(180);
    const labels = { alertname: "Down", service: "checkout", severity: "critical" };
    await take([firing("checkout", { labels, startsAt: T, at: T + 30 + 60 * 6 + 3600 })]);
    await looks(180);
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    await looks(180);
    expect(await incidents()).toEqual(["inc-1 resolved 0"]);
  });

  it("makes none of what is muted, and does not end what is muted while it fires", async () => {
    const { lists, look, looks, incidents } = aBot();
    lists([listed("a", true), listed("b")]);
    await look();
    lists([listed("a", true), listed("b", true)]);
    await looks(1200);
    expect(await incidents()).toEqual(["inc-1 open 1"]);
    lists([]);
    await looks(360);
    expect(await incidents()).toEqual(["inc-1 resolved 0"]);
  });

  it("makes none of what Alertmanager routes to nobody, or to others than those that are named", async () => {
    const to = (name: string, ...receivers: string[]) => ({ ...listed(name), receivers });
    const all = [to("a", "null"), to("b", "monitoring/shop/null"), to("c", "billing"), to("d", "null", "team-shop")];
    const anybody = aBot();
    anybody.lists(all);
    await anybody.look();
    expect(await anybody.incidents()).toHaveLength(2);
    const named = aBot(["team-*"]);
    named.lists(all);
    await named.look();
    expect(await named.incidents()).toEqual(["inc-1 open 1"]);
    // Told to others from now on: it goes on, and ends as it does.
    named.lists([to("d", "billing")]);
    await named.looks(600);
    expect(await named.incidents()).toEqual(["inc-1 open 1"]);
    named.lists([]);
    await named.looks(360);
    expect(await named.incidents()).toEqual(["inc-1 resolved 0"]);
  });

  it("makes none of Watchdog and its like, nor does the webhook", async () => {
    const { lists, look, take, incidents } = aBot();
    const beat = (alertname: string) => ({ ...listed(alertname), labels: { alertname, severity: "none" } });
    lists(["Watchdog", "InfoInhibitor", "DeadMansSwitch"].map(beat));
    await look();
    await take([firing("Watchdog", { labels: { alertname: "Watchdog" } })]);
    expect(await incidents()).toEqual([]);
  });

  it("says nothing about alerts that it never had: those come from another Alertmanager", async () => {
    const { looks, take, incidents } = aBot();
    await take([firing("elsewhere")]);
    await looks(3600);
    expect(await incidents()).toEqual(["inc-1 open 1"]);
  });

  it("changes nothing while it cannot be read", async () => {
    const { lists, look, incidents } = aBot();
    lists([listed("a")]);
    await look();
    lists(new Error("refused"));
    await expect(look(3600)).rejects.toThrow("refused");
    expect(await incidents()).toEqual(["inc-1 open 1"]);
  });

  it("and the webhook tell of the same alert: that is one incident", async () => {
    const { lists, look, take, incidents } = aBot();
    lists([listed("checkout")]);
    await look();
    await take([
      firing("checkout", { labels: { alertname: "Down", severity: "critical" }, startsAt: T, group: "g", at: T + 100 }),
    ]);
    expect(await incidents()).toEqual(["inc-1 open 1"]);
  });
});
