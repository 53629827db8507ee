import { describe, expect, it } from "vitest";
import { createOutput, MOST_OUTPUT, outputOf, redactLines } from "../../../src/actions/shared/output.ts";
import { secret } from "../../../src/util/secret.ts";

const token = "corr3ct-h0rse-battery";
const redact = redactLines([secret(token)]);

describe("an action's output", () => {
  it("is what was written, when it is short", () => {
    const output = createOutput(redact);
    output.write("one\n");
    output.write(Buffer.from("two\n"));
    expect(output.text()).toBe("one\ntwo\n");
    expect(output.isCut).toBe(false);
  });

  it("keeps the beginning and the end of a flood, and says how much is missing", () => {
    const output = createOutput(redact);
    output.write("first line\n");
    for (let i = 0; i < 200_000; i++) output.write(`line ${i} of many\n`);
    output.write("last line\n");
    const text = output.text();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_OUTPUT);
    expect(text.startsWith("first line\n")).toBe(true);
    expect(text.endsWith("last line\n")).toBe(true);
    expect(text).toMatch(/… \(about [\d,]+ characters left out\) …/);
    expect(output.isCut).toBe(true);
  });

  it("stays below the cap in bytes whatever the characters are", () => {
    for (const char of ["a", "é", "€", "😀"]) {
      const text = outputOf(`${char.repeat(79)}\n`.repeat(5000), redact);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_OUTPUT);
      expect(text).not.toContain("\ufffd");
    }
  });

  it("hides a configured secret and what looks like a token", () => {
    const text = outputOf(`user=a\npassword ${token} x\nAuthorization: Bearer abcdef0123456789\n`, redact);
    expect(text).toBe("user=a\npassword <hidden> x\nAuthorization: Bearer <hidden>\n");
  });

  it("hides a secret that came in two pieces, or with colours in the middle", () => {
    const output = createOutput(redact);
    output.write(token.slice(0, 7));
    output.write(token.slice(7));
    output.write(`\n${token.slice(0, 5)}\x1b[31m${token.slice(5)}\x1b[0m\n`);
    expect(output.text()).toBe("<hidden>\n<hidden>\n");
  });

  it("shows no stump of a secret where it was cut", () => {
    // Cuts fall at every place of the secret in turn.
    for (let shift = 0; shift < token.length * 2; shift++) {
      const text = outputOf(`${"x".repeat(shift)}${`${token} `.repeat(20_000)}`, redact);
      const stumps = Array.from(token, (_, i) => token.slice(i, i + 8)).filter((one) => one.length === 8);
      expect(stumps.filter((one) => text.includes(one))).toEqual([]);
    }
  });

  it("hides a private key whole, and the rest of one that begins or ends outside", () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${"QUJDREVGR0g".repeat(5)}\n${"MTIzNDU2Nzg".repeat(5)}\n-----END RSA PRIVATE KEY-----`;
    expect(outputOf(`a\n${key}\nb`, redact)).toBe("a\n<hidden>\nb");
    const lines = key.split("\n");
    expect(outputOf(`a b\n${lines.slice(1).join("\n")}\nb`, redact)).toBe("a b\n<hidden>\nb");
    expect(outputOf(`a\n${lines.slice(0, 2).join("\n")}`, redact)).toBe("a\n<hidden>");
  });

  it("hides each line of a secret of several lines", () => {
    const pem = "first-line-of-it\nsecond-line-of-it";
    expect(outputOf("x second-line-of-it y", redactLines([secret(pem)]))).toBe("x <hidden> y");
  });

  it("keeps a character together that came in two pieces, and two streams apart", () => {
    const output = createOutput(redact);
    const euro = Buffer.from("€");
    output.write(euro.subarray(0, 1), "out");
    output.write(Buffer.from("x"), "err");
    output.write(euro.subarray(1), "out");
    expect(output.text()).toBe("x€");
  });

  it("holds no control characters and no terminal codes", () => {
    expect(outputOf("a\0b\x1b]0;title\x07c\x1b[2Jd\r\ne\x9bf\tg\ud800h", redact)).toBe("abcd\nef\tg\ufffdh");
  });
});
