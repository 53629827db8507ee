import { describe, expect, it } from "vitest";
import { configIn, problemsIn } from "./helpers.ts";

describe("breakers of the file", () => {
  it("are read, with what the file says of some before what holds by itself", () => {
    const { breakers } = configIn(`breakers:
  failures: 8
  rest: 1m
  only:
    - {dependency: model, rest: 2m, timeout: 9s}
    - {dependency: notifier/pager, failures: 1}
`);
    expect(breakers).toEqual({
      failures: 8,
      restMs: 60_000,
      only: [
        { dependency: "model", restMs: 120_000, timeoutMs: 9000 },
        { dependency: "notifier/pager", failures: 1 },
        { dependency: "model", failures: 3, restMs: 30_000 },
      ],
    });
  });

  it.each([
    ["no failures at all", "{failures: 0}", /must be a whole number from 1 to 1000/],
    ["a rest that never ends", "{rest: 2d}", /must be a duration from 1s to 10m/],
    ["something that is no dependency", "{only: [{dependency: redis}]}", /must be one of prometheus, alertmanager/],
  ])("are a problem with %s", (_, written, words) => {
    expect(problemsIn(`breakers: ${written}\n`).map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
  });
});
