import { describe, expect, it } from "vitest";
import { readDigestWish, thresholdQuestion } from "../../../src/core/digest/wish.ts";

/** 2026-03-11 10:20 UTC, a Wednesday. */
const NOW = Date.UTC(2026, 2, 11, 10, 20) / 1000;
const read = (text: string) => readDigestWish(text, NOW, "UTC");
const NIGHT = { from: Date.UTC(2026, 2, 10, 20) / 1000, to: Date.UTC(2026, 2, 11, 6) / 1000 };

describe("what is asked about digests", () => {
  it.each([
    ["digest", "daily"],
    ["Digest weekly", "weekly"],
    ["show me the daily digest please", "daily"],
    ["weekly report", "weekly"],
    ["digest handover", "handover"],
  ])("%s", (text, digest) => {
    expect(read(text)).toEqual({ kind: "show", digest });
  });

  it.each([
    "handover",
    "shift handover",
    "Übergabe",
    "entrega de turno",
    "passation",
    "what did I miss?",
    "was hab ich verpasst",
    "kya chhoot gaya",
  ])("%s is the handover, in plain words", (text) => {
    expect(read(text)).toEqual({ kind: "show", digest: "handover", isPlain: true });
  });

  it.each([
    "what happened last night?",
    "What happened overnight",
    "was ist letzte Nacht passiert?",
    "¿Qué pasó anoche?",
    "que s'est-il passé la nuit dernière ?",
    "o que aconteceu ontem à noite?",
    "kal raat kya hua",
  ])("%s is the stretch that it names", (text) => {
    expect(read(text)).toEqual({ kind: "show", digest: "daily", period: NIGHT, isPlain: true });
  });

  it.each([
    "what happened to checkout last night",
    "what happened yesterday at 15:00",
    "what happened",
    "which digests of sha256 do we run",
    "latency last night",
    "report",
    "status report",
    "who won the match last night",
    "was war die latenz gestern",
  ])("%s is a question like any other", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ["digest add morning daily at 08:00", { name: "morning", digest: "daily", cron: "0 8 * * *" }],
    ["digest add Team.week weekly at 9", { name: "team.week", digest: "weekly", cron: "0 9 * * mon" }],
    [
      "digest add late-shift handover at 21:45 on weekdays in Europe/Berlin",
      { name: "late-shift", digest: "handover", cron: "45 21 * * mon-fri", zone: "Europe/Berlin" },
    ],
    [
      'digest add d1 daily "30 7 * * 1-5" Asia/Tokyo',
      { name: "d1", digest: "daily", cron: "30 7 * * 1-5", zone: "Asia/Tokyo" },
    ],
    ["digest add d2 daily at 07:30 on mon,wed", { name: "d2", digest: "daily", cron: "30 7 * * mon,wed" }],
    ["digest add d3 daily whenever you like", { name: "d3", digest: "daily", cron: undefined }],
    ["digest add d4 daily at 25:00", { name: "d4", digest: "daily", cron: undefined }],
  ])("%s", (text, wanted) => {
    expect(read(text)).toEqual({ kind: "add", ...wanted });
  });

  it("reads the changes of plans, and what only begins like one", () => {
    expect(read("digests")).toEqual({ kind: "plans" });
    expect(read("digest pause Late-Shift")).toEqual({ kind: "pause", name: "late-shift" });
    expect(read("digest resume late-shift.")).toEqual({ kind: "resume", name: "late-shift" });
    expect(read("digest remove late-shift")).toEqual({ kind: "remove", name: "late-shift" });
    for (const text of ["digest add", "digest add x monthly at 8", "digest pause", "digest delete x"])
      expect(read(text)).toEqual({ kind: "unclear" });
  });
});

describe("what the weeks before tell, asked for", () => {
  it.each([
    ["digest try Morning", { kind: "try", name: "morning" }],
    ["patterns", { kind: "patterns" }],
    ["show the recurring patterns", { kind: "patterns" }],
    [
      "pattern HighErrorRate of cart  after cart in production",
      { kind: "patterns", name: "HighErrorRate of cart after cart in production" },
    ],
    ["threshold of QueueSlow?", { kind: "threshold", alert: "QueueSlow" }],
    [thresholdQuestion("QueueSlow"), { kind: "threshold", alert: "QueueSlow" }],
    [thresholdQuestion("Queue slow (mail)"), { kind: "threshold", alert: "Queue slow (mail)" }],
    ["digest try", { kind: "unclear" }],
  ])("%s", (text, wish) => {
    expect(read(text)).toEqual(wish);
  });

  it.each(["pattern", "traffic patterns of checkout", "threshold of the latency alert", "threshold"])(
    "%s is a question like any other",
    (text) => {
      expect(read(text)).toBeUndefined();
    },
  );
});
