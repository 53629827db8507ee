import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changed, shopLoad } from "../core/anomaly/made.ts";
import { runHere } from "./in-process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "smartcloudops-detect-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  const path = join(folder, "in", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const detect = () => runHere(["detect", "--dir", "in", "--out", "out"], { cwd: folder });
const scores = (name: string) =>
  readFileSync(join(folder, "out", name), "utf8")
    .trimEnd()
    .split("\n");

describe("detect --dir DIR --out DIR", () => {
  it("scores each series to the same path, a row for a row, and finds what was put in", async () => {
    const at = 15 * 288;
    const load = changed(shopLoad(16), at, 6, () => 400);
    put(
      "shop/load.csv",
      `timestamp,value\n${load.map((one) => `${new Date(one.at).toISOString()},${one.value}`).join("\n")}\n`,
    );
    put("short.csv", "timestamp,value\n2026-01-05T00:00:00Z,1\n");
    const { code, stdout, stderr } = await detect();
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^1 of 2: shop\/load\.csv: 4608 rows, \d alerts\n2 of 2: short\.csv: 1 rows, 0 alerts\n$/,
      ),
    });
    expect(stdout).toMatch(
      /^2 of 2 files scored: 4609 rows, \d alerts, 0\.\d+ a day and series\. They are in .*out\.\n$/,
    );
    const lines = scores("shop/load.csv");
    expect(lines[0]).toBe("timestamp,anomaly_score,is_alert");
    expect(lines.length).toBe(load.length + 1);
    expect(lines[at + 1]).toMatch(/^2026-01-20T00:00:00\.000Z,\d+\.\d+,1$/);
    expect(lines.slice(1, 100).every((line) => line.endsWith(",0,0"))).toBe(true);
    expect(scores("short.csv")).toEqual(["timestamp,anomaly_score,is_alert", "2026-01-05T00:00:00Z,0,0"]);
  });

  it("depends on no later row", async () => {
    const rows = shopLoad(8).map((one) => `${one.at / 1000},${one.value}`);
    put("whole.csv", `timestamp,value\n${rows.join("\n")}`);
    put("half.csv", `timestamp,value\n${rows.slice(0, 1200).join("\n")}`);
    await detect();
    expect(scores("half.csv")).toEqual(scores("whole.csv").slice(0, 1201));
  });

  it("survives times with and without zone, repeats, gaps, missing values, quotes and other columns", async () => {
    put(
      "odd.csv",
      '\uFEFF"host","timestamp","value"\r\nweb,2026-01-05 00:00:00,1\r\nweb,2026-01-05 00:05:00,\r\nweb,2026-01-05 00:05:00,NaN\r\nweb,2026-01-04T00:00:00+01:00,"2"\r\n\r\nweb,2026-02-05,+Inf\r\nweb,1770000000,3e2\r\nweb,1770000300000,.5\r\n',
    );
    const { code, stderr } = await detect();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "1 of 1: odd.csv: 7 rows, 0 alerts\n" });
    expect(scores("odd.csv").length).toBe(8);
  });

  it("names file, line and cure of what is no series, does the others, and ends with 1", async () => {
    put("a.csv", "timestamp,value\n2026-01-05,1\nyesterday,2\n");
    put("b.csv", "time,value\n1,1\n");
    put("c.csv", "timestamp,value\n1,1\n2,many\n");
    put("d.csv", "");
    put("e.csv", "timestamp,value\n1,1\n");
    const { code, stdout, stderr } = await detect();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^1 of 5 files scored: 1 rows/);
    expect(stderr).toMatch(
      /a\.csv: line 3: a time was wanted, such as .* it is "yesterday"\. Correct or remove the line\./,
    );
    expect(stderr).toMatch(/b\.csv: line 1: a header with "timestamp" and "value" was wanted: it is "time,value"\./);
    expect(stderr).toMatch(/c\.csv: line 3: a number was wanted, .* it is "many"\./);
    expect(stderr).toMatch(/d\.csv: it is empty\./);
    expect(["a.csv", "a.csv.part", "b.csv"].filter((name) => existsSync(join(folder, "out", name)))).toEqual([]);
    expect(existsSync(join(folder, "out", "e.csv"))).toBe(true);
  });

  it("does not read its own results when they lie below the series", async () => {
    put("a.csv", "timestamp,value\n1,1\n");
    const again = () => runHere(["detect", "--dir", "in", "--out", "in/out"], { cwd: folder });
    await again();
    expect((await again()).stdout).toMatch(/^1 of 1 files/);
  });

  it.each([
    [["detect"], /wants two folders/],
    [["detect", "--dir", "in"], /wants two folders/],
    [["detect", "--dir", "in", "--out", "in"], /another folder than --dir/],
    [["detect", "--dir", "nowhere", "--out", "out"], /--dir must be a folder that can be read: nowhere cannot/],
    [["detect", "--dir", ".", "--out", "out"], /no file that ends in \.csv/],
  ])("explains %j", async (args, message) => {
    const { code, stderr } = await runHere(args, { cwd: folder });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
