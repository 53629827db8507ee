import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMetadata } from "../../src/metrics/metadata.ts";

const answer = (data: unknown) => JSON.stringify({ status: "success", data });

describe("metadata", () => {
  it("is read to what JSON itself would give, whatever stands in it", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 30 });
    const entry = fc.record({ type: fc.constantFrom("counter", "gauge"), help: text, unit: text });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, fc.array(entry, { maxLength: 2 })), async (data) => {
        const read = await readMetadata(answer(data), "Prometheus");
        const expected = Object.entries(data).flatMap(([name, [first]]) =>
          first === undefined ? [] : [[name, first]],
        );
        expect([...read]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("may have brackets and quotes in its help, spaces between, and missing fields", async () => {
    const read = await readMetadata(
      ' { "status" : "success", "data" : {\n "a" : [ { "help" : "one ] \\" } two" , "type": 3 } ] , "b" : [] } }',
      "Prometheus",
    );
    expect([...read]).toEqual([["a", { type: "", help: 'one ] " } two', unit: "" }]]);
  });

  it("may come in another order of fields", async () => {
    const read = await readMetadata(
      '{"data":{"a":[{"type":"gauge","help":"h","unit":""}]},"status":"success"}',
      "Prometheus",
    );
    expect([...read.keys()]).toEqual(["a"]);
  });

  it.each([
    [answer({ a: [{ type: "gauge" }], b: [{ type: "gauge" }] }).slice(0, -12), /breaks off/],
    ['{"status":"success","data":{"a":[{nonsense}]}}', /broken/],
    ['{"status":"success","data":[]}', /no metadata/],
    ['{"status":"error","error":"not here"}', /not here/],
    ["hello", /no JSON/],
  ])("%s is no metadata", async (body, expected) => {
    await expect(readMetadata(body, "Prometheus")).rejects.toThrow(expected);
  });
});
