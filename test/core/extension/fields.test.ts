import { describe, expect, it } from "vitest";
import { extensionIn, kindOf, shapeOf, shortId } from "../../../src/core/extension/extension.ts";
import { checkFields, type Field, type Fields, looseFields, whyNotValue } from "../../../src/core/extension/fields.ts";
import { entryArgument } from "../../../src/core/runbook/actions.ts";

const text = (more: object = {}): Field => ({ type: "string", ...more });

describe("a value", () => {
  it.each<[Field, unknown]>([
    [text(), "plain"],
    [text({ pattern: "^[a-z]+$" }), "abc"],
    [text({ enum: ["on", "off"] }), "on"],
    [text({ maxLength: 300 }), "x".repeat(300)],
    [{ type: "integer" }, -3],
    [{ type: "integer", minimum: 1, maximum: 2 }, 2],
    [{ type: "number", minimum: 0 }, 0.5],
    [{ type: "boolean" }, false],
    [{ type: "array", items: text() }, ["a", "b"]],
    [{ type: "array", items: text() }, []],
  ])("that is as its field says is taken: %j %j", (field, value) => {
    expect(whyNotValue(field, value as never)).toBeUndefined();
  });

  it.each<[Field, unknown, RegExp]>([
    [text(), 7, /^must be text: it is 7$/],
    [text(), "", /must not be empty/],
    [text(), "x".repeat(201), /at most 200 characters/],
    [text({ maxLength: 2 }), "abc", /at most 2 characters/],
    [text(), "-rf", /must not begin with "-"/],
    [text(), "a\u202eb", /invisible/],
    [text({ pattern: "^[a-z]+$" }), "a1", /must be like \^\[a-z\]\+\$: it is "a1"/],
    [text({ pattern: "^a|b$" }), "ax", /must be like/],
    [text({ pattern: "^[a-z]+$", description: "letters" }), "1", /must be like .* \(letters\)/],
    [text({ enum: ["on", "off"] }), "maybe", /must be on or off: it is "maybe"/],
    [{ type: "integer" }, 1.5, /must be a whole number from/],
    [{ type: "integer" }, "1", /must be a whole number from .*: it is "1"/],
    [{ type: "integer", minimum: 1, maximum: 2 }, 3, /must be a whole number from 1 to 2: it is 3/],
    [{ type: "number", maximum: 2 }, 2.5, /must be a number from .* to 2: it is 2.5/],
    [{ type: "number" }, null, /must be a number/],
    [{ type: "boolean" }, "true", /must be true or false: it is "true"/],
    [{ type: "array", items: text() }, "a", /must be a list/],
    [{ type: "array", items: text() }, ["a", 1], /must be text: it is 1/],
    [{ type: "array", items: text(), maxItems: 1 }, ["a", "b"], /must have at most 1 entries: it has 2/],
    [{ type: "array", items: text() }, Array.from({ length: 101 }, () => "a"), /at most 100 entries/],
  ])("that is not is refused with what was wanted and found: %j %j", (field, value, wanted) => {
    expect(whyNotValue(field, value as never)).toMatch(wanted);
  });
});

describe("values together", () => {
  const fields: Fields = { properties: { name: text(), count: { type: "integer" } }, required: ["name"] };

  it("are checked for what is missing, unknown and wrong", () => {
    expect(checkFields(fields, { name: "a" })).toEqual([]);
    expect(checkFields(fields, { name: "a", count: undefined })).toEqual([]);
    expect(checkFields(fields, { count: 1.5, nam: "a", toString: "x" })).toEqual([
      { name: "name", text: "is missing" },
      { name: "count", text: expect.stringMatching(/^must be a whole number/) },
      { name: "nam", text: "is not known here: there is name, count" },
      { name: "toString", text: "is not known here: there is name, count" },
    ]);
    expect(checkFields({ properties: {} }, { a: 1 })).toEqual([
      { name: "a", text: "is not known here: there is nothing" },
    ]);
  });
});

it("fields that take anything are found, in lists too", () => {
  const properties: Fields["properties"] = {
    any: text(),
    some: text({ enum: ["a"] }),
    tight: text({ pattern: "^a$" }),
    open: { type: "integer", minimum: 1 },
    closed: { type: "number", minimum: 1, maximum: 2 },
    flag: { type: "boolean" },
    list: { type: "array", items: text() },
  };
  expect(looseFields({ properties }).map((why) => why.split(" ")[0])).toEqual(["any", "open", "list"]);
});

describe("names of extensions", () => {
  it("stand apart from the bot's own", () => {
    expect(kindOf("switchboard")).toBe("x-switchboard");
    expect(extensionIn("x-switchboard/set")).toBe("switchboard");
    expect(extensionIn("x-switchboard")).toBe("switchboard");
    expect(extensionIn("kubernetes/restart")).toBeUndefined();
    expect([entryArgument("x-switchboard"), entryArgument("http"), entryArgument("none")]).toEqual([
      "entry",
      "endpoint",
      "",
    ]);
    expect(shortId({ name: "a", hash: "0123456789ab" })).toBe("a (01234567)");
  });

  it("come with what runbooks need to know of each action", () => {
    const properties = { name: text(), count: { type: "integer" } as const };
    expect(shapeOf({ changes: true, arguments: { properties, required: ["name"] }, captures: ["before"] })).toEqual({
      changes: true,
      required: ["name"],
      optional: ["entry", "count"],
      captures: ["before"],
      fields: properties,
    });
    expect(shapeOf({ changes: false, arguments: { properties: {} } })).toMatchObject({ required: [], captures: [] });
  });
});
