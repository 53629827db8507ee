import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { progressOf } from "../../src/cli/progress.ts";
import { readSeriesFile } from "../../src/cli/series-file.ts";
import { runHere } from "./in-process.ts";

const home = mkdtempSync(join(tmpdir(), "smartcloudops-forecast-"));
afterAll(() => rmSync(home, { recursive: true }));

const swing = (i: number) => 100 + 30 * Math.sin((2 * Math.PI * i) / 24);
const csv = (rows: number, cell: (i: number) => string | number = swing) =>
  `timestamp,value\n${Array.from({ length: rows }, (_, i) => `${new Date(1_767_571_200_000 + i * 3_600_000).toISOString()},${cell(i)}\n`).join("")}`;

let folder = "";
let round = 0;
const at = (name: string) => join(folder, name);
const put = (name: string, text: string) => writeFileSync(at(name), text);
const entry = { step_s: 3600, rows: 240, season_steps: 24, horizon_steps: 24, origins: [168, 192] };
const protocol = (value: unknown) => put("protocol.json", JSON.stringify(value, undefined, 1));
const forecast = (...more: readonly string[]) =>
  runHere(["forecast", "--protocol", at("protocol.json"), "--dir", folder, "--out", at("out"), ...more], {
    cwd: folder,
  });
const rows = (name: string) =>
  readFileSync(at(`out/${name}.csv`), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));

beforeEach(() => {
  folder = join(home, String(round++));
  mkdirSync(folder);
  protocol({ web: entry });
  put("web.csv", csv(240));
});

describe("forecast", () => {
  it("writes a line for each step from each origin, and says how many", async () => {
    const { code, stdout, stderr } = await forecast();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 forecasts of 1 series in .*out\. [\d.]+ ms each\.\n$/);
    expect(stderr).toBe("1 of 1: web\n");
    expect(readFileSync(at("out/web.csv"), "utf8").split("\n")[0]).toBe("origin,step,mean,lo80,hi80,lo95,hi95");
    const all = rows("web");
    expect(all.map(([origin, step]) => [origin, step])).toEqual(
      [168, 192].flatMap((origin) => Array.from({ length: 24 }, (_, k) => [origin, k + 1])),
    );
    for (const [origin, step, mean] of all) expect(mean).toBeCloseTo(swing(origin! + step! - 1), 0);
  });

  it("looks at no row after its origin", async () => {
    await forecast();
    const before = rows("web").slice(0, 24);
    put(
      "web.csv",
      csv(240, (i) => (i < 168 ? swing(i) : 9999)),
    );
    await forecast();
    expect(rows("web").slice(0, 24)).toEqual(before);
  });

  it("finds series in a folder of that name, and in folders of the name of the series", async () => {
    mkdirSync(at("series/eu"), { recursive: true });
    writeFileSync(at("series/eu/web.csv"), csv(240));
    protocol({ "eu/web": entry });
    expect((await forecast()).code).toBe(0);
    expect(rows("eu/web")).toHaveLength(48);
  });

  it("fills holes, also at the end of what is known", async () => {
    put(
      "web.csv",
      csv(240, (i) => (i % 10 === 0 || i === 166 || i === 167 ? ["", "NaN", "null"][i % 3]! : swing(i))),
    );
    expect((await forecast()).code).toBe(0);
    const all = rows("web");
    expect(all).toHaveLength(48);
    for (const [origin, step, mean] of all) expect(Math.abs(mean! - swing(origin! + step! - 1))).toBeLessThan(10);
  });

  it("does without a daily shape where three days are not there, and says what it cannot forecast at all", async () => {
    protocol({ web: { ...entry, origins: [60, 20, 300] } });
    const { code, stderr } = await forecast();
    expect(code).toBe(1);
    expect(rows("web").map(([origin]) => origin)).toEqual(Array.from({ length: 24 }, () => 60));
    expect(stderr).toContain("web, origin 20: it needs 3 d of history, and has 20 h.");
    expect(stderr).toContain("web, origin 300: the series has 240 rows only.");
  });

  it("takes holidays as a list of days", async () => {
    put(
      "web.csv",
      csv(40 * 24, (i) => (Math.floor(i / 24) % 7 === 6 ? 10 : 100)),
    );
    protocol({ web: { ...entry, origins: [29 * 24] } });
    put("days.txt", "# ours\n2026-02-03  # a Tuesday\n\n");
    expect((await forecast("--holidays", at("days.txt"))).code).toBe(0);
    for (const [, , mean] of rows("web")) expect(mean).toBeCloseTo(10, 0);
  });

  it.each<[string, () => void, RegExp]>([
    [
      "a protocol that is not there",
      () => rmSync(at("protocol.json")),
      /the protocol ".*" cannot be read: there is no such file/,
    ],
    ["a protocol that is not JSON", () => put("protocol.json", '{\n "web": {,}\n}'), /protocol\.json:2 is not JSON/],
    [
      "an entry that lacks something",
      () => protocol({ web: { ...entry, origins: [] } }),
      /protocol\.json:2: web\.origins: .*Each series has/,
    ],
    [
      "a series that is not there",
      () => rmSync(at("web.csv")),
      /the series ".*web\.csv" cannot be read: there is no such file/,
    ],
    [
      "a folder instead of a file",
      () => {
        rmSync(at("web.csv"));
        mkdirSync(at("web.csv"));
      },
      /it is a folder/,
    ],
    [
      "a file without its columns",
      () => put("web.csv", "time,v\n1,2\n"),
      /web\.csv:1: .*timestamp and value: it is "time,v"/,
    ],
    [
      "a value that is no number",
      () =>
        put(
          "web.csv",
          csv(240, (i) => (i === 3 ? "many" : 1)),
        ),
      /web\.csv:5: "many" is not a number/,
    ],
    [
      "a time that is none",
      () => put("web.csv", "timestamp,value\nyesterday,1\n"),
      /web\.csv:2: "yesterday" is not a time/,
    ],
    ["a file without measurements", () => put("web.csv", "timestamp,value\n"), /no measurement/],
    [
      "a name that leaves the folder",
      () => protocol({ "../web": entry }),
      /is not the name of a series below the folder/,
    ],
  ])("refuses %s in a sentence, and ends with 2", async (_, spoil, sentence) => {
    spoil();
    const { code, stderr } = await forecast();
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
    expect(existsSync(at("../web.csv"))).toBe(false);
  });

  it("refuses a list of holidays with something else in it, by its line", async () => {
    put("days.txt", "2026-02-03\nEaster\n");
    const { code, stderr } = await forecast("--holidays", at("days.txt"));
    expect(stderr).toMatch(/days\.txt:2: "Easter" is not a day/);
    expect(code).toBe(2);
  });

  it("says which flag is missing", async () => {
    const { code, stderr } = await runHere(["forecast", "--dir", folder], { cwd: folder });
    expect(stderr).toMatch(/forecast needs --protocol/);
    expect(code).toBe(2);
  });
});

describe("a file of measurements", () => {
  it("may have other columns, another order, unix seconds, and times without a zone", () => {
    put(
      "a.csv",
      "\uFEFFhost,Value,Timestamp\r\nweb,1,2026-01-05 00:00:00\r\nweb,2e3,2026-01-05T01:00:00+01:00\r\nweb,,1767571200\r\n",
    );
    const { times, values } = readSeriesFile(at("a.csv"));
    expect([...times]).toEqual([1_767_571_200, 1_767_571_200, 1_767_571_200]);
    expect([...values]).toEqual([1, 2000, Number.NaN]);
  });
});

describe("progress", () => {
  function shown(isTTY: boolean, names: readonly string[]): string {
    let text = "";
    const stderr = Object.assign(
      new Writable({
        write(chunk, _, done) {
          text += String(chunk);
          done();
        },
      }),
      { isTTY, columns: 50 },
    );
    const progress = progressOf({ stderr }, names.length);
    for (const name of names) progress.step(name);
    progress.end();
    return text;
  }

  it("is a bar on a terminal, no wider than it, which goes away", () => {
    const text = shown(true, ["a", "b".repeat(100)]);
    const drawn = text.split("\r\u001b[2K");
    expect(drawn[1]).toBe(`${"░".repeat(30)} 1 of 2 a`);
    expect(drawn[2]).toHaveLength(49);
    expect(drawn.at(-1)).toBe("");
  });

  it("is a line for each tenth elsewhere", () => {
    expect(
      shown(
        false,
        Array.from({ length: 100 }, (_, i) => String(i)),
      )
        .trim()
        .split("\n"),
    ).toHaveLength(10);
  });
});
