import { describe, expect, it } from "vitest";
import type { Bound } from "../../src/core/concept.ts";
import { rowsOf, say } from "../../src/flows/answer/rows.ts";
import { harbour } from "../fakes/harbour.ts";
import { verdictOf, World } from "../fakes/world.ts";

const BOUND = {
  concept: { id: "x", name: "x", rows: [] },
  metric: { name: "x" },
  names: { self: "host" },
} as unknown as Bound;
const sample = (labels: Record<string, string>) => ({ labels, at: 0, value: 1 });
const namesOf = (...all: Record<string, string>[]) => rowsOf(BOUND, all.map(sample)).rows.map(({ name }) => name);

describe("the names of rows", () => {
  it("are as short as can be while no two are alike", () => {
    expect(namesOf({ host: "a" }, { host: "b" })).toEqual(["a", "b"]);
    expect(
      namesOf({ host: "a", namespace: "x" }, { host: "a", namespace: "y" }, { host: "b", namespace: "x" }),
    ).toEqual(["a in x", "a in y", "b"]);
    expect(namesOf({ host: "a", uid: "1" }, { host: "a", uid: "2" })).toEqual(["a (1)", "a (2)"]);
    expect(
      namesOf(
        { host: "a", namespace: "x", uid: "1" },
        { host: "a", namespace: "x", uid: "2" },
        { host: "a", namespace: "y" },
      ),
    ).toEqual(["a in x (1)", "a in x (2)", "a in y"]);
  });

  it("are found in time linear in their number", () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ host: "a", uid: `${i}` }));
    expect(new Set(namesOf(...rows)).size).toBe(20_000); // quadratic, this is half a minute and the test times out
  });
});

describe("counted things", () => {
  const said = (noun: string, value: number) =>
    say({ concept: { unit: "count", noun, promql: "x" } } as unknown as Bound, value);

  it("stand in the singular after one, whatever words they consist of", () => {
    expect([said("replicas", 1), said("failed logins", 1), said("runners busy", 1)]).toEqual([
      "1 replica",
      "1 failed login",
      "1 runners busy",
    ]);
    expect([said("replicas", 2), said("failed logins", 0), said("", 1)]).toEqual([
      "2 replicas",
      "0 failed logins",
      "1",
    ]);
  });

  it("are said once: of a job, how many of its pods failed", async () => {
    const series = ["parcel-export-1", "nightly-report-2"].map((job_name, i) => ({
      metric: "kube_job_status_failed",
      labels: { namespace: "shop", job_name },
      value: 1 - i,
    }));
    const world = new World(harbour({ series }));
    expect(verdictOf(await world.ask("failed jobs of parcel-export-1"))).toBe(
      "Number of failed job pods of parcel-export-1 is 1 now.",
    );
  });
});
