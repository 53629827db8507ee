import { describe, expect, it } from "vitest";
import { type Access, reachOf, type Visitor } from "../../src/core/access.ts";

const SOURCES = [
  { name: "prod-eu", environment: "production" },
  { name: "prod-us", environment: "production" },
  { name: "lab", environment: undefined },
];

const asking = ({ channel = "C1", ...more }: Partial<Visitor> & { readonly channel?: string } = {}): Visitor => ({
  user: { platform: "slack", id: "U1", name: "ana" },
  place: { platform: "slack", channel, thread: "" },
  isGuest: false,
  isExternal: false,
  ...more,
});
const access = (rules?: Access["rules"], roles: Access["roles"] = {}): Access => ({ rules, roles });

describe("who may read what", () => {
  it("without rules: members everything, guests and people of other organisations nothing", () => {
    expect(reachOf(access(), asking(), SOURCES)).toEqual({ allowed: true });
    expect(reachOf(access(), asking({ isGuest: true }), SOURCES)).toMatchObject({
      allowed: false,
      reason: expect.stringMatching(/^Guests/),
    });
    for (const isGuest of [true, false])
      expect(reachOf(access(), asking({ isExternal: true, isGuest }), SOURCES)).toMatchObject({
        allowed: false,
        reason: expect.stringMatching(/^People of other organisations/),
      });
  });

  it("with rules: what some rule opens, and nothing else", () => {
    const rules = access([
      { people: ["members"], channels: ["C1"], environments: ["production"] },
      { people: ["members", "guests"], channels: ["C2"], sources: ["lab"] },
    ]);
    expect(reachOf(rules, asking(), SOURCES)).toEqual({ allowed: true, sources: ["prod-eu", "prod-us"] });
    expect(reachOf(rules, asking({ channel: "C2", isGuest: true }), SOURCES)).toEqual({
      allowed: true,
      sources: ["lab"],
    });
    expect(reachOf(rules, asking({ isGuest: true }), SOURCES).allowed).toBe(false);
    expect(reachOf(rules, asking({ channel: "C3" }), SOURCES).allowed).toBe(false);
  });

  it("adds up the rules that fit, and one without names opens everything", () => {
    const both = access([
      { people: ["members"], sources: ["lab"] },
      { people: ["members"], sources: ["prod-us"] },
    ]);
    expect(reachOf(both, asking(), SOURCES)).toEqual({ allowed: true, sources: ["prod-us", "lab"] });
    expect(reachOf(access([...both.rules!, { people: ["members"] }]), asking(), SOURCES)).toEqual({ allowed: true });
  });

  it("knows roles by account and platform; an empty list is nobody", () => {
    const roles = { sre: { slack: ["U1"] }, night: { slack: [] } };
    const sre = access([{ people: ["members"], roles: ["sre"] }], roles);
    expect(reachOf(sre, asking(), SOURCES).allowed).toBe(true);
    expect(reachOf(sre, asking({ user: { platform: "slack", id: "U2", name: "ana" } }), SOURCES).allowed).toBe(false);
    expect(reachOf(sre, asking({ user: { platform: "teams", id: "U1", name: "ana" } }), SOURCES).allowed).toBe(false);
    for (const role of ["night", "toString", "nobody"])
      expect(reachOf(access([{ people: ["members"], roles: [role] }], roles), asking(), SOURCES).allowed).toBe(false);
  });

  it("takes Teams accounts by their object id, with or without the tenant, in any case", () => {
    const who = { platform: "teams", id: "tenant-1/AB-cd", name: "ana" };
    for (const id of ["ab-CD", "Tenant-1/ab-cd"]) {
      const sre = access([{ people: ["members"], roles: ["sre"] }], { sre: { teams: [id] } });
      expect(reachOf(sre, asking({ user: who }), SOURCES).allowed, id).toBe(true);
      expect(reachOf(sre, asking({ user: { ...who, id: "tenant-1/other" } }), SOURCES).allowed).toBe(false);
    }
  });

  it("an empty list of rules is nobody", () => {
    expect(reachOf(access([]), asking(), SOURCES).allowed).toBe(false);
  });

  it("says so when what is open does not exist", () => {
    const none = access([{ people: ["members"], environments: ["staging"] }]);
    expect(reachOf(none, asking(), SOURCES)).toMatchObject({
      allowed: false,
      reason: expect.stringContaining("sources"),
    });
  });
});
