import { describe, expect, it } from "vitest";
import { checkDigests, DigestError } from "../../src/app/digests.ts";
import { configIn, problemsIn } from "./helpers.ts";

const GOOD = `timezone: Asia/Tokyo
digests:
  - {name: morning, kind: daily, cron: "0 8 * * 1-5", slack: [C1, C2], teams: ["19:x@thread.tacv2"]}
  - {name: week, kind: weekly, cron: "0 9 * * 1", timezone: Europe/Berlin, slack: [C1], environments: [production], labels: {team: ["pay*"]}}
`;

describe("digests of the file", () => {
  it("are read with their places, zones and what they are about", () => {
    const { digests } = configIn(GOOD);
    expect(digests.map(({ cronWhere: _, ...rest }) => rest)).toEqual([
      {
        ...{ name: "morning", kind: "daily", cron: "0 8 * * 1-5", zone: "Asia/Tokyo" },
        to: [
          { platform: "slack", channel: "C1", thread: "" },
          { platform: "slack", channel: "C2", thread: "" },
          { platform: "teams", channel: "19:x@thread.tacv2", thread: "19:x@thread.tacv2" },
        ],
      },
      {
        ...{ name: "week", kind: "weekly", cron: "0 9 * * 1", zone: "Europe/Berlin" },
        to: [{ platform: "slack", channel: "C1", thread: "" }],
        only: { environments: ["production"], labels: { team: ["pay*"] } },
      },
    ]);
  });

  it.each([
    [
      "two of one name",
      "- {name: a, kind: daily, cron: '0 8 * * *', slack: [C1]}\n  - {name: a, kind: daily, cron: '0 8 * * *', slack: [C1]}",
      /\\"a\\" stands twice/,
    ],
    ["one that goes nowhere", "- {name: a, kind: daily, cron: '0 8 * * *'}", /must say where to/],
    [
      "a kind that there is not",
      "- {name: a, kind: hourly, cron: '0 8 * * *', slack: [C1]}",
      /must be one of daily, weekly, handover/,
    ],
    [
      "a zone that there is not",
      "- {name: a, kind: daily, cron: '0 8 * * *', timezone: Mars, slack: [C1]}",
      /IANA name/,
    ],
  ])("are refused: %s", (_, text, wanted) => {
    expect(JSON.stringify(problemsIn(`digests:\n  ${text}\n`))).toMatch(wanted);
  });

  it("whose time cannot be read are named with their place when the bot starts", async () => {
    const config = configIn(GOOD.replace("0 8 * * 1-5", "0 8 * *"));
    const problem = await checkDigests(config).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(DigestError);
    expect(String(problem)).toMatch(/smartcloudops\.yaml:3:\d+ .*digest "morning": must be five fields of cron/s);
    await expect(checkDigests(configIn(GOOD))).resolves.toBeUndefined();
  });
});
