import { describe, expect, it } from "vitest";
import { decide } from "../../../src/flows/remedy/decide.ts";
import { press, release } from "../../../src/flows/remedy/stopping.ts";
import { harbour } from "../../fakes/harbour.ts";
import { ann, aVoter, bob, cleo, stranger } from "../../fakes/proposals.ts";
import { aClick, Clinic } from "../../fakes/remedy.ts";
import { World } from "../../fakes/world.ts";

describe("the emergency stop", () => {
  it.each([
    "emergency stop",
    "Emergency stop: the rollout goes wrong",
    "stop all changes",
    "Notaus!",
    "parada de emergencia",
  ])("is pressed by a text: %s", async (text) => {
    const world = new World(harbour());
    const { card, reply } = await world.tell(text);
    expect(card.title).toBe("Stopped: no change starts until two people resume.");
    expect(reply.proposed_actions).toEqual([]);
    expect(await world.store.stop.read()).toMatchObject({ by: "mira" });
    expect(card.blocks).toContainEqual(
      expect.objectContaining({ buttons: [expect.objectContaining({ label: "Resume (takes two)" })] }),
    );
  });

  it.each(["stop lighthouse", "is there an emergency stop?", "resume", "resume all changes", "what did the stop do?"])(
    "is neither pressed nor released by: %s",
    async (text) => {
      const world = new World(harbour());
      await world.tell(text);
      expect(await world.store.stop.read()).toBeUndefined();
      await world.store.stop.press(bob, "smoke");
      await world.tell(text);
      expect(await world.store.stop.read()).toMatchObject({ resumeWanted: [] });
    },
  );

  it("takes two linked people who may approve something to resume", async () => {
    const clinic = new Clinic();
    const deps = { ...clinic.deps, stop: clinic.store.stop };
    await press(deps, ann, "smoke");
    expect((await release(deps, aVoter(stranger))).title).toContain("linked to no person");
    expect((await release(deps, aVoter(bob, { roles: ["web"] }))).title).toContain("Only people who may approve");
    expect((await release(deps, aVoter(bob, { isGuest: true }))).title).toContain("Only people who may approve");
    expect((await release(deps, aVoter(bob))).title).toContain("1 more person has to agree");
    expect((await release(deps, aVoter(bob))).title).toContain("1 more person has to agree");
    expect(await clinic.store.stop.read()).toBeDefined();
    expect((await release(deps, aVoter(cleo))).title).toContain("Resumed by Cleo");
    expect(await clinic.store.stop.read()).toBeUndefined();
  });

  it("is released by the button of a posted message only", async () => {
    const clinic = new Clinic();
    await press(clinic.deps, ann, "smoke");
    const voters = [aVoter(bob), aVoter(cleo)];
    const deps = {
      ...clinic.deps,
      cardOf: () => ({ now: clinic.now, zone: "UTC", mode: "act" as const, isStopped: true }),
      voterOf: async ({ user }: { user: { id: string } }) => voters.find(({ account }) => account === user.id)!,
      again: async () => ({ reason: "not here" }),
    };
    const click = (voter: (typeof voters)[number], more = {}) =>
      decide(deps, aClick({ id: "stop" }, "resume", { voter, decision: "resume", ...more }));
    expect((await click(voters[0]!, { message: undefined })).title).toContain("Use the button");
    expect((await click(voters[0]!)).title).toContain("1 more person");
    expect((await click(voters[1]!)).title).toContain("Resumed");
  });
});
