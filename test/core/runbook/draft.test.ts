import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRunbook } from "../../../src/actions/catalogue/parse.ts";
import { ACTION_SHAPES } from "../../../src/core/runbook/actions.ts";
import { differencesOf } from "../../../src/core/runbook/differences.ts";
import { draftFor } from "../../../src/core/runbook/draft.ts";

const read = (text: string) => parseRunbook(text, { actionOf: (name) => ACTION_SHAPES[name] });

describe("drafts of runbooks", () => {
  it("are sound and drafts, whatever stands in the rule", () => {
    const text = fc.string({ maxLength: 60, unit: "grapheme" });
    fc.assert(
      fc.property(
        fc.record({
          name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{1,40}$/),
          promql: fc.oneof(
            text,
            fc.constant('up{namespace="a", pod=~"b"} == 0'),
            fc.constant("sum by (instance) (up) < 1\n"),
          ),
          labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text),
          summary: text,
          runbookUrl: fc.option(text, { nil: undefined }),
        }),
        ({ runbookUrl, ...rule }) => {
          // Braces in pairs are the one thing that a template cannot hold as text.
          fc.pre(!/\{\{|\}\}/.test(rule.promql + rule.summary));
          const found = read(draftFor(runbookUrl === undefined ? rule : { ...rule, runbookUrl }));
          if ("problems" in found) throw new Error(found.problems.join("; "));
          expect(found.runbook.state).toBe("draft");
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("differences of two contents", () => {
  it("name what was added, removed and changed", () => {
    expect(differencesOf({ a: 1, b: [1, { c: "x" }], d: "y" }, { a: 1, b: [1, { c: "z" }], e: [] })).toEqual([
      { path: "b[1].c", was: "x", is: "z" },
      { path: "d", was: "y", is: undefined },
      { path: "e", was: undefined, is: "[]" },
    ]);
    expect(differencesOf({ a: [1] }, { a: [1] })).toEqual([]);
  });
});
