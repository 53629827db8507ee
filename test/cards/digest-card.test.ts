import { describe, expect, it } from "vitest";
import { digestCard } from "../../src/cards/digest-card.ts";
import { sayThreshold } from "../../src/cards/digest-lines.ts";
import { renderCard as renderSlack } from "../../src/chat/slack/render.ts";
import { renderCard as renderTeams } from "../../src/chat/teams/render.ts";
import { choicesOf, renderCard as renderTerminal } from "../../src/chat/terminal/render.ts";
import { readCard } from "../../src/chat/terminal/schema.ts";
import { buttonsIn, plainText } from "../../src/core/card.ts";
import { type Digest, digestOf } from "../../src/core/digest/digest.ts";
import type { DigestKind } from "../../src/core/digest/schedule.ts";
import { gather } from "../../src/flows/digest/gather.ts";
import { digestFor } from "../../src/flows/digest.ts";
import { aBackground, aNight, anEnded, anIncident } from "../fakes/digests.ts";
import { aRun } from "../fakes/runs.ts";
import { complaintAbout } from "../fakes/slack/limits.ts";
import { newStore } from "../fakes/world.ts";

/** 08:00 in Berlin. */
const NOW = Date.UTC(2026, 2, 11, 7) / 1000;
const HOUR = 3600;
const DAY = 24 * HOUR;
const context = { zone: "Europe/Berlin", kept: { name: "morning", missed: 0 } };

async function aDigest(kind: DigestKind): Promise<Digest> {
  const store = newStore();
  await aNight(store, NOW);
  const from = NOW - (kind === "weekly" ? 7 * DAY : kind === "daily" ? DAY : DAY / 2);
  return digestFor({ store, environmentOf: () => undefined }, { kind }, { from, to: NOW }, NOW);
}

/** With everything that is asked besides the store. */
async function aFull(kind: DigestKind): Promise<Digest> {
  const store = newStore();
  await aNight(store, NOW);
  const period = { from: NOW - (kind === "weekly" ? 7 * DAY : DAY / 2), to: NOW };
  const facts = await gather({ store, environmentOf: () => undefined }, period, NOW, { kind });
  return digestOf(kind, { ...facts, ...aBackground(NOW) }, period, NOW);
}

/** As much as there can be: every section full, long names. */
function aFlood(kind: DigestKind): Digest {
  const incidents = Array.from({ length: 300 }, (_, i) =>
    anIncident(`inc-${String(i).padStart(8, "0")}`, NOW - i * 60, {
      severity: i % 7 === 0 ? "critical" : "warning",
      isFlapping: i % 11 === 0,
      subject: { kind: "service", name: `<!channel> [pay](https://evil.example) ${"long ".repeat(60)}${i}` },
      ...(i % 3 === 0 && { status: "acknowledged" as const, acknowledged: { person: "a", name: "Ann", at: NOW } }),
    }),
  );
  const noisy = Array.from({ length: 90 }, (_, i) =>
    anEnded(`inc-9${String(i).padStart(7, "0")}`, NOW - 9 * HOUR + i, 60, {
      names: [{ name: `Alert${i % 9}${"x".repeat(200)}`, severity: "warning", total: 1, firing: 0 }],
    }),
  );
  const none = { ok: true as const, data: [] };
  const many = <T>(make: (n: number) => T) => ({
    ok: true as const,
    data: Array.from({ length: 30 }, (_, n) => make(n)),
  });
  const long = "<@U1> ".repeat(60);
  const [silence] = aBackground(NOW).silences.data;
  const [pattern] = aBackground(NOW).patterns.data;
  const away = { ok: false as const, reason: `it is away ${"and away ".repeat(200)}` };
  return digestOf(
    kind,
    {
      ...{ incidents: { ok: true, data: [...incidents, ...noisy] }, proposals: away, anomalies: none },
      ...{ watches: none, forecasts: none, waste: none, knownSince: 0 },
      silences: many((n) => ({ ...silence!, id: `s${n}`, matchers: `${long}${n}` })),
      duties: many((n) => ({ schedule: `${long}${n}`, person: long })),
      budgets: many((n) => ({ service: `${long}${n}`, source: "default", left: -n, days: 7 })),
      patterns: many((n) => ({ ...pattern!, alert: `${long}${n}` })),
      runs: many((n) => ({
        ...aRun({
          id: `r${n}`,
          project: `${long}${n}`,
          endedAt: NOW - n * 60,
          outcome: n % 2 === 0 ? "failure" : "success",
        }),
        deploys: { service: `s${n}`, environment: "production" },
      })),
    },
    { from: NOW - DAY, to: NOW },
    NOW,
  );
}

const QUIET: Digest = {
  ...{ kind: "daily", from: NOW - DAY, to: NOW, madeAt: NOW, sections: [], done: [], missing: [], isCompared: true },
  counts: [{ name: "incidents", now: 0, before: 0 }],
};

const CASES: readonly (readonly [name: string, make: () => Digest | Promise<Digest>])[] = [
  ["daily", () => aDigest("daily")],
  ["weekly", () => aDigest("weekly")],
  ["handover", () => aDigest("handover")],
  ["full", () => aFull("weekly")],
  ["shift", () => aFull("handover")],
  ["nothing", () => QUIET],
  ["flood", () => aFlood("weekly")],
];

describe("what a threshold would have kept away", () => {
  const found = {
    limit: { operator: ">" as const, value: 1610612736 },
    value: 2e9,
    away: 5,
    of: 6,
    acted: 2,
    unknown: 0,
  };

  it("is said with the number that stands in the rule, of all that somebody acted on", () => {
    expect(sayThreshold(found)).toBe(
      "With > 2000000000 in place of > 1610612736 in its rule, 5 of 6 would not have been told, and all 2 that somebody acted on still would.",
    );
    expect(sayThreshold({ ...found, acted: 0, unknown: 3 })).toMatch(
      /told\. Of 3 that somebody acted on, the values are not known any more\.$/,
    );
  });
});

describe("the card of a digest", () => {
  it.each(CASES)("looks in Slack as kept: %s", async (name, make) => {
    const rendered = renderSlack(digestCard(await make(), context), { now: NOW, zone: context.zone, native: true });
    expect(complaintAbout(rendered.blocks, 50, new Set())).toBeUndefined();
    expect(JSON.stringify(rendered)).not.toMatch(/<!channel>|<at>/);
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(
      `../fixtures/cards/digest/${name}.slack.json`,
    );
  });

  it.each(CASES)("looks in Teams as kept: %s", async (name, make) => {
    const card = digestCard(await make(), context);
    const rendered = renderTeams(card, { now: NOW, zone: context.zone, charts: "native" });
    expect(JSON.stringify(rendered.content).length).toBeLessThan(24_000);
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(
      `../fixtures/cards/digest/${name}.teams.json`,
    );
  });

  it("says nothing to do in one line, and leaves out what is empty", () => {
    const card = digestCard(QUIET, context);
    expect(card).toMatchObject({ title: "Daily digest: nothing to do.", tone: "good" });
    expect(card.blocks.map(({ kind }) => kind)).toEqual(["text", "note"]);
  });

  it("does not call it nothing where something could not be asked", () => {
    const card = digestCard({ ...QUIET, missing: ["Incidents could not be asked: the disk is gone"] }, context);
    expect(card).toMatchObject({ title: "Daily digest: nothing to do, as far as could be asked.", tone: "warning" });
    expect(plainText(card)).toContain("the disk is gone");
  });

  it.each(["daily", "weekly", "handover"] as const)(
    "has a button for each line of a %s one, that asks",
    async (kind) => {
      for (const digest of [await aDigest(kind), aFlood(kind)]) {
        const { blocks } = digestCard(digest, context);
        const buttons = blocks.flatMap(buttonsIn);
        expect(buttons.length).toBeGreaterThan(4);
        expect(buttons.length).toBeLessThanOrEqual(20);
        for (const { action, label } of buttons) {
          expect(action.kind).toBe("ask");
          expect(label.length).toBeLessThan(40);
        }
      }
    },
  );

  it("says how to get what has no room", () => {
    const text = plainText(digestCard(aFlood("daily"), context));
    expect(text).toMatch(/Going on, and nobody has acknowledged it \(200, 195 more: ask me: incidents\):/);
  });

  it("compares with the stretch before only where that was kept", async () => {
    const digest = await aDigest("weekly");
    expect(plainText(digestCard(digest, context))).toContain("In numbers | now | before");
    const first = plainText(digestCard({ ...digest, isCompared: false }, context));
    expect(first).toContain("In numbers | now\n");
    expect(first).toContain("not kept enough yet to compare");
  });

  it("can be answered by number in a terminal, and goes through a pipe whole", async () => {
    const card = digestCard(await aDigest("handover"), context);
    expect(readCard(JSON.parse(JSON.stringify(card)))).toEqual(card);
    const look = { width: 100, colour: false, links: false, zone: "UTC" };
    const choices = choicesOf(card);
    const text = renderTerminal(card, { ...look, buttons: "numbered" });
    choices.forEach((_, i) => void expect(text).toMatch(new RegExp(`^${i + 1}  `, "m")));
    const piped = renderTerminal(card, { ...look, buttons: "plain" });
    for (const { action } of choices) expect(piped).toContain(action.kind === "ask" ? `ask: “${action.text}”` : "?");
  });
});
