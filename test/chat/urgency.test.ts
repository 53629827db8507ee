import { describe, expect, it } from "vitest";
import { urgencyOf as inSlack } from "../../src/chat/slack/urgency.ts";
import { urgencyOf as inTeams } from "../../src/chat/teams/intake.ts";
import { channel, click, personal } from "../fakes/bot-framework/activities.ts";
import { clickBody, commandBody, directEvent, eventBody, formBody, mentionEvent } from "../fakes/slack/index.ts";

const URL = "http://127.0.0.1:1";
const button = (decision: string) => clickBody({ action_id: `decide:${decision}:0`, value: "v1|P-7QK4|abc" });
const press = (decision: string) =>
  click(URL, { action: { kind: "decide", decision, about: "v1|P-7QK4|abc" } }, { replyToId: "1:7" });

describe("what goes first", () => {
  it("in Slack: decisions, their forms and the emergency stop, wherever it is typed", () => {
    for (const body of [
      button("approve"),
      button("reject"),
      button("acknowledge"),
      formBody({}, {}),
      commandBody("emergency stop: it goes wrong"),
      eventBody(directEvent("emergency stop")),
      eventBody(mentionEvent("<@U0TESTBOT1> emergency stop")),
    ])
      expect(inSlack(body), JSON.stringify(body).slice(0, 300)).toBe("first");
    for (const body of [
      button("details"),
      button("no such"),
      clickBody({ action_id: "ask:0", value: '{"kind":"ask","text":"why"}' }),
      commandBody("cpu of pg-1"),
      eventBody(directEvent("how do I make an emergency stop?")),
      eventBody({ type: "member_joined_channel" }),
      {},
    ])
      expect(inSlack(body), JSON.stringify(body).slice(0, 300)).toBe("usual");
  });

  it("in Teams: decisions and the emergency stop", () => {
    for (const body of [
      press("approve"),
      press("reject"),
      personal(URL, "emergency stop"),
      channel(URL, "not-aus", "1"),
    ])
      expect(inTeams(body), JSON.stringify(body).slice(0, 300)).toBe("first");
    for (const body of [press("details"), press("no such"), personal(URL, "cpu of pg-1"), {}, undefined])
      expect(inTeams(body), JSON.stringify(body)?.slice(0, 300)).toBe("usual");
  });
});
