import { beforeEach, describe, expect, it } from "vitest";
import { buttonsIn, type Card, plainText } from "../../src/core/card.ts";
import type { Question } from "../../src/core/chat.ts";
import { digestOf } from "../../src/core/digest/digest.ts";
import { readDigestWish } from "../../src/core/digest/wish.ts";
import type { AlertLine, Incident } from "../../src/core/incident.ts";
import type { Runbook } from "../../src/core/runbook.ts";
import { askedDigest } from "../../src/flows/digest/asked.ts";
import { gather, type Outside } from "../../src/flows/digest/gather.ts";
import { lookForPatterns } from "../../src/flows/digest/look-back.ts";
import { readCron } from "../../src/jobs/cron.ts";
import type { Rule } from "../../src/ports/metrics.ts";
import type { Store } from "../../src/ports/store.ts";
import { UnreachableError } from "../../src/util/errors.ts";
import { aChange, anEnded } from "../fakes/digests.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { anEntry } from "../fakes/proposals.ts";
import { aRun } from "../fakes/runs.ts";
import { newStore, shippedPacks } from "../fakes/world.ts";

/** A Monday, noon UTC. */
const NOW = Date.UTC(2026, 8, 28, 12) / 1000;
const HOUR = 3600;
const DAY = 24 * HOUR;
const RULE: Rule = {
  ...{ name: "QueueSlow", kind: "alerting", promql: 'queue_age_seconds{queue!=""} > 100', forSeconds: 0 },
  ...{ labels: {}, summary: "", state: "inactive" },
};
/** Ended this many hours ago, went this far, and whether somebody acknowledged it. */
const QUEUE: readonly (readonly [hours: number, value: number, acted?: true])[] = [
  ...([
    [90, 104],
    [80, 110],
    [70, 112],
    [60, 118],
    [50, 125],
    [40, 119],
    [30, 121],
    [20, 107],
  ] as const),
  [10, 400, true],
];

describe("what the weeks before tell", () => {
  let store: Store;
  let outside: Outside;
  const prometheus = fakeMetrics({
    name: "main",
    clock: () => NOW,
    rules: [RULE],
    series: [
      {
        metric: "queue_age_seconds",
        labels: { queue: "mail" },
        value: (at) => QUEUE.find(([hours]) => Math.abs(at - (NOW - hours * HOUR)) < 1800)?.[1] ?? 20,
      },
    ],
  });
  const keep = (...incidents: readonly Incident[]) => store.incidents.save({ incidents, alerts: [], entries: [] });
  const runbook = { id: "restart", title: "Restart", matches: { asks: [], alerts: ["Old"], anomalies: [] } };

  beforeEach(async () => {
    prometheus.fail(undefined);
    store = newStore();
    outside = {
      ...{ sources: [prometheus], packs: await shippedPacks(), zone: "UTC", teamOf: () => undefined },
      runbooks: async () => [runbook as unknown as Runbook],
    };
    for (const [hours, , acted] of QUEUE) {
      const line: AlertLine = {
        ...{ fingerprint: "f", name: "QueueSlow", severity: "warning", summary: "", startsAt: NOW - hours * HOUR },
        labels: { alertname: "QueueSlow", queue: "mail" },
      };
      await keep(
        anEnded(`inc-${hours}`, NOW - hours * HOUR, 600, {
          ...{ lines: [line], subject: { kind: "queue", name: "mail" } },
          names: [{ name: "QueueSlow", severity: "warning", total: 1, firing: 0 }],
          ...(acted === true && { acknowledged: { person: "ann", name: "Ann", at: NOW - hours * HOUR } }),
        }),
      );
    }
  });

  const weeks = Array.from({ length: 8 }, (_, n) => NOW - (n * 7 + 3) * DAY);
  async function withDeploys(isMatched: boolean): Promise<void> {
    for (const [n, at] of weeks.entries()) {
      const deploys = { service: "checkout", environment: "production" };
      await store.runs.keep(aRun({ id: `d${n}`, endedAt: at, deploys }));
      await keep(anEnded(`inc-d${n}`, at + 300, 900));
      const change = aChange(
        `p${n}`,
        at + 360,
        { status: "verified", startedAt: at + 360, endedAt: at + 400, measured: [] },
        { cause: { kind: "alert", text: `Incident inc-d${n}: HighErrorRate` } as never },
      );
      const own = { ...change.spec.runbook!, id: "restart", title: "Restart" };
      await store.proposals.insert({ ...change, spec: { ...change.spec, runbook: own } }, [anEntry()]);
    }
    if (isMatched)
      outside = {
        ...outside,
        runbooks: async () => [
          { ...runbook, matches: { ...runbook.matches, alerts: ["High*"] } } as unknown as Runbook,
        ],
      };
  }

  function ask(text: string, more: Partial<Question> = {}): Promise<Card> {
    const user = { platform: "slack", id: "U1", name: "Ann" };
    const question: Question = {
      ...{ id: "q", place: { platform: "slack", channel: "C1", thread: "17.1" }, user, text, at: NOW },
      ...more,
    };
    const plan = { name: "week", kind: "weekly" as const, cron: "0 9 * * 1", zone: "UTC", to: [] };
    const deps = {
      ...{ store, outside, readCron, plans: [plan], zone: "UTC", clock: () => NOW, environmentOf: () => undefined },
      identify: () => ({ person: "ann", name: "Ann", platform: "slack", account: "U1", isLinked: true }),
      ...{ mayReadIncident: () => true, changed: () => {} },
    };
    return askedDigest(deps, question, readDigestWish(text, NOW, "UTC")!);
  }

  it("is the threshold that only what somebody acted on would have passed, with the query and the numbers", async () => {
    const card = await ask("threshold of queueslow?");
    expect(card.title).toBe(
      "QueueSlow: With > 130 in place of > 100 in its rule, 8 of 8 would not have been told, and the one that somebody acted on still would.",
    );
    const text = plainText(card);
    expect(text).toContain('expr: |-\n  queue_age_seconds{queue!=""} > 130');
    expect(text).toMatch(/400 \| yes/);
    expect(card.blocks).toContainEqual({
      kind: "evidence",
      items: [{ promql: 'queue_age_seconds{queue!=""}', source: "main" }],
    });
  });

  it("is said in the digest, whose button leads there", async () => {
    const period = { from: NOW - 7 * DAY, to: NOW };
    const facts = await gather({ store, outside, environmentOf: () => undefined }, period, NOW, { kind: "weekly" });
    expect(facts.thresholds?.get("QueueSlow")).toMatchObject({ value: 130, away: 8 });
    const card = await ask("digest weekly");
    expect(plainText(card)).toContain("With > 130 in place of > 100 in its rule, 8 of 8 would not have been told");
    expect(card.blocks.flatMap(buttonsIn).map(({ action }) => action)).toContainEqual({
      kind: "ask",
      text: "threshold of QueueSlow",
    });
  });

  it("is no threshold where Prometheus cannot be asked, and says so", async () => {
    prometheus.fail("unreachable");
    expect((await ask("threshold of QueueSlow")).title).toMatch(
      /^No threshold can be suggested for QueueSlow: Prometheus could not be asked/,
    );
    expect(plainText(await ask("digest weekly"))).toContain("QueueSlow: 8 ended by themselves");
    expect((await ask("threshold of Unknown")).title).toBe("No incident of Unknown is kept of the last 30 days.");
  });

  it("is a pattern with a draft of a matches entry, where the runbook that helped does not name the alert", async () => {
    await withDeploys(false);
    const list = await ask("patterns");
    expect(plainText(list)).toMatch(
      /HighErrorRate began within 1 h after 7 of 7 deployments of checkout, and in 0 of \d+ such stretches of other days\. Restart helped 8 of 8 times\./,
    );
    const [button] = list.blocks.flatMap(buttonsIn);
    expect(button?.action).toEqual({
      kind: "ask",
      text: "pattern HighErrorRate of checkout after checkout in production",
    });
    const text = plainText(await ask("pattern HighErrorRate of checkout after checkout in production"));
    expect(text).toContain('# in the file of the runbook restart\nmatches:\n  alerts: ["Old", "HighErrorRate"]');
    expect(text).toContain("nothing was changed");
    expect(plainText(await ask("digest weekly"))).toContain("What comes again (1)");
  });

  it("holds nothing against times of which no deployment was told", async () => {
    await keep(anEnded("inc-old", NOW - 85 * DAY, 600));
    for (let n = 0; n < 5; n++) {
      const at = NOW - (n * 4 + 1) * DAY;
      const deploys = { service: "checkout", environment: "production" };
      await store.runs.keep(aRun({ id: `d${n}`, endedAt: at, deploys }));
      await keep(anEnded(`inc-d${n}`, at + 300, 900));
    }
    const may = { incident: () => true, change: () => true };
    const [found] = await lookForPatterns(store, [], may, { now: NOW, zone: "UTC" });
    expect(found?.after).toMatchObject({ deployments: 5, followed: 5 });
    // Of 17 days the same hour and those near it; of all 85 days, it would be more than 70.
    expect(found?.after?.others).toBeLessThan(45);
  });

  it("is a draft of a watch where the runbook names it, of what the rule measures", async () => {
    await withDeploys(true);
    prometheus.fail(undefined);
    const errors = { ...RULE, name: "HighErrorRate", promql: 'errors:ratio{job="a\\"b"} >= 0.05' };
    outside = { ...outside, sources: [{ ...prometheus, rules: async () => [errors] }] };
    const text = plainText(await ask("pattern HighErrorRate of checkout after checkout in production"));
    expect(text).toContain(
      'watches:\n  - name: high-error-rate\n    about: "HighErrorRate"\n    promql: "errors:ratio{job=\\"a\\\\\\"b\\"}"\n    direction: up',
    );
    outside = { ...outside, sources: [] };
    expect(plainText(await ask("pattern HighErrorRate of checkout after checkout in production"))).toContain(
      "I cannot draft a watch of it",
    );
  });

  it("is told to nobody to whom a source is closed", async () => {
    await withDeploys(false);
    expect((await ask("patterns", { sources: ["main"] })).title).toContain("where every source is open");
    expect(plainText(await ask("digest weekly", { sources: ["main"] }))).not.toContain("What comes again");
  });

  it("can be tried as it is planned, and posts nothing", async () => {
    const card = await ask("digest try week");
    expect(card.title).toMatch(/^As week would say now, posted nowhere\. Weekly digest: /);
    expect(plainText(card)).toContain("From 09:00 UTC to 12:00 UTC.");
    expect(await store.digests.find({ limit: 5 })).toEqual([]);
    expect((await ask("digest try other")).title).toMatch(/^There is no digest other/);
  });
});

describe("what is asked besides the store", () => {
  it("is told where it can be asked, is said where it cannot, and what stood there before still does", async () => {
    const store = newStore();
    await store.incidents.save({ incidents: [anEnded("inc-1", NOW - HOUR, 60)], alerts: [], entries: [] });
    const silence = { id: "s1", matchers: 'host="a"', until: NOW + HOUR, by: "Ann" };
    let isAway = false;
    const outside: Outside = {
      ...{ sources: [], packs: await shippedPacks(), zone: "UTC", teamOf: () => undefined, runbooks: async () => [] },
      async silences() {
        if (isAway) throw new UnreachableError("alertmanager", "it is away.");
        return [silence];
      },
      duties: async () => [{ schedule: "shop", person: undefined }],
    };
    const period = { from: NOW - DAY, to: NOW };
    const look = async () =>
      digestOf(
        "handover",
        await gather({ store, outside, environmentOf: () => undefined }, period, NOW, { kind: "handover" }),
        period,
        NOW,
      );
    const first = await look();
    expect(first.sections.map(({ name, total }) => `${name} ${total}`)).toEqual(["silences 1", "duties 1"]);
    isAway = true;
    const second = await look();
    expect(second.missing).toEqual(["Silences could not be asked: alertmanager: it is away."]);
    const { againOf } = await import("../../src/core/digest/digest.ts");
    expect(againOf(first, second)).toMatchObject({ done: [], sections: [{ name: "silences" }, { name: "duties" }] });
  });

  it("has error budgets of services with an objective", async () => {
    const { budgetsOf } = await import("../../src/flows/digest/budgets.ts");
    const packs = await shippedPacks();
    const none = fakeMetrics({ name: "main", clock: () => NOW, series: [] });
    expect(await budgetsOf([none], packs)).toEqual([]);
    const sample = (value: number) => [{ labels: { service: "billing" }, at: NOW, value }];
    const some = fakeMetrics({
      ...{ name: "eu", environment: "production", clock: () => NOW },
      series: [
        { metric: "http_requests_total", labels: { service: "billing", code: "200" }, value: 1 },
        { metric: "slo_objective", labels: { service: "billing" }, value: 0.99 },
      ],
      answers: [
        [/^1 - .*\[7d\]/, sample(0.12)],
        [/\[1h\]/, sample(8.2)],
      ],
    });
    expect(await budgetsOf([none, some], packs)).toEqual([
      { service: "billing", source: "eu", environment: "production", left: 0.12, days: 7, burn: 8.2 },
    ]);
  });
});
