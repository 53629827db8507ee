import { describe, expect, it } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { harbour } from "../fakes/harbour.ts";
import { newStore, verdictOf, World } from "../fakes/world.ts";

/** What is away costs what it gives, and is said; it never costs the whole answer, and never looks like good news. */

const QUESTIONS = [
  "cpu of quay-1",
  "top 2 hosts by cpu",
  "cpu of quay-1 compared to yesterday",
  "cpu of quay-1 in the last 3 hours",
  "is any host above 80% cpu?",
  "which alerts are firing?",
  "status",
  "anything unusual?",
  "why is lighthouse slow?",
  "is quay-1 up?",
  "which targets are down?",
];

describe("Prometheus that does not answer", () => {
  it.each(QUESTIONS)("is said to be the problem, and no news about the system: %s", async (question) => {
    for (const fault of ["unreachable", "refused"] as const) {
      const world = new World(harbour());
      world.metrics.fail(fault);
      const { card, reply } = await world.tell(question);
      expect(verdictOf(reply), fault).toMatch(/could not (?:ask|check)|cannot/i);
      expect(card.tone, fault).toBe("danger");
      expect(reply.values, fault).toEqual([]);
      expect(reply.degraded?.length, fault).toBeGreaterThan(0);
      expect(reply.reply_text, fault).not.toMatch(/\bhealthy\b|nothing unusual|no alert fires|all \d+ /i);
    }
  });

  it("has every query that failed among the sources, with the reason", async () => {
    const world = new World(harbour());
    world.metrics.fail("refused");
    const { sources } = await world.ask("cpu of quay-1");
    expect(sources.length).toBeGreaterThan(0);
    for (const { readings } of sources)
      expect(readings).toEqual({ failed: expect.stringContaining("too many queries") });
  });

  it("answers again as soon as it is back", async () => {
    const world = new World(harbour());
    world.metrics.fail("unreachable");
    await world.ask("cpu of quay-1");
    world.metrics.fail(undefined);
    expect(await world.ask("cpu of quay-1")).toMatchObject({ values: [{ value: 0.42 }] });
  });

  it("for the history alone costs the comparison with the usual, not the number", async () => {
    const world = new World(harbour());
    world.metrics.fail((promql) => {
      const isHistory = world.metrics.sent.at(-1)?.promql === promql && world.metrics.sent.at(-1)?.window !== undefined;
      return isHistory ? "refused" : undefined;
    });
    const reply = await world.ask("cpu of quay-1");
    expect(reply.values).toMatchObject([{ value: 0.42 }]);
    expect(reply.reply_text).not.toMatch(/usual/);
    expect(reply.degraded).toEqual([expect.stringContaining("too many queries")]);
    expect(reply.reply_text).toContain("Degraded");
  });

  it("hanging does not outlive the question: when it is called off, so are its queries", {
    timeout: 30_000,
  }, async () => {
    const world = new World(harbour());
    world.metrics.fail("hangs");
    const stop = new AbortController();
    const asked = world.ask("cpu of quay-1", { signal: stop.signal });
    while (world.queries.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("the person left"));
    await expect(asked).rejects.toThrow("the person left");
  });

  it("that one of two sources is leaves the other usable", async () => {
    const world = new World([harbour({ name: "north" }), harbour({ name: "south" })]);
    world.sources[1]?.fail("unreachable");
    expect(await world.ask("cpu of quay-1", { thread: "a" })).toMatchObject({ values: [{ value: 0.42 }] });
    expect((await world.ask("cpu of quay-1 in south", { thread: "b" })).degraded).toHaveLength(1);
  });
});

describe("a store that cannot be written", () => {
  const failing = (): Store => {
    const store = newStore();
    const refuse = async (): Promise<never> => {
      throw new Error("the disk is full");
    };
    return {
      ...store,
      conversations: { ...store.conversations, append: refuse },
      evidence: { ...store.evidence, save: refuse },
      proposals: { ...store.proposals, insert: refuse },
    };
  };

  it("costs the memory, which is said, and not the answer", async () => {
    const world = new World(harbour(), { store: failing() });
    const reply = await world.ask("cpu of quay-1");
    expect(reply.values).toMatchObject([{ value: 0.42 }]);
    expect(reply.degraded).toEqual([expect.stringContaining("the disk is full")]);
  });

  it("leaves no proposal that claims to be waiting", async () => {
    const world = new World(harbour(), { store: failing() });
    const outcome = await world.ask("restart lighthouse").then(
      ({ proposed_actions, reply_text }) => ({ proposed_actions, reply_text }),
      (error: unknown) => ({ proposed_actions: [], reply_text: String(error) }),
    );
    expect(outcome.proposed_actions).toEqual([]);
    expect(outcome.reply_text).not.toMatch(/waits for approval/);
  });
});

describe("a store that cannot be read", () => {
  it("costs what was said before, which is said, and not the answer", async () => {
    const store = newStore();
    const recent = async (): Promise<never> => {
      throw new Error("the database is malformed");
    };
    const world = new World(harbour(), { store: { ...store, conversations: { ...store.conversations, recent } } });
    const reply = await world.ask("cpu of quay-1");
    expect(reply.values).toMatchObject([{ value: 0.42 }]);
    expect(reply.degraded).toEqual([expect.stringContaining("the database is malformed")]);
  });
});
