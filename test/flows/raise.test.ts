import { beforeEach, describe, expect, it } from "vitest";
import { type Card, plainText } from "../../src/core/card.ts";
import { placesWith } from "../../src/core/incident/anomaly.ts";
import { respond } from "../../src/core/incident/respond.ts";
import { placesFor, type Route } from "../../src/core/incident/route.ts";
import type { AlertEvent, Incident } from "../../src/core/incident.ts";
import { anomaliesIn } from "../../src/flows/incident-anomalies.ts";
import { type Ingest, ingest } from "../../src/flows/ingest.ts";
import { notify } from "../../src/flows/notify.ts";
import type { Silence } from "../../src/ports/metrics.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { aWatch, course, EVERY, noise, Watched } from "../fakes/watched.ts";
import { NOW } from "../fakes/world.ts";

/** Anomalies and alerts of one thing are one incident in one message. */

const HOUR = 3600;
const INCIDENTS = { platform: "slack", channel: "C2", thread: "" } as const;

/** A watched world whose anomalies become incidents, as the whole program puts them together. */
class Raised extends Watched {
  readonly routes: Route[] = [{ name: "all", to: [INCIDENTS], goesOn: false }];
  silences: Silence[] = [];
  ingesting!: Ingest;
  #ids = 0;

  override async start(): Promise<this> {
    this.ingesting = ingest({
      store: this.store,
      newId: () => `inc-${++this.#ids}`,
      placesOf: (incident) => placesWith(incident, placesFor(this.routes, incident), this.settings),
      changed: () => {},
    });
    this.raising = {
      least: "warning",
      take: this.ingesting.take,
      silences: async () => this.silences,
      redrawn: () => {},
      ...this.raising,
    };
    return super.start();
  }

  /** Messages as they are drawn by now. */
  async drawn(): Promise<readonly Queued[]> {
    const show = notify({
      store: this.store,
      clock: () => this.now,
      contextOf: () => ({ now: this.now, zone: "UTC", edition: 0, canSilence: true }),
      anomaliesIn: (incident) =>
        anomaliesIn({ store: this.store, sources: [this.metrics], clock: () => this.now }, incident),
      report: (_, message, data) => {
        throw new Error(message, { cause: data["err"] });
      },
      wake: () => {},
    });
    await show();
    return this.posts();
  }

  /** An alert, as Alertmanager tells of it. */
  alert(labels: Record<string, string>, more: Partial<AlertEvent> = {}): AlertEvent {
    return {
      fingerprint: JSON.stringify(labels),
      status: "firing",
      labels: { alertname: "SlowRequests", severity: "critical", ...labels },
      annotations: { summary: "p95 of orders is above 1 s" },
      startsAt: this.now,
      at: this.now,
      ...more,
    };
  }

  async incidents(): Promise<readonly Incident[]> {
    return (await this.store.incidents.find({ limit: 50 })).toReversed();
  }
}

let at: number;
let end: number;
beforeEach(() => {
  at = Number.POSITIVE_INFINITY;
  end = Number.POSITIVE_INFINITY;
});

/** Latency of three services; that of orders is six times as long from `at` on, until `end`. */
function slow(): ReturnType<typeof course>[] {
  return ["orders", "billing", "suggest"].map((service) =>
    course("latency_seconds", { service }, 0.3, (now, value) =>
      service === "orders" && now >= at && now < end ? value * 6 : value,
    ),
  );
}

async function begun(change: (bot: Raised) => void = () => {}, options: ConstructorParameters<typeof Watched>[1] = {}) {
  const bot = new Raised(slow(), options);
  change(bot);
  await bot.start();
  await bot.wait(HOUR);
  at = bot.now;
  bot.now += EVERY;
  await bot.round();
  return bot;
}

function buttons({ blocks }: Card): readonly string[] {
  return blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons.map(({ label }) => label) : []));
}

describe("an anomaly that is severe enough", () => {
  it("is an incident in one message, with what makes it believable", async () => {
    const bot = await begun();
    const [post, ...others] = await bot.drawn();
    expect(others).toEqual([]);
    expect(post?.id).toBe("incident:inc-1:0");
    expect(post?.place.channel).toBe("C2");
    expect(post?.card.title).toMatch(
      /^Warning: latency of orders: 1\.\d+ s, [56](\.\d)? times its usual \d+ to \d+ ms$/,
    );
    expect(plainText(post!.card)).toMatch(/Since \d\d:\d\d UTC\. 1 anomaly goes on\./);
    expect(plainText(post!.card)).not.toMatch(/alert/i);
    expect(plainText(post!.card)).toContain("Watch latency: 1 post, 0 useful in 30 days.");
    expect(post?.card.blocks.find(({ kind }) => kind === "chart")).toMatchObject({
      chart: { band: {}, unit: "seconds" },
    });
    expect(post?.card.blocks.find(({ kind }) => kind === "evidence")).toMatchObject({
      items: [{ promql: "latency_seconds" }],
    });
    expect(buttons(post!.card)).toEqual([
      "Acknowledge",
      "Snooze 30 min",
      "Snooze…",
      "Silence…",
      "Investigate",
      "Useful or not?",
    ]);
  });

  it("shares it with the alert that comes later, though that says where it is", async () => {
    const bot = await begun();
    await bot.drawn();
    bot.now += 30;
    await bot.ingesting.take([bot.alert({ service: "orders", environment: "production", namespace: "shop" })]);
    const [edit, ...others] = await bot.drawn();
    expect(others).toEqual([]);
    expect(edit?.edits).toBe("incident:inc-1:0");
    expect(edit?.card.title).toBe("Critical: orders: SlowRequests and 1 more");
    expect(plainText(edit!.card)).toContain("1 alert fires, 1 anomaly goes on.");
    expect(plainText(edit!.card)).toMatch(/Anomaly \(warning\): latency of orders: 1\.\d+ s/);
  });

  it("joins what an alert has told of before, and not what is elsewhere", async () => {
    const bot = new Raised(slow(), { fake: { environment: "production" } });
    await bot.start();
    await bot.wait(HOUR);
    await bot.ingesting.take([
      bot.alert({ service: "orders", environment: "staging" }),
      bot.alert({ service: "orders", environment: "production", cluster: "eu" }),
    ]);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    const all = await bot.incidents();
    expect(all.map(({ environment, total }) => [environment, total])).toEqual([
      ["staging", 1],
      ["production", 2],
    ]);
  });

  it("ends it, once nothing of it goes on, also when somebody acknowledged it", async () => {
    const bot = await begun();
    await bot.drawn();
    const [incident] = await bot.incidents();
    const by = { person: "ann", name: "Ann", at: bot.now };
    const acknowledged = respond(incident!, { kind: "acknowledge" }, by);
    if (!acknowledged.ok) throw new Error(acknowledged.reason);
    await bot.store.incidents.save({ incidents: [acknowledged.incident], alerts: [], entries: [] });
    bot.ingesting.forget();
    await bot.wait(HOUR / 4);
    end = bot.now;
    await bot.wait(HOUR / 2);
    const last = (await bot.drawn()).at(-1);
    expect(last?.edits).toBe("incident:inc-1:0");
    expect(last?.card.title).toMatch(/^Resolved after \d+ min( \d+ s)?: latency of orders was 1\.\d+ s/);
    expect(plainText(last!.card)).toContain("Its anomaly is over.");
    expect(plainText(last!.card)).toContain("Ann acknowledged it");
    expect(buttons(last!.card)).toEqual(["Useful or not?"]);
    expect(await bot.incidents()).toMatchObject([{ status: "resolved", anomalies: { total: 1, firing: 0 } }]);
  });

  it("goes on as the same incident when it comes back soon", async () => {
    const bot = await new Raised([]).start();
    const one = anAnomaly("one", { severity: "warning", openedAt: bot.now, since: bot.now });
    const tell = async (change: Partial<typeof one>) => {
      bot.now += 120;
      await bot.store.detection.commit({ anomalies: [{ ...one, ...change }] });
      await bot.detect.show();
      return bot.incidents();
    };
    expect(await tell({})).toMatchObject([{ status: "open" }]);
    expect(await tell({ status: "over", endedAt: bot.now, revision: 2 })).toMatchObject([{ status: "resolved" }]);
    expect(await tell({ revision: 3 })).toMatchObject([{ status: "open", firing: 1, total: 1, reopened: 1 }]);
    expect(await tell({ status: "over", endedAt: bot.now, revision: 4 })).toMatchObject([
      { status: "resolved", startedAt: one.since, endedAt: bot.now - 120 },
    ]);
  });

  it.each([
    ["knew of the incident", true],
    ["did not know of an incident yet", false],
  ])(
    "stays over when somebody who looked before that tells of it after: whoever found it over %s",
    async (_, isKnown) => {
      const [first, called] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const bot = new Raised(slow());
      await bot.start();
      const { take } = bot.ingesting;
      const one = anAnomaly("late", { severity: "warning", watch: "latency", openedAt: bot.now, since: bot.now });
      await bot.store.detection.commit({ anomalies: [one] });
      if (isKnown) await bot.detect.show();
      await bot.store.detection.commit({ anomalies: [{ ...one, value: 2, revision: 2 }] });
      Object.assign(bot.raising ?? {}, {
        async take(events: readonly AlertEvent[]) {
          called.resolve();
          await first.promise;
          return take(events);
        },
      });
      const late = bot.detect.show();
      await called.promise;
      Object.assign(bot.raising ?? {}, { take });
      await bot.store.detection.commit({ anomalies: [{ ...one, status: "over", endedAt: bot.now, revision: 3 }] });
      await bot.detect.show();
      first.resolve();
      await late;
      expect(await bot.incidents()).toMatchObject([{ status: "resolved", firing: 0 }]);
    },
  );

  it("ends its incident also when that is found while its message is looked at", async () => {
    const bot = new Raised(slow());
    await bot.start();
    const { detection } = bot.store;
    const { anomalies } = detection;
    const one = anAnomaly("late", { severity: "warning", watch: "latency", openedAt: bot.now, since: bot.now });
    await detection.commit({ anomalies: [one] });
    let isFound = false;
    Object.assign(detection, {
      async anomalies(asked: Parameters<typeof anomalies>[0]) {
        if (asked.group !== undefined && !isFound) {
          isFound = true;
          await detection.commit({ anomalies: [{ ...one, status: "over", endedAt: bot.now, revision: 2 }] });
        }
        return anomalies(asked);
      },
    });
    await bot.detect.show();
    await bot.detect.show();
    expect(isFound).toBe(true);
    expect(await bot.incidents()).toMatchObject([{ status: "resolved", firing: 0 }]);
  });

  it("is lost by no crash between finding and taking it in, and taken in once", async () => {
    let outcome: "killed before" | "killed after" | "well" = "killed before";
    const bot = await begun((one) => {
      const take = async (events: readonly AlertEvent[]) => {
        if (outcome === "killed before") throw new Error("killed");
        await one.ingesting.take(events);
        if (outcome === "killed after") throw new Error("killed");
      };
      one.raising = { take } as never;
    });
    expect(await bot.incidents()).toEqual([]);
    expect(await bot.drawn()).toEqual([]);
    for (outcome of ["killed after", "well"] as const) {
      await bot.start();
      bot.now += EVERY;
      await bot.round();
    }
    expect(await bot.incidents()).toMatchObject([{ total: 1, firing: 1 }]);
    expect(await bot.drawn()).toHaveLength(1);
  });

  it("is told by the opinions of people anew, in the same message", async () => {
    const bot = await begun();
    await bot.drawn();
    const [one] = await bot.store.detection.anomalies({ status: "open", limit: 1 });
    await bot.store.detection.judge({
      ...{ anomaly: one!.id, watch: one!.watch, series: one!.series, since: one!.since },
      ...{ by: "slack/U1", kind: "useful", at: bot.now },
    });
    await bot.detect.redraw(one!.group);
    const [edit, ...others] = await bot.drawn();
    expect(others).toEqual([]);
    expect(edit?.edits).toBe("incident:inc-1:0");
    expect(plainText(edit!.card)).toContain("Of this one, 1 said “useful”.");
  });
});

describe("where it is told", () => {
  it("is where anomalies are posted, when no route is for it", async () => {
    const bot = await begun((one) => one.routes.splice(0));
    expect((await bot.drawn()).map(({ id, place }) => [id, place.channel])).toEqual([["incident:inc-1:0", "C1"]]);
  });

  it("is the watch's own place before any route, and nowhere where that is none", async () => {
    const own = { platform: "slack", channel: "C9", thread: "" };
    const watches = (post: readonly (typeof own)[]) => ({
      settings: { watches: [{ ...new Watched([]).settings.watches[0]!, post }] },
    });
    const bot = await begun(undefined, watches([own]));
    expect((await bot.drawn()).map(({ place }) => place.channel)).toEqual(["C9"]);
    const none = await begun(undefined, watches([]));
    expect(await none.incidents()).toEqual([]);
    expect(await none.drawn()).toEqual([]);
  });
});

describe("an anomaly stays as it was", () => {
  const silence: Silence = {
    ...{ id: "s", endsAt: 0, createdBy: "ann", comment: "" },
    matchers: [{ name: "service", value: "ord.*", isRegex: true, isEqual: true }],
  };

  it("while a silence matches it, and is told once that ends", async () => {
    const bot = await begun((one) => one.silences.push(silence));
    expect(await bot.drawn()).toEqual([]);
    bot.silences = [];
    bot.now += EVERY;
    await bot.round();
    expect(await bot.drawn()).toHaveLength(1);
    bot.silences = [silence];
    end = bot.now + HOUR / 4;
    await bot.wait(HOUR);
    expect(await bot.incidents()).toMatchObject([{ status: "resolved" }]);
  });

  it("where incidents of anomalies are off: a message of its own", async () => {
    const bot = await begun((one) => {
      one.raising = { least: undefined } as never;
    });
    expect(await bot.incidents()).toEqual([]);
    expect((await bot.drawn()).map(({ card }) => card.title)).toEqual([expect.stringMatching(/^Latency of orders: 1/)]);
  });

  it("with a message of its own from before the upgrade, which it keeps to its end", async () => {
    const bot = new Watched(slow());
    await bot.start();
    await bot.wait(HOUR);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    expect(await bot.posts()).toHaveLength(1);
    await bot.detect.flush();
    const later = new Raised(slow(), { store: bot.store });
    later.now = bot.now;
    await later.start();
    await later.wait(HOUR / 2);
    end = later.now;
    await later.wait(HOUR / 2);
    expect(await later.incidents()).toEqual([]);
    const said = await later.drawn();
    expect(new Set(said.map(({ edits }) => edits)).size).toBe(1);
    expect(said.at(-1)?.card.title).toMatch(/^Over since/);
  });

  it("of which only the severity was too mild: it becomes an incident, and its own message says so", async () => {
    const bot = new Raised(slow(), {
      settings: { routes: [{ place: { platform: "slack", channel: "C1", thread: "" }, least: "info" }] },
    });
    await bot.start();
    const mild = anAnomaly("mild", { severity: "info", watch: "latency", openedAt: bot.now, since: bot.now });
    await bot.store.detection.commit({ anomalies: [mild] });
    await bot.detect.show();
    expect((await bot.drawn()).map(({ place }) => place.channel)).toEqual(["C1"]);
    const graver = { ...mild, severity: "critical" as const, was: "info" as const, revision: 2 };
    await bot.store.detection.commit({ anomalies: [graver] });
    await bot.detect.show();
    const said = await bot.drawn();
    expect(said.map(({ place, edits }) => [place.channel, edits !== undefined])).toEqual([
      ["C1", true],
      ["C2", false],
    ]);
    expect(plainText(said[0]!.card)).toContain("It got worse, and is incident inc-1 now: its message goes on.");
  });
});

it("a storm of anomalies and alerts is at most nineteen incidents", async () => {
  const many = Array.from({ length: 16 }, (_, i) =>
    course("latency_seconds", { service: `s${i}` }, 0.2 + i / 100, (now, value) => (now >= at ? value * 5 : value)),
  );
  const bot = new Raised(many);
  await bot.start();
  await bot.wait(HOUR);
  at = bot.now;
  bot.now += EVERY;
  await bot.ingesting.take(
    Array.from({ length: 100 }, (_, i) => bot.alert({ service: `t${i}`, alertname: `Alert${i % 30}` })),
  );
  await bot.round();
  const all = await bot.incidents();
  expect(all.length).toBeLessThanOrEqual(19);
  expect(all.reduce((sum, { anomalies }) => sum + (anomalies?.total ?? 0), 0)).toBe(16);
  expect(all.reduce((sum, { total }) => sum + total, 0)).toBe(116);
});

describe("a counter that begins anew", () => {
  /** Two counters of orders that began anew at `restarts`, and one of billing that never did. */
  function counters(restarts: readonly number[]) {
    const counted = (service: string, path: string, times: readonly number[]) => ({
      metric: "requests_total",
      labels: { service, path },
      value: (now: number) =>
        5 * (now - (times.findLast((time) => time <= now) ?? 1.77e9)) + 60 * (1 + noise(now, path.length)),
    });
    return [counted("orders", "/", restarts), counted("orders", "/pay", restarts), counted("billing", "/", [])];
  }
  const WATCHES = [
    aWatch({ id: "requests", name: "requests", promql: "requests_total", unit: "count", by: ["service"] }),
  ];
  async function started(restarts: number[] = []) {
    const bot = new Raised(counters(restarts), { settings: { watches: WATCHES } });
    await bot.start();
    await bot.wait(HOUR);
    return { bot, restarts };
  }

  it("is a line of the list; again and again it is one incident, counted on, which ends once it stays up", async () => {
    const { bot, restarts } = await started();
    const restart = async () => {
      restarts.push(bot.now + 20);
      await bot.wait(600);
    };
    await restart();
    await restart();
    expect(await bot.incidents()).toEqual([]);
    const kinds = async () => (await bot.store.detection.anomalies({ limit: 50 })).map(({ kind }) => kind);
    expect(new Set(await kinds())).toEqual(new Set(["reset"]));
    await restart();
    await bot.drawn();
    expect(await bot.incidents()).toMatchObject([
      { status: "open", severity: "warning", total: 1, subject: { kind: "service", name: "orders" } },
    ]);
    await restart();
    await restart();
    const [edit, ...others] = await bot.drawn();
    expect(others).toEqual([]);
    expect(edit?.edits).toBe("incident:inc-1:0");
    expect(edit?.card.title).toBe("Warning: orders restarted 5 times in 40 min: its counters began anew");
    expect((await kinds()).filter((kind) => kind === "restarting")).toHaveLength(1);
    await bot.wait(2400);
    const [incident] = await bot.incidents();
    expect(incident?.status).toBe("resolved");
    // It is seen at the next point of the series.
    expect(incident!.endedAt! - restarts.at(-1)!).toBeLessThanOrEqual(EVERY);
  });

  it("is none that needs somebody when it did so twice a day, also in what is read of the past", async () => {
    const { bot, restarts } = await started([20, 30, 40].map((minutes) => NOW - 86_400 + 60 * minutes));
    for (let n = 0; n < 3; n++) {
      restarts.push(bot.now + 20);
      await bot.wait(4000);
    }
    const lines = await bot.store.detection.anomalies({ limit: 50 });
    expect(lines.filter(({ kind }) => kind === "reset").length).toBeGreaterThanOrEqual(3);
    expect(lines.filter(({ kind }) => kind === "restarting")).toEqual([]);
    expect(await bot.incidents()).toEqual([]);
  });
});
