import { describe, expect, it } from "vitest";
import { binomialTail, judgeRun } from "../../../src/core/ci/judge.ts";
import type { Run } from "../../../src/core/ci/run.ts";
import { aRun } from "../../fakes/runs.ts";
import { randomNumbers } from "../../tools/random.ts";

/** Runs an hour apart that took so many seconds. */
const took = (seconds: readonly number[], more: Partial<Run> = {}): readonly Run[] =>
  seconds.map((each, i) => {
    const endedAt = 1_790_000_000 + i * 3600;
    return aRun({ id: `r${i}`, startedAt: endedAt - each, endedAt, ...more });
  });
/** "++-" -> runs that ended well, well, badly. */
const ended = (signs: string): readonly Run[] =>
  [...signs].map((sign, i) =>
    aRun({
      id: `r${i}`,
      outcome: sign === "+" ? "success" : sign === "-" ? "failure" : "cancelled",
      endedAt: 1_790_000_000 + i * 3600,
    }),
  );
const last = (runs: readonly Run[]) => judgeRun(runs.at(-1)!, runs.slice(0, -1));
const usual = [300, 310, 295, 305, 290, 315, 302, 298, 307, 293];

describe("how long a run took", () => {
  it("is unusual far above the runs before it, with their range", () => {
    const [found] = last(took([...usual, 660]));
    expect(found).toMatchObject({ kind: "number", name: "duration_seconds", value: 660, direction: "up" });
    expect(found).toMatchObject({ usual: { typical: 301 } });
    if (found?.kind !== "number") throw new Error("no number");
    expect(found.usual.low).toBeGreaterThan(250);
    expect(found.usual.high).toBeLessThan(350);
  });

  it("is no news when it is short, little above, or where too few runs are known", () => {
    expect(last(took([...usual, 60]))).toEqual([]);
    expect(last(took([...usual, 340]))).toEqual([]);
    expect(last(took([10, 10, 10, 10, 10, 10, 10, 10, 10, 25]))).toEqual([]);
    expect(last(took([...usual.slice(0, 7), 660]))).toEqual([]);
  });

  it("is not judged of a run that failed or was cancelled, nor by those", () => {
    const [slow] = took([9000], { outcome: "failure" });
    expect(judgeRun(slow!, took(usual))).toEqual([]);
    expect(judgeRun(took([320])[0]!, took(Array(20).fill(5), { outcome: "cancelled" }))).toEqual([]);
  });

  it("is news at a new level for some runs, and then the usual", () => {
    const runs = took([...Array(40).fill(300), ...Array(20).fill(600)]);
    const news = runs.slice(40).map((_, i) => last(runs.slice(0, 41 + i)).length > 0);
    expect(news[0]).toBe(true);
    expect(news.lastIndexOf(true)).toBeLessThan(8);
  });

  it("seldom is unusual of runs that only vary: fewer than 1 in 100", () => {
    const random = randomNumbers(7);
    const normal = () => Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
    const runs = took(Array.from({ length: 2000 }, () => 300 * Math.exp(0.12 * normal())));
    const alarms = runs.filter((run, i) => i > 50 && judgeRun(run, runs.slice(Math.max(0, i - 200), i)).length > 0);
    expect(alarms.length).toBeLessThan(20);
  });
});

describe("other numbers of a run", () => {
  const covered = (values: readonly number[]) =>
    values.map((coverage, i) => aRun({ id: `c${i}`, endedAt: 1_790_000_000 + i, numbers: { coverage } }));

  it("are unusual both ways, or the way that is trouble", () => {
    const runs = covered([0.8, 0.81, 0.8, 0.82, 0.81, 0.8, 0.8, 0.81, 0.55]);
    const judged = (trouble: "up" | "down" | "both") => judgeRun(runs.at(-1)!, runs.slice(0, -1), () => trouble);
    expect(judged("both")).toMatchObject([{ name: "coverage", direction: "down", value: 0.55 }]);
    expect(judged("down")).toHaveLength(1);
    expect(judged("up")).toEqual([]);
  });

  it("that are no number at all, or were never told before, are left alone", () => {
    const runs = covered([1, 1, 1, 1, 1, 1, 1, 1, Number.NaN]);
    expect(last(runs)).toEqual([]);
    expect(judgeRun(aRun({ numbers: { other: 9 } }), runs.slice(0, -1))).toEqual([]);
  });
});

describe("runs that fail", () => {
  it("are no chance where the line hardly ever failed", () => {
    expect(last(ended(`${"+".repeat(120)}-`))).toMatchObject([{ kind: "failing", failed: 1, of: 1 }]);
    expect(last(ended(`${"+".repeat(20)}-`))).toEqual([]);
    expect(last(ended(`${"+".repeat(20)}--`))).toMatchObject([{ kind: "failing", failed: 2, of: 2 }]);
  });

  it("take a longer streak where they are usual", () => {
    const flaky = "+-+++-+-++".repeat(6);
    expect(last(ended(`${flaky}--`))).toEqual([]);
    expect(last(ended(`${flaky}-------`))).toMatchObject([{ kind: "failing", of: 7, failed: 7 }]);
  });

  it("count within ten runs as well as in a row, and cancelled ones not at all", () => {
    expect(last(ended(`${"+".repeat(60)}-+-x+-+x-+-`))).toMatchObject([{ kind: "failing", failed: 5, of: 10 }]);
  });

  it("are judged only where runs before are known", () => {
    expect(last(ended("-------"))).toEqual([]);
  });
});

it("knows the tail of a binomial distribution", () => {
  expect(binomialTail(0, 10, 0.3)).toBeCloseTo(1, 12);
  expect(binomialTail(10, 10, 0.5)).toBeCloseTo(2 ** -10, 12);
  // R: pbinom(2, 10, 0.1, lower.tail = FALSE)
  expect(binomialTail(3, 10, 0.1)).toBeCloseTo(0.07019083, 7);
});
