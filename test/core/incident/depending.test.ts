import { describe, expect, it } from "vitest";
import { placesFor } from "../../../src/core/incident/route.ts";
import type { Incident } from "../../../src/core/incident.ts";
import { aCall, aGraph, aWorld, firing, over, T } from "../../fakes/incidents.ts";

/** Alerts of two things that are one incident, since one calls the other; and those that are not. */

type Event = ReturnType<typeof firing>;
const SHOP = [
  aCall("web", "gateway", { rate: 800 }),
  aCall("gateway", "orders", { rate: 500 }),
  aCall("gateway", "search", { rate: 300 }),
  aCall("orders", "payments"),
  aCall("orders", "audit", { rate: 3 }),
];

/** A minute later each, unless it says otherwise. */
function later(id: string, minutes: number, labels: Record<string, string> = {}, more: Partial<Event> = {}): Event {
  return firing(id, { startsAt: T + minutes * 60, at: T + minutes * 60 + 10, ...more, labels });
}

function grouped(calls: readonly ReturnType<typeof aCall>[] | undefined, ...events: readonly Event[]): string[] {
  const { tell, all, alerts } = aWorld(undefined, calls && aGraph(...calls));
  for (const event of events) tell(event);
  const members = (one: Incident) => [...alerts.values()].filter(({ incident }) => incident === one.id);
  return all().map((one) =>
    members(one)
      .map(({ fingerprint }) => fingerprint)
      .sort()
      .join(" "),
  );
}

describe("alerts of things that call each other", () => {
  it("are one incident: what is called first, then its callers, and theirs", () => {
    const events = [later("payments", 0), later("orders", 2), later("gateway", 4), later("web", 6)];
    expect(grouped(SHOP, ...events)).toEqual(["gateway orders payments web"]);
    expect(grouped(undefined, ...events)).toHaveLength(4);
  });

  it("are one incident also when told of together, the other way round, or with something silent between", () => {
    const { tell, all } = aWorld(undefined, aGraph(...SHOP));
    tell(later("payments", 0), later("orders", 2));
    expect(all().map(({ total }) => total)).toEqual([2]);
    expect(grouped(SHOP, later("orders", 0), later("payments", 3))).toEqual(["orders payments"]);
    expect(grouped(SHOP, later("payments", 0), later("gateway", 3))).toEqual(["gateway payments"]);
    expect(grouped(SHOP, later("payments", 0), later("web", 3))).toHaveLength(2);
  });

  it("keep why: the edge with its rate and its query, and when each began", () => {
    const { tell, all } = aWorld(undefined, aGraph(...SHOP));
    tell(later("payments", 0));
    tell(later("orders", 2));
    expect(all()[0]?.dependencies).toEqual([
      {
        way: [expect.objectContaining({ caller: "orders", callee: "payments", rate: 412, source: "shop" })],
        ...{ callerAt: T + 120, calleeAt: T },
      },
    ]);
    expect(all()[0]?.dependencies?.[0]?.way[0]?.promql).toContain("traces_service_graph_request_total");
  });

  const two = (...more: readonly Event[]) => grouped(SHOP, later("payments", 0), ...more);
  it.each<[string, () => string[]]>([
    ["what both are called by alone", () => grouped(SHOP, later("orders", 0), later("search", 1))],
    ["two branches of a gateway that fails with one of them", () => two(later("gateway", 1), later("search", 2))],
    ["more than ten minutes apart", () => two(later("orders", 11))],
    ["what is called began long after", () => grouped(SHOP, later("orders", 0), later("payments", 6))],
    ["an edge that hardly carries anything", () => grouped(SHOP, later("audit", 0), later("orders", 1))],
    ["trouble that no caller suffers", () => two(later("orders", 1, { alertname: "DiskFull" }))],
    ["housekeeping", () => two(later("orders", 1, { alertname: "CertificateExpiresSoon" }))],
    ["what is only for information", () => two(later("orders", 1, { severity: "info" }))],
    ["another environment", () => two(later("orders", 1, { environment: "staging" }))],
    ["another cluster", () => two(later("orders", 1, { cluster: "eu" }))],
  ])("stay apart: %s", (_, group) => {
    expect(group().length).toBeGreaterThan(1);
  });

  it("stay apart where it is open which environment's edge it would be", () => {
    const both = ["production", "staging"].map((environment) => aCall("orders", "payments", { environment }));
    expect(grouped(both, later("payments", 0), later("orders", 1))).toHaveLength(2);
    const said = { environment: "staging" };
    expect(grouped(both, later("payments", 0, said), later("orders", 1, said))).toHaveLength(1);
    // One environment is all there is: labels need not say it.
    const only = [aCall("orders", "payments", { environment: "production" })];
    expect(grouped(only, later("payments", 0, { environment: "production" }), later("orders", 1))).toHaveLength(1);
  });

  it("stay apart where both places have such an edge, and where an alert without a place could be of either", () => {
    const clusters = ["eu", "us"].map((cluster) => aCall("orders", "payments", { cluster }));
    const at = (id: string, minutes: number, cluster: string) => later(id, minutes, { cluster });
    expect(grouped(clusters, at("payments", 0, "eu"), at("orders", 1, "us"))).toHaveLength(2);
    expect(grouped(clusters, at("payments", 0, "eu"), at("orders", 1, "eu"))).toHaveLength(1);
    const some = [aCall("orders", "payments"), aCall("orders", "payments", { environment: "production" })];
    expect(grouped(some, later("payments", 0), later("orders", 1))).toHaveLength(2);
  });

  it("are left to the storm while too much comes at once", () => {
    const { tell, all } = aWorld(undefined, aGraph(...SHOP));
    tell(later("payments", 0), ...Array.from({ length: 9 }, (_, n) => later(`other-${n}`, 0)));
    tell(later("orders", 0));
    expect(
      all()
        .filter(({ isStorm }) => isStorm)
        .map(({ total }) => total),
    ).toEqual([1]);
  });

  it("stay apart across namespaces, unless the edge itself goes across them", () => {
    const events = [later("payments", 0, { namespace: "pay" }), later("orders", 1, { namespace: "shop" })] as const;
    expect(grouped(SHOP, ...events)).toHaveLength(2);
    const across = aCall("orders", "payments", { callerNamespace: "shop", calleeNamespace: "pay" });
    expect(grouped([across], ...events)).toHaveLength(1);
    expect(grouped([across], events[0], later("orders", 1, { namespace: "shop-2" }))).toHaveLength(2);
  });

  it("join nothing that somebody snoozed, nothing that holds what the graph does not know, and nothing that is over", () => {
    const { tell, all, incidents } = aWorld(undefined, aGraph(...SHOP));
    tell(later("payments", 0));
    const [first] = all();
    incidents.set(first!.id, { ...first!, status: "snoozed" });
    tell(later("orders", 1));
    expect(all()).toHaveLength(2);
    const mixed = [later("payments", 0, {}, { group: "g" }), later("mystery", 0, {}, { group: "g" })];
    expect(grouped(SHOP, ...mixed, later("orders", 1))).toHaveLength(2);
    expect(grouped(SHOP, later("payments", 0), over("payments"), later("orders", 11))).toHaveLength(2);
  });

  it("bring nobody else along: what happens to a caller later is an incident of its own", () => {
    const again = later("orders-again", 40, { service: "orders", alertname: "MemoryHigh" });
    expect(grouped(SHOP, later("payments", 0), later("orders", 2), again)).toEqual(["orders payments", "orders-again"]);
    const atOnce = later("orders-slow", 3, { service: "orders", alertname: "LatencyHigh" });
    expect(grouped(SHOP, later("payments", 0), later("orders", 2), atOnce)).toEqual(["orders orders-slow payments"]);
  });

  it("are told to each team by its own route", () => {
    const { tell, all } = aWorld(undefined, aGraph(...SHOP));
    tell(later("payments", 0, { team: "pay" }));
    tell(later("orders", 2, { team: "shop", severity: "critical" }));
    const route = (team: string) => ({
      ...{
        name: team,
        to: [{ platform: "slack", channel: team, thread: "" }],
        goesOn: false,
        labels: { team: [team] },
      },
    });
    const channels = placesFor([route("pay"), route("shop")], all()[0]!).map(({ channel }) => channel);
    expect(channels.sort()).toEqual(["pay", "shop"]);
  });
});
