import { describe, expect, it } from "vitest";
import {
  isForEverything,
  matchersFor,
  readMatchers,
  readSilenceWish,
  sayMatcher,
  silenceSeconds,
} from "../../src/core/silence.ts";
import { aWorld, firing, T } from "../fakes/incidents.ts";

const matchers = (text: string) => {
  const read = readMatchers(text);
  if (typeof read === "string") throw new Error(read);
  return read;
};

describe("matchers", () => {
  it.each([
    ["alertname=DiskFull", 'alertname="DiskFull"'],
    ['{alertname="Disk, full", host=~"web-.*"}', 'alertname="Disk, full" host=~"web-.*"'],
    ["a!=b c!~d", 'a!="b" c!~"d"'],
    ['path="C:\\\\x \\"y\\""', 'path="C:\\\\x \\"y\\""'],
  ])("%s", (text, wanted) => {
    expect(matchers(text).map(sayMatcher).join(" ")).toBe(wanted);
  });

  it.each([
    ["", "needs a matcher"],
    ["{}", "needs a matcher"],
    ["alertname", "cannot read"],
    ["alertname=DiskFull oops", "cannot read “oops”"],
    ['a="b', "cannot read"],
    [Array.from({ length: 31 }, (_, n) => `l${n}=x`).join(" "), "30 matchers at most"],
  ])("refuses %s", (text, wanted) => {
    expect(readMatchers(text)).toContain(wanted);
  });

  it.each([
    ['alertname=~".*"', true],
    ['alertname=~".+"', true],
    ['alertname=~"(?i).+"', true],
    ['a!="b"', true],
    ['a!~"b.*" c=~".*"', true],
    ['a=~"x|"', true],
    ['a=""', true],
    ['a=~"("', true],
    ["alertname=DiskFull", false],
    ['alertname=~"Disk.*"', false],
    ['a!="b" alertname=DiskFull', false],
  ])("%s is for everything: %s", (text, wanted) => {
    expect(isForEverything(matchers(text))).toBe(wanted);
  });
});

describe("a wish about silences", () => {
  it.each([
    ["silences", { kind: "list" }],
    ["Show silences?", { kind: "list" }],
    ["unsilence sil-0a1b2c3d", { kind: "end", id: "sil-0a1b2c3d" }],
    [
      'silence alertname=DiskFull host=~"web-.*" for 2h: the disk: swapped at 14:00',
      {
        kind: "write",
        matchers: 'alertname=DiskFull host=~"web-.*"',
        time: "for 2h",
        reason: "the disk: swapped at 14:00",
        isForAll: false,
      },
    ],
    [
      "silence {a=b} until 18:00 because of the deploy",
      { kind: "write", matchers: "{a=b}", time: "until 18:00", reason: "of the deploy", isForAll: false },
    ],
    ['silence everything where a=~".*"', { kind: "write", matchers: 'a=~".*"', time: "", reason: "", isForAll: true }],
    ["silence DiskFull for 2h", undefined],
    ["is anything silenced?", undefined],
    ["silence everything", undefined],
  ])("%s", (text, wanted) => {
    expect(readSilenceWish(text)).toEqual(wanted);
  });

  it("lasts as long as is written, within bounds", () => {
    expect(silenceSeconds("", T, "UTC")).toBe(7200);
    expect(silenceSeconds("for 45m", T, "UTC")).toBe(2700);
    expect(silenceSeconds("for 40 days", T, "UTC")).toContain("30 days");
    expect(silenceSeconds("a while", T, "UTC")).toContain("cannot read");
  });
});

describe("what an incident offers to silence", () => {
  it("is its alert on the thing that all of it shares", () => {
    const { tell, all } = aWorld();
    tell(
      firing("a", { group: "g", labels: { service: "shop", instance: "a:1", severity: "critical", env: "prod" } }),
      firing("b", { group: "g", labels: { service: "shop", instance: "b:1", env: "prod" } }),
    );
    expect(matchersFor(all()[0]!).map(sayMatcher)).toEqual([
      'alertname="HighErrorRate"',
      'service="shop"',
      'env="prod"',
    ]);
    tell(firing("c", { group: "g", labels: { service: "shop", alertname: "Slow.p95" } }));
    expect(matchersFor(all()[0]!).map(sayMatcher)).toEqual([
      'alertname=~"HighErrorRate|Slow\\\\.p95"',
      'service="shop"',
    ]);
  });
});
