import { describe, expect, it } from "vitest";
import { classify, keptTraining, useTraining } from "../../../src/core/language/classify.ts";

/** What was learnt, as bytes: what a process keeps for the next one. */

const QUESTIONS = ["cpu of <host>", "restart <service>", "which alerts are firing", "hello", "why is <service> slow"];

function learnt(): Uint8Array {
  classify("status");
  return keptTraining()!;
}

/** The bytes with one 32-bit word changed. */
function withWord(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new Int32Array(copy.buffer, 4 * at, 1).set([value]);
  return copy;
}

describe("what the classifier learnt", () => {
  it("is nothing before it was needed, and then gives the same answers when taken over", () => {
    expect(keptTraining()).toBeUndefined();
    const before = QUESTIONS.map((text) => classify(text));
    expect(useTraining(learnt())).toBe(true);
    expect(QUESTIONS.map((text) => classify(text))).toEqual(before);
  });

  it("may lie anywhere in a buffer", () => {
    const bytes = learnt();
    const before = classify("cpu of <host>");
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(useTraining(shifted.subarray(1))).toBe(true);
    expect(classify("cpu of <host>")).toEqual(before);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["nothing", () => new Uint8Array()],
    ["too little", () => new Uint8Array(8)],
    ["cut off", (bytes) => bytes.slice(0, -4)],
    ["cut off within a number", (bytes) => bytes.slice(0, -1)],
    ["longer than it says", (bytes) => new Uint8Array([...bytes.slice(0, 64), 0, 0, 0, 0, ...bytes.slice(64)])],
    ["another program's", (bytes) => withWord(bytes, 0, 1)],
    ["of other intents", (bytes) => withWord(bytes, 1, 3)],
    ["of a negative size", (bytes) => withWord(bytes, 2, -1)],
    ["of a size that no memory has", (bytes) => withWord(bytes, 2, 2 ** 30)],
  ])("is not taken over when it is %s, and nothing changes", (_, spoil) => {
    const before = classify("cpu of <host>");
    expect(useTraining(spoil(learnt()))).toBe(false);
    expect(classify("cpu of <host>")).toEqual(before);
  });

  it("is not taken over when two features are the same", () => {
    const bytes = learnt();
    const [, classes] = new Int32Array(bytes.buffer, bytes.byteOffset, 3);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, 3 + classes! + 2);
    expect(useTraining(withWord(bytes, 3 + classes!, words[3 + classes! + 1]!))).toBe(false);
  });
});
