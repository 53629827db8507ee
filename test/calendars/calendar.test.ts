import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createCalendar } from "../../src/calendars/index.ts";
import { personIn } from "../../src/core/oncall/calendar.ts";
import { onCallAt } from "../../src/core/oncall/schedule.ts";
import type { Person } from "../../src/core/people.ts";
import { secret } from "../../src/util/secret.ts";

const NOW = Date.parse("2026-11-18T14:00:00Z") / 1000;
const PEOPLE: readonly Person[] = [
  { id: "ann", name: "Ann Example", accounts: {}, emails: ["ann@example.com"] },
  { id: "bob", name: "Bob Example", accounts: {} },
];
const SHIFT = (summary: string, more = "") =>
  `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:${summary}\r\n${more}DTSTART:20261118T080000Z\r\nDTEND:20261119T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
const PLAN = { name: "primary", zone: "UTC", layers: [] };
const never = new AbortController().signal;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

async function aServer() {
  const state = { body: SHIFT("Ann Example"), status: 200, asked: [] as string[] };
  const server = createServer((request, response) => {
    state.asked.push(String(request.headers["if-none-match"]));
    if (state.status !== 200) return response.writeHead(state.status).end("<html>no</html>");
    const etag = `"${state.body.length}"`;
    if (request.headers["if-none-match"] === etag) return response.writeHead(304).end();
    return response.writeHead(200, { etag, "content-type": "text/calendar" }).end(state.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => server.close());
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oncall.ics?key=t0psecret` };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "calendar-"));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("a calendar as schedule", () => {
  it("is read once for as long as it is the same, and says who is on call", async () => {
    const { state, url } = await aServer();
    const calendar = createCalendar(
      { schedule: "primary", from: { url: secret(url) }, zone: "UTC" },
      { clock: () => NOW, people: PEOPLE },
    );
    const { shifts } = await calendar.view();
    expect(onCallAt(PLAN, { overrides: [], calendar: shifts }, NOW)).toMatchObject({ person: "ann" });
    expect(onCallAt(PLAN, { overrides: [], calendar: shifts }, NOW + 86_400)).toBeUndefined();
    const override = { schedule: "primary", person: "bob", from: NOW, to: NOW + 60 };
    expect(onCallAt(PLAN, { overrides: [override], calendar: shifts }, NOW)).toMatchObject({ person: "bob" });
    await calendar.refresh(never);
    expect(state.asked).toEqual(["undefined", `"${state.body.length}"`]);
    state.body = SHIFT("on call: Bob Example");
    await calendar.refresh(never);
    expect((await calendar.view()).shifts[0]?.person).toBe("bob");
  });

  it.each([500, 404, 302])(
    "goes by its last good copy when it is answered %s, also after a restart, and says so",
    async (status) => {
      const { state, url } = await aServer();
      const keepAt = join(folder(), "calendars", "primary.ics");
      const open = () =>
        createCalendar(
          { schedule: "primary", from: { url: secret(url) }, zone: "UTC" },
          { clock: () => NOW, people: PEOPLE, keepAt },
        );
      const calendar = open();
      await calendar.refresh(never);
      state.status = status;
      await calendar.refresh(never);
      for (const one of [calendar, open()]) {
        const view = await one.view();
        expect(view.shifts[0]?.person).toBe("ann");
        expect(view.problems.join()).toMatch(/The calendar of primary cannot be read: .*copy/);
        expect(view.problems.join()).not.toContain("t0psecret");
      }
    },
  );

  it("names whom nobody knows instead of dropping them", async () => {
    const file = join(folder(), "a.ics");
    writeFileSync(file, SHIFT("slack:U0EVE"));
    const calendar = createCalendar(
      { schedule: "primary", from: { file }, zone: "UTC" },
      { clock: () => NOW, people: PEOPLE },
    );
    const { shifts, problems } = await calendar.view();
    expect(shifts[0]?.person).toBe("“slack:U0EVE” (not in people)");
    expect(problems[0]).toMatch(/“slack:U0EVE” \(not in people\) is on call from .*: nobody can be called\./);
    writeFileSync(file, "nonsense");
    await calendar.refresh(never);
    expect((await calendar.view()).problems[0]).toContain("it is no calendar");
    expect((await calendar.view()).shifts).toHaveLength(1);
  });

  it.each([
    [{ summary: "Bob Example", emails: ["ann@example.com"], organizer: undefined }, "ann"],
    [{ summary: "on call: bob", emails: [], organizer: "ann@example.com" }, "bob"],
    [{ summary: "Ann Example and Bob Example", emails: [], organizer: undefined }, undefined],
    [{ summary: "Primary", emails: ["zed@example.com"], organizer: "ANN@example.com" }, "ann"],
    [{ summary: "Bobby", emails: [], organizer: undefined }, undefined],
    [{ summary: "ANN", emails: [], organizer: undefined }, "ann"],
  ])("finds the person of %j", (written, person) => {
    expect(personIn(PEOPLE, written)).toBe(person);
  });
});
