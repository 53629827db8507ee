import { describe, expect, it } from "vitest";
import { findMentions } from "../../../src/core/language/link.ts";
import { tokens } from "../../../src/core/language/normalise.ts";
import { readUnknown, type Spelled } from "../../../src/core/language/spelling.ts";
import { conceptIndex } from "../../../src/core/language/subject.ts";
import { MILL, PACKS } from "./mill.ts";

function spell(text: string, taken: readonly number[] = []): Spelled {
  const parts = tokens(text);
  const set = new Set(taken);
  return readUnknown({
    tokens: parts,
    taken: set,
    mentions: findMentions(parts, set, MILL),
    catalogue: MILL,
    index: conceptIndex(PACKS, MILL),
  });
}

describe("a typing error", () => {
  it.each([
    ["latensy of granary", "latency"],
    ["memmory of stone-1", "memory"],
    ["throuhgput of sluice", "throughput"],
  ])("in a word is mended: %s -> %s", (text, word) => {
    const { tokens: mended, unknown } = spell(text);
    expect(mended[0]?.fold).toBe(word);
    expect(unknown).toEqual([]);
  });

  it("in a name is mended and said", () => {
    const { mentions, guesses } = spell("latency of bakehose");
    expect(guesses).toEqual([{ typed: "bakehose", meant: "bakehouse" }]);
    expect(mentions).toMatchObject([{ text: "bakehose", typed: "bakehose", strong: true }]);
    expect(mentions[0]?.entities[0]?.name).toBe("bakehouse");
  });

  it("is not seen in words that are right", () => {
    for (const text of [
      "latency of granary",
      "how many messages are in rye_sacks",
      "show me the water level",
      "what's up",
    ]) {
      const { tokens: mended, guesses, unknown } = spell(text);
      expect(mended.map(({ fold }) => fold)).toEqual(tokens(text).map(({ fold }) => fold));
      expect([...guesses, ...unknown]).toEqual([]);
    }
  });
});

describe("a name that nothing has", () => {
  it.each([
    ["cpu of stone-9", "stone-9", true],
    ["cpu of db01", "db01", true],
    ["traffic of the mangle service", "mangle", true],
    ["errors on host quibble", "quibble", true],
    ["latency of quibble", "quibble", false],
    ["latency of the quibble", "quibble", false],
  ])("in %j is %s", (text, name, sure) => {
    const { unknown, mentions } = spell(text);
    expect(unknown).toMatchObject([{ text: name, sure }]);
    expect(mentions).toEqual([]);
  });

  it("comes with the names like it", () => {
    expect(
      spell("cpu of stone-9")
        .unknown[0]?.near.map(({ name }) => name)
        .sort(),
    ).toEqual(["stone-1", "stone-2"]);
    expect(spell("cpu of zzyzx-5").unknown[0]?.near).toEqual([]);
  });

  it("is not looked for in times, numbers, short words or metric names", () => {
    expect(spell("cpu of stone-9", [2]).unknown).toEqual([]);
    for (const text of ["cpu of 42", "cpu of ab", "rate of mill_cpu_ratio", "cpu of ☃☃☃☃"]) {
      expect(spell(text).unknown, text).toEqual([]);
    }
  });

  it("is not a word that stands elsewhere in the sentence", () => {
    expect(spell("quibble latency").unknown).toEqual([]);
  });
});
