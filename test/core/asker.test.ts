import { expect, it } from "vitest";
import { areSame, identify, identifyAsker, type Person } from "../../src/core/people.ts";
import { whyNotVote } from "../../src/core/policy.ts";
import { aRule } from "../fakes/proposals.ts";

const people: readonly Person[] = [
  { id: "ann", name: "Ann", accounts: { terminal: ["ann"], slack: ["U1"] } },
  { id: "bob", name: "Bob", accounts: { terminal: ["bob"] } },
];
const user = (id: string, platform = "terminal") => ({ platform, id, name: id });

it.each([
  ["terminal", "ann", "ann", true],
  ["terminal", "Ann", "ann", true],
  ["terminal", "bob", "terminal:bob", false],
  ["slack", "U1", "ann", true],
])("whoever asks on %s as %s is %s", (platform, id, person, isLinked) => {
  expect(identifyAsker(people, user(id, platform), "ann")).toMatchObject({ person, isLinked });
});

it("nobody approves their own wish by asking under a colleague's name", () => {
  const ann = { ...identify(people, user("ann")), roles: ["oncall"], isGuest: false, isExternal: false };
  expect(whyNotVote(aRule(), ann, "approve", identifyAsker(people, user("bob"), "ann"))).toContain("four eyes");
});

it("accounts of two workspaces may be one human's, and of one workspace are two humans'", () => {
  const in1 = identify(people, { ...user("U7", "slack"), directory: "T1" });
  const in2 = identify(people, { ...user("U8", "slack"), directory: "T2" });
  expect(areSame(in1, in2)).toBe("unknown");
  expect(areSame(in1, identify(people, { ...user("U8", "slack"), directory: "T1" }))).toBe("different");
  // Linked to a person, the configuration tells.
  const ann = identify(people, { ...user("U1", "slack"), directory: "T1" });
  expect(areSame(ann, in2)).toBe("unknown");
  const approver = { ...in2, roles: ["oncall"], isGuest: false, isExternal: false };
  expect(whyNotVote(aRule(), approver, "approve", in1)).toContain("four eyes cannot be told");
});
