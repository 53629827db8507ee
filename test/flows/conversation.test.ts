import { describe, expect, it } from "vitest";
import type { Button, Card } from "../../src/core/card.ts";
import { harbour } from "../fakes/harbour.ts";
import { NOW, verdictOf, World } from "../fakes/world.ts";

/** What a click on a suggestion asks. */
function asks({ action }: Button): string {
  if (action.kind !== "ask") throw new Error(`a suggestion asks, and this one is to ${action.kind}`);
  return action.text;
}

function buttonsOf(card: Card): readonly Button[] {
  return card.blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons : []));
}

describe("a thread", () => {
  it("completes a measure with the thing before, and a thing with the measure before", async () => {
    const world = new World(harbour());
    await world.ask("cpu of quay-1");
    const memory = await world.ask("and memory?");
    expect(memory.values).toMatchObject([{ unit: "ratio", labels: { instance: "quay-1:9100" } }]);
    expect(memory.promql.join()).toContain("node_memory");
    const other = await world.ask("and quay-2?");
    expect(other.values.map(({ labels }) => labels.instance)).toEqual(["quay-2:9100"]);
    expect(other.promql.join()).toContain("node_memory");
  });

  it("keeps the severity of the alerts asked for before, until others are asked for", async () => {
    const alert = (name: string, severity: string, host: string) => ({
      name,
      state: "firing" as const,
      severity,
      labels: { instance: `${host}:9100` },
      summary: "",
      activeAt: NOW - 600,
    });
    const alerts = [alert("TideHigh", "critical", "quay-1"), alert("FogThick", "warning", "quay-2")];
    const world = new World(harbour({ alerts }));
    expect(verdictOf(await world.ask("show critical alerts"))).toMatch(/^TideHigh/);
    expect(verdictOf(await world.ask("only those of quay-2"))).toBe("No critical alerts are firing for quay-2.");
    expect(verdictOf(await world.ask("and FogThick?"))).toMatch(/^FogThick is firing/);
    await world.ask("show critical alerts");
    expect(verdictOf(await world.ask("and all alerts of quay-2?"))).toMatch(/^FogThick is firing/);
  });

  it("of alerts is not taken for one of silences", async () => {
    for (const text of ["all alerts for quay-1", "and all alerts of quay-1?", "alle Alarme für quay-1"])
      expect((await new World(harbour()).ask(text)).intent, text).toBe("alerts");
  });

  it.each([
    "ignore alerts from quay-1 for 2h",
    "no alerts for quay-1 for 2 hours please",
    "Alarme für quay-1 ausschalten für 2 Stunden",
    "apaga las alertas de quay-1 durante 2 horas",
    "désactive les alertes de quay-1 pendant 2 heures",
    "desliga os alertas de quay-1 por 2 horas",
    "quay-1 ke alerts rok do 2 ghante ke liye",
    "silence all alerts for quay-1",
  ])("to be left alone by alerts is one of silences: %s", async (text) => {
    expect((await new World(harbour()).ask(text)).intent).toBe("silence");
  });

  it("keeps what was said to itself: another thread of the channel knows nothing of it", async () => {
    const world = new World(harbour());
    await world.ask("cpu of quay-1", { thread: "one" });
    const elsewhere = await world.ask("and memory?", { thread: "two" });
    expect(verdictOf(elsewhere)).not.toMatch(/of quay-1 is/);
    expect(elsewhere.promql.join()).not.toContain("quay-1");
  });

  it("keeps two people's threads apart when they talk at once", async () => {
    const world = new World(harbour());
    await Promise.all([
      world.ask("cpu of quay-1", { thread: "one", user: "mira" }),
      world.ask("p95 latency of ferrydesk", { thread: "two", user: "otto" }),
    ]);
    const [hers, his] = await Promise.all([
      world.ask("and quay-2?", { thread: "one", user: "mira" }),
      world.ask("and lighthouse?", { thread: "two", user: "otto" }),
    ]);
    expect(hers.promql.join()).toContain("node_cpu_seconds_total");
    expect(his.promql.join()).toContain("http_request_duration_seconds");
    expect(his.values.map(({ labels }) => labels.service)).toEqual(["lighthouse"]);
  });

  it("summarises what was asked in it, each question once", async () => {
    const world = new World(harbour());
    await world.ask("cpu of quay-1");
    await world.ask("p95 latency of ferrydesk");
    const { reply_text } = await world.ask("summarize this thread");
    expect(reply_text).toMatch(/2 questions/);
    expect(reply_text).toContain("cpu of quay-1");
    expect(reply_text).toContain("42 %");
    expect(await world.ask("summarize this thread", { thread: "empty" })).toMatchObject({
      reply_text: expect.stringMatching(/nothing to summari/i),
    });
  });
});

describe("an urgent question", () => {
  it("gets the number without the history", async () => {
    const calm = await new World(harbour()).ask("p95 latency of ferrydesk");
    const world = new World(harbour());
    const urgent = await world.ask("asap: p95 latency of ferrydesk, hurry!!!");
    expect(urgent.values).toEqual(calm.values);
    expect(urgent.reply_text.length).toBeLessThan(calm.reply_text.length);
    expect(world.metrics.sent.every(({ window }) => window === undefined)).toBe(true);
  });
});

describe("several sources", () => {
  const two = () => new World([harbour({ name: "north" }), harbour({ name: "south", environment: "staging" })]);

  it("asks the first and says that it is the default", async () => {
    const world = two();
    const { reply_text, sources } = await world.ask("cpu of quay-1");
    expect(new Set(sources.map(({ source }) => source))).toEqual(new Set(["north"]));
    expect(reply_text).toMatch(/north.*default/);
    expect(world.sources[1]?.sent).toEqual([]);
  });

  it.each(["cpu of quay-1 in south", "cpu of quay-1 on staging", "in the staging environment, cpu of quay-1"])(
    "asks the one that is named, and no other: %s",
    async (question) => {
      const world = two();
      const { reply_text, sources, values } = await world.ask(question);
      expect(new Set(sources.map(({ source }) => source))).toEqual(new Set(["south"]));
      expect(reply_text).toContain("south");
      expect(reply_text).not.toContain("default");
      expect(values).toMatchObject([{ value: 0.42 }]);
      expect(world.sources[0]?.sent).toEqual([]);
    },
  );

  it.each([
    "compare the cpu of quay-1 in north and staging",
    "cpu of quay-1 in north vs staging",
    "what is the difference between north and staging in cpu of quay-1?",
  ])("compares two that are named, with the queries of both: %s", async (question) => {
    const { reply_text, sources, values } = await two().ask(question);
    expect(new Set(sources.map(({ source }) => source))).toEqual(new Set(["north", "south"]));
    expect(reply_text).toMatch(/cpu of quay-1: north 42 %, staging 42 % \(×1\)\./i);
    expect(values).toMatchObject([{ value: 0.42 }, { value: 0.42 }]);
  });

  it("changes nothing where a comparison names two", async () => {
    const { reply_text } = await two().ask("restart ferrydesk in north and staging, then compare");
    expect(reply_text).not.toMatch(/north .*, staging .*\(×/);
  });

  it.each([
    ["what is the main cause of the latency of ferrydesk", "north"],
    ["cpu of quay-1 in main", "main"],
    ["cpu of quay-1 on the main cluster", "main"],
    ["in main, cpu of quay-1 over the last hour", "main"],
  ])("takes an everyday word for a name only where a name stands: %s", async (question, asked) => {
    const { sources } = await new World([harbour({ name: "north" }), harbour({ name: "main" })]).ask(question);
    expect(new Set(sources.map(({ source }) => source))).toEqual(new Set([asked]));
  });

  it("does not list silences, which are of all sources, for somebody who may not read them all", async () => {
    const { reply_text, values } = await two().ask("which silences are active?", { alertmanager: "closed" });
    expect(reply_text).toContain("not all sources are open to you");
    expect(values).toEqual([]);
  });

  it("does not speak of sources where there is only one", async () => {
    expect((await new World(harbour()).ask("cpu of quay-1")).reply_text).not.toMatch(/source|default/i);
  });

  it("says what to do where there is none", async () => {
    const { reply_text, values } = await new World([]).ask("cpu of quay-1");
    expect(reply_text).toContain("PROMETHEUS_URL");
    expect(values).toEqual([]);
  });
});

describe("a word that a channel taught", () => {
  it("is read as its meaning in that channel, in every thread, and nowhere else", async () => {
    const world = new World(harbour());
    await world.ask("here, beacon means lighthouse", { thread: "one" });
    const here = await world.ask("traffic of beacon", { thread: "two" });
    expect(here.values.map(({ labels }) => labels.service)).toEqual(["lighthouse"]);
    const there = await world.ask("traffic of beacon", { channel: "bridge" });
    expect(there.values).toEqual([]);
    expect(there.reply_text).toContain("beacon");
  });

  it("can be listed, changed and forgotten", async () => {
    const world = new World(harbour());
    await world.ask("here, beacon means lighthouse");
    const changed = await world.ask("here, beacon means tidetable");
    expect(changed.reply_text).toContain("lighthouse");
    expect((await world.ask("list lessons")).reply_text).toMatch(/beacon means tidetable/);
    await world.ask("forget beacon");
    expect((await world.ask("list lessons")).reply_text).not.toMatch(/beacon means/);
    expect((await world.ask("traffic of beacon", { thread: "later" })).values).toEqual([]);
  });

  it("sends no query while it is being taught", async () => {
    const world = new World(harbour());
    await world.ask("here, beacon means lighthouse");
    expect(world.queries).toEqual([]);
  });
});

describe("a name that nothing has", () => {
  it.each(["error rate of crates", "how many errors do we have in the crates service", "latency of north"])(
    "is not answered with what others have, though metrics speak of it: %s",
    async (question) => {
      const world = new World(harbour());
      const { card, reply } = await world.tell(question);
      expect(verdictOf(reply)).toMatch(/crates|north/);
      expect(reply.values).toEqual([]);
      expect(world.queries).toEqual([]);
      expect(card.tone).toBe("warning");
    },
  );

  it("is said to be unknown, with the nearest names, and nothing is asked about it", async () => {
    const world = new World(harbour());
    const { card, reply } = await world.tell("cpu of quay-9");
    expect(verdictOf(reply)).toContain("quay-9");
    expect(reply.values).toEqual([]);
    expect(world.queries).toEqual([]);
    expect(buttonsOf(card).map(({ label }) => label)).toEqual(expect.arrayContaining(["quay-1", "quay-2"]));
  });

  it("is answered by choosing one of those names", async () => {
    const world = new World(harbour());
    const { card } = await world.tell("cpu of quay-9");
    const chosen = buttonsOf(card).find(({ label }) => label === "quay-2")!;
    const reply = await world.ask(asks(chosen));
    expect(reply.values).toMatchObject([{ value: 0.87, labels: { instance: "quay-2:9100" } }]);
  });

  it("is taken for a typing error only when one name is clearly nearest, and the guess is said", async () => {
    const reply = await new World(harbour()).ask("traffic of lighthose");
    expect(reply.values.map(({ labels }) => labels.service)).toEqual(["lighthouse"]);
    expect(reply.reply_text).toMatch(/lighthose.*lighthouse/);
  });

  it("never turns into a number of something else", async () => {
    for (const name of ["quay-11", "harpoon-service", "lightship-2", "winch-33"]) {
      const world = new World(harbour());
      const reply = await world.ask(`p95 latency of ${name}`);
      expect(reply.values, name).toEqual([]);
      expect(reply.reply_text, name).toContain(name);
      expect(world.queries, name).toEqual([]);
    }
  });
});

describe("a question that says too little", () => {
  it("is asked back about, with buttons, and every one of them answers", async () => {
    const world = new World(harbour());
    const { card, reply } = await world.tell("is it ok?");
    expect(reply.intent).toBe("clarify");
    expect(reply.values).toEqual([]);
    expect(world.queries).toEqual([]);
    const buttons = buttonsOf(card);
    expect(buttons.length).toBeGreaterThan(1);
    for (const text of buttons.map(asks)) {
      const before = world.queries.length;
      const chosen = await world.ask(text);
      expect(chosen.intent, text).not.toBe("clarify");
      expect(world.queries.length, text).toBeGreaterThan(before);
    }
  });
});
