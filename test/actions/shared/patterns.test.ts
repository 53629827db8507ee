import { describe, expect, it } from "vitest";
import {
  absolutePath,
  argumentsOf,
  checkWith,
  dnsLabel,
  dnsName,
  domainName,
  entryName,
  fileName,
  gitRef,
  integer,
  oneOf,
  readWith,
  unitName,
  urlPath,
  workflowFile,
} from "../../../src/actions/shared/patterns.ts";
import type { Json } from "../../../src/util/canonical.ts";

const PATTERNS = {
  dnsLabel,
  dnsName,
  entryName,
  unitName,
  gitRef,
  workflowFile,
  absolutePath,
  fileName,
  urlPath,
  domainName,
};

const GOOD: Readonly<Record<keyof typeof PATTERNS, readonly string[]>> = {
  dnsLabel: ["a", "shop", "checkout-2", "7", "a".repeat(63)],
  dnsName: ["a", "checkout-7d4b9c-x2x4z", "node-1.eu.example", "a".repeat(253)],
  entryName: ["prod", "web-1", "Web_1.eu"],
  unitName: ["nginx.service", "app@1.service", "getty@tty1.service", "a.timer", "dev-x.mount"],
  gitRef: ["main", "v", "release/1.2", "refs/heads/main", "0123456789abcdef0123456789abcdef01234567"],
  workflowFile: ["deploy.yml", "roll-back.yaml"],
  absolutePath: ["/var/tmp/app", "/var/log/app/", "/a/.cache/x"],
  fileName: ["nginx", "rsyslog.conf"],
  urlPath: ["/", "/changes/7", "/flags/checkout?state=on&x=1", "/a/"],
  domainName: ["shop.example", "a.b-c.example"],
};

/** What must get past none of them. */
const HOSTILE: readonly string[] = [
  "",
  " ",
  "-rf",
  "--server=https://evil.example",
  "--",
  "nginx; id > /tmp/x",
  "nginx && id",
  "nginx | tee /tmp/x",
  "nginx\nid",
  "nginx\r\nid",
  "nginx\n",
  "main\n",
  "/var/log\n",
  "nginx%0aid",
  "${IFS}id",
  "$(id)",
  "\\$(id)",
  "`id`",
  "nginx & id &",
  "{id,>,/tmp/x}",
  "nginx id",
  "nginx.service --root=/",
  "../../../etc/passwd",
  "/../etc/passwd",
  "/var/tmp/../../etc",
  "/var/./x",
  "default/../../kube-system",
  "refs/heads/main;id",
  "owner/repo/../../other",
  ".service",
  "checkout.",
  "сheckout",
  "checkout\u202e",
  "check\u200bout",
  "ｎｇｉｎｘ",
  "٣",
  "a'b",
  'a"b',
  "a\0b",
  "~root",
  "*",
  "nginx*",
  "//evil.example/",
  "///evil.example",
  "/\\evil.example",
  "http://169.254.169.254/latest/meta-data/",
  "https://evil.example/",
  "http://2130706433/",
  "file:///etc/passwd",
  "/a%2f..%2fb",
  "/a#b",
  "/a//b",
  "a".repeat(2000),
  `/${"a".repeat(2000)}`,
];

describe("the allow-lists of arguments", () => {
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    it(`${name} takes what it is for`, () => {
      for (const value of GOOD[name as keyof typeof PATTERNS])
        expect([value, pattern.safeParse(value).success]).toEqual([value, true]);
    });

    it(`${name} refuses every hostile value`, () => {
      const meant = new Set(GOOD[name as keyof typeof PATTERNS]);
      const passed = HOSTILE.filter((value) => !meant.has(value) && pattern.safeParse(value).success);
      expect(passed).toEqual([]);
    });
  }

  it("refuse what is no text at all", () => {
    for (const pattern of Object.values(PATTERNS))
      for (const value of [3, ["a"], { toString: () => "a" }, null, true, undefined])
        expect(pattern.safeParse(value).success).toBe(false);
  });

  it("read in linear time", () => {
    // Each of these would take hours if a pattern backtracked over them.
    for (const value of ["a-".repeat(50_000), "/a".repeat(50_000), "a.".repeat(50_000), `${"a".repeat(100_000)}!`])
      for (const pattern of Object.values(PATTERNS)) expect(pattern.safeParse(value).success).toBe(false);
  });
});

describe("the check of arguments", () => {
  const schema = argumentsOf({ name: dnsName, replicas: integer(0, 100), kind: oneOf("deployment", "statefulset") });

  it("says nothing about good ones", () => {
    const args = { name: "checkout", replicas: 3, kind: "deployment" };
    expect(checkWith(schema, args)).toBeUndefined();
    expect(readWith(schema, args)).toEqual(args);
  });

  it.each<[string, Json, string]>([
    ["a negative number", -1, "replicas must be a whole number from 0 to 100: it is -1."],
    ["a text", "3", 'replicas must be a whole number from 0 to 100: it is "3".'],
    ["a text with more behind", "3;id", 'replicas must be a whole number from 0 to 100: it is "3;id".'],
    ["a list", [3], "replicas must be a whole number from 0 to 100: it is [3]."],
    ["an object", { gt: 0 }, 'replicas must be a whole number from 0 to 100: it is {"gt":0}.'],
    ["a fraction", 1.5, "replicas must be a whole number from 0 to 100: it is 1.5."],
    ["too much", 101, "replicas must be a whole number from 0 to 100: it is 101."],
  ])("says what is wrong with %s for a number", (_, replicas, sentence) => {
    expect(checkWith(schema, { name: "checkout", replicas, kind: "deployment" })).toBe(sentence);
  });

  it("says what is missing, and what is no argument", () => {
    expect(checkWith(schema, { name: "checkout", replicas: 3, kind: "deployment", force: true })).toBe(
      '"force" is no argument of this action.',
    );
    expect(checkWith(schema, { name: "checkout", replicas: 3 })).toBe(
      "kind is missing: it must be one of deployment, statefulset.",
    );
  });

  it("shows a hostile value harmless and short", () => {
    const said = checkWith(schema, { name: `x\u202e<!channel>${"y".repeat(500)}`, replicas: 3, kind: "deployment" });
    expect(said).toMatch(/^name must be a DNS-1123 name/);
    expect(said).not.toContain("\u202e");
    expect(said).not.toContain("<!channel>");
    expect(said!.length).toBeLessThan(400);
  });

  it("throws the same sentences for who skipped it", () => {
    expect(() => readWith(schema, { name: "-x", replicas: 3, kind: "deployment" })).toThrow(/^name must be/);
  });
});
