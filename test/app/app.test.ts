import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { createApp, type Overrides } from "../../src/app.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Question } from "../../src/core/chat.ts";
import type { AlertRouter, Metrics } from "../../src/ports/metrics.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { QueryRefusedError, UnreachableError } from "../../src/util/errors.ts";
import type { Log } from "../../src/util/log.ts";

const home = mkdtempSync(join(tmpdir(), "app-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function configOf(env: Record<string, string> = {}, limits: Partial<Config["limits"]> = {}): Config {
  const loaded = loadConfig({ env: { PROMETHEUS_URL: "http://127.0.0.1:1", ...env }, cwd: home });
  assert.ok(loaded.ok);
  return { ...loaded.config, limits: { ...loaded.config.limits, ...limits } };
}

/** A log that keeps what errors it was told. */
function memoryLog(): { log: Log; errors: Record<string, unknown>[] } {
  const errors: Record<string, unknown>[] = [];
  const quiet = () => {};
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (...args: [string] | [Readonly<Record<string, unknown>>, string]) => {
      errors.push(typeof args[0] === "string" ? { message: args[0] } : { ...args[0], message: args[1] });
    },
    child: () => log,
  };
  return { log, errors };
}

const source = { name: "main" } as Metrics; // the flow of these tests never asks it

type Flow = NonNullable<Overrides["answer"]>;
const answered = (text: string, sources: readonly object[] = []) =>
  ({
    card: { title: text, tone: "info", blocks: [] },
    reply: {
      intent: "metric_query",
      slots: {},
      reply_text: text,
      promql: [],
      values: [],
      proposed_actions: [],
      sources,
    },
  }) as unknown as Awaited<ReturnType<Flow>>;

async function appWith(answer: Flow, rest: Overrides = {}, config = configOf()) {
  const { log, errors } = memoryLog();
  const store = createMemoryStore({ retention: config.limits.retentionSeconds });
  const app = await createApp(config, { answer, store, log, sources: [source], packs: { concepts: [] }, ...rest });
  return { app, errors, store };
}

let count = 0;
const question = (text = "cpu of web-1", user = "ada"): Question => ({
  id: `question-${++count}`,
  place: { platform: "terminal", channel: user, thread: "t" },
  user: { platform: "terminal", id: user, name: user },
  text,
  at: 1000,
});

describe("how what the bot calls stands", () => {
  const flow: Flow = async () => {
    const { card, reply } = answered("All looks healthy.");
    return { card, reply: { ...reply, intent: "status_overview" } };
  };
  const fail = () => Promise.reject(new UnreachableError("Prometheus (north)", "nothing listens there"));

  it("stands under an overview, and is listed on ask, but for what is closed to whoever asks", async () => {
    const { app } = await appWith(flow);
    for (let n = 0; n < 5; n++)
      await app.dependencies
        .of("prometheus/north", { service: "Prometheus (north)" })
        .ask(fail)
        .catch(() => {});
    const overview = await app.ask(question("status"));
    assert.match(
      overview.reply.reply_text,
      /^All looks healthy\.\n.*leaves alone.*Prometheus \(north\)[\s\S]*nothing listens there/,
    );
    assert.match(JSON.stringify(overview.card), /Meanwhile: questions about it are answered with why/);
    const listed = await app.ask(question("status dependencies"));
    assert.match(
      listed.reply.reply_text,
      /left alone since .*nothing listens there[\s\S]*The store \(a file in the data folder\): works\./,
    );
    const closed = await app.ask({ ...question("status dependencies"), sources: ["main"] });
    assert.doesNotMatch(closed.reply.reply_text, /north/);
    await app.stop();
  });
});

describe("a question to the app", () => {
  it("is answered from the sources that are open to the person, and from no other", async () => {
    const given: string[][] = [];
    const flow: Flow = async ({ sources }) => {
      given.push(sources.map(({ name }) => name));
      return answered("42");
    };
    const sources = ["eu", "us", "lab"].map((name) => ({ name }) as Metrics);
    const { ask } = (await appWith(flow, { sources })).app;
    await ask(question());
    await ask({ ...question(), sources: ["lab", "eu"] });
    const { card, failed } = await ask({ ...question(), sources: [] });
    assert.deepEqual(given, [
      ["eu", "us", "lab"],
      ["eu", "lab"],
    ]);
    assert.equal(failed, true);
    assert.match(card.title, /no source is open to you/);
  });

  it("is not told of silences where one source is closed to the person: Alertmanager does not divide them", async () => {
    const given: unknown[] = [];
    const flow: Flow = async ({ alertmanager }) => {
      given.push(alertmanager);
      return answered("ok");
    };
    const alertmanager = {
      alerts: async () => [],
      silences: async () => [],
      check: async () => ({ version: "1" }),
    } as unknown as AlertRouter;
    const sources = ["eu", "us"].map((name) => ({ name }) as Metrics);
    const { ask } = (await appWith(flow, { sources, alertmanager })).app;
    await ask(question());
    await ask({ ...question(), sources: ["eu"] });
    assert.deepEqual(given, [alertmanager, "closed"]);
  });

  it("about a source that is closed to the person is refused in private, and no other source is asked instead", async () => {
    let count = 0;
    const flow: Flow = async () => answered(`answer ${++count}`);
    const sources = [{ name: "eu" }, { name: "lab-2", environment: "testing" }] as Metrics[];
    const { ask } = (await appWith(flow, { sources })).app;
    for (const text of ["cpu of web-1 in lab-2", "status of the testing environment"]) {
      const { card, isPrivate } = await ask({ ...question(text), sources: ["eu"] });
      assert.equal(card.title, "I may not look into lab-2 for you here.");
      assert.equal(isPrivate, true);
    }
    assert.equal(count, 0);
    const open = await ask({ ...question("cpu of web-1 in lab-2"), sources: ["eu", "lab-2"] });
    assert.deepEqual([open.card.title, open.isPrivate], ["answer 1", undefined]);
  });

  it("that is the emergency stop waits for nothing: no turn, no limit, no Prometheus", async () => {
    const hang: Flow = () => new Promise(() => {});
    const config = configOf();
    const limits = { ...config.limits, questionsPerMinute: 1 };
    const { app, store } = await appWith(hang, { sources: [] }, { ...config, limits });
    for (let at = 0; at < 40; at++) void app.ask(question());
    const { card, failed, reply } = await app.ask(question("emergency stop: smoke"));
    assert.equal(card.title, "Stopped: no change starts until two people resume.");
    assert.deepEqual([failed, reply.intent], [undefined, "stop"]);
    assert.equal((await store.stop.read())?.reason, "smoke");
  });

  it("is answered by the flow, with the app's sources, store and clock", async () => {
    let given: Parameters<Flow>[0] | undefined;
    const { app, store } = await appWith(
      async (deps, { text }) => {
        given = deps;
        return answered(`heard ${text}`);
      },
      { clock: () => 42 },
    );
    const { card, failed } = await app.ask(question("hello"));
    assert.equal(card.title, "heard hello");
    assert.equal(failed, undefined);
    assert.equal(given?.clock(), 42);
    assert.equal(given?.store, store);
    assert.deepEqual(
      given?.sources.map(({ name }) => name),
      ["main"],
    );
  });

  it("never throws: a mistake becomes a card with a reference, and is logged once under it", async () => {
    const { app, errors } = await appWith(async () => {
      throw new TypeError("x is not a function");
    });
    const asked = question();
    const { card, reply, failed } = await app.ask({ ...asked, id: "0badc0de-1111" });
    assert.match(card.title, /^That went wrong on my side \(reference 0badc0de\)/);
    assert.doesNotMatch(reply.reply_text, /not a function/);
    assert.equal(failed, true);
    assert.equal(errors.length, 1);
    assert.equal(errors[0]!.reference, "0badc0de");
  });

  it("says what could not be reached, and does not call it a mistake of its own", async () => {
    for (const problem of [
      new UnreachableError("Prometheus (main)", "connection refused"),
      new QueryRefusedError("Too many points."),
    ]) {
      const { app, errors } = await appWith(async () => {
        throw problem;
      });
      const { card, reply } = await app.ask(question());
      assert.equal(card.title, "I could not look.");
      assert.ok(reply.reply_text.includes(problem.message));
      assert.equal(errors.length, 0);
    }
  });

  it("is given up at its time limit, also when the flow does not listen", async () => {
    const { app } = await appWith(() => new Promise(() => {}), {}, configOf({}, { answerTimeoutMs: 20 }));
    const { card, failed } = await app.ask(question());
    assert.match(card.title, /stopped looking after 0\.02 s/);
    assert.equal(failed, true);
  });

  it("stops when the person cancels it", async () => {
    const stop = new AbortController();
    const { app } = await appWith(() => new Promise(() => {}));
    const asked = app.ask(question(), stop.signal);
    stop.abort();
    assert.match((await asked).card.title, /you cancelled/);
  });

  it("counts as not asked when every query failed, and as answered when one came back", async () => {
    const broken = { promql: "up", readings: { failed: "connection refused" } };
    const all = await appWith(async () => answered("could not ask", [broken, broken]));
    assert.equal((await all.app.ask(question())).failed, true);
    const some = await appWith(async () => answered("no data", [broken, { promql: "up", readings: 0 }]));
    assert.equal((await some.app.ask(question())).failed, undefined);
  });

  it("counts as not asked when Prometheus could not even say what exists", async () => {
    const catalogue = () => Promise.reject(new UnreachableError("Prometheus (main)", "connection refused"));
    const flow: Flow = async ({ sources }) => {
      await sources[0]!.catalogue().catch(() => {});
      return answered("I could not ask");
    };
    const { app } = await appWith(flow, { sources: [{ name: "main", catalogue } as unknown as Metrics] });
    const { failed, reply } = await app.ask(question());
    assert.equal(failed, true);
    assert.deepEqual(reply.degraded, ["Prometheus could not be asked."]);
  });

  it("says that no Prometheus is configured instead of asking nobody", async () => {
    const { app } = await appWith(async () => answered("never"), { sources: [] });
    const { card, failed } = await app.ask(question());
    assert.match(card.title, /no Prometheus is configured/);
    assert.equal(failed, true);
  });

  it("carries what works only in part into every card and reply", async () => {
    const { app } = await appWith(async () => answered("ok"), { degraded: ["Nothing is kept."] });
    const { card, reply } = await app.ask(question());
    assert.deepEqual(reply.degraded, ["Nothing is kept."]);
    assert.deepEqual(card.blocks, [{ kind: "note", text: "Nothing is kept." }]);
  });

  it("is refused beyond the limit per person and minute, told once, and welcome again after it", async () => {
    let now = 1000;
    let asked = 0;
    const flow: Flow = async () => {
      asked++;
      return answered("ok");
    };
    const { app } = await appWith(flow, { clock: () => now }, configOf({}, { questionsPerMinute: 2 }));
    const outcomes = [];
    for (let i = 0; i < 4; i++) outcomes.push(await app.ask(question()));
    assert.deepEqual(
      outcomes.map(({ failed, repeated }) => [failed, repeated]),
      [
        [undefined, undefined],
        [undefined, undefined],
        [true, undefined],
        [true, true],
      ],
    );
    assert.match(outcomes[2]!.card.title, /more than 2 questions in a minute/);
    assert.equal((await app.ask(question("x", "bo"))).failed, undefined);
    now += 60;
    assert.equal((await app.ask(question())).failed, undefined);
    assert.equal(asked, 4);
  });

  it("is refused beyond the limit per channel, whoever asks there", async () => {
    const limits = { questionsPerMinute: 2, channelQuestionsPerMinute: 3 };
    const { app } = await appWith(async () => answered("ok"), { clock: () => 1000 }, configOf({}, limits));
    const place = { platform: "slack", channel: "C1", thread: "" };
    const titles = [];
    for (const who of ["a", "b", "c", "d", "e"])
      titles.push((await app.ask({ ...question("x", who), place })).card.title);
    assert.match(titles[3]!, /more than 3 questions in a minute from this channel/);
    assert.equal((await app.ask({ ...question("x", "f"), place: { ...place, channel: "C2" } })).failed, undefined);
  });

  it("is turned away while the process lags, said once per person and minute; the emergency stop and clicks are not", async () => {
    let [now, wait] = [1000, 9];
    const away: unknown[] = [];
    const observer = {
      ...{ answered: () => {}, understood: () => {}, asked: () => {} },
      turnedAway: (event: unknown) => void away.push(event),
    };
    const more = { clock: () => now, observer, eventLoop: { wait: () => wait } };
    const { app } = await appWith(async () => answered("ok"), more, configOf({}, { questionsPerMinute: 2 }));
    const busy = await app.ask(question());
    assert.match(busy.card.title, /too busy/);
    assert.deepEqual([busy.failed, busy.isTooBusy, busy.repeated], [true, true, undefined]);
    assert.equal((await app.ask(question())).repeated, true);
    assert.equal((await app.ask(question("x", "bo"))).repeated, undefined);
    assert.equal(away.length, 3);
    assert.deepEqual(away[0], { platform: "terminal", what: "question", why: "busy" });
    const stop = await app.ask(question("emergency stop"));
    assert.equal(stop.reply.intent, "stop");
    assert.equal(stop.isTooBusy, undefined);
    const click = {
      ...{ id: "1", decision: "approve" as const, proposal: "P-1", code: "x", fields: {} },
      message: undefined,
    };
    const visitor = { user: question().user, place: question().place, isGuest: false, isExternal: false };
    assert.doesNotMatch((await app.decide({ ...click, visitor })).title, /busy/);
    now += 60;
    assert.equal((await app.ask(question())).repeated, undefined);
    wait = 0.5;
    // What was turned away does not count against those who asked.
    assert.deepEqual([(await app.ask(question())).failed, (await app.ask(question())).failed], [undefined, undefined]);
  });

  it("asked aside leaves nothing in the store, and each aside has a memory of its own", async () => {
    const stores = new Set<unknown>();
    const { app, store } = await appWith(async (deps, { place }) => {
      stores.add(deps.store);
      await deps.store.conversations.append(place, {
        id: "1",
        at: 1,
        author: "person",
        user: undefined,
        text: "x",
        memory: undefined,
      });
      return answered("ok");
    });
    const asked = question();
    await app.aside()(asked);
    await app.aside()(asked);
    assert.equal(stores.size, 2);
    assert.deepEqual(await store.conversations.recent(asked.place, 10), []);
  });

  it("is counted with how it ended", async () => {
    const seen: string[] = [];
    const observer = {
      answered: ({ outcome }: { outcome: string }) => seen.push(outcome),
      understood: () => {},
      asked: () => {},
    };
    const flow: Flow = async (_, { text }) => {
      if (text === "bad") throw new Error("no");
      return answered("ok");
    };
    const { app } = await appWith(flow, { observer });
    await app.ask(question());
    await app.ask(question("bad"));
    assert.deepEqual(seen, ["answered", "failed"]);
  });
});

describe("stopping the app", () => {
  it("closes the store, and does nothing the second time", async () => {
    const { app, store } = await appWith(async () => answered("ok"));
    await app.stop();
    await app.stop();
    await assert.rejects(store.check(), /closed/);
  });
});
