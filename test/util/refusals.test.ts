import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLog } from "../../src/util/log.ts";
import { refusals } from "../../src/util/refusals.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells the first refusal at once, and the many after it as one line with their number", () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: "info", stream: { write: (line) => void lines.push(JSON.parse(line)) } });
  const refused = refusals(log, "warn", "refused", 1000);
  for (let number = 0; number < 500; number++) refused({ number });
  expect(lines).toMatchObject([{ level: "warn", number: 0, msg: "refused" }]);
  expect(lines[0]).not.toHaveProperty("times");
  vi.advanceTimersByTime(1000);
  expect(lines).toMatchObject([{ number: 0 }, { number: 499, times: 499 }]);
  vi.advanceTimersByTime(5000);
  refused({ number: 500 });
  expect(lines[2]).toMatchObject({ number: 500 });
  expect(lines).toHaveLength(3);
});
