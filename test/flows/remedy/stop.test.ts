import { describe, expect, it } from "vitest";
import { readStop } from "../../../src/core/change/stop.ts";
import { decide } from "../../../src/flows/remedy/decide.ts";
import { press, release } from "../../../src/flows/remedy/stopping.ts";
import { ann, aVoter, bob, cleo, stranger } from "../../fakes/proposals.ts";
import { aClick, Clinic } from "../../fakes/remedy.ts";

describe("the emergency stop", () => {
  it.each([
    ["emergency stop", ""],
    ["Emergency stop: the rollout goes wrong", "the rollout goes wrong"],
    ["stop all changes, please", "please"],
    ["Notaus!", ""],
    ["parada de emergencia", ""],
    ["arrêt d’urgence", ""],
  ])("is meant by: %s", (text, reason) => {
    expect(readStop(text)).toEqual({ reason });
  });

  it.each(["stop lighthouse", "is there an emergency stop?", "resume", "resume all changes", "what did the stop do?"])(
    "is not meant by: %s",
    (text) => {
      expect(readStop(text)).toBeUndefined();
    },
  );

  it("offers to resume, which no text does", async () => {
    const clinic = new Clinic();
    const card = await press({ ...clinic.deps, stop: clinic.store.stop }, ann, "smoke");
    expect(card.blocks).toContainEqual(
      expect.objectContaining({ buttons: [expect.objectContaining({ label: "Resume (takes two)" })] }),
    );
    expect(await clinic.store.stop.read()).toMatchObject({ by: "Ann", reason: "smoke", resumeWanted: [] });
  });

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
      whyClosed: async () => undefined,
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
