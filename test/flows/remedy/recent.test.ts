import { describe, expect, it } from "vitest";
import { plainText } from "../../../src/core/card.ts";
import { readListWish } from "../../../src/core/change/lists.ts";
import { approvalsCard, auditCard } from "../../../src/flows/remedy/recent.ts";
import { ann, aProposal, aVoter, bob, THREAD } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const ELSEWHERE = { ...THREAD, channel: "C2" };
const WHOLE = async () => ({ isWhole: true, text: "The audit is whole: 4 records." });
const wish = (which: "all" | "pending" | "mine" | "history") => ({ kind: "approvals" as const, which });

/** p1: asked by Ann, of the source "eu". p2: by Bob. p3: a wish. p4: rejected. */
async function clinicWithSome() {
  const clinic = new Clinic();
  const deps = { ...clinic.deps, zone: "UTC" };
  const put = (id: string, spec: Parameters<typeof aProposal>[0], more: Parameters<typeof aProposal>[1] = {}) =>
    clinic.put(aProposal({ id, target: { kind: "deployment", name: `shop/${id}`, key: id }, ...spec }, more));
  await put("p1", { source: "eu" });
  await put("p2", { source: "us", requester: bob });
  await put("p3", { runbook: undefined, action: { type: "failover", target: "db", params: {} } });
  await put("p4", { source: "us" }, { status: "rejected", note: "not now" });
  return { clinic, deps };
}

describe("the words of a list", () => {
  it.each([
    ["approvals", { kind: "approvals", which: "all" }],
    ["Approvals  Mine?", { kind: "approvals", which: "mine" }],
    ["approvals history", { kind: "approvals", which: "history" }],
    ["audit", { kind: "audit" }],
    ["audit mine", undefined],
    ["show pending approvals", undefined],
    ["approvals of checkout", undefined],
    ["", undefined],
  ])("%s", (text, wanted) => {
    expect(readListWish(text)).toEqual(wanted);
  });
});

describe("the list of approvals", () => {
  it("tells what waits for somebody, what for others, what they asked for and what ended", async () => {
    const { deps } = await clinicWithSome();
    const said = plainText(await approvalsCard(deps, aVoter(bob), { place: ELSEWHERE }, wish("all")));
    expect(said).toMatch(/^2 changes wait for a decision, 1 of them for yours\./);
    expect(said).toMatch(
      /Waiting for your decision:\n- p1: Restart a deployment: shop\/p1 · pending, until .*asked by Ann/,
    );
    // Four eyes: what Bob asked for waits for somebody else.
    expect(said).toMatch(/Waiting for others:\n- p2: [^\n]*\nYou asked for:\n- p2: /);
    expect(said).toMatch(/Decided or ended lately:\n- p4: .* · rejected, medium risk, asked by Ann: not now/);
    expect(said).not.toMatch(/p3/);
  });

  it("has parts, and says what is not there", async () => {
    const { deps } = await clinicWithSome();
    const part = async (which: "pending" | "mine" | "history") =>
      plainText(await approvalsCard(deps, aVoter(ann, { roles: [] }), { place: ELSEWHERE }, wish(which)));
    expect(await part("pending")).toMatch(/Nothing waits for your decision\./);
    expect(await part("pending")).not.toMatch(/You asked for|lately/);
    expect(await part("mine")).toMatch(/p3: failover db · noted only/);
    expect(await part("history")).not.toMatch(/Waiting/);
    const empty = new Clinic();
    const card = await approvalsCard({ ...empty.deps, zone: "UTC" }, aVoter(bob), { place: THREAD }, wish("all"));
    expect(card.title).toBe("No change waits for a decision.");
  });

  it("shows nothing of sources that are closed to them, but what stands in their channel", async () => {
    const { deps } = await clinicWithSome();
    const seen = async (asked: Parameters<typeof approvalsCard>[2]) =>
      [...plainText(await approvalsCard(deps, aVoter(bob), asked, wish("all"))).matchAll(/- (p\d):/g)].map(
        ([, id]) => id,
      );
    expect(new Set(await seen({ place: ELSEWHERE, sources: ["eu"] }))).toEqual(new Set(["p1"]));
    expect(await seen({ place: ELSEWHERE, sources: ["lab"] })).toEqual([]);
    expect(new Set(await seen({ place: THREAD, sources: ["lab"] }))).toEqual(new Set(["p1", "p2", "p4"]));
  });
});

describe("the audit in the chat", () => {
  it("shows the newest records with names, and whether all of it is whole", async () => {
    const { clinic, deps } = await clinicWithSome();
    const actor = await clinic.store.audit.actorOf(ann);
    await clinic.store.audit.append([
      {
        actor,
        platform: "slack",
        action: "approve",
        id: "p1",
        hash: "",
        from: "pending",
        to: "approved",
        reason: "<!channel> fine",
      },
    ]);
    const card = await auditCard(deps, aVoter(bob), { place: THREAD }, WHOLE);
    expect(card).toMatchObject({ title: "The audit is whole: 4 records.", tone: "good" });
    expect(plainText(card)).toMatch(/- 5 · .* · approve p1, pending to approved by Ann \(slack\): /);
    expect(plainText(card)).not.toContain("<!channel>");
    const broken = async () => ({ isWhole: false, text: "The audit is BROKEN at record 3." });
    expect((await auditCard(deps, aVoter(bob), { place: THREAD }, broken)).tone).toBe("danger");
  });

  it.each([
    [
      "somebody without a role that approves",
      aVoter(bob, { roles: ["web"] }),
      {},
      /Only people who may approve changes \(oncall\)/,
    ],
    ["a guest", aVoter(bob, { isGuest: true }), {}, /Only people who may approve/],
    ["somebody to whom a source is closed", aVoter(bob), { sources: ["eu"] }, /not all of them are open to you/],
  ])("is refused to %s", async (_, voter, asked, why) => {
    const { deps } = await clinicWithSome();
    const card = await auditCard(deps, voter, { place: THREAD, ...asked }, WHOLE);
    expect(card.title).toMatch(why);
    expect(card.blocks).toEqual([]);
  });
});
