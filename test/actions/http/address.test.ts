import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { whyNotAddress } from "../../../src/actions/http/address.ts";
import { createEndpoint } from "../../../src/actions/http/endpoint.ts";
import { contextOf, lookAndRun, soon } from "../context.ts";
import { httpActions, startFlags } from "./bench.ts";

/** Calls must not be led to where they have no business: threat T08, "SSR". */

describe("an address", () => {
  it.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "not an address",
    "",
  ])("%j is refused", (address) => {
    expect(whyNotAddress(address, false)).toBeTypeOf("string");
  });

  it.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])(
    "%j is allowed",
    (address) => {
      expect(whyNotAddress(address, false)).toBeUndefined();
    },
  );

  it.each(["10.0.0.1", "127.0.0.1", "::1", "fd12::1", "192.168.1.1"])(
    "%j is allowed where private ones are",
    (address) => {
      expect(whyNotAddress(address, true)).toBeUndefined();
    },
  );

  it.each([
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "fd00:ec2::254",
    "100.100.100.200",
  ])("%j, a cloud's metadata service, never is", (address) => {
    expect(whyNotAddress(address, true)).toBe("where clouds hand out credentials");
  });
});

describe("the address of an endpoint", () => {
  const make =
    (baseUrl: string, more: object = {}) =>
    () =>
      createEndpoint({ name: "x", baseUrl, hosts: [URL.parse(baseUrl)?.hostname ?? ""], ...more }, async () => []);

  it.each([
    ["ftp://files.example/", /must start with https/],
    ["http://flags.example/", /plain http is for this machine/],
    ["http://169.254.169.254/", /plain http is for this machine/],
    ["http://127.0.0.1/", /plain http is for this machine/],
    ["https://user:secret@flags.example/", /neither user nor query/],
    ["https://flags.example/?token=x", /neither user nor query/],
    ["not a url", /must start with https/],
    ["dict://127.0.0.1:11211/stats", /must start with https/],
    ["file:///etc/passwd", /must start with https/],
  ])("%s is refused at the start", (baseUrl, message) => {
    expect(make(baseUrl)).toThrow(message);
    expect(() => make(baseUrl)()).not.toThrow(/secret/);
  });

  it("must be on its own list of hosts, whole", () => {
    expect(make("https://allowed.example.evil.example/", { hosts: ["allowed.example"] })).toThrow(
      /is not among its hosts/,
    );
    expect(make("https://evil.example%2f@allowed.example/", { hosts: ["allowed.example"] })).toThrow(/neither user/);
    expect(make("https://flags.example/")).not.toThrow();
  });
});

describe("a call", () => {
  let flags: Awaited<ReturnType<typeof startFlags>>;
  beforeEach(async () => {
    flags = await startFlags();
  });
  afterEach(() => flags.close());
  const call = { method: "POST", path: "/flags/checkout" };

  it.each([
    "http://169.254.169.254/latest/meta-data/",
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "@evil.example/",
    "/../../admin",
    "/flags/../../admin",
    "/./x",
    "/%2e%2e/admin",
    "/a%2f..%2fb",
    "/a%0d%0aHost: evil",
    "/a\r\nHost: evil",
    "/a b",
    "/a#b",
    "/a;id",
    "/$(id)",
    "/`id`",
    "/a?x=http://169.254.169.254/%00",
    ":8080/",
    ".evil.example/",
    "flags/checkout",
    "",
    "-x",
    3,
    null,
    ["/a"],
  ])("of the path %j is refused before anything is sent", async (path) => {
    const actions = httpActions({ baseUrl: flags.url, hosts: ["127.0.0.1"], allowPrivate: true });
    for (const name of ["call", "get"]) {
      const args = name === "call" ? { ...call, path } : { path };
      expect(actions(name).check(args)).toBeTypeOf("string");
      await expect(actions(name).look(args, soon())).rejects.toThrow();
      expect((await actions(name).run(args, contextOf({ identity: {}, precondition: {} }))).outcome).toBe("failed");
    }
    expect(flags.seen).toEqual([]);
  });

  it("goes to no private address that DNS gives for an allowed name", async () => {
    for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"]) {
      const family = address.includes(":") ? 6 : 4;
      const actions = httpActions({ baseUrl: `https://flags.example:${flags.port}/api` }, async () => [
        { address: "93.184.216.34", family: 4 },
        { address, family },
      ]);
      const { ran } = await lookAndRun(actions("call"), call);
      expect(ran.outcome).toBe("failed");
      expect(ran.output).toContain(`flags.example is at ${address}`);
      expect(ran.output).toContain("Nothing was sent.");
    }
    expect(flags.seen).toEqual([]);
  });

  it("asks DNS once, and connects to what was checked: no other answer leads elsewhere", async ({ skip }) => {
    // The system takes localhost for 127.0.0.1, where another service has the same port.
    const checked = await startFlags("127.0.0.2", flags.port).catch(() => skip("this system has no 127.0.0.2"));
    let asked = 0;
    const resolve = async () => [{ address: asked++ === 0 ? "127.0.0.2" : "127.0.0.1", family: 4 as const }];
    const actions = httpActions(
      { baseUrl: `http://localhost:${flags.port}/api`, hosts: ["localhost"], allowPrivate: true },
      resolve,
    );
    try {
      const { ran } = await lookAndRun(actions("call"), call);
      expect(ran.outcome).toBe("succeeded");
      expect(asked).toBe(1);
      expect(checked.seen.map(({ headers }) => headers.host)).toEqual([`localhost:${flags.port}`]);
      expect(flags.seen).toEqual([]);
    } finally {
      await checked.close();
    }
  });

  it("failed when the name has no address, and nothing was sent", async () => {
    const actions = httpActions({}, async () => {
      throw new Error("ENOTFOUND flags.example");
    });
    const { ran } = await lookAndRun(actions("call"), call);
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("the name flags.example cannot be resolved");
  });
});
