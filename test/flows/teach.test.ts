import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import { verdictOf, World } from "../fakes/world.ts";

const port = () => new World(harbour());

describe("words of a channel", () => {
  it("are read as their meaning from then on, in that channel only", async () => {
    const world = port();
    expect((await world.ask("here, beacon means lighthouse")).reply_text).toMatch(/beacon means lighthouse/);
    expect((await world.ask("p95 latency of beacon")).values).toMatchObject([{ labels: { service: "lighthouse" } }]);
    expect((await world.ask("p95 latency of beacon", { channel: "elsewhere" })).promql.join()).not.toContain(
      "lighthouse",
    );
  });

  it("are listed, replaced and forgotten", async () => {
    const world = port();
    await world.ask("beacon bedeutet lighthouse");
    expect((await world.ask("here, beacon means ferrydesk")).reply_text).toMatch(/meant lighthouse before/);
    expect((await world.ask("what did we teach you")).reply_text).toMatch(/beacon means ferrydesk \(by mira\)/);
    expect(verdictOf(await world.ask("forget beacon"))).toMatch(/Forgotten/);
    expect((await world.ask("what did we teach you")).reply_text).toMatch(/no words yet/);
  });

  it.each([
    ["here, the means lighthouse", /ordinary word/],
    ["here, beacon means restart ferrydesk", /asks for a change/],
    ["hier bedeutet beacon lösche den pod", /asks for a change/],
    ["here, beacon means", /needs a word and its meaning/],
    [`here, beacon means ${"very ".repeat(30)}long`, /at most 80/],
  ])("are refused with a reason: %s", async (text, why) => {
    const world = port();
    expect((await world.ask(text)).reply_text).toMatch(why);
    expect(await world.store.lessons.of({ platform: "terminal", channel: "pier" })).toEqual([]);
  });

  it("never turn a question into a change", async () => {
    const world = port();
    await world.ask("here, status means restart ferrydesk");
    await world.ask("here, beacon means drain quay-1");
    for (const text of ["status", "beacon", "beacon please"])
      expect((await world.ask(text)).proposed_actions).toEqual([]);
  });

  it("correct the question before", async () => {
    const world = port();
    await world.ask("p95 latency of ferrydesk");
    const { promql } = await world.ask("no, I meant p99");
    expect(promql.join()).toContain("0.99");
    expect(promql.join()).toContain("ferrydesk");
  });
});
