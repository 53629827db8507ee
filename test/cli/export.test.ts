import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ofIncident } from "../../src/core/digest/facts.ts";
import { rfc3339 } from "../../src/core/zone.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { aKeptDigest } from "../contracts/digests.ts";
import { RETENTION } from "../contracts/store.ts";
import { aNight, anEnded, anIncident } from "../fakes/digests.ts";
import { runHere } from "./in-process.ts";

const HOUR = 3600;
const NOW = Math.floor(Date.now() / 1000);
const EVIL = '=HYPERLINK("https://evil.example","x")\u202e<img src=x onerror=alert(1)>';
const home = mkdtempSync(join(tmpdir(), "export-"));
const env = { SMARTCLOUDOPS_DATA: join(home, "data") };
const run = (...args: string[]) => runHere(args, { env, cwd: home });

beforeAll(async () => {
  const store = openSqliteStore({ dataDir: env.SMARTCLOUDOPS_DATA, retention: RETENTION, now: () => NOW });
  await aNight(store, NOW);
  const evil = anEnded("inc-eeeeee11", NOW - 40 * 24 * HOUR, 90, { subject: { kind: "service", name: EVIL } });
  await store.incidents.save({ incidents: [evil], alerts: [], entries: [] });
  await store.detection.commit({
    anomalies: [anAnomaly("evil", { openedAt: NOW - 60, since: NOW - 60, labels: { a: EVIL } })],
  });
  await store.digests.keep(aKeptDigest("+cmd", NOW - HOUR));
  await store.close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The cells of CSV text by RFC 4180. */
function cells(text: string): string[][] {
  return text
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell]) => (cell ?? "").replaceAll('""', '"')));
}

describe("export", () => {
  it("gives incidents of the period as JSON, oldest first, with times to acknowledge and resolve", async () => {
    const { stdout, code } = await run("export", "incidents");
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map(({ id }) => id).sort()).toEqual(
      ["inc-00000000", "inc-00000001", "inc-00000002", "inc-00000003", "inc-00000004", "inc-00000005"]
        .concat(["inc-aaaaaaaa", "inc-bbbbbbbb", "inc-cccccccc", "inc-dddddddd", "inc-eeeeeeee"])
        .sort(),
    );
    const opened = rows.map(({ opened_at }) => opened_at);
    expect(opened).toEqual([...opened].sort());
    expect(rows.find(({ id }) => id === "inc-dddddddd")).toMatchObject({
      ...{ status: "resolved", acknowledged_by: "Ann", seconds_to_acknowledge: 1780, seconds_to_resolve: 1780 },
    });
    expect(rows.find(({ id }) => id === "inc-aaaaaaaa")).not.toHaveProperty("ended_at");
  });

  it("takes dates and moments, and the end is outside", async () => {
    const day = (at: number) => rfc3339(at).slice(0, 10);
    const old = await run(
      "export",
      "incidents",
      "--from",
      day(NOW - 45 * 24 * HOUR),
      "--to",
      day(NOW - 30 * 24 * HOUR),
    );
    expect(
      old.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual(["inc-eeeeee11"]);
    const edge = rfc3339(NOW - 2 * HOUR + 20);
    expect((await run("export", "incidents", "--from", edge)).stdout).toContain("inc-aaaaaaaa");
    expect((await run("export", "incidents", "--to", edge)).stdout).not.toContain("inc-aaaaaaaa");
  });

  it("gives CSV in which no cell is a formula, with the same columns in each line", async () => {
    for (const kind of ["incidents", "anomalies", "digests"]) {
      const { stdout } = await run("export", kind, "--format", "csv", "--from", rfc3339(NOW - 60 * 24 * HOUR));
      const [head, ...rows] = cells(stdout);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(head!.length);
      expect(rows.flat().filter((cell) => /^\s*[=+\-@]/.test(cell))).toEqual([]);
      expect(stdout).not.toContain("\u202e");
    }
    const { stdout } = await run("export", "incidents", "--format", "csv", "--from", rfc3339(NOW - 60 * 24 * HOUR));
    expect(cells(stdout).flat()).toContain(
      `'=HYPERLINK("https://evil.example","x")\\u{202E}<img src=x onerror=alert(1)>`,
    );
  });

  it("tells the lines of a digest in every format, with line breaks on the page", async () => {
    const kept = aKeptDigest("told", NOW - 2 * HOUR);
    const incidents = [anIncident("inc-told0001", NOW - 3 * HOUR), anIncident("inc-told0002", NOW - 3 * HOUR)];
    const sections = [
      { name: "unattended" as const, total: 2, items: incidents.map(ofIncident) },
      { name: "waste" as const, total: 0, items: [] },
    ];
    const store = openSqliteStore({ dataDir: env.SMARTCLOUDOPS_DATA, retention: RETENTION, now: () => NOW });
    await store.digests.keep({ ...kept, digest: { ...kept.digest, sections } });
    await store.close();
    const told = (await run("export", "digests")).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .find(({ name }) => name === "told");
    const texts: string[] = told.lines.map((line: { text: string }) => line.text);
    expect(told.lines).toEqual([
      { section: "unattended", text: expect.any(String), ask: "incident inc-told0001" },
      { section: "unattended", text: expect.any(String), ask: "incident inc-told0002" },
    ]);
    const [head, ...rows] = cells((await run("export", "digests", "--format", "csv")).stdout);
    const row = rows.find((one) => one[head!.indexOf("name")] === "told");
    expect(row?.[head!.indexOf("lines")]).toBe(texts.join("; "));
    const page = (await run("export", "digests", "--format", "html")).stdout;
    expect(page).toContain(`<td>${texts.join("\n")}</td>`);
    expect(page).toMatch(/td,th\{[^}]*white-space:pre-line/);
  });

  it("gives one page that fetches and runs nothing, with charts", async () => {
    const file = join(home, "report.html");
    const { code, stderr, stdout } = await run(
      ...["export", "incidents", "--format", "html", "--from", rfc3339(NOW - 60 * 24 * HOUR), "--out", "report.html"],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("report.html");
    const page = readFileSync(file, "utf8");
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<(?:img|script|link|iframe|object|a)\b|<[^>]*\bon\w+=|url\(/);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(page.match(/<svg role="img"/g)).toHaveLength(2);
    expect(page).toMatch(/Incidents each day/);
    const again = await run("export", "incidents", "--format", "html", "--out", "report.html");
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/not there yet/);
    expect(readFileSync(file, "utf8")).toBe(page);
  });

  it("says how far it is where that takes a while", async () => {
    const many = mkdtempSync(join(tmpdir(), "export-many-"));
    const store = openSqliteStore({ dataDir: many, retention: RETENTION, now: () => NOW });
    const incidents = Array.from({ length: 1700 }, (_, i) => anIncident(`inc-m${i}`, NOW - 1800 + i));
    await store.incidents.save({ incidents, alerts: [], entries: [] });
    await store.close();
    const { stdout, stderr } = await runHere(["export", "incidents"], { env: { SMARTCLOUDOPS_DATA: many }, cwd: home });
    expect(stdout.trim().split("\n")).toHaveLength(1700);
    expect(stderr).toMatch(/1 of 4: · \d+ of 1700 rows/);
    rmSync(many, { recursive: true, force: true });
  });

  it("gives nothing where nothing is, and makes no store", async () => {
    const nowhere = { SMARTCLOUDOPS_DATA: join(home, "never") };
    const { stdout, code } = await runHere(["export", "digests", "--format", "html"], { env: nowhere, cwd: home });
    expect(code).toBe(0);
    expect(stdout).toContain("No digests from");
    expect(() => rmSync(join(home, "never"))).toThrow(/ENOENT/);
  });

  it.each([
    [["export"], /export wants one of incidents, anomalies, digests: it is ""/],
    [["export", "secrets"], /it is "secrets"/],
    [["export", "incidents", "--format", "xml"], /--format must be json, csv, html: it is "xml"/],
    [["export", "incidents", "--from", "yesterday"], /--from must be a date.*"yesterday"/],
    [["export", "incidents", "--from", "2026-02-02", "--to", "2026-02-01"], /--from must lie before --to/],
    [["export", "incidents", "--out", "no/such/folder/x"], /--out must name a file/],
    [["digest", "monthly"], /digest wants daily, weekly, handover or nothing: it is "monthly"/],
    [["digests"], /digests wants "list": it is ""/],
  ])("%j is refused with a sentence", async (args, sentence) => {
    const { stderr, code } = await run(...args);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  });
});

describe("digest at the shell", () => {
  it("tells of the day, for people and for programs", async () => {
    const { stdout } = await run("digest");
    expect(stdout).toContain("Daily digest: 1 incident that nobody has acknowledged");
    const json = JSON.parse((await run("digest", "weekly", "--json")).stdout);
    expect(json).toMatchObject({ kind: "weekly", to_do: { unattended: 1, expired: 1, uncovered: 2 }, missing: [] });
    expect(json.lines[0]).toEqual({
      section: "unattended",
      text: expect.stringMatching(/^Critical: checkout: HighErrorRate/),
      ask: "incident inc-aaaaaaaa",
    });
    expect(json.counts[0]).toEqual({ name: "incidents", about: "Incidents", now: 10, before: 0 });
  });

  it("lists what is planned", async () => {
    const yaml = { ...env, SMARTCLOUDOPS_CONFIG: "bot.yaml" };
    writeFileSync(
      join(home, "bot.yaml"),
      `digests:\n  - {name: morning, kind: daily, cron: "0 8 * * *", slack: [C1]}\n`,
    );
    const { stdout } = await runHere(["digests", "list", "--json"], { env: yaml, cwd: home });
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ name: "morning", kind: "daily", cron: "0 8 * * *", zone: "UTC", state: "active", origin: "file" },
        ...{ next: expect.stringMatching(/T08:00:00Z$/), to: ["slack C1"] },
      },
    ]);
  });
});
