import { describe, expect, it } from "vitest";
import { whyNotDuration, whyNotQuantity, whyNotReplicas } from "../../../src/core/change/limits.ts";
import { readReplicas, replicasFrom } from "../../../src/core/change/replicas.ts";

const to = (count: number) => ({ kind: "to", count });
const by = (more: number) => ({ kind: "by", more });
const times = (factor: number) => ({ kind: "times", factor });

describe("a number of replicas", () => {
  it.each([
    ["scale ledger to 4", to(4)],
    ["scale ledger up to 6", to(6)],
    ["bring ledger down to 1 replica", to(1)],
    ["we need 5 ledger instances", to(5)],
    ["make that 3", to(3)],
    ["set ledger replicas to ten", to(10)],
    ["reduce ledger from 5 to 3", to(3)],
    ["scale ledger to zero", to(0)],
    ["scale ledger to 1,000,000", to(1_000_000)],
    ["scale ledger to -3", to(-3)],
    ["scale ledger to 2.5", to(2.5)],
    ["ledger +2 pods", by(2)],
    ["one pod less for ledger", by(-1)],
    ["add two more", by(2)],
    ["remove one replica from ledger", by(-1)],
    ["add another replica to ledger", by(1)],
    ["scale ledger down by one", by(-1)],
    ["three more ledger pods", by(3)],
    ["remove 2 of them", by(-2)],
    ["double ledger", times(2)],
    ["halve the number of ledger replicas", times(0.5)],
    ["ledger x3", times(3)],
  ])("is read from %s", (text, wanted) => {
    expect(readReplicas(text, ["ledger"])).toEqual(wanted);
  });

  it.each([
    ["ledger auf drei Replikas skalieren", to(3)],
    ["skaliere ledger auf 0", to(0)],
    ["füge ledger zwei Pods hinzu", by(2)],
    ["ledger eine Instanz weniger", by(-1)],
    ["verdopple ledger", times(2)],
    ["sube ledger a 4 réplicas", to(4)],
    ["aumenta ledger en 2 réplicas", by(2)],
    ["una réplica más para ledger", by(1)],
    ["reduce ledger a la mitad", times(0.5)],
    ["passe ledger à 3 réplicas", to(3)],
    ["augmente ledger de 2", by(2)],
    ["un pod de moins pour ledger", by(-1)],
    ["il nous faut 4 pods ledger", to(4)],
    ["precisamos de 5 réplicas do ledger", to(5)],
    ["mais dois pods no ledger", by(2)],
    ["ledger ke replicas 3 karo", to(3)],
    ["ledger ko 4 tak scale karo", to(4)],
  ])("is read in other languages: %s", (text, wanted) => {
    expect(readReplicas(text, ["ledger"])).toEqual(wanted);
  });

  it("leaves the digits of names and versions alone", () => {
    expect(readReplicas("scale ledger-7", ["ledger-7"])).toBeUndefined();
    expect(readReplicas("scale ledger v2.3.0 to 5", ["ledger"])).toEqual(to(5));
    expect(readReplicas("scale ledger", ["ledger"])).toBeUndefined();
  });

  it("counts from what is there, and cannot without", () => {
    expect(replicasFrom({ kind: "by", more: -2 }, 5)).toBe(3);
    expect(replicasFrom({ kind: "times", factor: 0.5 }, 1)).toBe(1);
    expect(replicasFrom({ kind: "times", factor: 2 }, 3)).toBe(6);
    expect(replicasFrom({ kind: "by", more: 1 }, undefined)).toBeUndefined();
    expect(replicasFrom({ kind: "to", count: 4 }, undefined)).toBe(4);
  });

  it("must be a whole number from 0 to 1000", () => {
    for (const fine of [0, 1, 1000]) expect(whyNotReplicas(fine)).toBeUndefined();
    expect(whyNotReplicas(1001)).toMatch(/at most 1000.*1,001/);
    expect(whyNotReplicas(-1)).toMatch(/at least 0/);
    expect(whyNotReplicas(2.5)).toMatch(/whole number/);
  });
});

describe("other bounds", () => {
  it("let a silence last from a minute to 30 days", () => {
    expect(whyNotDuration(60)).toBeUndefined();
    expect(whyNotDuration(30 * 86_400)).toBeUndefined();
    expect(whyNotDuration(30 * 86_400 + 1)).toMatch(/at most 30 days/);
    expect(whyNotDuration(59)).toMatch(/at least 1 minute/);
    expect(whyNotDuration(Number.NaN)).toMatch(/at least/);
  });

  it("keep sizes within what a machine has", () => {
    expect(whyNotQuantity({ kind: "memory", amount: 2 * 1024 ** 3, text: "2Gi" })).toBeUndefined();
    expect(whyNotQuantity({ kind: "memory", amount: 5 * 1024 ** 4, text: "5Ti" })).toMatch(/at most 4Ti/);
    expect(whyNotQuantity({ kind: "cpu", amount: 0, text: "0" })).toMatch(/more than 0/);
    expect(whyNotQuantity({ kind: "cpu", amount: -1, text: "-1" })).toMatch(/more than 0/);
  });
});
