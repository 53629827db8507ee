import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createActions } from "../../src/actions/index.ts";
import type { Action, Actions } from "../../src/ports/changes.ts";
import { createDependencies } from "../../src/util/dependencies.ts";
import { RefusedError, UnreachableError } from "../../src/util/errors.ts";
import { secret } from "../../src/util/secret.ts";
import { exampleExtensions, executorText, loaded } from "../extensions/folder.ts";
import { switches, TOKEN } from "../fakes/extensions/services.ts";
import { contextOf, deps, lookAndRun, OTHER_SECRET, soon } from "./context.ts";

/** The example executor against a real server, and executors that do what none should. */

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

describe("the example executor", () => {
  let service: Awaited<ReturnType<typeof switches>>;
  let actions: Actions;
  let set: Action;
  const args = { entry: "shop", switch: "new-checkout", state: "off" };
  const state = () => service.board.get("new-checkout")?.state;

  beforeEach(async () => {
    service = await switches();
    const token = secret(TOKEN);
    const entry = { name: "shop", uses: "switchboard", settings: { url: service.url }, secrets: { token } };
    actions = await createActions(
      { extension: [entry] },
      { ...deps, secrets: [...deps.secrets, token], extensions: await exampleExtensions() },
    );
    set = actions.get("x-switchboard/set")!;
    undo.push(service.close, actions.stop);
  });

  it("has its actions, each with whether it changes something and whose code it is", () => {
    expect(actions.all().map(({ name, changes }) => [name, changes])).toEqual([
      ["x-switchboard/set", true],
      ["x-switchboard/read", false],
    ]);
    expect(set.extension).toEqual({ name: "switchboard", hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("takes what its fields say, and refuses everything else in a sentence", () => {
    expect(set.check(args)).toBeUndefined();
    expect(set.check({ switch: "new-checkout", state: "on" })).toBeUndefined();
    const wrong = (more: object) => set.check({ ...args, ...more });
    expect(wrong({ state: "maybe" })).toMatch(/^state must be on or off: it is "maybe"\.$/);
    expect(wrong({ switch: "../admin" })).toMatch(/^switch must not hold "\.\." as a part of a path/);
    expect(wrong({ switch: "a;b" })).toMatch(/^switch must be like/);
    expect(wrong({ switch: undefined })).toBe("switch is missing.");
    expect(wrong({ force: true })).toBe("force is not known here: there is switch, state.");
    expect(wrong({ entry: "other" })).toMatch(/No switchboard "other" is configured: there is shop/);
    expect(wrong({ entry: 7 })).toMatch(/entry must be the name of a configured switchboard/);
  });

  it("looks, tries, and changes once for a key", async () => {
    const look = await set.look(args, soon());
    expect(look).toEqual({
      identity: { id: "s-1", entry: expect.stringMatching(/^shop [0-9a-f]{12}$/) },
      precondition: { state: "on", revision: 7 },
      captured: { before: "on" },
      facts: ["The switch new-checkout of shop is on."],
      blast: { kind: "known", text: "Whoever asks shop for new-checkout from then on." },
    });
    expect(await set.simulate(args, look, soon())).toEqual({
      kind: "simulated",
      text: "It would be turned from on to off.",
    });
    expect(state()).toBe("on");
    const context = contextOf(look);
    expect(await set.run(args, context)).toEqual({ outcome: "succeeded", output: "new-checkout is off." });
    expect(context.said).toEqual(["turning new-checkout off"]);
    expect(state()).toBe("off");
    expect(await set.run(args, contextOf(look))).toMatchObject({ outcome: "succeeded" });
    expect(service.changes.size).toBe(1);
    expect(await set.probe(args, contextOf(look))).toMatchObject({ found: "ran" });
  });

  it("does nothing where the target is not as it was shown", async () => {
    const look = await set.look(args, soon());
    service.board.set("new-checkout", { id: "s-1", state: "on", revision: 8 });
    expect(await set.run(args, contextOf(look))).toEqual({
      outcome: "failed",
      output: "Nothing was done: somebody else turned it meanwhile.",
    });
    expect(state()).toBe("on");
  });

  it("calls a lost answer unknown, and finds out afterwards what became of it", async () => {
    const look = await set.look(args, soon());
    service.hooks.after = ({ method }) => (method === "PUT" ? "cut" : undefined);
    expect(await set.run(args, contextOf(look))).toMatchObject({
      outcome: "unknown",
      output: expect.stringContaining("It may have happened."),
    });
    expect(await set.probe(args, contextOf(look))).toMatchObject({ found: "ran" });
    expect(await set.probe(args, contextOf(look, { key: "f".repeat(32) }))).toMatchObject({ found: "not_run" });
    service.hooks.before = () => "cut";
    expect(await set.probe(args, contextOf(look))).toMatchObject({ found: "unknown" });
  });

  it("says a refusal and an outage as what they are, and no secret in either", async () => {
    await expect(set.look({ ...args, switch: "none" }, soon())).rejects.toBeInstanceOf(RefusedError);
    service.hooks.before = () => ({ status: 503 });
    await expect(set.look(args, soon())).rejects.toBeInstanceOf(UnreachableError);
    service.hooks.before = () => ({ status: 200, body: { id: TOKEN, state: "on", revision: 1 } });
    const problem = await set.look(args, soon()).catch(String);
    expect(problem).toContain("it gave back a secret");
    expect(problem).not.toContain(TOKEN);
  });

  it("is left alone by its breaker when it fails again and again; what only reads too", async () => {
    service.hooks.before = () => "cut";
    for (let i = 0; i < 5; i++) await expect(set.look(args, soon())).rejects.toThrow(/fetch failed/);
    const asked = service.asked.length;
    await expect(set.look(args, soon())).rejects.toThrow(/not asked, because 5 attempts in a row failed/);
    expect(await set.probe(args, contextOf({ identity: { entry: "shop" }, precondition: {} }))).toMatchObject({
      found: "unknown",
      text: expect.stringContaining("switchboard shop was not asked"),
    });
    expect(service.asked).toHaveLength(asked);
  });

  it("reads without a dry run or a probe of its own", async () => {
    const read = actions.get("x-switchboard/read")!;
    const { ran } = await lookAndRun(read, { switch: "new-checkout" });
    expect(ran).toEqual({ outcome: "succeeded", output: "new-checkout of shop is on (revision 7)." });
    expect(await read.probe({ switch: "new-checkout" }, contextOf({ identity: {}, precondition: {} }))).toMatchObject({
      found: "not_run",
      isSure: true,
    });
  });

  it("does not run on another entry than the one that was shown", async () => {
    const look = await set.look(args, soon());
    const elsewhere = contextOf({ ...look, identity: { ...look.identity, entry: "other" } });
    expect(await set.run(args, elsewhere)).toMatchObject({ outcome: "failed" });
    expect(await set.probe(args, elsewhere)).toMatchObject({ found: "unknown" });
    expect(state()).toBe("on");
  });

  it("does not run where the entry's settings are others than when it was shown", async () => {
    const look = await set.look(args, soon());
    const other = await switches();
    const token = secret(TOKEN);
    const moved = { name: "shop", uses: "switchboard", settings: { url: other.url }, secrets: { token } };
    const later = await createActions({ extension: [moved] }, { ...deps, extensions: await exampleExtensions() });
    undo.push(other.close, later.stop);
    // The same switch in the same state, of another service.
    const there = later.get("x-switchboard/set")!;
    expect((await there.look(args, soon())).identity).not.toEqual(look.identity);
    expect(await there.run(args, contextOf(look))).toMatchObject({ outcome: "failed" });
    expect(await there.probe(args, contextOf(look))).toMatchObject({ found: "unknown" });
    expect(other.board.get("new-checkout")?.state).toBe("on");
  });
});

describe("why an action of an extension is missing", () => {
  it("is said with the cure", async () => {
    const extensions = await exampleExtensions();
    const none = await createActions({}, deps);
    expect(none.whyMissing("x-switchboard/set")).toMatch(
      /^there is no extension switchboard: none is loaded\. Put switchboard\.ts or switchboard\.mjs into a folder of extensions\.folders, and start the bot anew$/,
    );
    const idle = await createActions({}, { ...deps, extensions });
    expect(idle.get("x-switchboard/set")).toBeUndefined();
    expect(idle.whyMissing("x-switchboard/set")).toBe(
      "nothing is configured for the extension switchboard (runbooks.executors.extension)",
    );
    expect(idle.whyMissing("x-switchboard/burn")).toMatch(/has no such action: it has set, read/);
    expect(idle.whyMissing("x-status-page/set")).toBe("the extension status-page has no actions");
  });
});

/** An executor of these methods, with one entry. `dependencies` to look at its breaker. */
async function hostile(hands: string, more = "") {
  const dependencies = createDependencies();
  const token = secret("hostile-s3cret");
  const actions = await createActions(
    { extension: [{ name: "one", uses: "evil", settings: {}, secrets: { token } }] },
    {
      ...deps,
      secrets: [...deps.secrets, token],
      dependencies,
      extensions: await loaded({ "evil.mjs": executorText(hands, more) }),
    },
  );
  undo.push(actions.stop);
  return { action: actions.get("x-evil/do")!, actions, dependencies };
}
const quick = () => AbortSignal.timeout(200);
/** Its name, and the SHA-256 of its settings, of which it has none. */
const ONE = { entry: "one 44136fa355b3" };
const GOOD = { identity: ONE, precondition: {} };

describe("a hostile executor", () => {
  it.each([
    ["throws", `look() { throw new Error("boom"); }`, /the extension evil failed: boom/],
    ["rejects with what is no error", `look: () => Promise.reject(undefined)`, /the extension evil failed: undefined/],
    ["gives back nothing", `look: async () => undefined`, /it gave back no look at a target/],
    ["gives back something else", `look: async () => ({ identity: 1 })`, /no look at a target: identity/],
    [
      "gives back more than is known",
      `look: async () => ({ ...(await look()), approved: true })`,
      /no look at a target/,
    ],
    [
      "gives back a circle",
      `look: async () => { const a = {}; a.a = a; return a; }`,
      /no look at a target: .*circular/,
    ],
    [
      "gives back a bigint",
      `look: async () => ({ ...(await look()), precondition: { a: 1n } })`,
      /no look at a target/,
    ],
    [
      "gives back megabytes",
      `look: async () => ({ ...(await look()), precondition: { a: "x".repeat(2e6) } })`,
      /longer than/,
    ],
    ["gives back a getter that throws", `look: async () => ({ get identity() { throw new Error("trap"); } })`, /trap/],
    [
      "gives back its secret",
      `look: async () => ({ ...(await look()), precondition: { a: "hostile-s3cret" } })`,
      /it gave back a secret/,
    ],
    ["says its secret", `look: async () => { throw new Error("key hostile-s3cret"); }`, /key <hidden>/],
  ])("that %s when it looks is an unreachable target", async (_, hands, wanted) => {
    const { action } = await hostile(hands);
    const problem = await action.look({}, soon()).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(UnreachableError);
    expect(String(problem)).toMatch(wanted);
    expect(String(problem)).not.toContain("hostile-s3cret");
  });

  it("that never answers is not waited for, when it looks, tries or is asked", async () => {
    const never = "() => new Promise(() => {})";
    const { action, dependencies } = await hostile(`look: ${never}, simulate: ${never}, probe: ${never}`);
    await expect(action.look({}, quick())).rejects.toThrow(/no answer in time/);
    await expect(action.simulate({}, GOOD as never, quick())).rejects.toThrow(/no answer in time/);
    expect(await action.probe({}, { ...contextOf(GOOD), signal: quick() })).toMatchObject({ found: "unknown" });
    expect(dependencies.all()[0]).toMatchObject({
      name: "executor/x-evil/one",
      trouble: { text: "no answer in time" },
    });
  });

  it.each([
    ["throws", `run() { throw new Error("boom"); }`, /boom\. It may have happened\./],
    [
      "rejects late",
      `run: () => new Promise((_, reject) => setTimeout(() => reject(new Error("late")), 20))`,
      /late\. It may/,
    ],
    ["gives back nothing", `run: async () => {}`, /it gave back no outcome/],
    [
      "calls it what is no outcome",
      `run: async () => ({ outcome: "verified", output: "" })`,
      /it gave back no outcome: outcome/,
    ],
    [
      "gives back a promise of a promise of garbage",
      `run: async () => Promise.resolve(Promise.resolve([]))`,
      /no outcome/,
    ],
  ])("that %s when it runs may have done it", async (_, hands, wanted) => {
    const { action } = await hostile(hands);
    expect(await action.run({}, contextOf(GOOD))).toMatchObject({
      outcome: "unknown",
      output: expect.stringMatching(wanted),
    });
  });

  it("that floods, says its secret and goes on after its end is cut, hushed and not heard", async () => {
    const { action } = await hostile(`run: async (args, { progress }) => {
      progress("key hostile-s3cret"); progress({ toString: () => "no text" }); setTimeout(() => progress("after the end"), 10);
      return { outcome: "succeeded", output: "${OTHER_SECRET}" + "x".repeat(100000) };
    }`);
    const context = contextOf(GOOD);
    const ran = await action.run({}, context);
    expect(ran.outcome).toBe("succeeded");
    expect(Buffer.byteLength(ran.output)).toBeLessThanOrEqual(64 * 1024);
    expect(ran.output).not.toContain(OTHER_SECRET);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(context.said).toEqual(["key <hidden>", "no text"]);
  });

  it("that changes what it is given changes nothing of what was shown", async () => {
    const { action } = await hostile(`
      look: async (args) => { args.name = "other"; args.list.push("x"); return look(); },
      run: async (args, context) => { args.name = "other"; args.list.push("x"); context.precondition.a = 2; context.identity.entry = "x"; return run(); }`);
    const args = { name: "shown", list: ["a"] };
    const context = contextOf({ identity: { ...ONE }, precondition: { a: 1 } });
    await action.look(args, soon());
    expect(await action.run(args, context)).toMatchObject({ outcome: "succeeded" });
    expect([args, context.precondition, context.identity]).toEqual([{ name: "shown", list: ["a"] }, { a: 1 }, ONE]);
  });

  it.each([
    ["throws", `open() { throw new Error("no luck"); }`, /no luck/],
    ["opens nothing", "open: () => null", /it opened nothing/],
    ["opens something else", "open: () => ({ other: {} })", /it opened no do/],
    ["never opens", "open: () => new Promise(() => {})", /aborted|timeout/i],
  ])("that %s has done nothing", async (_, more, wanted) => {
    const { action } = await hostile("", more);
    await expect(action.look({}, quick())).rejects.toThrow();
    expect(await action.run({}, contextOf(GOOD, { signal: quick() }))).toMatchObject({
      outcome: "failed",
      output: expect.stringMatching(wanted),
    });
  });

  it("has no hands by names that every object has", async () => {
    const extensions = await loaded({
      "evil.mjs": executorText("").replace("do: { changes", "constructor: { changes"),
    });
    const extension = [{ name: "one", uses: "evil", settings: {}, secrets: {} }];
    const actions = await createActions({ extension }, { ...deps, extensions });
    await expect(actions.get("x-evil/constructor")!.look({}, soon())).rejects.toThrow(/it opened no constructor/);
  });

  it("is opened once for all that is asked of it, and again after it failed", async () => {
    const { action } = await hostile(
      "look: async () => ({ ...(await look()), facts: [String(globalThis.opened)] })",
      `open: async () => { globalThis.opened = (globalThis.opened ?? 0) + 1; if (globalThis.opened === 1) throw new Error("first"); return { do: { look: async () => ({ ...(await look()), facts: [String(globalThis.opened)] }), run } }; }`,
    );
    await expect(action.look({}, soon())).rejects.toThrow(/first/);
    const looks = await Promise.all([action.look({}, soon()), action.look({}, soon())]);
    expect(looks.map(({ facts }) => facts)).toEqual([["2"], ["2"]]);
  });

  it("that never closes keeps nobody from stopping", async () => {
    const { action, actions } = await hostile(
      "",
      "open: (_, kit) => { kit.onStop(() => new Promise(() => {})); kit.onStop(() => { throw new Error('no'); }); return { do: { look, run } }; }",
    );
    await action.look({}, soon());
    await actions.stop();
  });

  it("cannot take the name of an action of the bot's own", async () => {
    const { actions } = await hostile("");
    expect(actions.all().map(({ name }) => name)).toEqual(["x-evil/do"]);
  });
});
