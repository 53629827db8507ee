import { describe, expect, test } from "vitest";
import {
  findAction,
  findAggregation,
  findQuantile,
  findRanking,
  findThreshold,
  matchWord,
  readNumber,
} from "../../../src/core/language/lexicon.ts";
import { editDistance } from "../../../src/util/distance.ts";

describe("findAction", () => {
  test.each([
    ["bounce the ledger pods", "restart"],
    ["resatrt ledger", "restart"],
    ["ledger bitte neu starten", "restart"],
    ["starte ledger neu", "restart"],
    ["redémarre ledger", "restart"],
    ["ledger ko restart karo", "restart"],
    ["scale ledger to 4", "scale"],
    ["add one replica to ledger", "scale"],
    ["ledger auf 3 Replikate skalieren", "scale"],
    ["roll it back", "rollback"],
    ["annule le dernier déploiement", "rollback"],
    ["take node-3 out of rotation", "cordon"],
    ["put node-3 back into rotation", "uncordon"],
    ["drain node-3", "drain"],
    ["delete pod ledger-1", "delete_pod"],
    ["clean up disk space on node-3", "free_disk"],
    ["libera espacio en node-3", "free_disk"],
    ["purge the dead-letter queue", "purge_queue"],
    ["flush redis cache", "flush_cache"],
    ["kill slow queries on orders", "kill_queries"],
    ["vacuum orders", "vacuum"],
    ["fail over to the replica", "failover"],
    ["rotate logs", "rotate_logs"],
    ["renew the cert", "renew_certificate"],
    ["turn off the new_ui flag", "toggle_flag"],
    ["rerun the pipeline", "rerun_pipeline"],
    ["cancel the build", "cancel_pipeline"],
    ["stop ledger", "stop"],
    ["pause the consumers", "pause"],
    ["resume the consumers", "resume"],
    ["mute it for 2h", "silence"],
    ["unmute it", "unsilence"],
    ["ack it", "ack"],
    ["remind me at nine", "schedule"],
  ])("reads %s as %s", (text, action) => {
    expect(findAction(text)).toMatchObject({ value: action, imperative: true });
  });

  test.each([
    "what is the cause",
    "traffic surge",
    "pod count",
    "show the state",
    "how many restarts",
    "free disk space on node-7",
    "autoscaler",
  ])("finds no change in %s", (text) => {
    expect(findAction(text)).toBeUndefined();
  });

  test("tells a question about a restart from an order", () => {
    expect(findAction("how often did ledger restart")?.imperative).toBe(false);
    expect(findAction("since the restart")?.imperative).toBe(false);
    expect(findAction("can ledger scale further")?.imperative).toBe(false);
    expect(findAction("can you scale ledger to 3")?.imperative).toBe(true);
  });

  test("says where the words stand", () => {
    const text = "please roll ledger back";
    const found = findAction(text);
    expect(text.slice(found?.start, found?.end)).toBe("roll ledger back");
  });
});

describe("findThreshold", () => {
  test.each([
    ["hosts above 70%", ">", 0.7, "ratio"],
    ["über 70 %", ">", 0.7, "ratio"],
    ["más de 80%", ">", 0.8, "ratio"],
    ["80% se zyada", ">", 0.8, "ratio"],
    ["80 percent or more", ">=", 0.8, "ratio"],
    ["over 200ms", ">", 0.2, "seconds"],
    ["plus de 2 Go", ">", 2e9, "bytes"],
    ["below 10 GiB", "<", 10 * 1024 ** 3, "bytes"],
    ["less than 2 weeks", "<", 1_209_600, "seconds"],
    ["more than 10k messages", ">", 10_000, "none"],
    ["exceeds 1,000", ">", 1000, "none"],
    ["at least 3", ">=", 3, "none"],
    ["latency > 0.5", ">", 0.5, "none"],
  ])("reads %s", (text, op, value, unit) => {
    expect(findThreshold(text)?.value).toMatchObject({ op, value, unit });
  });

  test.each(["cpu over the last 3 hours", "average over 3 hours", "top 5 hosts", "p95 since 10:30"])(
    "finds no limit in %s",
    (text) => {
      expect(findThreshold(text)).toBeUndefined();
    },
  );

  test("keeps the quantity as typed", () => {
    expect(findThreshold("more than 70 % memory")?.value.text).toBe("70 %");
  });
});

describe("findRanking", () => {
  test.each([
    ["top 5 hosts by cpu", "desc", 5, undefined],
    ["3 services with the highest error rate", "desc", 3, undefined],
    ["the five slowest services", "desc", 5, "latency"],
    ["slowest 3 services", "desc", 3, "latency"],
    ["quickest service", "asc", 1, "latency"],
    ["which queue is the busiest", "desc", 1, "traffic"],
    ["fulest disk", "desc", 1, "disk"],
    ["hottest rack", "desc", 1, "temperature"],
    ["die 3 langsamsten Dienste", "desc", 3, "latency"],
    ["le service le plus lent", "desc", 1, "latency"],
    ["el servicio más lento", "desc", 1, "latency"],
    ["sabse slow service", "desc", 1, "latency"],
    ["rank services by traffic", "desc", 1, undefined],
    ["bottom 3 by traffic", "asc", 3, undefined],
    ["which host has the max cpu", "desc", 1, undefined],
  ])("reads %s", (text, direction, k, concept) => {
    const found = findRanking(text)?.value;
    expect(found).toMatchObject({ direction, k });
    expect(found?.concept).toBe(concept);
  });

  test.each([
    "at least 3",
    "in the last 3 hours",
    "the most recent deploy",
    "más de 70",
    "plus de 70",
    "max cpu of node-7",
  ])("finds no ranking in %s", (text) => {
    expect(findRanking(text)).toBeUndefined();
  });
});

describe("findQuantile", () => {
  test.each([
    ["p95 of ledger", 0.95],
    ["p99.9", 0.999],
    ["p999", 0.999],
    ["p 90", 0.9],
    ["95th percentile", 0.95],
    ["95. Perzentil", 0.95],
    ["percentil 95", 0.95],
    ["the median", 0.5],
    ["0.99 quantile", 0.99],
  ])("reads %s as %d", (text, value) => {
    expect(findQuantile(text)?.value).toBe(value);
  });

  test.each(["percentile", "pod 95", "port 9090", "95 pods"])("finds none in %s", (text) => {
    expect(findQuantile(text)).toBeUndefined();
  });
});

describe("findAggregation", () => {
  test.each([
    ["max cpu", "max", undefined],
    ["peak rps", "max", "second"],
    ["averge latency", "avg", undefined],
    ["durchschnittliche Latenz pro Minute", "avg", "minute"],
    ["how many requests per second", "rate", "second"],
    ["how many 5xx", "count", undefined],
    ["wie viele Fehler", "count", undefined],
    ["total requests", "sum", undefined],
    ["sessions right now", "current", undefined],
    ["mails/hour, 3 req/min", "rate", "minute"],
  ])("reads %s", (text, value, per) => {
    const found = findAggregation(text);
    expect(found?.value).toBe(value);
    expect(found?.per).toBe(per);
  });

  test.each(["the last 5 min", "what does it mean", "an hour ago", "sum up the night"])("finds none in %s", (text) => {
    expect(findAggregation(text)).toBeUndefined();
  });
});

describe("matchWord", () => {
  const list = ["restart", "rollback", "pause", "certificate", "top"];
  test("forgives one mistake from five letters on and two from nine", () => {
    expect(matchWord("resatrt", list)).toBe("restart");
    expect(matchWord("certifcat", list)).toBe("certificate");
    expect(matchWord("restrat", list)).toBe("restart");
    expect(matchWord("rxstxrt", list)).toBeUndefined();
    expect(matchWord("tpo", list)).toBeUndefined();
  });

  test("takes no real word for a typo of another", () => {
    expect(matchWord("cause", list)).toBeUndefined();
    expect(matchWord("restarts", list)).toBeUndefined();
  });

  test("a swap of neighbours is one mistake", () => {
    expect(editDistance("latnecy", "latency", 3)).toBe(1);
    expect(editDistance("abc", "", 3)).toBe(3);
  });
});

test("numbers are read with their unit, in digits and words", () => {
  expect(readNumber("70%")).toEqual({ value: 70, unit: "%" });
  expect(readNumber("2,5")).toEqual({ value: 2.5, unit: "" });
  expect(readNumber("10,000")).toEqual({ value: 10_000, unit: "" });
  expect(readNumber("fünf".normalize("NFKD").replace(/\p{M}/gu, ""))).toEqual({ value: 5, unit: "" });
  expect(readNumber("node-7")).toBeUndefined();
});
