import { describe, expect, it } from "vitest";
import { likelyCause } from "../../../src/core/topology/cause.ts";
import { FADES_SECONDS, MOST_CALLS, NO_GRAPH, remember, wayBetween } from "../../../src/core/topology/graph.ts";
import { aCall, aGraph, T } from "../../fakes/incidents.ts";

const HERE = { environment: undefined, cluster: undefined };
const any = { most: 2, least: 0 };
const said = (way: ReturnType<typeof wayBetween>) => way?.map(({ caller, callee }) => `${caller}>${callee}`).join(" ");

describe("the graph of who calls whom", () => {
  it("keeps an edge that is silent with its last rate, and forgets it after a week", () => {
    const first = aGraph(aCall("orders", "payments"));
    const silent = remember(first, [], T + FADES_SECONDS - 120);
    expect(said(wayBetween(silent, HERE, "orders", "payments", any))).toBe("orders>payments");
    expect([...silent.calls.values()][0]).toMatchObject({ rate: 412, seenAt: T - 60 });
    expect(remember(silent, [], T + FADES_SECONDS).calls.size).toBe(0);
  });

  it("evens a rate out, so that an outage does not make an edge worthless; a look back changes nothing newer", () => {
    const first = aGraph(aCall("orders", "payments", { rate: 400, seenAt: T }));
    const less = remember(first, [aCall("orders", "payments", { rate: 4, seenAt: T + 300 })], T + 300);
    const [now] = less.calls.values();
    expect(now?.rate).toBe(4);
    expect(now?.usual).toBeGreaterThan(350);
    expect(remember(less, [aCall("orders", "payments", { rate: 9, seenAt: T })], T + 300).calls).toEqual(less.calls);
  });

  it("is bounded: the least used edges go, and of one edge told twice the surer counts", () => {
    const many = Array.from({ length: MOST_CALLS + 5 }, (_, n) => aCall(`a${n}`, "b", { rate: n + 1 }));
    const graph = remember(NO_GRAPH, many, T);
    expect(graph.calls.size).toBe(MOST_CALLS);
    expect([wayBetween(graph, HERE, "a4", "b", any), said(wayBetween(graph, HERE, "a5", "b", any))]).toEqual([
      undefined,
      "a5>b",
    ]);
    const twice = aGraph(aCall("x", "y", { rate: 5 }), aCall("x", "y", { rate: 5000, noun: "flows" }));
    expect([...twice.calls.values()].map(({ noun }) => noun)).toEqual(["requests"]);
  });

  it("finds the shortest way, along edges that carry enough, in one place, and never in a circle", () => {
    const graph = aGraph(
      aCall("web", "cart", { rate: 100 }),
      aCall("web", "audit", { rate: 1 }),
      aCall("cart", "web", { rate: 5 }),
      aCall("cart", "payments", { rate: 60 }),
      aCall("web", "mail", { rate: 10, environment: "staging" }),
    );
    expect(said(wayBetween(graph, HERE, "web", "payments", any))).toBe("web>cart cart>payments");
    expect(wayBetween(graph, HERE, "web", "payments", { most: 1, least: 0 })).toBeUndefined();
    expect(wayBetween(graph, HERE, "web", "audit", { most: 2, least: 0.1 })).toBeUndefined();
    expect(wayBetween(graph, HERE, "payments", "web", any)).toBeUndefined();
    expect(wayBetween(graph, HERE, "web", "web", any)).toBeUndefined();
    expect(wayBetween(graph, HERE, "web", "mail", any)).toBeUndefined();
    expect(wayBetween(graph, { ...HERE, environment: "staging" }, "web", "mail", any)).toHaveLength(1);
  });
});

describe("the likely cause of an incident of several things", () => {
  const dependency = (caller: string, callee: string, callerAt: number, calleeAt: number) => ({
    way: [aCall(caller, callee)],
    ...{ callerAt, calleeAt },
  });

  it("is what the others call, with each of them by its own way", () => {
    const cause = likelyCause([
      dependency("orders", "payments", T + 120, T),
      dependency("web", "orders", T + 240, T + 120),
    ]);
    expect(cause).toMatchObject({ name: "payments", at: T, isFirst: true });
    expect(cause?.callers.map(({ name, way }) => `${name} ${way.length}`)).toEqual(["orders 1", "web 2"]);
  });

  it("is not sure where a caller began before it, and nothing where nothing calls anything", () => {
    expect(likelyCause([dependency("orders", "payments", T, T + 120)])).toMatchObject({
      name: "payments",
      isFirst: false,
    });
    expect(likelyCause([])).toBeUndefined();
  });
});
