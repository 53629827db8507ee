import { describe, expect, it } from "vitest";
import { similarTo } from "../../../src/core/incident/similar.ts";
import { scoreSimilar } from "../../bench/similar-score.ts";
import { anEnded } from "../../fakes/digests.ts";

const T = 1_790_000_000;

describe("incidents like one", () => {
  const named = (name: string) => [{ name, severity: "warning" as const, total: 1, firing: 0 }];
  const now = anEnded("now", T, 600, { names: named("HighErrorRate"), subject: { kind: "service", name: "checkout" } });
  const same = anEnded("same", T - 9000, 600, { names: named("HighErrorRate") });
  const alert = anEnded("alert", T - 8000, 600, {
    names: named("HighErrorRate"),
    subject: { kind: "service", name: "cart" },
  });
  const other = anEnded("other", T - 7000, 600, {
    names: named("DiskAlmostFull"),
    subject: { kind: "host", name: "db-1" },
  });

  it("are those of the same alert and thing first, and none that share nothing", () => {
    expect(similarTo(now, [other, alert, same], 3)).toMatchObject([
      { incident: { id: "same" }, sameAlert: "HighErrorRate", isSameThing: true },
      { incident: { id: "alert" }, sameAlert: "HighErrorRate", isSameThing: false },
    ]);
    expect(similarTo(now, [other], 3)).toEqual([]);
    expect(similarTo(now, [now], 3)).toEqual([]);
    expect(similarTo(now, [], 3)).toEqual([]);
  });

  it("are at most so many, the newer of equals first, and no storm", () => {
    const all = [1, 2, 3].map((n) => ({ ...same, id: `s${n}`, startedAt: T - 9000 + n }));
    expect(similarTo(now, all, 2).map(({ incident }) => incident.id)).toEqual(["s3", "s2"]);
    expect(similarTo(now, [{ ...same, isStorm: true }], 2)).toEqual([]);
  });
});

it("finds one of the same cause among three, better than the alert's name alone", () => {
  const { ours, byName, incidents } = scoreSimilar(1);
  expect(incidents).toBeGreaterThan(200);
  expect(ours).toBeGreaterThan(0.9);
  expect(ours).toBeGreaterThan(byName + 0.05);
});
