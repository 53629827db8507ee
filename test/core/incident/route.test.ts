import { describe, expect, it } from "vitest";
import { absorb } from "../../../src/core/incident/absorb.ts";
import { awake, LONGEST_SNOOZE, type Response, respond } from "../../../src/core/incident/respond.ts";
import { concerns, matches, placesFor, placesOfLastResort, type Route } from "../../../src/core/incident/route.ts";
import { readIncidentWish } from "../../../src/core/incident/wish.ts";
import { type AlertEvent, type Incident, readSeverity } from "../../../src/core/incident.ts";
import { aWorld, firing, over, T } from "../../fakes/incidents.ts";

const place = (channel: string) => ({ platform: "slack", channel, thread: "" });
const route = (channel: string, more: Partial<Route> = {}): Route => ({
  name: channel,
  to: [place(channel)],
  goesOn: false,
  ...more,
});

function anIncident(labels: Record<string, string> = {}): Incident {
  const { tell, all } = aWorld();
  tell(firing("a", { labels: { severity: "critical", environment: "production", team: "pay-eu", ...labels } }));
  return all()[0]!;
}

const channels = (routes: readonly Route[], incident = anIncident()) =>
  placesFor(routes, incident).map(({ channel }) => channel);

describe("where something critical goes that no route is for", () => {
  it.each<[string, readonly Route[], string[]]>([
    ["the fallbacks", [route("A"), route("B", { isFallback: true }), route("C", { isFallback: true })], ["B", "C"]],
    [
      "else wherever critical things go",
      [route("A", { severities: ["warning"] }), route("B", { environments: ["prod"] }), route("B"), route("C")],
      ["B", "C"],
    ],
    ["nowhere without routes", [], []],
  ])("%s", (_, routes, wanted) => {
    expect(placesOfLastResort(routes).map(({ channel }) => channel)).toEqual(wanted);
  });
});

describe("where an incident's message goes", () => {
  it.each<[string, readonly Route[], string[]]>([
    ["the first that matches", [route("A"), route("B")], ["A"]],
    ["further ones as far as routes say so", [route("A", { goesOn: true }), route("B"), route("C")], ["A", "B"]],
    ["by severity", [route("A", { severities: ["info", "warning"] }), route("B", { severities: ["critical"] })], ["B"]],
    [
      "by environment",
      [route("A", { environments: ["staging"] }), route("B", { environments: ["production"] })],
      ["B"],
    ],
    [
      "by a label's value",
      [route("A", { labels: { team: ["shop"] } }), route("B", { labels: { team: ["pay-eu"] } })],
      ["B"],
    ],
    [
      "by a pattern",
      [route("A", { labels: { team: ["*-us", "pay*x*"] } }), route("B", { labels: { team: ["p*y-*u"] } })],
      ["B"],
    ],
    [
      "by the hours in which it began",
      [
        // T is a Monday, 14:13 UTC.
        route("A", { hours: { days: [1], from: 0, to: 850, zone: "UTC" } }),
        route("B", { hours: { days: [2, 3, 4, 5, 6, 7], from: 0, to: 1440, zone: "UTC" } }),
        route("C", { hours: { days: [1], from: 960, to: 1000, zone: "Europe/Berlin" } }),
      ],
      ["C"],
    ],
    ["never to the fallback", [route("A", { isFallback: true }), route("B")], ["B"]],
    ["nowhere", [route("A", { severities: ["info"] })], []],
  ])("%s", (_, routes, wanted) => {
    expect(channels(routes)).toEqual(wanted);
  });

  const alert = (id: string, labels: Record<string, string>) => firing(id, { group: "g", labels });
  const routed = (routes: readonly Route[], ...told: AlertEvent[][]) => {
    const { tell, all } = aWorld(routes);
    for (const events of told) tell(...events);
    return channels(routes, all()[0]);
  };
  const shops = Array.from({ length: 8 }, (_, n) => alert(`shop${n}`, { team: "shop", severity: "critical" }));

  it("is each that is for one of its alerts, however many others it carries", () => {
    const byTeam = ["shop", "pay", "web"].map((team) => route(team, { labels: { team: [team] } }));
    expect(routed(byTeam, shops, [alert("p", { team: "pay" })])).toEqual(["shop", "pay"]);
    expect(routed([route("ALL", { goesOn: true }), ...byTeam], shops)).toEqual(["ALL", "shop"]);
  });

  it("is that of each team in a storm, and of each environment", () => {
    const routes = [
      ...["shop", "pay"].map((team) => route(team, { labels: { team: [team] } })),
      route("PROD", { environments: ["production"] }),
    ];
    const many = (from: number, name: (n: number) => string, labels: Record<string, string>) =>
      Array.from({ length: 20 }, (_, n) => firing(`s${from + n}`, { labels: { alertname: name(n), ...labels } }));
    const { tell, all } = aWorld(routes);
    const told = () => all().map((one) => channels(routes, one).toSorted().join(" "));
    tell(...many(0, () => "Slow", { team: "shop" }));
    tell(...many(20, () => "Slow", { team: "pay", severity: "critical" }));
    expect(told()).toEqual([...Array.from({ length: 10 }, () => "shop"), "pay shop"]);
    const other = aWorld(routes);
    other.tell(...many(0, (n) => `Dev${n}`, { environment: "dev" }));
    other.tell(...many(20, () => "Down", { environment: "production" }));
    expect(channels(routes, other.all().at(-1))).toEqual(["PROD"]);
    expect(other.all().at(-1)?.total).toBe(20);
  });

  it("goes by the severity of the alerts that have the labels, and by all of a route's labels on one alert", () => {
    const paged = (team: string) => route(`${team}-pager`, { labels: { team: [team] }, severities: ["critical"] });
    const milder = alert("p", { team: "pay", region: "eu" });
    expect(routed([paged("pay"), paged("shop"), route("PAY", { labels: { team: ["pay"] } })], shops, [milder])).toEqual(
      ["shop-pager", "PAY"],
    );
    const both = route("BOTH", { labels: { team: ["shop"], region: ["eu"] } });
    expect(routed([both], shops, [milder])).toEqual([]);
    // Of alerts that no route tells apart, the gravest counts.
    expect(
      routed([route("C", { severities: ["critical"] }), route("W", { severities: ["warning"] })], [milder, ...shops]),
    ).toEqual(["C"]);
  });

  it("is by the environment of each alert", () => {
    const routes = ["staging", "production"].map((one) => route(one, { environments: [one] }));
    const told = [alert("a", { environment: "staging" }), alert("b", { environment: "production" }), alert("c", {})];
    expect(routed(routes, told).toSorted()).toEqual(["production", "staging"]);
  });

  it("finds the one alert that a pattern is for among ten thousand, and carries few parts", () => {
    const routes = [route("DB", { labels: { service: ["db-*"] } }), route("WEB", { labels: { service: ["web-*"] } })];
    const { tell, all } = aWorld(routes);
    tell(...Array.from({ length: 10_000 }, (_, n) => firing(n === 7000 ? "db-1" : `web-${n}`, { group: "g" })));
    expect(channels(routes, all()[0]).toSorted()).toEqual(["DB", "WEB"]);
    expect(all()[0]?.parts).toHaveLength(2);
  });

  it("is by the hours in which its alerts became as grave as that, and not by those in which it was opened", () => {
    const hours = (from: number, to: number) => ({ days: [1, 2, 3, 4, 5, 6, 7], from, to, zone: "UTC" });
    const routes = [
      route("DAY", { severities: ["critical"], hours: hours(480, 1200) }),
      route("NIGHT", { severities: ["critical"], hours: hours(1200, 480) }),
      route("W", { severities: ["warning"] }),
    ];
    const night = T + 13 * 3600;
    const warned = [firing("a")];
    expect(routed(routes, warned, [firing("a", { labels: { severity: "critical" }, at: night })])).toEqual(["NIGHT"]);
    // What else comes then changes nothing for what was told by day.
    const critical = firing("a", { labels: { severity: "critical" } });
    const more = firing("b", { labels: { service: "a", severity: "critical" }, at: night });
    expect(routed(routes, [critical], [more])).toEqual(["DAY"]);
  });

  it("is by the hours in which a maintenance ends", () => {
    const routes = [
      route("DAY", { hours: { days: [1, 2, 3, 4, 5, 6, 7], from: 480, to: 1200, zone: "UTC" } }),
      route("NIGHT"),
    ];
    const { world, incidents } = aWorld(routes);
    const kept = { ...world, keptBackBy: () => ({ name: "move", until: T + 13 * 3600 }) };
    const [began] = absorb(kept, [firing("a")], () => "inc-1").incidents;
    expect(channels(routes, awake(began!, T + 13 * 3600))).toEqual(["NIGHT"]);
    expect(incidents.size).toBe(0);
  });

  it("is what a digest asks for while any of it was about that, and what an escalation does while that goes on", () => {
    const pay = { severities: ["critical" as const], labels: { team: ["pay"] } };
    const { tell, all } = aWorld([pay]);
    const critical = alert("p", { team: "pay", severity: "critical" });
    tell(...shops, critical);
    expect([matches(pay, all()[0]!), concerns(pay, all()[0]!)]).toEqual([true, true]);
    tell({ ...critical, status: "resolved", endsAt: T + 100, at: T + 100 });
    expect([matches(pay, all()[0]!), concerns(pay, all()[0]!)]).toEqual([false, true]);
    const { parts: _, ...old } = all()[0]!;
    expect(concerns({ labels: { team: ["shop"] } }, old)).toBe(true);
  });

  it("stays where it is once it was posted", () => {
    const posted = { ...anIncident(), places: [place("OLD")] };
    expect(channels([route("A")], posted)).toEqual(["OLD", "A"]);
    expect(channels([route("OLD")], posted)).toEqual(["OLD"]);
  });
});

describe("what people do about an incident", () => {
  const by = { person: "ann", name: "Ann", at: T + 100 };
  const doing = (incident: Incident, response: Response) => {
    const done = respond(incident, response, by);
    return done.ok ? done.incident : done.reason;
  };

  it("is one revision each, and ends as it began", () => {
    const taken = doing(anIncident(), { kind: "acknowledge" }) as Incident;
    expect(taken).toMatchObject({ status: "acknowledged", revision: 2, acknowledged: by });
    const snoozed = doing(taken, { kind: "snooze", until: T + 160 }) as Incident;
    expect(snoozed).toMatchObject({ status: "snoozed", revision: 3, acknowledged: by, snoozed: { until: T + 160 } });
    expect(doing(snoozed, { kind: "wake" })).toMatchObject({ status: "acknowledged", revision: 4 });
    const back = doing(taken, { kind: "unacknowledge" }) as Incident;
    expect(back).toMatchObject({ status: "open" });
    expect(back).not.toHaveProperty("acknowledged");
    const alone = doing(anIncident(), { kind: "snooze", until: T + 160 }) as Incident;
    expect(doing(alone, { kind: "wake" })).toMatchObject({ status: "open" });
  });

  it.each<[string, Response, string]>([
    ["snoozes for ever", { kind: "snooze", until: T + 101 + LONGEST_SNOOZE }, "7 days"],
    ["snoozes for no time", { kind: "snooze", until: T + 100 }, "7 days"],
    ["wakes what is awake", { kind: "wake" }, "not snoozed"],
    ["hands back what nobody has", { kind: "unacknowledge" }, "Nobody"],
  ])("is refused when it %s", (_, response, reason) => {
    expect(doing(anIncident(), response)).toContain(reason);
  });

  it("is refused the second time, and after the end", () => {
    const taken = doing(anIncident(), { kind: "acknowledge" }) as Incident;
    expect(doing(taken, { kind: "acknowledge" })).toBe("Ann has acknowledged it already.");
    const { tell, all } = aWorld();
    tell(firing("a"));
    tell(over("a"));
    expect(doing(all()[0]!, { kind: "acknowledge" })).toBe("It is resolved already.");
  });
});

describe("words", () => {
  it.each([
    ["page", "critical"],
    ["P1", "critical"],
    ["info", "info"],
    ["none", "info"],
    ["whatever", "warning"],
    [undefined, "warning"],
  ])("%s is %s", (word, severity) => {
    expect(readSeverity(word)).toBe(severity);
  });

  it.each([
    ["incidents", { id: undefined }],
    ["show open incidents?", { id: undefined }],
    ["incident inc-0a1b2c3d", { id: "inc-0a1b2c3d" }],
    ["which incidents were there?", undefined],
  ])("%s", (text, wish) => {
    expect(readIncidentWish(text)).toEqual(wish);
  });
});
