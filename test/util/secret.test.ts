import { format, inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { secret } from "../../src/util/secret.ts";

describe("a secret", () => {
  const token = secret("hunter2");

  it("gives its value to who asks for it", () => {
    expect(token.reveal()).toBe("hunter2");
  });

  it.each([
    ["String", () => String(token)],
    ["toString", () => token.toString()],
    ["a template literal", () => `${token}`],
    ["concatenation", () => `token: ${[token].join("")}`],
    ["JSON", () => JSON.stringify({ token })],
    ["util.inspect, with all it can show", () => inspect({ token }, { showHidden: true, depth: 9, getters: true })],
    ["util.format", () => format("%s %o %O %j", token, token, token, token)],
    ["an error's message", () => new Error(`refused: ${token}`).stack ?? ""],
  ])("prints as <hidden> by %s", (_, print) => {
    expect(print()).toContain("<hidden>");
    expect(print()).not.toContain("hunter2");
  });

  it("hides every value, and cannot be changed", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (value) => {
        expect(`${secret(value)}`).toBe("<hidden>");
        expect(secret(value).reveal()).toBe(value);
      }),
    );
    expect(() => Object.assign(token, { toString: () => "hunter2" })).toThrow(TypeError);
  });
});
