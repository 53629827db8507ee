import { describe, expect, it } from "vitest";
import { type Card, plainText } from "../../src/core/card.ts";
import type { Question } from "../../src/core/chat.ts";
import type { DigestPlan } from "../../src/core/digest/schedule.ts";
import { readDigestWish } from "../../src/core/digest/wish.ts";
import { askedDigest } from "../../src/flows/digest/asked.ts";
import { readCron } from "../../src/jobs/cron.ts";
import type { Store } from "../../src/ports/store.ts";
import { aKeptDigest } from "../contracts/digests.ts";
import { aNight } from "../fakes/digests.ts";
import { newStore } from "../fakes/world.ts";

const NOW = Date.UTC(2026, 2, 11, 7) / 1000;
const FILE: DigestPlan = {
  ...{ name: "Morning", kind: "daily", cron: "0 8 * * *", zone: "UTC" },
  to: [{ platform: "slack", channel: "C9", thread: "" }],
};

function aRoom(store: Store = newStore(), more: Partial<Question> = {}) {
  const room = { now: NOW, changes: 0 };
  const ask = async (text: string, also: Partial<Question> = {}): Promise<Card> => {
    const user = { platform: "slack", id: "U1", name: "Ann", zone: "Europe/Berlin" };
    const place = { platform: "slack", channel: "C1", thread: "17.1" };
    const question: Question = { id: "q", place, user, text, at: room.now, ...more, ...also };
    const wish = readDigestWish(text, room.now, "Europe/Berlin");
    if (wish === undefined) throw new Error(`${text} is no wish about digests`);
    return askedDigest(
      {
        ...{ store, readCron, plans: [FILE], zone: "Europe/Berlin", clock: () => room.now },
        environmentOf: () => undefined,
        identify: () => ({ person: "ann", name: "Ann", platform: "slack", account: "U1", isLinked: true }),
        mayReadIncident: () => question.sources === undefined,
        changed: () => void room.changes++,
      },
      question,
      wish,
    );
  };
  return Object.assign(room, { ask, store });
}

describe("digests on ask", () => {
  it("tell of the stretch that was asked about", async () => {
    const { ask, store } = aRoom();
    await aNight(store, NOW);
    expect((await ask("digest")).title).toMatch(/^Daily digest: 1 incident that nobody/);
    const night = plainText(await ask("what happened last night?"));
    expect(night).toContain("From yesterday 20:00 CET to 06:00 CET.");
    expect(night).not.toMatch(/Restart a deployment: shop\/search.*no difference at 05:/);
    expect(plainText(await ask("digest weekly"))).toContain("From 4 Mar 08:00 CET to 08:00 CET.");
  });

  it("hand over since the last handover that was told, else half a day", async () => {
    const { ask, store } = aRoom();
    expect(plainText(await ask("handover"))).toContain("From yesterday 20:00 CET");
    const kept = aKeptDigest("shift", NOW - 3600);
    await store.digests.keep({ ...kept, digest: { ...kept.digest, kind: "handover" } });
    expect(plainText(await ask("handover"))).toContain("From 07:00 CET to 08:00 CET.");
  });

  it("do not tell of what is closed to whoever asks", async () => {
    const { ask, store } = aRoom();
    await aNight(store, NOW);
    const text = plainText(await ask("digest", { sources: ["elsewhere"] }));
    expect(text).not.toMatch(/checkout|orders|pg-1|QueueSlow/);
  });

  it("say that no alert ever came, rather than none", async () => {
    const text = plainText(await aRoom().ask("digest"));
    expect(text).toContain("Incidents could not be asked: no alert has reached me yet.");
  });
});

describe("plans in a chat", () => {
  it("are made for the channel where they are said, listed, paused, let go on and removed, each with a record", async () => {
    const room = aRoom();
    const made = await room.ask("digest add late handover at 21:45 on weekdays");
    expect(plainText(made)).toContain("Planned: late is posted here.");
    expect(plainText(made)).toContain(
      "late: handover, next 21:45 CET (45 21 * * mon-fri, Europe/Berlin), to slack C1; by Ann",
    );
    expect(plainText(made)).toContain(
      "Morning: daily, next 08:00 UTC (0 8 * * *, UTC), to slack C9; in the configuration",
    );
    expect(plainText(await room.ask("digest pause Late"))).toContain("late: handover, paused by Ann");
    expect((await room.ask("digest pause late")).title).toBe("late is paused already.");
    room.now += 60;
    expect((await room.ask("digest resume late")).title).toContain("late goes on from now.");
    expect((await room.store.digests.plans())[0]).toMatchObject({ state: "active", since: room.now, revision: 3 });
    expect((await room.ask("digest remove late")).title).toContain("late is removed.");
    expect(plainText(await room.ask("digests"))).not.toContain("late:");
    expect(room.changes).toBe(4);
    const records = await room.store.audit.range(0, 10);
    expect(records.map(({ action, id, from, to }) => [action, id, from, to])).toEqual([
      ["add digest", "late", "", "active"],
      ["pause digest", "late", "active", "paused"],
      ["resume digest", "late", "paused", "active"],
      ["remove digest", "late", "active", "removed"],
    ]);
    expect(records[0]?.reason).toBe("handover, 45 21 * * mon-fri in Europe/Berlin, to slack C1");
    // A name that was removed can be taken again.
    expect((await room.ask("digest add late daily at 8")).title).toContain("Planned: late is posted here.");
  });

  it("of the configuration can be paused and not removed", async () => {
    const room = aRoom();
    expect((await room.ask("digest pause morning")).title).toContain("Morning is paused");
    expect(plainText(await room.ask("digests"))).toContain("Morning: daily, paused by Ann");
    expect((await room.ask("digest remove morning")).title).toBe(
      "Morning stands in the bot's configuration: take it out there, or pause it here.",
    );
  });

  it.each([
    ["a guest", "digest add x daily at 8", { isOutsider: true as const }, /Guests/],
    ["somebody to whom not all is open", "digest pause morning", { sources: ["main"] }, /not all of them are open/],
    [
      "a terminal",
      "digest add x daily at 8",
      { place: { platform: "terminal", channel: "a", thread: "t" } },
      /in the channel/,
    ],
    ["no time", "digest add x daily whenever", {}, /could not read when/],
    ["fields that are none", 'digest add x daily "0 25 * * *"', {}, /could not read when: .*hour/],
    ["a zone that is none", "digest add x daily at 8 in Mars/Olympus", {}, /no time zone/],
    ["a name that is taken", "digest add MORNING daily at 8", {}, /There is a digest Morning already/],
    ["a name that is not there", "digest pause nobody", {}, /There is no digest nobody/],
    ["half a command", "digest add", {}, /Say it like this/],
  ])("are refused with a sentence, and nothing is written: %s", async (_, text, more, wanted) => {
    const room = aRoom();
    const card = await room.ask(text, more);
    expect(card.title).toMatch(wanted);
    expect(card.tone).toBe("warning");
    expect(await room.store.digests.plans()).toEqual([]);
    expect(await room.store.audit.range(0, 10)).toEqual([]);
    expect(room.changes).toBe(0);
  });
});
