import { describe, expect, it } from "vitest";
import { findMentions, guessName, kindsOf, looksLikeName, type Mention } from "../../../src/core/language/link.ts";
import { tokens } from "../../../src/core/language/normalise.ts";
import { MILL } from "./mill.ts";

function mentions(text: string, taken: readonly number[] = []): Mention[] {
  return findMentions(tokens(text), new Set(taken), MILL);
}

/** Names and how sure: "granary", "stone-1!". */
function found(text: string): string[] {
  return mentions(text).map(({ entities, strong }) => `${entities[0]?.name}${strong ? "!" : ""}`);
}

describe("names in a question", () => {
  it.each([
    ["latency of granary", ["granary"]],
    ["latency of the granary service", ["granary!"]],
    ["service granary", ["granary!"]],
    ["cpu of stone-1 and stone-2", ["stone-1!", "stone-2!"]],
    ["cpu of stone-1:9100", ["stone-1!"]],
    ["GRANARY", ["granary"]],
    ["granary's latency", ["granary"]],
    ["errors in flour orders", ["flour-orders"]],
    ["rye sacks", ["rye_sacks"]],
    ["traffic in the us", ["us"]],
    ["tell us the traffic", []],
    ["cpu of stone-9", []],
    ["nothing here", []],
    ["", []],
  ])("%j: %j", (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it("carry every entity of that name, and where they stand", () => {
    const [mention] = mentions("latency of flour orders now");
    expect(mention).toMatchObject({ first: 2, end: 4, text: "flour orders" });
    expect(mention?.entities.map(({ kind }) => kind)).toContain("service");
  });

  it("are not looked for in words that mean something else already", () => {
    expect(mentions("latency of granary", [2])).toEqual([]);
    expect(mentions("latency of flour orders", [3])).toEqual([]);
  });

  it("are found with a status in plural and with a plural of their own", () => {
    expect(found("granarys")).toEqual(["granary"]);
  });
});

describe("a guess at a mistyped name", () => {
  it.each([
    ["granry", "granary"],
    ["grnaary", "granary"],
    ["bakehose", "bakehouse"],
    ["flour-ordesr", "flour-orders"],
  ])("%s is %s", (typed, name) => {
    expect(guessName(typed, MILL).map((entity) => entity.name)).toContain(name);
  });

  it.each(["stone-9", "stone-3", "stone-11", "gran", "xyz", "ab", "windmill", "stone-x"])(
    "%s is nobody's name",
    (typed) => {
      expect(guessName(typed, MILL)).toEqual([]);
    },
  );
});

describe("a word that looks like a name", () => {
  it.each(["stone-1", "web.example", "flour-orders", "db01", "kube_system", "a-b-c"])("%s does", (word) => {
    expect(looksLikeName(word)).toBe(true);
  });

  it.each([
    "granary",
    "v1.2.3",
    "p99",
    "5xx",
    "3rd",
    "top5",
    "e-mail",
    "up-to-date",
    "sign-in",
    "load1",
    "what's",
    "10",
    "http2",
    "https:",
  ])("%s does not", (word) => {
    expect(looksLikeName(word)).toBe(false);
  });
});

describe("the kind that a noun stands for", () => {
  it.each([
    ["service", "service"],
    ["services", "service"],
    ["hosts", "host"],
    ["servers", "host"],
    ["queue", "queue"],
    ["databases", "database"],
    ["pods", "pod"],
  ])("%s: %s", (word, kind) => {
    expect(kindsOf(word)).toContain(kind);
  });

  it.each(["banana", "constructor", "toString", "__proto__", ""])("%j is none", (word) => {
    expect(kindsOf(word)).toBeUndefined();
  });
});
