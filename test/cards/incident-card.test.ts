import { describe, expect, it } from "vitest";
import { incidentCard } from "../../src/cards/incident-card.ts";
import { type Card, plainText } from "../../src/core/card.ts";
import { respond } from "../../src/core/incident/respond.ts";
import type { Incident } from "../../src/core/incident.ts";
import { aCall, aGraph, aWorld, firing, over, T } from "../fakes/incidents.ts";

const context = { now: T + 600, zone: "UTC", edition: 1 };
const ann = { person: "ann", name: "Ann", at: T + 300 };

function shown(incident: Incident, more: Partial<Parameters<typeof incidentCard>[1]> = {}): string[] {
  return plainText(incidentCard(incident, { ...context, ...more })).split("\n");
}

function buttons(card: Card): string[] {
  return card.blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons.map(({ label }) => label) : []));
}

function anIncident(...events: Parameters<ReturnType<typeof aWorld>["tell"]>): Incident {
  const { tell, all } = aWorld();
  tell(...events);
  return all()[0]!;
}

describe("the message of an incident", () => {
  it("says what, since when, which alerts in their authors' words, and what one may do", () => {
    const incident = anIncident(
      firing("checkout", { labels: { severity: "critical", instance: "a:80" }, group: "g" }),
      firing("2", {
        labels: { service: "checkout", alertname: "Slow", instance: "b:80" },
        annotations: { summary: "p95 is 3 s" },
        group: "g",
      }),
    );
    expect(shown(incident)).toEqual([
      "Critical: checkout: HighErrorRate and 1 more",
      "Since 14:13 UTC. 2 alerts fire.",
      "- HighErrorRate [instance=a:80]: 5 % of requests of checkout fail",
      "- Slow (warning) [instance=b:80]: p95 is 3 s",
      "Next: Acknowledge · Snooze 30 min · Snooze 2 h · Snooze… · Investigate",
      `Incident ${incident.id}.`,
    ]);
  });

  it("says who has it, that it got worse since, and when a snooze ends", () => {
    const incident = anIncident(firing("checkout"));
    const taken = respond(incident, { kind: "acknowledge" }, ann);
    if (!taken.ok) throw new Error(taken.reason);
    expect(shown(taken.incident)).toContain("Ann acknowledged it at 14:18 UTC.");
    expect(buttons(incidentCard(taken.incident, context))).toContain("Hand back");
    const worse = { ...taken.incident, status: "open" as const };
    expect(shown(worse)).toContain("Ann acknowledged it at 14:18 UTC. It got worse since, so it is open again.");
    const snoozed = respond(incident, { kind: "snooze", until: ann.at + 7200 }, ann);
    if (!snoozed.ok) throw new Error(snoozed.reason);
    expect(shown(snoozed.incident)).toContain(
      "Snoozed until 16:18 UTC by Ann; it comes back earlier if it gets worse.",
    );
  });

  it("says after its end how long it took, without a button that would do nothing", () => {
    const { tell, all } = aWorld();
    tell(firing("checkout"));
    tell(over("checkout"));
    const card = incidentCard(all()[0]!, context);
    expect(card).toMatchObject({ title: "Resolved after 10 min: checkout: HighErrorRate", tone: "good" });
    expect(shown(all()[0]!)[1]).toBe("From 14:13 UTC to 14:23 UTC. Its alert is over.");
    expect(buttons(card)).toEqual([]);
  });

  it("names what it could not show, and offers a change only where a runbook is for it", () => {
    const incident = anIncident(firing("checkout"));
    expect(shown(incident, { missing: "I could not ask Prometheus." })).toContain("I could not ask Prometheus.");
    expect(buttons(incidentCard(incident, { ...context, canFix: true }))).toContain("Propose fix");
    expect(buttons(incidentCard(incident, context))).not.toContain("Propose fix");
  });

  describe("of things that call each other", () => {
    const at = (id: string, minutes: number, more: Record<string, string> = {}) =>
      firing(id, { startsAt: T + minutes * 60, at: T + minutes * 60 + 10, labels: more });
    const told = (
      calls: readonly ReturnType<typeof aCall>[],
      ...events: Parameters<ReturnType<typeof aWorld>["tell"]>
    ) => {
      const { tell, all } = aWorld(undefined, aGraph(...calls));
      for (const event of events) tell(event);
      expect(all()).toHaveLength(1);
      return all()[0]!;
    };

    it("says which began first, who calls it and how much, and shows the query that tells so", () => {
      const calls = [aCall("orders", "payments"), aCall("web", "orders", { rate: 300, seenAt: T - 3600 })];
      const incident = told(calls, at("payments", 0), at("orders", 2), at("web", 4));
      expect(JSON.stringify(incidentCard(incident, context))).toContain("what is wrong with payments?");
      const card = incidentCard(incident, { ...context, linkTo: (_, source) => `http://${source}.example` });
      expect(shown(incident).slice(0, 3)).toEqual([
        "Warning: payments: HighErrorRate, then orders and web, which call it",
        "Since 14:13 UTC. 3 alerts fire.",
        "Likely cause: payments, which began first, at 14:13 UTC. orders calls it (412 requests/s) and began 2 min later; web calls orders (300 requests/s when last seen, at 13:13 UTC), which calls it and began 4 min later.",
      ]);
      expect(card.blocks.find(({ kind }) => kind === "evidence")).toMatchObject({
        items: [{ promql: expect.stringContaining("service_graph"), source: "shop", url: "http://shop.example" }],
      });
    });

    it("leaves open which is the cause where the caller began first", () => {
      const incident = told([aCall("orders", "payments")], at("orders", 0), at("payments", 3));
      expect(shown(incident)[0]).toBe("Warning: orders: HighErrorRate");
      expect(shown(incident)[2]).toBe(
        "orders calls payments (412 requests/s) and began 3 min earlier. So they are one incident, and which of them is the cause is open: payments began at 14:16 UTC, after what calls it.",
      );
    });

    it("counts callers beyond three", () => {
      const names = ["a", "b", "c", "d", "e"];
      const calls = names.map((name) => aCall(name, "payments"));
      const incident = told(calls, at("payments", 0), ...names.map((name) => at(name, 1)));
      expect(shown(incident)[0]).toBe("Warning: payments: HighErrorRate, then a, b and 3 more, which call it");
      expect(shown(incident)[2]).toMatch(/; c calls it .* later\. So did 2 more that call it\.$/);
    });
  });

  it("counts what it does not list", () => {
    const incident = anIncident(
      ...Array.from({ length: 30 }, (_, n) => firing(`${n}`, { group: "g", labels: { service: "checkout" } })),
    );
    expect(shown(incident)).toContain(`- … and 22 more: ask me: incident ${incident.id}`);
  });

  it("shows what labels and annotations say and lets none of it act", () => {
    const hostile = "<!channel> @everyone [x](https://evil.example) \u202e";
    const incident = anIncident(
      firing("1", {
        labels: { service: hostile, alertname: hostile, team: hostile },
        annotations: { summary: hostile, runbook_url: "javascript:alert(1)" },
      }),
    );
    const text = shown(incident).join("\n");
    expect(text).not.toContain("\u202e");
    expect(text).not.toMatch(/^.*Critical.*@everyone/m);
    expect(text).not.toContain("javascript:");
    // What cannot stand in a question as it is, is not put into one.
    expect(buttons(incidentCard(incident, context))).not.toContain("Investigate");
  });
});
