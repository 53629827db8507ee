import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import type { Schedule } from "../../src/core/oncall/schedule.ts";
import { readOnCallWish } from "../../src/core/oncall/wish.ts";
import type { Person, Voter } from "../../src/core/people.ts";
import { endOverrides, onCall } from "../../src/flows/oncall.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";

/** Who is on call: asked in six languages, changed by chat. */

const NOW = Date.parse("2026-11-18T14:00:00Z") / 1000;
const PRIMARY: Schedule = {
  name: "primary",
  zone: "UTC",
  layers: [{ people: ["bob", "ann"], start: { year: 2026, month: 1, day: 5, hour: 9, minute: 0 }, days: 7, hours: 0 }],
};
const PEOPLE: readonly Person[] = ["Ann Example", "Bob Example", "Eve Example"].map((name) => ({
  id: name.slice(0, 3).toLowerCase(),
  name,
  accounts: {},
}));
const EVE: Voter = {
  person: "eve",
  name: "Eve",
  platform: "slack",
  account: "U0EVE",
  isLinked: true,
  roles: [],
  isGuest: false,
  isExternal: false,
};

function aDesk(schedules = [PRIMARY]) {
  let now = NOW;
  let made = 0;
  const store = createMemoryStore({ retention: RETENTION });
  const deps = {
    ...{ store, clock: () => now, schedules, people: PEOPLE, zone: "UTC" },
    newId: () => `ovr-0000000${++made}`,
    whyNot: async (by: Voter) => (by.person === "mallory" ? "You may not." : undefined),
  };
  const say = async (text: string, by = EVE) => {
    const wish = readOnCallWish(text);
    if (wish === undefined) throw new Error(`no wish: ${text}`);
    return plainText(await onCall(deps, wish, by)).split("\n");
  };
  const at = (seconds: number): void => {
    now = NOW + seconds;
  };
  return { store, say, at, end: () => endOverrides(deps) };
}

describe("asking who is on call", () => {
  it.each([
    "who is on call?",
    "Who's on-call now?",
    "oncall",
    "Wer hat gerade Bereitschaft?",
    "wer hat Rufbereitschaft",
    "¿Quién está de guardia?",
    "Qui est d’astreinte ?",
    "qui est de garde?",
    "Quem está de plantão?",
    "on call kaun hai?",
    "kaun on call hai",
  ])("%s", (text) => {
    expect(readOnCallWish(text)).toEqual({ kind: "who", schedule: undefined });
  });

  it.each([
    ["who is on call for db?", { kind: "who", schedule: "db" }],
    ["wer hat Bereitschaft für db?", { kind: "who", schedule: "db" }],
    ["oncall take for 4h", { kind: "take", schedule: undefined, time: "for 4h" }],
    ["on-call take db until 18:00", { kind: "take", schedule: "db", time: "until 18:00" }],
    [
      "oncall set db @bob from tomorrow 9:00 until friday 18:00",
      { kind: "set", schedule: "db", person: "bob", time: "from tomorrow 9:00 until friday 18:00" },
    ],
    ["oncall swap db ann with bob", { kind: "swap", schedule: "db", one: "ann", other: "bob" }],
    ["oncall cancel ovr-0a1b2c3d", { kind: "cancel", id: "ovr-0a1b2c3d" }],
    ["who was on call when checkout broke?", undefined],
    ["oncall set db bob", undefined],
  ])("%s", (text, wanted) => {
    expect(readOnCallWish(text)).toEqual(wanted);
  });

  it("says who, until when and who comes then, for one schedule or all", async () => {
    expect((await aDesk().say("oncall")).slice(0, 5)).toEqual([
      "Ann Example is on call for primary until 23 Nov 09:00 UTC.",
      "After that:",
      "- 23 Nov 09:00 UTC: Bob Example",
      "- 30 Nov 09:00 UTC: Ann Example",
      expect.stringContaining("To change it:"),
    ]);
    const two = aDesk([PRIMARY, { name: "db", zone: "UTC", layers: [] }]);
    expect((await two.say("oncall"))[0]).toBe(
      "On call now: Ann Example (primary until 23 Nov 09:00 UTC), nobody (db).",
    );
    expect((await two.say("oncall web"))[0]).toBe("I know no schedule web.");
    expect((await aDesk([]).say("oncall"))[0]).toContain("no schedule is configured");
  });
});

describe("changing who is on call", () => {
  it("holds at once, is in the audit, and ends by itself", async () => {
    const desk = aDesk();
    expect((await desk.say("oncall take for 4h"))[0]).toBe(
      "Eve Example is on call for primary from now until 18:00 UTC.",
    );
    expect(await desk.say("oncall")).toEqual(
      expect.arrayContaining([
        "Eve Example is on call for primary until 18:00 UTC.",
        "- Eve Example for primary, 14:00 UTC to 18:00 UTC, by Eve [ovr-00000001]",
      ]),
    );
    desk.at(4 * 3600);
    await desk.end();
    expect((await desk.say("oncall"))[0]).toContain("Ann Example is on call");
    expect(await desk.store.overrides.open()).toEqual([]);
    expect(await desk.store.audit.range(0, 5)).toMatchObject([
      {
        action: "override on-call",
        id: "ovr-00000001",
        to: "eve",
        reason: "primary, 2026-11-18T14:00:00.000Z to 2026-11-18T18:00:00.000Z",
      },
    ]);
  });

  it("may begin later, for somebody else, and be taken back", async () => {
    const desk = aDesk();
    const [said] = await desk.say("oncall set primary bob from tomorrow 9:00 until friday 18:00");
    expect(said).toBe("Bob Example is on call for primary from tomorrow 09:00 UTC until 20 Nov 18:00 UTC.");
    expect((await desk.say("oncall"))[0]).toBe("Ann Example is on call for primary until tomorrow 09:00 UTC.");
    expect((await desk.say("oncall cancel ovr-00000001"))[0]).toContain("Taken back");
    expect((await desk.say("oncall cancel ovr-00000001"))[0]).toContain("no such change");
    expect((await desk.say("oncall"))[0]).toContain("until 23 Nov");
  });

  it("swaps the next turns of two", async () => {
    const desk = aDesk();
    expect((await desk.say("oncall swap primary ann with bob"))[0]).toBe(
      "Swapped in primary: Bob Example has 14:00 UTC to 23 Nov 09:00 UTC, Ann Example has 23 Nov 09:00 UTC to 30 Nov 09:00 UTC.",
    );
    expect((await desk.say("oncall"))[0]).toContain("Bob Example is on call");
    expect((await desk.say("oncall swap primary ann with eve"))[0]).toContain("Eve Example has no turn");
  });

  it.each([
    ["oncall take for a while", "cannot read"],
    ["oncall set primary bob from friday 9:00 until tomorrow 9:00", "before it begins"],
    ["oncall take for 90 days", "60 days"],
    ["oncall set primary zoe for 2h", "nobody called zoe"],
    ["oncall set other bob for 2h", "no schedule other"],
    ["oncall swap primary ann with ann", "the same person"],
  ])("%s is refused", async (text, wanted) => {
    const desk = aDesk();
    expect((await desk.say(text))[0]).toContain(wanted);
    expect(await desk.store.overrides.open()).toEqual([]);
  });

  it("is for those who may, and who can be called", async () => {
    const desk = aDesk();
    expect(await desk.say("oncall take for 2h", { ...EVE, person: "mallory" })).toEqual(["You may not."]);
    expect((await desk.say("oncall take for 2h", { ...EVE, isLinked: false }))[0]).toContain("linked to no person");
  });
});
