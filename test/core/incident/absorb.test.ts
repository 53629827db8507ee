import { describe, expect, it } from "vitest";
import { absorb, MOST_OPENED } from "../../../src/core/incident/absorb.ts";
import { sorterFor } from "../../../src/core/incident/parts.ts";
import { type Response, respond } from "../../../src/core/incident/respond.ts";
import type { AlertEvent } from "../../../src/core/incident.ts";
import { aWorld, firing, over, T } from "../../fakes/incidents.ts";

describe("alerts become incidents", () => {
  it("one for a thing, whatever fires about it", () => {
    const { tell, all } = aWorld();
    tell(firing("checkout"));
    tell(
      firing("b", {
        fingerprint: "b",
        labels: { service: "checkout", alertname: "HighLatency", severity: "critical" },
      }),
    );
    expect(all()).toMatchObject([
      {
        id: "inc-1",
        status: "open",
        severity: "critical",
        total: 2,
        firing: 2,
        subject: { kind: "service", name: "checkout" },
      },
    ]);
    expect(all()[0]?.names.map(({ name }) => name)).toEqual(["HighLatency", "HighErrorRate"]);
    expect(all()[0]?.lines[0]?.name).toBe("HighLatency");
  });

  it("one for each of two things, also of the same alert", () => {
    const { tell, all } = aWorld();
    tell(firing("checkout"), firing("search"));
    expect(all().map(({ subject }) => subject?.name)).toEqual(["checkout", "search"]);
  });

  it("one for what Alertmanager grouped, as its operator chose", () => {
    const { tell, all } = aWorld();
    tell(firing("a", { group: "{}:{alertname=X}" }), firing("b", { group: "{}:{alertname=X}" }));
    expect(all()).toMatchObject([{ total: 2 }]);
  });

  it("apart for another environment, cluster or namespace", () => {
    const { tell, all } = aWorld();
    tell(
      firing("1", { labels: { service: "api", environment: "production", namespace: "green" } }),
      firing("2", { labels: { service: "api", environment: "staging" } }),
      firing("3", { labels: { service: "api", environment: "production", namespace: "blue" } }),
      firing("4", { labels: { service: "api", environment: "production", namespace: "blue", cluster: "eu" } }),
    );
    expect(all()).toHaveLength(4);
  });

  const kube = (id: string, labels: Record<string, string>) =>
    firing(id, { labels: { alertname: `Kube${id}`, service: "", namespace: "shop", ...labels } });

  it("one for a workload, whichever of its objects a rule names", () => {
    const { tell, all } = aWorld();
    const teller = { job: "kube-state-metrics", service: "kube-state-metrics", instance: "10.1.1.1:8080" };
    tell(kube("PodCrashLooping", { ...teller, pod: "checkout-6d4cf56db6-x7k2p" }));
    tell(kube("DeploymentReplicasMismatch", { ...teller, deployment: "checkout" }));
    tell(kube("HpaMaxedOut", { ...teller, horizontalpodautoscaler: "checkout" }));
    tell(kube("ReplicaSet", { ...teller, replicaset: "checkout-6d4cf56db6" }));
    tell(kube("Errors", { service: "checkout" }), kube("Slow", { app: "checkout" }));
    expect(all()).toMatchObject([{ total: 6, subject: { kind: "workload", name: "checkout" } }]);
  });

  it("one for it also where one of them does not say in which namespace, unless it is in several", () => {
    const { tell, all } = aWorld();
    tell(firing("errors", { labels: { service: "checkout" } }));
    tell(kube("1", { deployment: "checkout" }));
    expect(all()).toMatchObject([{ total: 2 }]);
    tell(kube("2", { deployment: "checkout", namespace: "blue" }));
    tell(firing("3", { labels: { service: "checkout", cluster: "eu" } }));
    expect(all().map(({ total }) => total)).toEqual([2, 1, 1]);
    tell(kube("4", { deployment: "cart" }), kube("5", { deployment: "cart", namespace: "blue" }));
    tell(firing("6", { labels: { service: "cart" } }), firing("7", { labels: { app: "cart", service: "" } }));
    expect(all().map(({ total }) => total)).toEqual([2, 1, 1, 1, 1, 2]);
  });

  it("together with an anomaly of the thing, where nothing that both say of the place differs", () => {
    const found = (id: string, labels: Record<string, string>) =>
      firing(id, { fingerprint: `anomaly ${id}`, anomaly: id, labels: { alertname: "latency unusual", ...labels } });
    const { tell, all } = aWorld();
    tell(firing("1", { labels: { service: "api", environment: "staging", namespace: "blue" } }));
    tell(found("a", { service: "api", environment: "production" }));
    tell(firing("2", { labels: { service: "api", namespace: "blue" } }));
    tell(found("b", { service: "api", namespace: "green" }));
    expect(all().map(({ total, anomalies }) => [total, anomalies?.total])).toEqual([
      [1, undefined],
      [2, 1],
      [1, 1],
    ]);
  });

  it("that end when the last alert does, and say when that was", () => {
    const { tell, all } = aWorld();
    tell(firing("a", { group: "g" }), firing("b", { group: "g" }));
    tell(over("a", { group: "g", endsAt: T + 100 }));
    expect(all()).toMatchObject([{ status: "open", firing: 1, total: 2 }]);
    tell(over("b", { group: "g", endsAt: T + 300 }));
    expect(all()).toMatchObject([{ status: "resolved", firing: 0, total: 2, endedAt: T + 300, startedAt: T }]);
  });

  it("and a new one that refers to the old when the same alert comes back", () => {
    const { tell, all } = aWorld();
    tell(firing("a"));
    tell(over("a"));
    tell(firing("a", { startsAt: T + 4000, at: T + 4010 }));
    expect(all()).toMatchObject([{ status: "resolved" }, { status: "open", previous: "inc-1", startedAt: T + 4000 }]);
  });
});

describe("deliveries", () => {
  it("change nothing when they are repeated", () => {
    const { tell, all } = aWorld();
    tell(firing("a"));
    const { incidents } = tell(firing("a", { at: T + 300 }));
    expect(incidents).toEqual([]);
    expect(all()).toMatchObject([{ revision: 1, total: 1 }]);
  });

  it("that say an alert is over before one says that it fires open nothing", () => {
    const { tell, all } = aWorld();
    tell(over("a"));
    tell(firing("a", { at: T + 620 }));
    expect(all()).toEqual([]);
  });

  it("that come late do not open again what is over", () => {
    const { tell, all } = aWorld();
    tell(firing("a"), over("a"), firing("a", { at: T + 700 }));
    expect(all()).toMatchObject([{ status: "resolved" }]);
  });

  it("say that it fires again when they come long after its end, though it began when it began", () => {
    const { tell, all } = aWorld();
    tell(firing("a"), over("a"));
    tell(firing("a", { at: T + 600 + 301 }));
    expect(all().map(({ status }) => status)).toEqual(["resolved", "open"]);
  });

  it("end it, though it began again with the beginning that it had, and not for the end before told once more", () => {
    const { tell, all, alerts } = aWorld();
    tell(firing("a"), over("a", { endsAt: T + 290, at: T + 290 }));
    tell(firing("a", { at: T + 700 }));
    expect(all()[1]).toMatchObject({ status: "open", startedAt: T + 700 });
    tell(over("a", { endsAt: T + 290, at: T + 710 }));
    expect(all()[1]).toMatchObject({ status: "open", firing: 1 });
    tell(over("a", { endsAt: T + 1290, at: T + 1290 }));
    expect(all()[1]).toMatchObject({ status: "resolved", endedAt: T + 1290 });
    expect(alerts.get("a")).toMatchObject({ startsAt: T + 700 });
    // A third time within the hour, with the same beginning still, so that it goes on; then with one of its own.
    tell(firing("a", { at: T + 2000 }), over("a", { endsAt: T + 2400, at: T + 2400 }));
    tell(firing("a", { startsAt: T + 9000, at: T + 9000 }), over("a", { startsAt: T + 9000, endsAt: T + 9100 }));
    expect(all().map(({ status }) => status)).toEqual(["resolved", "resolved", "resolved"]);
    expect(all()[1]).toMatchObject({ reopened: 1, endedAt: T + 2400 });
  });

  it("of an end that belongs to an earlier beginning than the newest do not end it", () => {
    const { tell, all } = aWorld();
    tell(firing("a"), firing("a", { startsAt: T + 1000, at: T + 1010 }));
    tell(over("a", { endsAt: T + 500, at: T + 1020 }));
    expect(all()).toMatchObject([{ status: "open", firing: 1, startedAt: T }]);
    tell(over("a", { startsAt: T + 1000, endsAt: T + 1500, at: T + 1500 }));
    expect(all()).toMatchObject([{ status: "resolved" }]);
  });

  it("about an earlier time that it fired say nothing new", () => {
    const { tell, all } = aWorld();
    tell(firing("a", { startsAt: T + 1000, at: T + 1010 }));
    tell(over("a", { startsAt: T, endsAt: T + 500, at: T + 1020 }));
    expect(all()).toMatchObject([{ status: "open", firing: 1 }]);
  });

  it("come to the same in whatever order they come", () => {
    const events: readonly AlertEvent[] = [firing("a"), firing("a", { at: T + 20 }), over("a", { at: T + 610 })];
    const ends = permutations(events).map((order) => {
      const { tell, all } = aWorld();
      for (const event of order) tell(event);
      return all().filter(({ status }) => status !== "resolved").length;
    });
    expect(new Set(ends)).toEqual(new Set([0]));
  });
});

describe("what flaps", () => {
  it("goes on in one incident from its third beginning within an hour", () => {
    const { tell, all } = aWorld();
    for (let n = 0; n < 8; n++) {
      const startsAt = T + n * 300;
      tell(firing("a", { startsAt, at: startsAt + 10 }));
      tell(over("a", { startsAt, endsAt: startsAt + 60, at: startsAt + 70 }));
    }
    expect(all()).toHaveLength(2);
    expect(all()[1]).toMatchObject({ isFlapping: true, status: "resolved" });
  });
});

describe("a storm", () => {
  it("of ten thousand things within a minute is at most twenty incidents, with every alert in one", () => {
    const { tell, all, alerts } = aWorld();
    for (let n = 0; n < 10_000; n += 100)
      tell(
        ...Array.from({ length: 100 }, (_, i) =>
          firing(`s${n + i}`, { labels: { alertname: `Alert${(n + i) % 40}` }, at: T + (n + i) / 200 }),
        ),
      );
    expect(all().length).toBeLessThanOrEqual(MOST_OPENED);
    expect(MOST_OPENED).toBeLessThanOrEqual(20);
    expect(all().reduce((sum, { total }) => sum + total, 0)).toBe(10_000);
    expect([...alerts.values()].every(({ incident }) => incident !== undefined)).toBe(true);
    expect(all().every(({ lines }) => lines.length <= 8)).toBe(true);
  });

  it("is over when its alerts are, and what comes an hour later is told apart again", () => {
    const { tell, all } = aWorld();
    tell(...Array.from({ length: 50 }, (_, n) => firing(`s${n}`)));
    tell(...Array.from({ length: 50 }, (_, n) => over(`s${n}`)));
    expect(all().every(({ status }) => status === "resolved")).toBe(true);
    tell(firing("other", { startsAt: T + 3600, at: T + 3600 }));
    expect(all().at(-1)).toMatchObject({ isStorm: false, subject: { name: "other" } });
  });
});

describe("an alert that fires for ever as a sign of life", () => {
  const watchdog = { labels: { alertname: "Watchdog", severity: "none" } };

  it("is no incident, and nothing is kept of it", () => {
    const { tell, all, alerts } = aWorld();
    expect(tell(firing("w", watchdog), over("w", watchdog))).toEqual({ incidents: [], alerts: [], tallies: new Map() });
    expect([all(), alerts.size]).toEqual([[], 0]);
  });

  it("ends the incident that an older version made of it", () => {
    const { tell, all } = aWorld();
    tell(firing("w"));
    tell(firing("w", { ...watchdog, at: T + 60 }));
    expect(all()).toMatchObject([{ status: "resolved", firing: 0 }]);
    tell(firing("w", { ...watchdog, at: T + 600 }));
    expect(all()).toMatchObject([{ status: "resolved", revision: 2 }]);
  });
});

describe("a storm that lasts", () => {
  const named = (n: number, at: number, labels: Record<string, string> = {}) =>
    firing(`s${n}`, { labels: { alertname: "Slow", ...labels }, startsAt: at, at });

  it("stays one, however long it goes on below an hour", () => {
    const { tell, all } = aWorld();
    for (let n = 0; n < 1200; n++) tell(named(n, T + n / 2));
    expect(all()).toHaveLength(11);
    expect(all().at(-1)).toMatchObject({ isStorm: true, total: 1190 });
  });

  it("is another one after an hour, and takes nothing in once it was quiet", () => {
    const { tell, all } = aWorld();
    for (let n = 0; n < 600; n++) tell(named(n, T + 10 * n));
    // One in ten seconds is no storm: each is told apart.
    expect(all()).toHaveLength(600);
    for (let n = 0; n < 30; n++) tell(named(1000 + n, T + 10_000));
    const storms = () => all().filter(({ isStorm }) => isStorm);
    expect(storms().map(({ total }) => total)).toEqual([20]);
    for (let n = 0; n < 60; n++) tell(named(2000 + n, T + 10_000 + 70 * n));
    expect(storms().map(({ total, previous }) => [total > 0, previous])).toEqual([
      [true, undefined],
      [true, storms()[0]?.id],
    ]);
    const [taken] = storms();
    tell(...Array.from({ length: 100 }, (_, n) => named(5000 + n, T + 200_000)));
    expect(storms()[0]?.total).toBe(taken?.total);
    expect(
      storms()
        .map(({ total }) => total)
        .at(-1),
    ).toBe(90);
  });

  it("keeps environments apart, and the teams in it have their own places", () => {
    const byTeam = ["shop", "pay"].map((team) => ({ labels: { team: [team] } }));
    const { tell, all } = aWorld(byTeam);
    for (let n = 0; n < 19; n++) tell(named(n, T + n, { alertname: `Dev${n}`, environment: "dev" }));
    for (let n = 0; n < 30; n++)
      tell(named(100 + n, T + 20 + n / 10, { environment: "production", severity: "critical" }));
    const parts = all().flatMap((one) => (one.parts ?? []).map((part) => [one.environment, part.environment]));
    expect(parts.every(([of, part]) => of === part)).toBe(true);
    const production = all().filter(({ environment }) => environment === "production");
    expect(production).toMatchObject([{ isStorm: true, severity: "critical", total: 30 }]);
    const mixed = aWorld(byTeam);
    for (let n = 0; n < 20; n++) mixed.tell(named(n, T + n / 10, { team: "shop" }));
    for (let n = 20; n < 40; n++) mixed.tell(named(n, T + n / 10, { team: "pay", severity: "critical" }));
    const parted = mixed
      .all()
      .at(-1)
      ?.parts?.map(({ labels, severity, total }) => [labels["team"], severity, total]);
    expect(parted).toEqual([
      ["pay", "critical", 20],
      ["shop", "warning", 10],
    ]);
  });

  it("is at most twenty messages a minute, also of many environments", () => {
    const { tell, all } = aWorld();
    for (let n = 0; n < 500; n++) tell(named(n, T + n / 10, { alertname: `A${n}`, environment: `e${n % 50}` }));
    expect(all().length).toBeLessThanOrEqual(20);
    expect(all().reduce((sum, { total }) => sum + total, 0)).toBe(500);
    expect(all().at(-1)).toMatchObject({ isStorm: true, environment: undefined });
  });
});

describe("what somebody has in hand", () => {
  const by = { person: "ann", name: "Ann", at: T + 20 };
  const HOURS = 2.5 * 3600;
  /** A group in which these fire, acknowledged or snoozed by Ann. */
  function taken(first: readonly AlertEvent[], how: Response = { kind: "acknowledge" }) {
    const world = aWorld();
    world.tell(...first);
    const answer = (at = by.at) => {
      const done = respond(world.all().at(-1)!, how, { ...by, at });
      if (!done.ok) throw new Error(done.reason);
      world.incidents.set(done.incident.id, done.incident);
    };
    answer();
    return { ...world, answer, now: () => world.all().at(-1)! };
  }
  const down = (host: string, more: Parameters<typeof firing>[1] = {}) =>
    firing(`down ${host}${JSON.stringify(more.labels ?? {})}`, {
      ...{ group: "g", at: T + HOURS, startsAt: T + HOURS - 30, ...more },
      labels: {
        alertname: "InstanceDown",
        service: "",
        instance: `${host}:9100`,
        severity: "critical",
        ...more.labels,
      },
    });
  const early = { at: T + 10, startsAt: T };

  it("is open again when another thing fails, and escalated from the start", () => {
    const { tell, now } = taken([down("web-1", early)]);
    tell(down("db-1"));
    expect(now()).toMatchObject({ status: "open", severity: "critical", firing: 2, acknowledged: { name: "Ann" } });
    expect(now().escalated).toEqual({ steps: 0, at: T + HOURS });
    expect(now().more).toMatchObject({ at: T + HOURS, things: 1, names: ["db-1:9100"], reopens: true });
  });

  it("is so, too, while it is snoozed, and not while a maintenance keeps it back", () => {
    const { tell, now } = taken([down("web-1", early)], { kind: "snooze", until: T + 5 * 3600 });
    tell(down("db-1"));
    expect(now()).toMatchObject({ status: "open", more: { had: "snoozed", by: { name: "Ann" } } });
    expect(now()).not.toHaveProperty("snoozed");
    expect(now()).not.toHaveProperty("woken");
    const world = aWorld();
    const kept = { ...world.world, keptBackBy: () => ({ name: "move", until: T + 9 * 3600 }) };
    for (const event of [down("web-1", early), down("db-1")])
      for (const one of absorb(kept, [event], () => "inc-1").incidents) world.incidents.set(one.id, one);
    expect(world.all()[0]).toMatchObject({ status: "snoozed", revision: 2 });
  });

  it("stays so for what was in it before, as it flaps, comes in further series or under another name", () => {
    const { tell, now } = taken([down("web-1", early), down("web-2", early)]);
    for (let n = 1; n < 6; n++) {
      const at = T + 600 * n;
      tell({ ...down("web-1", early), status: "resolved", endsAt: at, at });
      tell(down("web-1", { startsAt: at + 60, at: at + 70 }));
    }
    tell(down("web-1", { labels: { alertname: "DiskFull", instance: "web-1:9200", severity: "warning" } }));
    expect(now()).toMatchObject({ status: "acknowledged", total: 3 });
    expect(now()).not.toHaveProperty("more");
  });

  it("is open again when what was over before comes back after a pause", () => {
    const { tell, now } = taken([down("web-1", early), down("db-1", early)]);
    const gone = (at: number) => ({ ...down("db-1", early), status: "resolved" as const, endsAt: at, at });
    tell(gone(T + 600));
    tell(down("db-1", { startsAt: T + 4000, at: T + 4000 }));
    expect(now().status).toBe("acknowledged");
    tell(gone(T + 5000));
    expect(now().status).toBe("acknowledged");
    const later = taken([down("web-1", early), down("db-1", early), gone(T + 15)]);
    later.tell(down("db-1", { startsAt: T + 1000, at: T + 1000 }));
    expect(later.now().status).toBe("acknowledged");
    const last = taken([down("web-1", early), down("db-1", early), gone(T + 15)]);
    last.tell(down("db-1", { startsAt: T + 4000, at: T + 4000 }));
    expect(last.now()).toMatchObject({ status: "open", more: { names: ["db-1:9100"] } });
  });

  it("is open again once many more of the same fire, and not at each one after that", () => {
    const series = (from: number, to: number, at: number) =>
      Array.from({ length: to - from }, (_, n) => down("web-1", { labels: { path: `${from + n}` }, at, startsAt: at }));
    const { tell, now, answer } = taken(series(0, 10, T + 10));
    tell(...series(10, 14, T + 100));
    expect(now()).toMatchObject({ status: "acknowledged", firing: 14 });
    tell(...series(14, 15, T + 200));
    expect(now()).toMatchObject({ status: "open", more: { things: 0, was: 10, firing: 15 } });
    answer(T + 300);
    tell(...series(15, 20, T + 400));
    expect(now().status).toBe("acknowledged");
  });

  it("tells of something milder, once, and leaves it in their hands", () => {
    const { tell, now } = taken([down("web-1", early)]);
    tell(down("db-1", { labels: { severity: "warning" } }));
    const { more } = now();
    expect([now().status, more?.reopens, more?.names]).toEqual(["acknowledged", false, ["db-1:9100"]]);
    tell(down("db-1", { labels: { severity: "warning", path: "/" }, at: T + HOURS + 60 }));
    expect(now().more).toEqual(more);
  });

  it("takes a quarter more of many things for one failure, but not another alert or another team's", () => {
    const hosts = (from: number, to: number, more: object) =>
      Array.from({ length: to - from }, (_, n) => down(`w${from + n}`, more));
    const { tell, now } = taken(hosts(0, 40, early));
    tell(...hosts(40, 49, {}));
    expect(now().status).toBe("acknowledged");
    tell(...hosts(49, 50, { at: T + HOURS + 60 }));
    expect(now()).toMatchObject({ status: "open", more: { things: 10 } });
    const other = taken(hosts(0, 40, early));
    other.tell(down("db-1", { labels: { alertname: "ReplicationBroken" } }));
    expect(other.now()).toMatchObject({ status: "open", more: { names: ["db-1:9100"] } });
    const world = aWorld([{ labels: { team: ["pay"] } }]);
    world.tell(...hosts(0, 40, early));
    const [one] = world.all();
    world.incidents.set(one!.id, { ...one!, status: "acknowledged", acknowledged: by });
    world.tell(down("pay-1", { labels: { team: "pay" } }));
    expect(world.all()[0]).toMatchObject({ status: "open", more: { names: ["pay-1:9100"] } });
  });

  it("knows the parts that it had, also beyond those that it carries and once settings tell apart by something else", () => {
    const at = (environment: string, n: number, more: object = early) =>
      down(`${environment}-${n}`, { ...more, labels: { environment, team: environment } });
    const all = Array.from({ length: 45 }, (_, n) => at(`e${n + 10}`, 1));
    const world = aWorld([]);
    world.tell(...all);
    const [one] = world.all();
    expect(one?.parts).toHaveLength(40);
    const acknowledged = { ...one!, status: "acknowledged" as const, acknowledged: by };
    world.incidents.set(one!.id, acknowledged);
    world.tell(at("e54", 2, {}));
    expect(world.all()[0]?.status).toBe("acknowledged");
    const sorter = sorterFor([{ labels: { team: ["e1*"] } }]);
    const anew = { ...world.world, sorter, tallyOf: () => undefined };
    const [next] = absorb(anew, [at("e12", 3, {})], () => "inc-2").incidents;
    expect(next?.status).toBe("acknowledged");
    expect(absorb(anew, [at("e60", 4, {})], () => "inc-2").incidents[0]?.status).toBe("open");
  });

  it("goes on where a storm that somebody has takes in half as many again; days later it takes in nothing", () => {
    const slow = (from: number, to: number, at: number) =>
      Array.from({ length: to - from }, (_, n) => firing(`s${from + n}`, { at, startsAt: at }));
    const { tell, now, incidents } = taken(slow(0, 110, T + 10));
    tell(...slow(110, 150, T + 60));
    expect(now()).toMatchObject({ isStorm: true, status: "acknowledged", firing: 140 });
    tell(...slow(150, 160, T + 90));
    expect(now()).toMatchObject({ status: "open", more: { was: 100, firing: 150 } });
    const { id } = now();
    incidents.set(id, { ...now(), status: "acknowledged", acknowledged: { ...by, at: T + 100 } });
    tell(...slow(1000, 1500, T + 2 * 86_400));
    expect(incidents.get(id)).toMatchObject({ status: "acknowledged", firing: 150 });
    expect(now()).toMatchObject({ isStorm: true, status: "open", total: 490 });
  });

  it("stays open until somebody takes it again, whatever else its alerts do", () => {
    const { tell, now, answer } = taken([down("web-1", early), down("web-2", early)]);
    tell(down("db-1"));
    expect(now().status).toBe("open");
    tell({ ...down("web-2", early), status: "resolved", endsAt: T + HOURS + 60, at: T + HOURS + 60 });
    expect(now().status).toBe("open");
    answer(T + HOURS + 90);
    tell({ ...down("web-1", early), status: "resolved", endsAt: T + HOURS + 120, at: T + HOURS + 120 });
    expect(now().status).toBe("acknowledged");
    const worse = taken([firing("a", { group: "g" })]);
    worse.tell(firing("c", { group: "g", at: T + 40, labels: { service: "a", severity: "critical" } }));
    worse.tell(firing("d", { group: "g", at: T + 50, labels: { service: "a" } }));
    expect(worse.now().status).toBe("open");
  });

  it("is told as what begins now where it flapped in a maintenance that is over when it goes on", () => {
    const { world, alerts, incidents, all } = aWorld();
    const until = T + 1000;
    const kept: typeof world = { ...world, keptBackBy: ({ at }) => (at < until ? { name: "move", until } : undefined) };
    const tell = (event: AlertEvent) => {
      const done = absorb(kept, [event], () => `inc-${incidents.size + 1}`);
      for (const one of done.alerts) alerts.set(one.fingerprint, one);
      for (const one of done.incidents) incidents.set(one.id, one);
    };
    for (let at = T; at < until; at += 300) {
      tell(down("web-1", { ...{ labels: {} }, at, startsAt: at }));
      tell({ ...down("web-1", { labels: {} }), status: "resolved", startsAt: at, endsAt: at + 60, at: at + 60 });
    }
    const now = () => all().at(-1);
    expect(now()).toMatchObject({ status: "resolved", snoozed: { window: "move" } });
    tell(down("web-1", { labels: {}, at: until + 60, startsAt: until + 60 }));
    expect(now()).toMatchObject({ status: "open", escalated: { steps: 0, at: until + 60 } });
    tell(down("web-1", { labels: { job: "node" }, at: until + 90, startsAt: until + 90 }));
    expect(now()).toMatchObject({ status: "open", total: 2 });
  });

  it("is measured against the severity that its impact gave it when somebody took it", () => {
    const impact = { at: T + 15, facts: { lastedSeconds: 10 }, isRouted: true, asked: [] };
    const a = (severity: string, at: number, more = {}) => firing("a", { at, labels: { severity }, ...more });
    const b = { fingerprint: "b", labels: { service: "a", severity: "warning" } };
    for (const how of [{ kind: "acknowledge" }, { kind: "snooze", until: T + 5 * 3600 }] as const) {
      const world = taken([a("warning", T + 10)], how);
      const weighed = (severity: "warning" | "critical", bounds: object) => {
        const one = world.now();
        const { snoozed } = one;
        const next = { ...one, impact: { ...impact, of: severity, ...bounds } };
        world.incidents.set(one.id, { ...next, ...(snoozed && { snoozed: { ...snoozed, severity: "critical" } }) });
      };
      const had = world.now().status;
      weighed("warning", { least: "critical" });
      world.tell(a("critical", T + 60));
      expect([had, world.now().status]).toEqual([had, had]);
      const mild = taken([a("critical", T + 10)], how);
      const one = mild.now();
      const snoozed = one.snoozed && { snoozed: { ...one.snoozed, severity: "warning" as const } };
      mild.incidents.set(one.id, { ...one, impact: { ...impact, of: "critical", most: "warning" }, ...snoozed });
      mild.tell(firing("b", { ...b, at: T + 60 }));
      expect([had, mild.now().status]).toEqual([had, had]);
    }
  });

  it("is told as more, and not as graver, where its impact had made it as grave before", () => {
    const { tell, now, incidents } = taken([down("web-1", { ...early, labels: { severity: "warning" } })]);
    const impact = { at: T + 15, facts: { lastedSeconds: 10 }, isRouted: true, asked: [] };
    incidents.set(now().id, { ...now(), impact: { ...impact, of: "warning", least: "critical" } });
    tell(down("db-1"));
    expect(now()).toMatchObject({ status: "open", more: { names: ["db-1:9100"], reopens: true } });
    expect(now().more).not.toHaveProperty("isGraver");
  });

  it("is open again when it gets worse", () => {
    const { tell, now } = taken([firing("a", { group: "g" })]);
    tell(firing("b", { group: "g", at: T + 30, labels: { service: "a" } }));
    expect(now()).toMatchObject({ status: "acknowledged", total: 2 });
    tell(firing("c", { group: "g", at: T + 40, labels: { service: "a", severity: "critical" } }));
    expect(now()).toMatchObject({ status: "open", severity: "critical", acknowledged: { name: "Ann" } });
  });
});

function permutations<X>(all: readonly X[]): X[][] {
  if (all.length <= 1) return [[...all]];
  return all.flatMap((one, at) => permutations(all.filter((_, other) => other !== at)).map((rest) => [one, ...rest]));
}
