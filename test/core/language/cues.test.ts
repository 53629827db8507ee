import { describe, expect, it } from "vitest";
import { type Cues, readCues } from "../../../src/core/language/cues.ts";

describe("the unit of time that a speed is wanted in", () => {
  it.each<[string, Cues["per"]]>([
    ["requests per second", "s"],
    ["requests/s", "s"],
    ["rps of granary", "s"],
    ["Anfragen pro Minute", "min"],
    ["requests a minute", "min"],
    ["peticiones por hora", "hour"],
    ["requests per hour", "hour"],
    ["hourly requests", "hour"],
    ["requests per day", "day"],
    ["requêtes par jour", "day"],
    ["requests of granary", undefined],
    ["requests in the last hour", undefined],
  ])("%s: %s", (text, per) => {
    expect(readCues(text).per).toBe(per);
  });
});

describe("the label to break down by", () => {
  it.each([
    ["traffic by region", "region"],
    ["traffic per gateway", "gateway"],
    ["traffic broken down by the region", "region"],
    ["Verkehr je Route", "route"],
    ["tráfico por servicio", "servicio"],
    ["requests per minute", undefined],
    ["requests per minute by region", "region"],
    ["caused by the deploy", "deploy"],
    ["traffic", undefined],
  ])("%s: %s", (text, by) => {
    expect(readCues(text).by).toBe(by);
  });
});

describe("small signs", () => {
  const signs = ["yesNo", "asksForBad", "wantsShare", "wantsChart", "continues", "pointsBack"] as const;

  it.each<[string, readonly (typeof signs)[number][]]>([
    ["is granary up", ["yesNo"]],
    ["is granary down?", ["yesNo", "asksForBad"]],
    ["so, is it slow?", ["pointsBack"]],
    ["ist stone-1 ausgefallen", ["yesNo", "asksForBad"]],
    ["which pods are not ready", ["asksForBad"]],
    ["error rate of granary", ["wantsShare"]],
    ["how many % of requests", ["wantsShare"]],
    ["draw a chart of cpu", ["wantsChart"]],
    ["and memory?", ["continues"]],
    ["what about sluice", ["continues"]],
    ["why", ["continues"]],
    ["since yesterday", ["continues"]],
    ["memory of that host", ["pointsBack"]],
    ["traffic of granary", []],
  ])("%s: %j", (text, expected) => {
    const cues = readCues(text);
    expect(signs.filter((sign) => cues[sign])).toEqual(expected);
  });

  it("are read from the beginning of a very long text only", () => {
    expect(readCues(`${"x ".repeat(3000)} by region`).by).toBeUndefined();
  });
});
