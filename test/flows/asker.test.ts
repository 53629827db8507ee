import { describe, expect, it } from "vitest";
import { createAsker } from "../../src/flows/answer/asker.ts";
import { QueryRefusedError } from "../../src/util/errors.ts";
import { harbour } from "../fakes/harbour.ts";
import { type Fault, fakeMetrics } from "../fakes/metrics.ts";
import { NOW } from "../fakes/world.ts";

function asker({ live = true, fault }: { readonly live?: boolean; readonly fault?: Fault } = {}) {
  const source = fakeMetrics({ ...harbour({ externalUrl: "https://prom.harbour.example" }), clock: () => NOW });
  source.fail(fault);
  const stop = new AbortController();
  return { source, stop, ask: createAsker(source, NOW, stop.signal, live) };
}

describe("asking on behalf of one question", () => {
  it("sends an equal query once, also while the first is under way, and remembers it once", async () => {
    const { source, ask } = asker();
    const [one, two] = await Promise.all([ask.instant("up"), ask.instant("up")]);
    const three = await ask.instant("up");
    expect(one).toEqual(two);
    expect(three).toEqual(one);
    expect(source.sent).toHaveLength(1);
    expect(ask.evidence).toHaveLength(1);
  });

  it("sends the same query for another time again", async () => {
    const { source, ask } = asker();
    await ask.instant("up");
    await ask.instant("up", { at: NOW - 3600 });
    expect(source.sent.map(({ at }) => at)).toEqual([undefined, NOW - 3600]);
  });

  it("leaves now to the server when it is about this moment, and says the time when it is not", async () => {
    const live = asker();
    await live.ask.instant("up");
    expect(live.source.sent[0]?.at).toBeUndefined();
    const dated = asker({ live: false });
    await dated.ask.instant("up");
    expect(dated.source.sent[0]?.at).toBe(NOW);
  });

  it("remembers how many series came, over which window, and where to see them", async () => {
    const { ask } = asker();
    await ask.instant('up{job="node"}');
    await ask.range('up{job="node"}', { start: NOW - 600, end: NOW, step: 60 }, { background: true });
    expect(ask.evidence).toMatchObject([
      { promql: 'up{job="node"}', source: "harbour", start: NOW, end: NOW, step: 0, readings: 4, background: false },
      { start: NOW - 600, end: NOW, step: 60, readings: 4, background: true },
    ]);
    for (const { url } of ask.evidence) expect(url).toContain("https://prom.harbour.example");
    expect(ask.degraded).toEqual([]);
  });

  it.each([
    ["unreachable", "unreachable"],
    ["refused", "refused"],
  ] as const)("gives a failure as a value when Prometheus is %s, and says it once", async (fault, why) => {
    const { ask } = asker({ fault });
    expect(await ask.instant("up")).toMatchObject({ ok: false, why });
    expect(await ask.range("up", { start: 0, end: 60, step: 60 })).toMatchObject({ ok: false, why });
    expect(ask.degraded).toHaveLength(1);
    expect(ask.evidence.map(({ readings }) => readings)).toEqual([
      { failed: ask.degraded[0] },
      { failed: ask.degraded[0] },
    ]);
  });

  it("does not call our own guard's refusal an outage", async () => {
    const { source, stop } = asker();
    const guarded = {
      ...source,
      instant: async () => {
        throw new QueryRefusedError("too far back");
      },
    };
    const ask = createAsker(guarded, NOW, stop.signal, true);
    expect(await ask.instant("up")).toEqual({ ok: false, why: "guarded", reason: "too far back" });
    expect(ask.degraded).toEqual([]);
  });

  it("lets a bug be a bug", async () => {
    const { source, stop } = asker();
    const broken = {
      ...source,
      instant: async () => {
        throw new TypeError("undefined is not a function");
      },
    };
    await expect(createAsker(broken, NOW, stop.signal, true).instant("up")).rejects.toThrow(TypeError);
  });

  it("is called off with the question, whatever went wrong meanwhile", async () => {
    const { ask, stop } = asker({ fault: "hangs" });
    const asked = ask.instant("up");
    stop.abort(new Error("the person left"));
    await expect(asked).rejects.toThrow("the person left");
  });
});
