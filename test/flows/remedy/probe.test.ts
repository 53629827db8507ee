import { describe, expect, it } from "vitest";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { aProposal } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

/** A change whose answer was lost a moment ago. */
async function lost(): Promise<Clinic> {
  const clinic = new Clinic();
  const { now } = clinic;
  await clinic.put(aProposal({}, { status: "unknown", fence: 1, startedAt: now - 5, endedAt: now }));
  return clinic;
}

describe("a change of which it is not known whether it ran", () => {
  it("is not said to have not run while what was sent may still arrive", async () => {
    const clinic = await lost();
    const round = sweep(clinic.deps, new Set());
    // Nothing is there yet at the first two looks; then it is.
    clinic.hands.action().found = "not_run";
    for (const seconds of [0, 5]) {
      clinic.now += seconds;
      await round(SIGNAL);
      expect((await clinic.get()).status).toBe("unknown");
    }
    clinic.hands.action().found = "ran";
    clinic.now += 30;
    await round(SIGNAL);
    expect((await clinic.get()).status).toBe("succeeded");
  });

  it("has not run when nothing is there after that time", async () => {
    const clinic = await lost();
    clinic.hands.action().found = "not_run";
    const round = sweep(clinic.deps, new Set());
    for (const seconds of [0, 5, 30]) {
      clinic.now += seconds;
      await round(SIGNAL);
    }
    expect((await clinic.get()).status).toBe("failed");
  });

  it("has not run at once where the target refuses it from now on", async () => {
    const clinic = await lost();
    clinic.hands.action().probe = async () => ({ found: "not_run", isSure: true, text: "its mark says so" });
    await sweep(clinic.deps, new Set())(SIGNAL);
    expect((await clinic.get()).status).toBe("failed");
  });
});
