import { describe, expect, it } from "vitest";
import { createMembers } from "../../../src/chat/slack/members.ts";
import { createLog } from "../../../src/util/log.ts";

/** Channels with their pages of members, or the error that Slack answers with. */
function members(channels: Record<string, readonly (readonly string[])[] | string>) {
  const asked: string[] = [];
  const state = { now: 0 };
  const isIn = createMembers({
    api: async () => ({
      apiCall: async (method, { channel, cursor = "0" } = {}) => {
        asked.push(`${method} ${String(channel)} ${String(cursor)}`);
        const pages = channels[String(channel)] ?? "channel_not_found";
        if (typeof pages === "string")
          throw Object.assign(new Error(pages), { code: "slack_webapi_platform_error", data: { error: pages } });
        const next = Number(cursor) + 1 < pages.length ? String(Number(cursor) + 1) : "";
        return { ok: true, members: pages[Number(cursor)], response_metadata: { next_cursor: next } };
      },
    }),
    clock: () => state.now,
    log: createLog({ level: "error", stream: { write: () => {} } }),
  });
  return { isIn, asked, state };
}

describe("members of a channel in Slack", () => {
  it("are those that Slack lists, on whichever page", async () => {
    const { isIn } = members({ C1: [["U1"], ["U2"], ["U3"]] });
    expect(await isIn("U3", "C1")).toBe(true);
    expect(await isIn("U9", "C1")).toBe(false);
  });

  it("are asked for once a minute, so that who left counts no longer", async () => {
    const channels = { C1: [["U1"]] };
    const { isIn, asked, state } = members(channels);
    expect(await isIn("U1", "C1")).toBe(true);
    channels.C1 = [[]];
    state.now = 59;
    expect(await isIn("U1", "C1")).toBe(true);
    state.now = 60;
    expect(await isIn("U1", "C1")).toBe(false);
    expect(asked).toHaveLength(2);
  });

  it("are not told of a direct message, without the scope, or of a channel too large to read", async () => {
    const { isIn, asked } = members({ G1: "missing_scope", C2: Array.from({ length: 99 }, () => ["U1"]) });
    expect(await isIn("U9", "D1")).toBeUndefined();
    expect(await isIn("U9", "G1")).toBeUndefined();
    expect(await isIn("U9", "C2")).toBeUndefined();
    expect(asked).toHaveLength(21);
  });

  it("cannot be told just now when Slack does not answer, and are asked for again", async () => {
    const { isIn, asked } = members({ C1: "internal_error" });
    await expect(isIn("U1", "C1")).rejects.toThrow("internal_error");
    await expect(isIn("U1", "C1")).rejects.toThrow("internal_error");
    expect(asked).toHaveLength(2);
  });
});
