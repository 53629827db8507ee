import { describe, expect, it } from "vitest";
import type { Check } from "../../../src/core/runbook.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { verify } from "../../../src/flows/remedy/verify.ts";
import type { Metrics } from "../../../src/ports/metrics.ts";
import { anEntry, aProposal, NOW } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;
const STARTED = NOW + 100;
const errors: Check = { name: "errors", promql: "errors", unit: "per_s", better: "down" };
const capped: Check = { ...errors, until: { op: "<", value: 1 } };

/** A change that ran, and errors that were 10 before it and `after` since, with a little noise. */
async function ran(after: number | "gone" | "down", check: Check = errors) {
  const clinic = new Clinic();
  const undone: string[] = [];
  const source = {
    range: async (_: string, { start, end, step }: { start: number; end: number; step: number }) => {
      if (after === "down") throw new Error("connection refused");
      const points: [number, number][] = [];
      for (let at = start; at <= end; at += step) {
        const level = at < STARTED ? 10 : after;
        if (level !== "gone") points.push([at, level + Math.sin(at) / 10]);
      }
      return points.length === 0 ? [] : [{ labels: {}, points }];
    },
  } as unknown as Metrics;
  const spec = { verify: { settle: 30, deadline: 300, checks: [check] }, rollback: undefined };
  const proposal = {
    ...aProposal(spec),
    startedAt: STARTED,
    endedAt: STARTED + 5,
    status: "succeeded" as const,
    fence: 1,
  };
  await clinic.store.proposals.insert(proposal, [anEntry()]);
  const deps = { ...clinic.deps, sources: [source], undo: async ({ id }: { id: string }) => void undone.push(id) };
  await sweep(deps, new Set())(SIGNAL);
  const look = async (seconds: number) => {
    clinic.now = STARTED + 5 + seconds;
    await verify(deps)(SIGNAL);
    return clinic.get();
  };
  return { look, undone };
}

describe("a change that ran", () => {
  it("is looked at once it had time to settle, and given its verdict at the deadline", async () => {
    const { look } = await ran(2);
    expect((await look(10)).status).toBe("verifying");
    expect((await look(200)).status).toBe("verified");
  });

  it("that leads to the value to reach is verified as soon as it is there", async () => {
    const { look, undone } = await ran(0.2, capped);
    expect(await look(60)).toMatchObject({ status: "verified", measured: [{ verdict: "better" }] });
    expect(undone).toEqual([]);
  });

  it("waits for a value to reach until the deadline, and then says what else it did", async () => {
    const { look } = await ran(4, capped);
    expect((await look(200)).status).toBe("verifying");
    expect(await look(301)).toMatchObject({ status: "verified", note: expect.stringContaining("got better") });
  });

  it.each([
    [10, "no_effect"],
    [30, "worse"],
    ["gone", "no_effect"],
  ] as const)("after which there are %s errors is called %s, and its way back is thought of", async (after, status) => {
    const { look, undone } = await ran(after);
    expect((await look(301)).status).toBe(status);
    expect(undone).toEqual(["p1"]);
  });

  it("is not judged while Prometheus cannot be asked, and called unmeasured at the deadline", async () => {
    const { look } = await ran("down");
    expect((await look(200)).status).toBe("verifying");
    expect(await look(301)).toMatchObject({
      status: "no_effect",
      note: expect.stringContaining("Not measured: errors"),
    });
  });
});
