import { describe, expect, it } from "vitest";
import { tooBroad } from "../../../src/core/change/breadth.ts";
import {
  readMatcher,
  readPrefix,
  readQuantity,
  readResource,
  readSlot,
  readSwitch,
  readVersion,
} from "../../../src/core/change/parameters.ts";
import { joins } from "../../../src/core/change/targets.ts";

describe("parameters of a change", () => {
  it.each([
    ["bump memory limit of ledger to 2Gi", "memory", 2 * 1024 ** 3, "2Gi"],
    ["from 512Mi to 1.5 GiB", "memory", 1.5 * 1024 ** 3, "1.5Gi"],
    ["auf 2 GB", "memory", 2e9, "2G"],
    ["à 1 Go", "memory", 1e9, "1G"],
    ["set cpu limit to 500m", "cpu", 0.5, "500m"],
    ["cpu limit to 2 cores", "cpu", 2, "2"],
    ["cpu auf 1,5", "cpu", 1.5, "1.5"],
    ["grow it to 100Gi", "storage", 100 * 1024 ** 3, "100Gi"],
  ] as const)("holds the size of %s", (text, kind, amount, said) => {
    expect(readQuantity(text, kind)).toEqual({ kind, amount, text: said });
  });

  it("finds no size where none is", () => {
    expect(readQuantity("raise the memory limit", "memory")).toBeUndefined();
    expect(readQuantity("raise the cpu limit", "cpu")).toBeUndefined();
    expect(readQuantity("scale it to 4", "memory")).toBeUndefined();
  });

  it("tells cpu from memory", () => {
    expect(readResource("das CPU-Limit")).toBe("cpu");
    expect(readResource("la mémoire")).toBe("memory");
    expect(readResource("the limit")).toBeUndefined();
  });

  it.each([
    ["roll back to v2.3.0", "v2.3.0"],
    ["back to 1.9", "1.9"],
    ["to v12", "v12"],
    ["to revision 7", "7"],
    ["the version before", undefined],
  ])("reads the version in %s", (text, version) => {
    expect(readVersion(text)).toBe(version);
  });

  it("does not take a name's digits for a version", () => {
    expect(readVersion("roll back api-2.1", ["api-2.1"])).toBeUndefined();
  });

  it.each([
    ["turn off the flag", "off"],
    ["deaktiviere das Flag", "off"],
    ["schalte das Flag an", "on"],
    ["enable it", "on"],
    ["toggle it", undefined],
  ])("reads the switch in %s", (text, state) => {
    expect(readSwitch(text)).toBe(state);
  });

  it("reads prefixes, slots and matchers", () => {
    expect(readPrefix("flush keys session:* in redis")).toBe("session:*");
    expect(readPrefix("clear the cache prefix cart:")).toBe("cart:");
    expect(readPrefix("flush the cache")).toBeUndefined();
    expect(readSlot("drop the replication slot analytics on db-1", ["db-1"])).toBe("analytics");
    expect(readSlot("drop the analytics slot", [])).toBe("analytics");
    expect(readSlot("drop the replication slot on db-1", ["db-1"])).toBeUndefined();
    expect(readMatcher("silence severity=warning for 2h")).toEqual({ label: "severity", op: "=", value: "warning" });
    expect(readMatcher('mute alertname=~"Node.*"')).toEqual({ label: "alertname", op: "=~", value: "Node.*" });
    expect(readMatcher("silence NodeDown")).toBeUndefined();
  });
});

describe("breadth", () => {
  it.each([
    ["restart everything", "everything"],
    ["delete all pods", "all-of-a-kind"],
    ["scale all to 0", "all-of-a-kind"],
    ["restart the whole cluster", "everything"],
    ["alle Dienste neu starten", "all-of-a-kind"],
    ["reinicia todos los servicios", "all-of-a-kind"],
    ["redémarre tous les services", "all-of-a-kind"],
    ["pare tudo", "everything"],
    ["sab services restart karo", "all-of-a-kind"],
  ])("of %s is too wide", (text, why) => {
    expect(tooBroad(text, false)).toBe(why);
  });

  it("is narrow enough when a thing is named, unless the name is the exception", () => {
    expect(tooBroad("restart all pods of ledger", true)).toBeUndefined();
    expect(tooBroad("silence everything on node-2", true)).toBeUndefined();
    expect(tooBroad("restart everything except ledger", true)).toBe("everything-but");
    expect(tooBroad("restart the whole deployment", false)).toBeUndefined();
  });
});

describe("words between two names", () => {
  it("join them or part them", () => {
    for (const between of [", ", " and ", " und ", ", and the ", " y el servicio ", " & "])
      expect(joins(between)).toBe(true);
    for (const between of [" because ", " to 4, ", " from ", " after "]) expect(joins(between)).toBe(false);
  });
});
