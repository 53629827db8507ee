import { expect, it } from "vitest";
import { hold } from "../../src/flows/detect/hold.ts";
import { createMemoryStore } from "../../src/store/memory.ts";

const SLOT = 1_790_000_000;

/** A claim of process "a", and the store and clock it stands in; the clock goes on by itself in the test's own hands only. */
async function held(leaseSeconds = 0.03) {
  const state = { now: SLOT + 1, elapsed: 5 };
  const retention = { conversations: 9e9, evidence: 9e9, seenEvents: 9e9, proposals: 9e9 };
  const { detection } = createMemoryStore({ retention, now: () => state.now });
  let claims = 0;
  expect(await detection.claim("detect", SLOT, "a", state.now, state.now + leaseSeconds)).toBe("anew");
  const holding = hold({
    claims: {
      claim: (...asked) => {
        claims++;
        return detection.claim(...asked);
      },
    },
    ...{ job: "detect", slot: SLOT, since: state.elapsed, owner: "a", leaseSeconds },
    ...{ clock: () => state.now, elapsed: () => state.elapsed },
  });
  const renewed = async (more: number) => {
    for (const wanted = claims + more; claims < wanted; ) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { state, detection, holding, renewed };
}

const lost = (signal: AbortSignal) =>
  new Promise((resolve) =>
    signal.aborted ? resolve(signal.reason) : signal.addEventListener("abort", () => resolve(signal.reason)),
  );

it("a round that goes on keeps its slot beyond its lease, and lets it go at its end", async () => {
  const { state, detection, holding, renewed } = await held();
  for (let beats = 0; beats < 4; beats++) {
    state.now += 0.02;
    state.elapsed += 0.02;
    await renewed(1);
  }
  expect(await detection.claim("detect", SLOT + 60, "b", state.now, state.now + 15)).toBe("lost");
  expect(holding.signal.aborted).toBe(false);
  await holding.end();
  await detection.release("detect", "a");
  // The next one of its own is still "won": nobody was there in between.
  expect(await detection.claim("detect", SLOT + 60, "a", state.now, state.now + 15)).toBe("won");
});

it("a round whose slot another one has taken ends", async () => {
  const { state, detection, holding } = await held(0.3);
  state.now += 1;
  expect(await detection.claim("detect", SLOT + 60, "b", state.now, state.now + 15)).toBe("anew");
  expect(await lost(holding.signal)).toMatchObject({ message: "another process has taken the work over" });
  await holding.end();
});

it("a round ends that could not renew its slot while it was good, as after a sleep", async () => {
  const { state, holding } = await held(0.3);
  state.elapsed += 1;
  expect(await lost(holding.signal)).toMatchObject({ message: "the claim on the work could not be renewed in time" });
  await holding.end();
});

it("a store that cannot be asked for a moment is asked again", async () => {
  const state = { asked: 0 };
  const claim = async () => {
    state.asked++;
    if (state.asked < 3) throw new Error("Redis is away");
    return "won" as const;
  };
  const holding = hold({
    ...{ claims: { claim }, job: "detect", slot: SLOT, since: 0, owner: "a", leaseSeconds: 0.03 },
    ...{ clock: () => SLOT, elapsed: () => 0 },
  });
  while (state.asked < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holding.signal.aborted).toBe(false);
  await holding.end();
});
