import { describe, expect, it } from "vitest";
import { LONGEST_SNOOZE, type Response, respond } from "../../../src/core/incident/respond.ts";
import { placesFor, type Route } from "../../../src/core/incident/route.ts";
import { readIncidentWish } from "../../../src/core/incident/wish.ts";
import { type Incident, readSeverity } from "../../../src/core/incident.ts";
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
