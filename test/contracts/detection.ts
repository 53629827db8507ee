import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { ANOMALY_KINDS, type Anomaly, type Opinion } from "../../src/core/watch/anomaly.ts";
import type { SeriesState, WatchRound } from "../../src/ports/detection.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { DAY, RETENTION } from "./store.ts";

const NOW = 1_790_000_000;

export function anAnomaly(id: string, more: Partial<Anomaly> = {}): Anomaly {
  return {
    id,
    group: id,
    kind: "unusual",
    watch: "latency",
    source: "default",
    series: '[["service","orders"]]',
    labels: { service: "orders" },
    measure: "p95 latency",
    subject: "orders",
    unit: "seconds",
    noun: "",
    promql: "latency",
    status: "open",
    severity: "warning",
    openedAt: NOW,
    since: NOW - 60,
    value: 2.4,
    usual: { low: 0.2, typical: 0.3, high: 0.4 },
    direction: "up",
    score: 12,
    terms: [{ name: "level", weight: 0.6 }],
    because: ["orders 1 → 2 was deployed."],
    points: [[NOW, 2.4]],
    events: [],
    revision: 1,
    ...more,
  };
}

function round(watch: string, at = NOW): WatchRound {
  return { watch, at, series: 2, matched: 3, problem: "It matches 3 series; 2 are followed." };
}

function state(series: string): SeriesState {
  const open = {
    id: "a1",
    since: NOW - 60,
    severity: "warning" as const,
    own: "critical" as const,
    calm: 1,
    unusual: 4,
    extreme: 2.4,
    usual: { low: 0, typical: 1, high: 2 },
  };
  return {
    series,
    labels: { service: series, "odd label": "ü" },
    track: { last: NOW, value: 1.5, open },
    detector: new Uint8Array([0, 255, 7, 0]),
  };
}

function opinion(anomaly: string, by: string, kind: Opinion["kind"], at = NOW): Opinion {
  return { anomaly, watch: "latency", series: "s", by, kind, at, since: NOW - 60 };
}

/** What every store does with what the scheduled detector keeps. */
export function detectionContract(name: string, open: (retention: Retention) => Store | Promise<Store>): void {
  describe(`${name} and the detector`, () => {
    const stores: Store[] = [];
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    const opened = async (retention = RETENTION) => {
      const store = await open(retention);
      stores.push(store);
      return { store, detection: store.detection };
    };

    it("gives each slot of a job to one owner, and the next one only when that has ended or died", async () => {
      const { detection } = await opened();
      assert.equal(await detection.claim("detect", 60, "a", 60, 660), "anew");
      assert.equal(await detection.claim("detect", 60, "b", 61, 661), "lost");
      assert.equal(await detection.claim("detect", 60, "a", 61, 661), "lost");
      assert.equal(await detection.claim("detect", 120, "b", 120, 720), "lost");
      assert.equal(await detection.claim("other", 120, "b", 120, 720), "anew");
      await detection.release("detect", "b");
      assert.equal(await detection.claim("detect", 121, "b", 121, 721), "lost");
      await detection.release("detect", "a");
      assert.equal(await detection.claim("detect", 180, "a", 180, 780), "won");
      assert.equal(await detection.claim("detect", 840, "b", 840, 1440), "anew");
      await detection.release("detect", "b");
      assert.equal(await detection.claim("detect", 300, "a", 900, 1500), "lost");
      assert.equal(await detection.claim("detect", 900, "a", 900, 1500), "anew");
    });

    it("keeps the states of a watch, byte for byte, with how far they were read", async () => {
      const { detection } = await opened();
      assert.deepEqual(await detection.states("w@1"), []);
      await detection.commit({ watch: round("w@1"), states: [state("a"), state("b"), state("c")] });
      await detection.commit({ watch: round("w@2"), states: [state("a")] });
      const next = { ...state("a"), track: { last: NOW + 60, value: 0 }, detector: new Uint8Array([1]) };
      await detection.commit({ watch: round("w@1", NOW + 60), states: [next], dropped: ["b", "nobody"] });
      assert.deepEqual(await detection.states("w@1"), [next, state("c")]);
      assert.deepEqual(await detection.states("w@2"), [state("a")]);
      assert.deepEqual(await detection.rounds(), [round("w@1", NOW + 60), round("w@2")]);
    });

    it("gives back every kind of anomaly that there is", async () => {
      const { detection } = await opened();
      const all = ANOMALY_KINDS.map((kind) => anAnomaly(kind, { kind }));
      await detection.commit({ anomalies: all });
      const found = await detection.anomalies({ status: "open", limit: 99 });
      assert.deepEqual(found.map(({ kind }) => kind).sort(), [...ANOMALY_KINDS].sort());
    });

    it("replaces an anomaly by a newer one of its id alone", async () => {
      const { detection } = await opened();
      assert.equal(await detection.anomaly("a"), undefined);
      await detection.commit({ anomalies: [anAnomaly("a"), anAnomaly("b", { openedAt: NOW + 1 })] });
      const over = anAnomaly("a", { status: "over", endedAt: NOW + 300, revision: 3 });
      await detection.commit({ anomalies: [over] });
      await detection.commit({ anomalies: [anAnomaly("a", { revision: 3, severity: "info" })] });
      await detection.commit({ anomalies: [anAnomaly("a", { revision: 2 })] });
      assert.deepEqual(await detection.anomaly("a"), over);
    });

    it("finds anomalies by state, message and time, newest first", async () => {
      const { detection } = await opened();
      await detection.commit({
        anomalies: [
          anAnomaly("old", { openedAt: NOW - 3 * DAY, status: "over", endedAt: NOW - 2 * DAY }),
          anAnomaly("ended", { openedAt: NOW - 3 * DAY, status: "over", endedAt: NOW - 60 }),
          anAnomaly("long", { openedAt: NOW - 3 * DAY + 1, group: "m" }),
          anAnomaly("new", { openedAt: NOW, group: "m" }),
        ],
      });
      const ids = async (wanted: Parameters<typeof detection.anomalies>[0]) =>
        (await detection.anomalies(wanted)).map(({ id }) => id);
      assert.deepEqual(await ids({ limit: 10 }), ["new", "long", "ended", "old"]);
      assert.deepEqual(await ids({ limit: 2 }), ["new", "long"]);
      assert.deepEqual(await ids({ status: "open", limit: 10 }), ["new", "long"]);
      assert.deepEqual(await ids({ since: NOW - DAY, limit: 10 }), ["new", "long", "ended"]);
      assert.deepEqual(await ids({ until: NOW - 3 * DAY, limit: 10 }), ["ended", "old"]);
      assert.deepEqual(await ids({ status: "open", until: NOW - 1, limit: 10 }), ["long"]);
      assert.deepEqual(await ids({ group: "m", limit: 10 }), ["new", "long"]);
      assert.deepEqual(await ids({ group: "nobody", limit: 10 }), []);
    });

    it("tells which messages are behind, and which were posted", async () => {
      const { detection } = await opened();
      const unshown = async () => (await detection.unshown(10)).map(({ id }) => id);
      await detection.commit({ anomalies: [anAnomaly("a", { group: "m" }), anAnomaly("b", { group: "m" })] });
      assert.deepEqual(await unshown(), ["a", "b"]);
      assert.deepEqual(await detection.postedOf("m"), []);
      await detection.shown("a", 1, true);
      await detection.shown("nobody", 1, true);
      assert.deepEqual(await unshown(), ["b"]);
      assert.deepEqual(await detection.postedOf("m"), ["a"]);
      await detection.commit({ anomalies: [anAnomaly("a", { group: "m", revision: 2 })] });
      assert.deepEqual(await unshown(), ["a", "b"]);
      await detection.shown("a", 2, false);
      await detection.shown("a", 1, false);
      assert.deepEqual(await unshown(), ["b"]);
      assert.deepEqual(await detection.postedOf("m"), ["a"]);
    });

    it("counts each person's last word, and what was posted of a watch", async () => {
      const { detection } = await opened();
      await detection.commit({
        anomalies: [
          anAnomaly("a", { group: "m" }),
          anAnomaly("b", { group: "m" }),
          anAnomaly("c"),
          anAnomaly("d", { watch: "errors" }),
          anAnomaly("before", { openedAt: NOW - 40 * DAY }),
          anAnomaly("quiet"),
        ],
      });
      for (const id of ["a", "b", "c", "d", "before"]) await detection.shown(id, 1, true);
      await detection.judge(opinion("a", "slack/U1", "useful"));
      await detection.judge(opinion("b", "slack/U1", "useful"));
      await detection.judge(opinion("c", "slack/U1", "useful", NOW + 1));
      await detection.judge(opinion("c", "slack/U1", "not useful", NOW + 2));
      await detection.judge(opinion("c", "teams/T1", "expected", NOW + 3));
      assert.deepEqual(
        (await detection.opinions(NOW + 1)).map(({ by, kind, at }) => ({ by, kind, at })),
        [
          { by: "slack/U1", kind: "not useful", at: NOW + 2 },
          { by: "teams/T1", kind: "expected", at: NOW + 3 },
        ],
      );
      const records = await detection.records(NOW - 30 * DAY);
      assert.deepEqual([...records].sort(), [
        ["errors", { posts: 1, useful: 0, notUseful: 0, expected: 0 }],
        ["latency", { posts: 2, useful: 1, notUseful: 1, expected: 1 }],
      ]);
    });

    it("forgets series that nobody sees, and anomalies that are over, past their time", async () => {
      const { store, detection } = await opened({ ...RETENTION, anomalies: 40 * DAY });
      await detection.commit({ watch: round("w@1", NOW), states: [state("a")] });
      await detection.commit({
        anomalies: [anAnomaly("open"), anAnomaly("over", { status: "over", endedAt: NOW })],
      });
      await detection.judge(opinion("over", "slack/U1", "useful"));
      await store.prune(NOW + 13 * DAY);
      assert.equal((await detection.states("w@1")).length, 1);
      const gone = await store.prune(NOW + 41 * DAY);
      assert.deepEqual(
        [gone["watched_series"], gone["watch_rounds"], gone["anomalies"], gone["opinions"]],
        [1, 1, 1, 1],
      );
      assert.deepEqual(
        (await detection.anomalies({ limit: 10 })).map(({ id }) => id),
        ["open"],
      );
    });
  });
}
