import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import { NOW, World } from "../fakes/world.ts";

describe("now against before", () => {
  const asked = async (question: string) => {
    const world = new World(harbour());
    await world.ask(question);
    return world.metrics.sent.flatMap(({ at }) => (at === undefined || at === NOW ? [] : [NOW - at]));
  };

  it("since a day is said, at this hour of that day", async () => {
    expect(await asked("have requests of lighthouse gone up since yesterday?")).toContain(86_400);
    expect(await asked("compare requests of lighthouse with yesterday")).toContain(86_400);
  });

  it("so long ago, at that time", async () => {
    expect(await asked("compare requests of lighthouse with 3 hours ago")).toContain(3 * 3600);
  });
});
