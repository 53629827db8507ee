import { describe, expect, it } from "vitest";
import { createGroups } from "../../../src/chat/slack/groups.ts";
import { createLog } from "../../../src/util/log.ts";

function groups(members: Record<string, readonly string[]>) {
  const asked: string[] = [];
  const state = { now: 0 };
  const of = createGroups({
    api: async () => ({
      apiCall: async (method, options = {}) => {
        const group = String(options["usergroup"]);
        asked.push(`${method} ${group}`);
        if (members[group] === undefined) throw new Error("no_such_subteam");
        return { ok: true, users: members[group] };
      },
    }),
    clock: () => state.now,
    log: createLog({ level: "error", stream: { write: () => {} } }),
  });
  return { of, asked, state };
}

describe("user groups of Slack", () => {
  it("are those that Slack says somebody is in", async () => {
    const { of } = groups({ S1: ["U1", "U2"], S2: ["U2"] });
    expect(await of("U1", ["S1", "S2"])).toEqual(["S1"]);
    expect(await of("U2", ["S1", "S2"])).toEqual(["S1", "S2"]);
    expect(await of("U3", ["S1", "S2"])).toEqual([]);
  });

  it("that cannot be asked for give nobody a role, and are asked for again", async () => {
    const { of, asked } = groups({});
    expect(await of("U1", ["S9"])).toEqual([]);
    expect(await of("U1", ["S9"])).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it("are asked for once a minute", async () => {
    const { of, asked, state } = groups({ S1: ["U1"] });
    for (const now of [0, 30, 59, 60, 61]) {
      state.now = now;
      await of("U1", ["S1"]);
    }
    expect(asked).toHaveLength(2);
  });
});
