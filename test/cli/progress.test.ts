import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { copyOn, type ProgressSettings, progressOn } from "../../src/cli/progress.ts";

/** A stream that keeps what was written, and a clock that the test turns. */
function stage(isTTY: boolean, settings: ProgressSettings = {}) {
  const stage = { text: "", ms: 0 };
  const write = (chunk: unknown, _: unknown, done: () => void) => {
    stage.text += String(chunk);
    done();
  };
  const stderr = Object.assign(new Writable({ write }), { isTTY, columns: 80 });
  return Object.assign(stage, { stderr, bar: progressOn({ stderr }, { now: () => stage.ms, ...settings }) });
}

describe("how far long work has come", () => {
  it("is a bar with an estimate on a terminal, once there is something to go by, and goes away", () => {
    const on = stage(true);
    on.bar.show(0, "copied");
    on.ms = 30_000;
    on.bar.show(0.25, "copied");
    on.bar.end();
    on.bar.show(0.5, "late");
    expect(on.text.split("\r\u001b[2K").slice(1)).toEqual([
      `${"░".repeat(30)}   0 % copied`,
      `${"█".repeat(8)}${"░".repeat(22)}  25 % copied, about 1 min 30 s left`,
      "",
    ]);
  });

  it("is a line for each tenth elsewhere, or for each step", () => {
    const tenths = stage(false);
    for (let share = 0; share < 0.3; share += 0.05) {
      tenths.ms += 1000;
      tenths.bar.show(share, "copied");
    }
    expect(tenths.text).toBe("  0 % copied\n 10 % copied, about 27 s left\n 20 % copied, about 20 s left\n");
    const steps = stage(false, { lines: "steps" });
    for (const what of ["looking", "writing", "writing", "ready"]) steps.bar.show(0.5, what);
    steps.bar.end();
    expect(steps.text).toBe("looking…\nwriting…\nready…\n");
  });

  it("is not said of what is over at once, where that is wished", () => {
    const on = stage(false, { quietMs: 2000 });
    on.bar.show(0.5, "copied");
    expect(on.text).toBe("");
    on.ms = 2500;
    on.bar.show(0.9, "copied");
    expect(on.text).toBe(" 90 % copied, about 1 s left\n");
  });

  it("is a line for each whole table of a copy elsewhere", () => {
    const on = stage(false);
    const copy = copyOn(on);
    copy.show({ table: "turns", rows: 500, isDone: false, share: 0.3 });
    copy.show({ table: "turns", rows: 1500, isDone: true, share: 0.9 });
    expect(on.text).toBe("turns: 1,500 rows\n");
  });
});
