import { describe, expect, it } from "vitest";
import { delexicalise } from "../../../src/core/language/delexicalise.ts";
import { findMentions } from "../../../src/core/language/link.ts";
import { tokens } from "../../../src/core/language/normalise.ts";
import { conceptIndex, findSubjects } from "../../../src/core/language/subject.ts";
import { readTimes } from "../../../src/core/language/time.ts";
import { MILL, NOW, PACKS } from "./mill.ts";

function read(text: string): string {
  const parts = tokens(text);
  const times = readTimes(text, NOW, "UTC");
  const mentions = findMentions(parts, new Set(), MILL);
  const index = conceptIndex(PACKS, MILL);
  const [subject] = findSubjects({ tokens: parts, taken: new Set(), mentions, implied: [], catalogue: MILL, index });
  return delexicalise({ tokens: parts, text, times, mentions, alertNames: new Set(["stonejammed"]), subject });
}

describe("a question without its names", () => {
  it.each([
    ["latency of granary", "latency of <service>"],
    ["latency of flour orders please", "latency of <service> please"],
    ["cpu of stone-1 and stone-2", "cpu of <host> and <host>"],
    ["length of rye_sacks", "length of <queue>"],
    ["cpu of stone-1 in the last 2 hours", "cpu of <host> <duration>"],
    ["cpu of stone-1 at 03:00", "cpu of <host> <time>"],
    ["is StoneJammed firing", "is <alert> firing"],
    ["sacks_filled_total", "<metric>"],
    ["roll back to v1.2.3", "roll back to <version>"],
    ["scale to 4", "scale to <n>"],
    ["above 70%", "above <n>"],
    ["which jobs failed", "which jobs failed"],
    ["hello there", "hello there"],
    ["", ""],
  ])("%j: %j", (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});
