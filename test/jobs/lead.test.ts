import { expect, it } from "vitest";
import { createLead } from "../../src/jobs/lead.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";

const NOW = 1_790_000_000;

it("is one process's for as long as it renews it, and another's once it is over or given up", async () => {
  const clock = { now: NOW };
  const { detection } = createMemoryStore({ retention: RETENTION });
  const [one, two] = ["one", "two"].map((owner) => createLead(detection, "job", owner, () => clock.now));
  expect(await Promise.all([one!.leads(), one!.leads(), two!.leads()])).toEqual([true, true, false]);
  for (let second = 1; second < 60; second += 4) {
    clock.now = NOW + second;
    expect([await one!.leads(), await two!.leads()]).toEqual([true, false]);
  }
  clock.now += 15;
  expect(await two!.leads()).toBe(true);
  clock.now += 6;
  expect([await one!.leads(), await two!.leads()]).toEqual([false, true]);
  await one!.release();
  clock.now += 1;
  expect(await one!.leads()).toBe(false);
  await two!.release();
  expect(await one!.leads()).toBe(true);
});
