import { describe, expect, it } from "vitest";
import {
  boundsOf,
  type Impact,
  type ImpactFacts,
  isNewImpact,
  rehearsalOf,
  routedSeverity,
  shownSeverity,
  withImpact,
  withOlderImpact,
} from "../../../src/core/incident/impact.ts";
import { respond } from "../../../src/core/incident/respond.ts";
import { placesFor } from "../../../src/core/incident/route.ts";
import type { Incident, Severity } from "../../../src/core/incident.ts";
import { aWorld, firing, T } from "../../fakes/incidents.ts";

const GOOD = { share: 0, warn: 0.01, critical: 0.05, rate: 412 };
const few = { all: 12, alerting: 1, down: 0, isWhole: true };
const many = { all: 12, alerting: 7, down: 7, isWhole: true };
const callers = { names: ["orders"], all: 1 };
const by = { person: "ann", name: "Ann", at: T + 300 };

function facts(more: Partial<ImpactFacts> = {}): ImpactFacts {
  return { lastedSeconds: 120, ...more };
}

function measured(of: Severity, more: Partial<ImpactFacts>, isRouted = false): Impact {
  return { at: T + 60, facts: facts(more), of, isRouted, asked: [], ...boundsOf(facts(more)) };
}

function anIncident(severity: Severity, impact?: Impact): Incident {
  const { tell, all } = aWorld();
  tell(firing("checkout", { labels: { severity } }));
  return { ...all()[0]!, ...(impact && { impact }) };
}

describe("what an incident's impact makes of its severity", () => {
  it.each<[string, Severity, Partial<ImpactFacts>, Severity]>([
    ["requests fail beyond the critical bound", "info", { failed: { ...GOOD, share: 0.05 } }, "critical"],
    ["some requests fail", "info", { failed: { ...GOOD, share: 0.02 } }, "warning"],
    ["a budget burns at a pace that wakes people", "warning", { burn: 14.4 }, "critical"],
    ["an objective is missed", "info", { burn: 1 }, "warning"],
    ["half of what others call is down", "warning", { instances: many, callers }, "critical"],
    ["half of what takes requests is down", "warning", { instances: many, failed: GOOD }, "critical"],
    ["half of what nobody is known to use is down", "info", { instances: many }, "warning"],
    ["a few of many, and nothing fails", "critical", { instances: few, failed: GOOD }, "warning"],
    ["staging", "critical", { rehearsal: "staging" }, "warning"],
    ["staging where all fails", "critical", { rehearsal: "staging", failed: { ...GOOD, share: 1 } }, "warning"],
    ["staging where all fails, of an info", "info", { rehearsal: "staging", failed: { ...GOOD, share: 1 } }, "warning"],
    ["nobody used it for a day", "critical", { isUnused: true }, "warning"],
  ])("changes it: %s", (_, rule, more, shown) => {
    const incident = anIncident(rule, measured(rule, more));
    expect(shownSeverity(incident)).toBe(shown);
  });

  it.each<[string, Partial<ImpactFacts>]>([
    ["nothing is known", {}],
    ["whether requests fail is not known", { instances: few }],
    ["some requests fail", { instances: few, failed: { ...GOOD, share: 0.02 } }],
    ["a critical alert is about the whole", { instances: { ...few, isWhole: false }, failed: GOOD }],
    ["one of two is not a few", { instances: { ...few, all: 2 }, failed: GOOD }],
    ["four of twelve are not a few", { instances: { ...few, alerting: 4 }, failed: GOOD }],
    ["it goes on for an hour", { instances: few, failed: GOOD, lastedSeconds: 3600 }],
    ["it is called, though no metric of its own saw a request", { isUnused: true, callers }],
    ["its budget burns", { instances: few, failed: GOOD, burn: 2 }],
  ])("leaves a critical one as it is: %s", (_, more) => {
    expect(shownSeverity(anIncident("critical", measured("critical", more)))).toBe("critical");
  });

  it("never makes a warning less, and a critical one never more than one step milder", () => {
    const all: Partial<ImpactFacts> = { instances: few, failed: GOOD, isUnused: true, rehearsal: "dev" };
    expect(shownSeverity(anIncident("warning", measured("warning", all)))).toBe("warning");
    expect(shownSeverity(anIncident("critical", measured("critical", all)))).toBe("warning");
  });

  it("makes nothing milder by what was measured before a graver alert came", () => {
    const before = measured("warning", { instances: few, failed: GOOD });
    expect(shownSeverity(anIncident("critical", before))).toBe("critical");
  });

  it.each([
    ["staging", "staging"],
    ["dev-7", "dev-7"],
    ["production", undefined],
    ["prod", undefined],
    ["devices", undefined],
    ["testimonials", undefined],
    ["eu", undefined],
    [undefined, undefined],
  ])("takes %s for a rehearsal only where its name says so", (name, wanted) => expect(rehearsalOf(name)).toBe(wanted));
});

describe("where an incident goes by its impact", () => {
  const route = (severity: Severity) => ({
    ...{
      name: severity,
      to: [{ platform: "slack", channel: severity, thread: "" }],
      goesOn: false,
      severities: [severity],
    },
  });
  const goesTo = (incident: Incident) =>
    placesFor([route("critical"), route("warning")], incident).map(({ channel }) => channel);
  const milder = { instances: few, failed: GOOD };

  it("goes to where graver ones go, and stays where its rule put it though it is shown milder", () => {
    expect(goesTo(anIncident("warning", measured("warning", { burn: 20 })))).toEqual(["critical"]);
    const lowered = anIncident("critical", measured("critical", milder));
    expect([shownSeverity(lowered), routedSeverity(lowered), goesTo(lowered)]).toEqual([
      "warning",
      "critical",
      ["critical"],
    ]);
    expect(goesTo(anIncident("critical", measured("critical", milder, true)))).toEqual(["warning"]);
  });

  it("is open again when it turns out graver than whoever acknowledged or snoozed it knew, once", () => {
    const worse = measured("warning", { burn: 20 });
    for (const kind of ["acknowledge", "snooze"] as const) {
      const taken = respond(anIncident("warning"), kind === "snooze" ? { kind, until: T + 7200 } : { kind }, by);
      if (!taken.ok) throw new Error(taken.reason);
      const next = withImpact(taken.incident, worse);
      expect(next).toMatchObject({ status: "open", revision: taken.incident.revision + 1, escalated: { steps: 0 } });
      expect(next.woken?.because).toBe(kind === "snooze" ? "worse" : undefined);
      const known = respond(next, kind === "snooze" ? { kind, until: T + 7200 } : { kind }, by);
      if (!known.ok) throw new Error(known.reason);
      const calm = withImpact(known.incident, measured("warning", {}));
      expect(withImpact(calm, worse).status).toBe(known.incident.status);
      expect(withImpact(known.incident, { ...worse, at: T + 900 }).status).toBe(known.incident.status);
    }
  });

  it("wakes whoever snoozed it as milder than it was, once it is as grave as that again", () => {
    const burns = measured("warning", { burn: 20 });
    const calm = withImpact(withImpact(anIncident("warning"), burns), measured("warning", {}));
    const taken = respond(calm, { kind: "snooze", until: T + 7200 }, by);
    if (!taken.ok) throw new Error(taken.reason);
    expect(withImpact(taken.incident, burns)).toMatchObject({ status: "open", woken: { because: "worse" } });
  });

  it("makes a critical alert milder for an hour at most, though it could not be measured again", () => {
    const lowered = withImpact(anIncident("critical"), measured("critical", milder, true));
    expect(withOlderImpact(lowered, T + 60 + 3000)).toBeUndefined();
    const older = withOlderImpact(lowered, T + 60 + 3600);
    expect([older?.revision, older && routedSeverity(older)]).toEqual([lowered.revision + 1, "critical"]);
    expect(older && withOlderImpact(older, T + 9000)).toBeUndefined();
    const staging = withImpact(anIncident("critical"), measured("critical", { rehearsal: "staging" }));
    expect(withOlderImpact(staging, T + 9000)).toBeUndefined();
    expect(withOlderImpact(anIncident("critical"), T + 9000)).toBeUndefined();
  });

  it("is edited for what is news, not for each figure", () => {
    const incident = anIncident("warning", measured("warning", { failed: { ...GOOD, share: 0.02 } }));
    const again = (more: Partial<ImpactFacts>, at = T + 660) =>
      isNewImpact(incident, { ...measured("warning", more), at });
    expect(again({ failed: { ...GOOD, share: 0.021 } })).toBe(false);
    expect(again({ failed: { ...GOOD, share: 0.021 } }, T + 3660)).toBe(true);
    expect(again({ failed: { ...GOOD, share: 0.3 } })).toBe(true);
    expect(again({ failed: { ...GOOD, share: 0.02 }, instances: few })).toBe(true);
    expect(isNewImpact(anIncident("warning"), measured("warning", {}))).toBe(true);
  });
});
