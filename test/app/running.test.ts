import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createRunning } from "../../src/app/running.ts";
import type { Question } from "../../src/core/chat.ts";
import type { Onlooker } from "../../src/ports/chat.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { aDraft } from "../fakes/drafts.ts";

const CHANNEL = { platform: "slack", channel: "C1" };
const QUESTION: Question = {
  id: "q1",
  place: { ...CHANNEL, thread: "1.1" },
  user: { platform: "slack", id: "U1", name: "Ann" },
  text: "why?",
  at: 1000,
};
const PATIENCE = { timeout: 20_000 };

/** Bots on one store, each of which hears of the others' looks. */
function bots(count: number) {
  const store = createMemoryStore({ retention: RETENTION, now: () => 1000 });
  const reported: unknown[] = [];
  const shared = (looks: Store["looks"] = store.looks) => ({
    ...{ looks, clock: () => 1000, everyMs: 5, report: (problem: unknown) => void reported.push(problem) },
  });
  return { store, reported, shared, bots: Array.from({ length: count }, () => createRunning(shared())) };
}

/** A look that goes on until somebody wants no more, or it is let go. */
function aLook(bot: ReturnType<typeof createRunning>, { isShown = true } = {}) {
  let letGo: () => void = () => undefined;
  let onlooking: Onlooker | undefined;
  const done = bot.during(QUESTION, { show: () => undefined }, async (onlooker) => {
    onlooking = onlooker;
    if (isShown) onlooker?.show(aDraft("Step 1…"));
    await new Promise<void>((resolve) => {
      letGo = resolve;
      onlooker?.enough?.addEventListener("abort", () => resolve());
    });
    return (onlooker?.enough?.reason as Error | undefined)?.message ?? "looked to the end";
  });
  return { done, letGo: () => letGo(), onlooker: () => onlooking };
}

const isNoted = (store: Store) => expect.poll(async () => (await store.looks.get("q1"))?.state, PATIENCE);

describe("a look that somebody wants to end", () => {
  it("ends where another bot heard of it", async () => {
    const { store, bots: all, reported } = bots(2);
    const [one, two] = all;
    const look = aLook(one!);
    await isNoted(store).toBe("looking");
    expect(await two!.enough("q1", CHANNEL, "Ben")).toBe("stopping");
    expect(await two!.enough("q1", CHANNEL, "Cleo")).toBe("stopping");
    expect(await look.done).toBe("Stopped by Ben");
    expect(await two!.enough("q1", CHANNEL, "Ben")).toBe("over");
    expect(await one!.enough("q1", CHANNEL, "Ben")).toBe("over");
    // Whose wish it was is of no use any more.
    expect(await store.looks.get("q1")).toMatchObject({ state: "over", endedAt: 1000 });
    expect(await store.looks.get("q1")).not.toHaveProperty("by");
    expect(reported).toEqual([]);
  });

  it("ends at once where it goes on", async () => {
    const one = createRunning();
    const look = aLook(one);
    expect(await one.enough("q1", CHANNEL, "Ben")).toBe("stopping");
    expect(await look.done).toBe("Stopped by Ben");
    expect(await one.enough("q1", CHANNEL, "Ben")).toBe("over");
  });

  it("goes on for a wish from another channel, whichever bot heard of it", async () => {
    const { store, bots: all } = bots(2);
    const look = aLook(all[0]!);
    await isNoted(store).toBe("looking");
    for (const bot of all) expect(await bot.enough("q1", { ...CHANNEL, channel: "C2" }, "Eve")).toBe("over");
    expect((await store.looks.get("q1"))?.state).toBe("looking");
    look.letGo();
    expect(await look.done).toBe("looked to the end");
    expect(await all[1]!.enough("q1", CHANNEL, "Ben")).toBe("over");
  });

  it("ends as well where the bot that looked died, and another began anew", async () => {
    const { store, bots: all } = bots(2);
    const left = { id: "q1", revision: 1, madeAt: 990, endedAt: 990, ...CHANNEL, state: "looking" } as const;
    await store.looks.save([left], []);
    const second = aLook(all[0]!);
    await expect.poll(async () => (await store.looks.get("q1"))?.revision, PATIENCE).toBe(2);
    expect(await all[1]!.enough("q1", CHANNEL, "Ben")).toBe("stopping");
    expect(await second.done).toBe("Stopped by Ben");
  });

  it("ends as well where it was wished before the bot that looked died", async () => {
    const { store, bots: all } = bots(1);
    const left = { id: "q1", revision: 1, madeAt: 990, endedAt: 990, ...CHANNEL, state: "enough", by: "Ben" } as const;
    await store.looks.save([left], []);
    expect(await aLook(all[0]!).done).toBe("Stopped by Ben");
  });

  it("is not noted where nothing was shown that could be pressed", async () => {
    const { store, bots: all } = bots(1);
    const look = aLook(all[0]!, { isShown: false });
    await sleep(20);
    look.letGo();
    await look.done;
    expect(await store.looks.get("q1")).toBeUndefined();
  });

  it("ends as well where it could not be noted at first", async () => {
    const { store, shared, reported, bots: all } = bots(1);
    let failures = 1;
    const save: Store["looks"]["save"] = async (items, entries) => {
      if (failures-- > 0) throw new Error("Redis is away");
      return store.looks.save(items, entries);
    };
    const look = aLook(createRunning(shared({ ...store.looks, save })));
    await isNoted(store).toBe("looking");
    expect(await all[0]!.enough("q1", CHANNEL, "Ben")).toBe("stopping");
    expect(await look.done).toBe("Stopped by Ben");
    expect(reported).toHaveLength(1);
  });

  it("is answered all the same while the store cannot be asked, and the wish is said to be unknown", async () => {
    const { shared, reported, bots: all } = bots(1);
    const gone = () => Promise.reject(new Error("Redis is away"));
    const broken = createRunning(shared({ get: gone, open: gone, save: gone, unshown: gone, shown: gone }));
    const look = aLook(broken);
    expect(await all[0]!.enough("q2", CHANNEL, "Ben")).toBe("over");
    expect(await broken.enough("q2", CHANNEL, "Ben")).toBe("unknown");
    look.letGo();
    expect(await look.done).toBe("looked to the end");
    expect(reported.length).toBeGreaterThan(0);
  });
});
