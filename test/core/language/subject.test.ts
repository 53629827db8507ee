import { describe, expect, it } from "vitest";
import { findMentions } from "../../../src/core/language/link.ts";
import { tokens } from "../../../src/core/language/normalise.ts";
import { conceptIndex, findSubjects, narrow, type Subject } from "../../../src/core/language/subject.ts";
import { catalogueOf } from "../../fakes/metrics.ts";
import { MILL, PACKS } from "./mill.ts";

function subjects(
  text: string,
  more: { readonly taken?: readonly number[]; readonly implied?: readonly string[] } = {},
) {
  const parts = tokens(text);
  const taken = new Set(more.taken ?? []);
  return findSubjects({
    tokens: parts,
    taken,
    mentions: findMentions(parts, taken, MILL),
    implied: more.implied ?? [],
    catalogue: MILL,
    index: conceptIndex(PACKS, MILL),
  });
}

const idOf = (subject: Subject | undefined) => subject?.bound.concept.id;

describe("what a question is about", () => {
  it.each([
    ["cpu of stone-1", "host.cpu"],
    ["response time of granary", "service.latency"],
    ["queue length", "queue.depth"],
    ["error rate", "service.errors"],
    ["water level of the pond", "metric:water_level_meters"],
    ["sacks filled", "metric:sacks_filled_total"],
    ["mill_cpu_ratio", "metric:mill_cpu_ratio"],
  ])("%s: %s first", (text, id) => {
    expect(idOf(subjects(text)[0])).toBe(id);
  });

  it("is nothing for words that nothing knows", () => {
    expect(subjects("unicorn rainbow")).toEqual([]);
    expect(subjects("")).toEqual([]);
  });

  it("is never a concept whose metrics are not there", () => {
    expect(subjects("unobtainable").map(idOf)).not.toContain("nowhere");
    expect(conceptIndex(PACKS, MILL).byId.has("nowhere")).toBe(false);
  });

  it("explains the whole question better than a part of it", () => {
    const [whole] = subjects("cpu of stone-1");
    const [part] = subjects("cpu of stone-1 unicorn rainbow");
    expect(idOf(part)).toBe("host.cpu");
    expect(part!.score).toBeLessThan(whole!.score);
  });

  it("leaves alone words that mean something else", () => {
    expect(subjects("cpu", { taken: [0] })).toEqual([]);
  });

  it("hears words that are only implied", () => {
    expect(idOf(subjects("granary", { implied: ["latency"] })[0])).toBe("service.latency");
  });

  it("is ordered by score and then by name, a dozen at most", () => {
    const all = subjects("mill request rate error latency cpu memory queue");
    expect(all.length).toBeLessThanOrEqual(12);
    for (const [index, one] of all.entries()) {
      const next = all[index + 1];
      if (next !== undefined) expect(one.score).toBeGreaterThanOrEqual(next.score);
    }
  });

  it("never is the series of alerts", () => {
    const withAlerts = catalogueOf("alerts", {
      series: [{ metric: "ALERTS", labels: { alertname: "StoneJammed" }, value: 1 }],
    });
    const parts = tokens("alerts stonejammed");
    const found = findSubjects({
      tokens: parts,
      taken: new Set(),
      mentions: findMentions(parts, new Set(), withAlerts),
      implied: [],
      catalogue: withAlerts,
      index: conceptIndex(PACKS, withAlerts),
    });
    expect(found).toEqual([]);
  });
});

describe("narrowing", () => {
  const boundOf = (id: string) => conceptIndex(PACKS, MILL).byId.get(id)!;
  const narrowed = (id: string, text: string) =>
    narrow(boundOf(id), { mentions: findMentions(tokens(text), new Set(), MILL) });

  it("turns named things into filters, several of one label into alternatives", () => {
    expect(narrowed("service.latency", "granary and bakehouse").filters).toEqual([
      { label: "service", values: ["bakehouse", "granary"] },
    ]);
  });

  it("tells what it used, and what it has no label for", () => {
    const { mentions, unused, filters } = narrowed("host.cpu", "granary on stone-1");
    expect(mentions.map(({ text }) => text)).toEqual(["stone-1"]);
    expect(unused.map(({ text }) => text)).toEqual(["granary"]);
    expect(filters).toEqual([{ label: "instance", values: ["stone-1:9100"] }]);
  });

  it("asks for no state where the query itself names one: the same adds nothing, another would give nothing", () => {
    expect(narrowed("job.failed", "failed").filters).toEqual([]);
    expect(narrowed("job.failed", "active").filters).toEqual([]);
  });

  it("finds the pods of a workload by their names, and no others", () => {
    const [subject] = subjects("bakehouse pod ready");
    const [filter] = subject!.filters;
    expect(filter?.label).toBe("pod");
    const pattern = new RegExp(`^(?:${filter?.regex})$`);
    expect(pattern.test("bakehouse-7d9f8c6b5-x2x9z")).toBe(true);
    expect(pattern.test("bakehouse-db-7d9f8c6b5-x2x9z")).toBe(false);
    expect(pattern.test("old-bakehouse-7d9f8c6b5-x2x9z")).toBe(false);
  });
});

describe("the words of the concepts", () => {
  it("are read once per catalogue", () => {
    expect(conceptIndex(PACKS, MILL)).toBe(conceptIndex(PACKS, MILL));
    expect(conceptIndex({ concepts: PACKS.concepts }, MILL)).not.toBe(conceptIndex(PACKS, MILL));
  });

  it("weigh more the rarer they are, and little when they say little", () => {
    const { weight } = conceptIndex(PACKS, MILL);
    expect(weight("latency")).toBeGreaterThan(weight("rate"));
    expect(weight("neverheard")).toBeGreaterThanOrEqual(weight("latency"));
    expect(weight("usage")).toBeLessThan(weight("cpu"));
  });
});
