import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import type { Voter } from "../../../src/core/people.ts";
import { codeOf, type Proposal, shortHash } from "../../../src/core/proposal.ts";
import { receive } from "../../../src/flows/receive.ts";
import { type DecideDeps, decide } from "../../../src/flows/remedy/decide.ts";
import { ruleToSettle } from "../../../src/flows/remedy/rule.ts";
import type { Click } from "../../../src/ports/chat.ts";
import { aLook } from "../../fakes/actions.ts";
import { ann, aProposal, aRule, type aSpec, aVoter, bob, cleo, stranger } from "../../fakes/proposals.ts";
import { aClick, Clinic } from "../../fakes/remedy.ts";

function ready(more: Partial<ReturnType<typeof aSpec>> = {}): Proposal {
  const { identity, precondition } = aLook();
  return aProposal({ looks: [{ identity, precondition }], ...more });
}

/** Clicks as these people, who are looked up by their account. */
function clicks(clinic: Clinic, voters: readonly Voter[] = [ann, bob, cleo, stranger].map((who) => aVoter(who))) {
  const deps: DecideDeps = {
    ...clinic.deps,
    cardOf: () => ({ now: clinic.now, zone: "UTC", mode: "act", isStopped: false }),
    whyClosed: async () => undefined,
    voterOf: async ({ user }) => voters.find(({ account }) => account === user.id)!,
    again: async () => ({ reason: "not in this test" }),
  };
  return async (proposal: Proposal, who: Voter, more: Partial<Click> = {}): Promise<string> => {
    const card = await decide(deps, aClick(proposal, shortHash(proposal.hash), { voter: who, ...more }));
    return card.title;
  };
}

describe("a click", () => {
  it("of somebody who may approves, and the card follows the store", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    const click = clicks(clinic);
    expect(await click(proposal, aVoter(bob))).toBe("Approved. It starts now.");
    expect(await clinic.get()).toMatchObject({ status: "approved", votes: [{ person: "bob", decision: "approve" }] });
    expect(await click(proposal, aVoter(cleo))).toBe("It is approved already.");
  });

  it("counts once however often and by however many it is sent at once", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready({ rule: aRule({ approvals: 2 }) }));
    const click = clicks(clinic);
    await Promise.all(Array.from({ length: 100 }, () => click(proposal, aVoter(bob))));
    expect(await clinic.get()).toMatchObject({ status: "pending", votes: [{ person: "bob" }] });
    await Promise.all(Array.from({ length: 100 }, (_, at) => click(proposal, aVoter(at % 2 === 0 ? bob : cleo))));
    const after = await clinic.get();
    expect(after.status).toBe("approved");
    expect(after.votes.map(({ person }) => person).toSorted()).toEqual(["bob", "cleo"]);
  });

  describe("that a crash cut off after it was acknowledged", () => {
    /** Runs of the bot on what it stored. A run is killed where `cut` never ends. */
    async function runs(clinic: Clinic, proposal: Proposal) {
      const { inbox } = clinic.store;
      await inbox.take("slack", { id: "click-1", body: "{}", at: clinic.now });
      return async (voter: Voter, cut: { before?: Promise<void>; after?: Promise<void> } = {}) => {
        const told: string[] = [];
        const reception = receive({
          platform: "slack",
          inbox,
          clock: () => clinic.now,
          deal: async () => {
            await cut.before;
            told.push(await clicks(clinic, [voter])(proposal, voter));
            await cut.after;
          },
          report: () => {},
        });
        await reception.start();
        return { told, left: async () => (await inbox.left("slack")).length };
      };
    }
    const never = new Promise<void>(() => {});

    it("before it decided anything counts after the restart", async () => {
      const clinic = new Clinic();
      const run = await runs(clinic, await clinic.put(ready()));
      await run(aVoter(bob), { before: never });
      const { told, left } = await run(aVoter(bob));
      await expect.poll(left).toBe(0);
      expect(told).toEqual(["Approved. It starts now."]);
      expect((await clinic.get()).votes).toHaveLength(1);
    });

    it("after it had voted counts once, and that is what the person is told", async () => {
      const clinic = new Clinic();
      const run = await runs(clinic, await clinic.put(ready({ rule: aRule({ approvals: 2 }) })));
      const first = await run(aVoter(bob), { after: never });
      await expect.poll(() => first.told).toEqual(["Your approval counts. More are needed."]);
      const { told, left } = await run(aVoter(bob));
      await expect.poll(left).toBe(0);
      expect(told).toEqual(["You approved it already."]);
      expect(await clinic.get()).toMatchObject({ status: "pending", votes: [{ person: "bob" }] });
    });

    it("is refused after the restart when the person lost the right to it meanwhile", async () => {
      const clinic = new Clinic();
      const run = await runs(clinic, await clinic.put(ready()));
      await run(aVoter(bob), { before: never });
      const { told, left } = await run(aVoter(bob, { roles: ["web"] }));
      await expect.poll(left).toBe(0);
      expect(told).toEqual(["Only people with the role oncall may decide this."]);
      expect(await clinic.get()).toMatchObject({ status: "pending", votes: [], revision: 1 });
      expect(await clinic.trail()).toContain("refused approve: pending -> pending");
    });
  });

  it.each([
    ["the one who asked", aVoter(ann), "You asked for this change, so somebody else has to approve it (four eyes)."],
    ["somebody without the role", aVoter(bob, { roles: ["web"] }), "Only people with the role oncall may decide this."],
    [
      "a guest",
      aVoter(bob, { isGuest: true }),
      "Guests and people of other organisations cannot decide about changes.",
    ],
    [
      "somebody from outside",
      aVoter(bob, { isExternal: true }),
      "Guests and people of other organisations cannot decide about changes.",
    ],
    ["a bot", aVoter(bob, { isBot: true }), "Only people can decide about changes."],
  ])("of %s changes nothing, is answered in private and stands in the audit", async (_, voter, said) => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    expect(await clicks(clinic, [voter])(proposal, voter)).toBe(said);
    expect(await clinic.get()).toMatchObject({ status: "pending", votes: [], revision: 1 });
    expect(await clinic.trail()).toContain("refused approve: pending -> pending");
  });

  it.each([
    ["with the code of another version", { code: "AAAAAAAAAAAAAAAAAAAAAA" }, "That button belongs to another version"],
    ["on another message", { message: "C1/1790000000.999999" }, "That message is not the one"],
    ["on no message", { message: undefined }, "That message is not the one"],
  ])("%s is refused", async (_, more, said) => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    expect(await clicks(clinic)(proposal, aVoter(bob), more)).toContain(said);
    expect((await clinic.get()).votes).toEqual([]);
  });

  it("in another channel than the card's is refused, though it names the same message", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    const { visitor } = aClick(proposal, "");
    const elsewhere = { ...visitor, place: { ...visitor.place, channel: "C2" } };
    expect(
      await clicks(clinic)(proposal, aVoter(bob), {
        visitor: { ...elsewhere, user: { platform: "slack", id: "U2", name: "Bob" } },
      }),
    ).toContain("That message is not the one");
  });

  it("wants the code typed and the reason given where the policy says so", async () => {
    const clinic = new Clinic();
    const rule = aRule({ typedCode: true, reason: "required" });
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: rule } };
    const proposal = await clinic.put(ready({ rule }));
    const click = clicks(clinic);
    expect(await click(proposal, aVoter(bob))).toBe("Please say why: this policy wants a reason.");
    expect(await click(proposal, aVoter(bob), { fields: { reason: "disk is full" } })).toContain(
      "Please type the code",
    );
    expect(await click(proposal, aVoter(bob), { fields: { reason: "disk is full", typed: "00000000" } })).toContain(
      "Please type the code",
    );
    expect(await click(proposal, aVoter(bob), { fields: { reason: "disk is full", typed: codeOf(proposal) } })).toBe(
      "Approved. It starts now.",
    );
    expect((await clinic.get()).votes).toMatchObject([{ reason: "disk is full" }]);
  });

  it("approves nothing while stopped, in observe or propose mode, or without a runbook", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    const wish = await clinic.put(aProposal({ id: "p2", runbook: undefined, steps: [], looks: [] }));
    const click = clicks(clinic);
    await clinic.store.stop.press(bob, "smoke");
    expect(await click(proposal, aVoter(bob))).toContain("The emergency stop is on");
    await clinic.store.stop.release(bob);
    await clinic.store.stop.release(cleo);
    clinic.policy = { ...clinic.policy, modes: { default: "propose" } };
    expect(await click(proposal, aVoter(bob))).toContain("mode propose");
    clinic.policy = { ...clinic.policy, modes: { default: "act" } };
    expect(await click(wish, aVoter(bob))).toContain("No runbook can do this");
    expect((await clinic.get()).votes).toEqual([]);
  });

  it("overtakes the proposal when its target changed since it was shown", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    clinic.hands.action().state = aLook({ precondition: { generation: 18 } });
    expect(await clicks(clinic)(proposal, aVoter(bob))).toContain("generation was 17, is 18");
    expect((await clinic.get()).status).toBe("superseded");
  });

  it("rejects with a reason, until something started", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.approved(ready());
    expect(await clicks(clinic)(proposal, aVoter(cleo), { decision: "reject", fields: { reason: "not now" } })).toBe(
      "Rejected: nothing will run.",
    );
    expect(await clinic.get()).toMatchObject({ status: "rejected", note: "not now" });
  });

  it("withdraws only for the one who asked", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    const click = clicks(clinic);
    expect(await click(proposal, aVoter(bob), { decision: "withdraw" })).toContain("Only the person who asked");
    expect(await click(proposal, aVoter(ann), { decision: "withdraw" })).toContain("Withdrawn");
  });

  it("tries everything but the effect in a dry run, and shows it on the card", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    expect(await clicks(clinic)(proposal, aVoter(bob), { decision: "dry_run" })).toBe(
      "Dry run done: nothing was changed.",
    );
    expect(await clinic.get()).toMatchObject({
      status: "pending",
      simulated: { by: "Bob", text: "restart: would restart checkout\nAll conditions hold now." },
    });
    expect(clinic.hands.effects).toEqual([]);
  });

  it("settles what is unknown only by those who may, and asks the target first where wanted", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put({ ...ready(), status: "unknown", fence: 1 });
    const click = clicks(clinic);
    expect(await click(proposal, aVoter(ann), { decision: "it_ran" })).toContain("four eyes");
    clinic.hands.action().found = "unknown";
    expect(await click(proposal, aVoter(bob), { decision: "look_again" })).toContain("I still cannot tell");
    expect(await click(proposal, aVoter(bob), { decision: "it_did_not" })).toBe("Bob looked: it did not run.");
    expect((await clinic.get()).status).toBe("failed");
  });
});

describe("what became of something unknown", () => {
  const lost = (spec: Partial<ReturnType<typeof aSpec>>) => ({ ...ready(spec), status: "unknown" as const, fence: 1 });
  const dana = { ...cleo, person: "dana", name: "Dana", account: "U4" };

  it("takes two people who say the same where the risk is high, though one may approve it", async () => {
    const clinic = new Clinic();
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, high: aRule() } };
    const proposal = await clinic.put(lost({ risk: "high" }));
    const click = clicks(clinic);
    expect(await click(proposal, aVoter(stranger), { decision: "it_ran" })).toContain("not linked to a person");
    expect(await click(proposal, aVoter(bob), { decision: "it_ran" })).toBe(
      "Your word is noted. More people have to say the same.",
    );
    expect(await click(proposal, aVoter(bob), { decision: "it_ran" })).toBe("You said so already.");
    expect(await click(proposal, aVoter(cleo), { decision: "it_did_not" })).toContain("is noted");
    expect(await clinic.get()).toMatchObject({
      status: "unknown",
      opinions: [
        { person: "bob", outcome: "succeeded" },
        { person: "cleo", outcome: "failed" },
      ],
    });
    const settling = ruleToSettle(clinic.policy, proposal.spec);
    const context = { now: clinic.now, zone: "UTC", mode: "act" as const, isStopped: false, settling };
    const shown = plainText(proposalCard(await clinic.get(), context));
    expect(shown).toContain("It takes 2 people who say the same: so far 1 for it ran, 1 for it did not run.");
    expect(shown).toContain("Said by Cleo (slack U3)");
    expect(await click(proposal, aVoter(cleo), { decision: "it_ran" })).toBe("Bob and Cleo looked: it ran.");
    expect(await clinic.get()).toMatchObject({ status: "succeeded" });
    expect((await clinic.trail()).filter((line) => !line.startsWith("refused"))).toEqual([
      "propose:  -> pending",
      "opine: unknown -> unknown",
      "opine: unknown -> unknown",
      "settle: unknown -> succeeded",
    ]);
  });

  it("may be said by the one who asked only where somebody else says so too", async () => {
    const clinic = new Clinic();
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, high: aRule() } };
    const proposal = await clinic.put(lost({ risk: "high" }));
    const click = clicks(clinic);
    expect(await click(proposal, aVoter(ann), { decision: "it_did_not" })).toContain("is noted");
    expect((await clinic.get()).status).toBe("unknown");
    expect(await click(proposal, aVoter(bob), { decision: "it_did_not" })).toBe("Ann and Bob looked: it did not run.");
  });

  it("takes as many and as distinct people as its approval", async () => {
    const clinic = new Clinic();
    const rule = aRule({ approvals: 2, approvers: ["oncall", "owners"], distinctRoles: ["oncall", "owners"] });
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: rule } };
    const proposal = await clinic.put(lost({ rule }));
    const owner = aVoter(dana, { roles: ["owners"] });
    const click = clicks(clinic, [ann, bob, cleo].map((who) => aVoter(who)).concat(owner));
    expect(await click(proposal, aVoter(ann), { decision: "it_ran" })).toContain("four eyes");
    await click(proposal, aVoter(bob), { decision: "it_ran" });
    await click(proposal, aVoter(cleo), { decision: "it_ran" });
    expect((await clinic.get()).status).toBe("unknown");
    await click(proposal, owner, { decision: "it_ran" });
    expect((await clinic.get()).status).toBe("succeeded");
  });

  it("does not count a word of somebody who lost the role since", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(lost({ risk: "high" }));
    const click = clicks(clinic);
    await click(proposal, aVoter(bob), { decision: "it_ran" });
    clinic.roles = { bob: [] };
    await click(proposal, aVoter(cleo), { decision: "it_ran" });
    expect((await clinic.get()).status).toBe("unknown");
  });
});

describe("breaking the glass", () => {
  const rule = aRule({ approvals: 2, breakGlass: { roles: ["chief"], own: false } });

  it("takes the role, an account linked to a person and a reason, and is marked in the audit", async () => {
    const clinic = new Clinic();
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: rule } };
    const proposal = await clinic.put(ready({ rule }));
    const chief = aVoter(bob, { roles: ["chief"] });
    const click = clicks(clinic, [chief, aVoter(cleo)]);
    expect(await click(proposal, aVoter(cleo), { decision: "break_glass", fields: { reason: "fire" } })).toContain(
      "Only people with the role chief",
    );
    expect(await click(proposal, chief, { decision: "break_glass" })).toContain("takes a reason");
    expect(await click(proposal, chief, { decision: "break_glass", fields: { reason: "fire" } })).toBe(
      "Approved. It starts now.",
    );
    expect(await clinic.trail()).toContain("break-glass: pending -> approved");
  });
});
