import { describe, expect, it } from "vitest";
import type { Need } from "../../../src/core/need.ts";
import { WISHES_AN_HOUR } from "../../../src/core/policy/limits.ts";
import type { Proposal } from "../../../src/core/proposal.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { propose } from "../../../src/flows/remedy/propose.ts";
import { aLook } from "../../fakes/actions.ts";
import { anEntry, ann, aProposal, approvedBy, bob, THREAD } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

function aNeed(name: string, thread: string): Need {
  return {
    action: { type: "restart", target: name, params: {} },
    kinds: ["deployment"],
    values: { namespace: { value: "shop", origin: "user" }, name: { value: name, origin: "user" } },
    environment: "production",
    source: undefined,
    requester: ann,
    places: [{ ...THREAD, thread }],
    cause: { kind: "ask", text: `restart ${name}` },
    facts: [],
  };
}

describe("limits", () => {
  it.each([
    ["a thread", () => "1", 3],
    ["a channel", (at: number) => String(at), 10],
  ])("of %s hold for proposals that are made at once", async (_, threadOf, most) => {
    const clinic = new Clinic();
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, at) => propose(clinic.deps, aNeed(`s${at}`, threadOf(at)), SIGNAL)),
    );
    expect(all.filter(({ kind }) => kind === "proposed")).toHaveLength(most);
    expect(await clinic.store.proposals.find({ limit: 100 })).toHaveLength(most);
  });

  it("count wishes that no runbook fulfils by person, and leave the channel's limit to what can run", async () => {
    const clinic = new Clinic();
    const wish = (name: string, requester = ann) =>
      propose(
        clinic.deps,
        { ...aNeed(name, "1"), action: { type: "paint", target: name, params: {} }, requester },
        SIGNAL,
      );
    for (let at = 0; at < WISHES_AN_HOUR; at++) expect(await wish(`w${at}`)).toMatchObject({ kind: "proposed" });
    clinic.now += 600;
    expect(await wish("more")).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(
        /^You asked for 5 changes within the last hour that no runbook here can make.* 50 minutes/,
      ),
    });
    expect(await wish("more", bob)).toMatchObject({ kind: "proposed" });
    for (const name of ["a", "b", "c"])
      expect(await propose(clinic.deps, aNeed(name, "1"), SIGNAL)).toMatchObject({ kind: "proposed" });
    expect(await propose(clinic.deps, aNeed("d", "1"), SIGNAL)).toMatchObject({ kind: "refused" });
    clinic.now += 3000;
    expect(await wish("more")).toMatchObject({ kind: "proposed" });
  });

  it("let the next one through after one that could not be written", async () => {
    const clinic = new Clinic();
    const { insert } = clinic.store.proposals;
    clinic.store.proposals.insert = () => Promise.reject(new Error("the disk is full"));
    await expect(propose(clinic.deps, aNeed("a", "1"), SIGNAL)).rejects.toThrow("the disk is full");
    clinic.store.proposals.insert = insert;
    expect(await propose(clinic.deps, aNeed("a", "1"), SIGNAL)).toMatchObject({ kind: "proposed" });
  });
});

it("the cooldown of a runbook holds between two that were approved before either ran", async () => {
  const clinic = new Clinic();
  const { identity, precondition } = aLook();
  const epoch = await clinic.store.proposals.epoch();
  for (const [at, name] of ["p1", "p2"].entries()) {
    const params = { name: { value: "checkout", origin: "user" as const }, at: { value: at, origin: "user" as const } };
    const proposal: Proposal = await clinic.put(aProposal({ id: name, params, looks: [{ identity, precondition }] }));
    await clinic.store.proposals.replace(approvedBy(proposal, undefined, epoch), [anEntry({ action: "approve" })]);
  }
  const executing = execute(clinic.deps);
  for (let round = 0; round < 3; round += 1) {
    await executing.round(SIGNAL);
    await executing.idle();
  }
  expect(clinic.hands.effects).toHaveLength(1);
  const ends = [await clinic.get("p1"), await clinic.get("p2")];
  expect(ends.map(({ status }) => status).toSorted()).toEqual(["succeeded", "superseded"]);
  expect(ends.find(({ status }) => status === "superseded")?.note).toContain("cooldown");
});

it("a target whose last change is unknown is left alone, however long ago that was", async () => {
  const clinic = new Clinic();
  const { identity, precondition } = aLook();
  await clinic.put(aProposal({ looks: [{ identity, precondition }] }, { status: "unknown", fence: 1 }));
  clinic.now += 30 * 86_400;
  clinic.runbooks[0] = { ...clinic.runbooks[0]!, version: "c".repeat(64) };
  expect(await propose(clinic.deps, aNeed("checkout", "1"), SIGNAL)).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("is unknown on shop/checkout"),
  });
});
