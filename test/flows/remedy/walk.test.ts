import { expect, it } from "vitest";
import type { Proposal } from "../../../src/core/proposal.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { every, walk } from "../../../src/flows/remedy/walk.ts";
import { aLook } from "../../fakes/actions.ts";
import { aProposal, aRule, NOW } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

function numbered(number: number, more: Parameters<typeof aProposal>[0] = {}): Proposal {
  const { identity, precondition } = aLook();
  const target = {
    kind: "deployment",
    name: `shop/desk-${number}`,
    key: `kubernetes:prod/shop/deployment/desk-${number}`,
  };
  const own = {
    id: `p${number}`,
    target,
    createdAt: NOW + number / 1000,
    params: { number: { value: number, origin: "user" } },
  };
  return aProposal({ looks: [{ identity, precondition }], ...(own as object), ...more });
}

it("goes through all, a part at a time, and begins anew", async () => {
  const clinic = new Clinic();
  for (let number = 0; number < 5; number++) await clinic.put(numbered(number));
  const all = walk(clinic.store, ["pending", "approved"]);
  const ids = async () => (await all.next(2)).map(({ id }) => id);
  expect([await ids(), all.wasWhole()]).toEqual([["p0", "p1"], false]);
  expect([await ids(), all.wasWhole()]).toEqual([["p2", "p3"], false]);
  expect([await ids(), all.wasWhole()]).toEqual([["p4"], false]);
  expect([await ids(), all.wasWhole()]).toEqual([["p0", "p1"], false]);
  expect((await all.next(9)).length).toBe(3);
  expect((await all.next(9)).length).toBe(5);
  expect(all.wasWhole()).toBe(true);
});

it("gives every one, in the order they were made, however many there are", async () => {
  const clinic = new Clinic();
  for (let number = 0; number < 401; number++) await clinic.put(numbered(number));
  const ids = (await every(clinic.store, ["pending", "approved"])).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 401 }, (_, number) => `p${number}`));
});

it("an approved change starts however many newer ones wait", async () => {
  const clinic = new Clinic();
  await clinic.approved(numbered(0));
  const slow = { rule: aRule({ executeDelay: 250, executeWithin: 3000 }) };
  for (let number = 1; number <= 300; number++) await clinic.approved(numbered(number, slow));
  const executing = execute(clinic.deps);
  for (let rounds = 0; rounds < 2; rounds++) {
    await executing.round(SIGNAL);
    await executing.idle();
  }
  expect((await clinic.get("p0")).status).toBe("succeeded");
});

it("an approved change starts however many older ones wait", async () => {
  const clinic = new Clinic();
  const slow = { rule: aRule({ executeDelay: 250, executeWithin: 3000 }) };
  for (let number = 1; number <= 300; number++) await clinic.approved(numbered(number, slow));
  await clinic.approved(numbered(999));
  const executing = execute(clinic.deps);
  for (let rounds = 0; rounds < 45; rounds++) {
    await executing.round(SIGNAL);
    await executing.idle();
  }
  expect((await clinic.get("p999")).status).toBe("succeeded");
});

it("what nobody decided expires, however many newer ones there are", async () => {
  const clinic = new Clinic();
  for (let number = 0; number < 1100; number++)
    await clinic.put(numbered(number, number === 0 ? { approveBy: NOW + 10 } : {}));
  const round = sweep(clinic.deps, new Set());
  await round(SIGNAL);
  expect((await clinic.get("p0")).status).toBe("expired");
});
