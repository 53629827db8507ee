import { describe, expect, it } from "vitest";
import { isLoopbackAddress, isLoopbackHost } from "../../src/util/loopback.ts";

describe("this machine's own", () => {
  it.each(["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])("host is %s", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each(["", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0", "::", "10.0.0.1"])(
    "host is not %j",
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );

  it.each([
    ["127.0.0.1", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["10.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["localhost", false],
  ])("address %s: %s", (address, expected) => {
    expect(isLoopbackAddress(address)).toBe(expected);
  });
});
