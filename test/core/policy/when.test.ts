import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  environmentsIn,
  type Facts,
  paramsIn,
  parseWhen,
  type When,
  whenHolds,
} from "../../../src/core/policy/when.ts";

const FACTS: Facts = {
  risk: "medium",
  runbook: "scale-deployment",
  params: {
    replicas: { value: 0, origin: "model" },
    name: { value: "cart", origin: "label" },
    force: { value: true, origin: "user" },
    limit: { value: "2", origin: "user" },
  },
  target: { kind: "deployment", name: "shop/cart", key: "kubernetes/prod/shop/deployment/cart" },
  environment: "Production",
};
const holds = (text: string, facts: Partial<Facts> = {}) => {
  const when = parseWhen(text);
  if ("problem" in when) throw new Error(when.problem);
  return whenHolds(when, { ...FACTS, ...facts });
};

describe("conditions on a proposal", () => {
  it.each([
    ["params.replicas == 0", true],
    ["params.replicas == '0'", true],
    ["params.limit == 2", true],
    ["params.limit >= 2", true],
    ["params.replicas != 0", false],
    ["params.replicas < 1 and params.replicas >= 0", true],
    ["params.name in [cart, search]", true],
    ["params.name in ['search']", false],
    ["params.force == true", true],
    ["target.env == 'production'", true],
    ["target.env in [prod, staging]", false],
    ["target.kind == deployment and target.name == 'shop/cart'", true],
    ['runbook == "scale-deployment"', true],
    ["risk in [low, medium]", true],
    ["source.any in [alert, label, model]", true],
    ["source.any == alert", false],
    ["source.all in [user, model, label]", true],
    ["source.all == user", false],
    ["not (params.replicas == 1)", true],
    ["!(params.replicas == 0) || target.env == 'production'", true],
    ["params.replicas == 1 or params.replicas == 0 and target.env == 'staging'", false],
    ["(params.replicas == 1 or params.replicas == 0) and target.env == 'production'", true],
    ["params.replicas < -1", false],
    ["params.name < 3", false],
  ])("%s is %s", (text, wanted) => {
    expect(holds(text)).toBe(wanted);
  });

  it("say nothing about a parameter that is not there, and neither does their negation", () => {
    for (const text of [
      "params.other == 0",
      "params.other != 0",
      "not (params.other == 0)",
      "params.other in [0]",
      "params.__proto__ == 0",
    ])
      expect(/__proto__/.test(text) ? "problem" in parseWhen(text) : holds(text)).toBe(/__proto__/.test(text));
    expect(holds("params.other == 0 or params.replicas == 0")).toBe(true);
    expect(holds("params.toString == 0")).toBe(false);
  });

  it("hold when an environment that nobody configured could make them", () => {
    const unknown = { environment: undefined };
    expect(holds("target.env == 'production'", unknown)).toBe(true);
    expect(holds("not (target.env == 'staging')", unknown)).toBe(true);
    expect(holds("target.env == 'production' and params.replicas == 7", unknown)).toBe(false);
  });

  it.each([
    ["", /begin each comparison/],
    ["params.replicas", /must compare params.replicas by/],
    ["params.replicas = 0", /cannot be read from "= 0"/],
    ["params.replicas == ", /must have a value there/],
    ["params.replicas == 0 params.x == 1", /must end before/],
    ["params == 0", /"params" is none/],
    ["params.a.b == 0", /"params.a.b" is none/],
    ["env == prod", /"env" is none. There are params/],
    ["target.environment == prod", /target.environment" is none/],
    ["constructor.constructor == 1", /is none/],
    ["process.exit() == 1", /is none/],
    ["params.a == params.b", /must compare with a value/],
    ["params.a == risk", /must compare with a value/],
    ["params.a < b", /must compare params.a < with a number/],
    ["params.a in prod", /must have "\["/],
    ["params.a in [prod", /must have "\]"/],
    ["params.a in []", /must have a value/],
    ["(params.a == 1", /must have "\)"/],
    ["params.a == 'x", /cannot be read/],
    ["params.a == 1; drop", /cannot be read from "; drop"/],
    ["`id` == 1", /cannot be read/],
    ["(".repeat(50), /nest/],
    ["not ".repeat(50), /nest/],
    ["x".repeat(1001), /at most 1000/],
  ])("are refused as %j", (text, message) => {
    expect(parseWhen(text)).toEqual({ problem: expect.stringMatching(message) });
  });

  it("tell which parameters and environments they name", () => {
    const when = parseWhen("params.a == 1 and (params.b in [x] or params.a > 2) and target.env in [prod, eu]") as When;
    expect(paramsIn(when)).toEqual(["a", "b"]);
    expect(environmentsIn(when)).toEqual(["prod", "eu"]);
  });

  it("are read in time that grows with their length, whatever is in them", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const when = parseWhen(text);
        if (!("problem" in when)) whenHolds(when, FACTS);
      }),
      { numRuns: 2000 },
    );
    const token = fc.constantFrom(
      "params.a",
      "==",
      "!=",
      "0",
      "'x'",
      "and",
      "or",
      "not",
      "(",
      ")",
      "in",
      "[",
      "]",
      ",",
      "target.env",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (words) => {
        const when = parseWhen(words.join(" "));
        if (!("problem" in when)) expect(typeof whenHolds(when, FACTS)).toBe("boolean");
      }),
      { numRuns: 3000 },
    );
  });
});
