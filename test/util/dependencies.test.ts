import { beforeEach, describe, expect, it } from "vitest";
import {
  BREAKERS,
  BusyError,
  createDependencies,
  type Dependencies,
  type Dependency,
  RestingError,
} from "../../src/util/dependencies.ts";
import { NeverError, NotNowError, RefusedError, UnreachableError } from "../../src/util/errors.ts";

let now = 0;
let changes: string[] = [];
let all: Dependencies;
let one: Dependency;

beforeEach(() => {
  now = 0;
  changes = [];
  all = createDependencies(BREAKERS, {
    clock: () => 1_700_000_000 + now / 1000,
    elapsed: () => now,
    changed: ({ name, state }, from) => changes.push(`${name} ${from ?? "new"} -> ${state}`),
  });
  one = all.of("prometheus/main", { service: "Prometheus (main)" });
});

const down = () => Promise.reject(new UnreachableError("Prometheus (main)", "nothing listens there"));
const fail = (thrown: unknown) => one.ask(() => Promise.reject(thrown)).catch((problem: unknown) => problem);
async function open(): Promise<void> {
  for (let n = 0; n < 5; n++) await one.ask(down).catch(() => {});
}

describe("a dependency", () => {
  it("that failed five times in a row is left alone, and says why, since when and until when", async () => {
    await open();
    now = 2500;
    let asked = 0;
    const refused = one.ask(async () => asked++).catch((problem: unknown) => problem);
    await expect(refused).resolves.toBeInstanceOf(RestingError);
    expect(String(await refused)).toContain(
      "Prometheus (main): not asked, because 5 attempts in a row failed; it is tried again within 8 s. The last failure: nothing listens there",
    );
    expect(asked).toBe(0);
    expect(one.room()).toBe(0);
    expect(all.all()).toEqual([
      {
        name: "prometheus/main",
        service: "Prometheus (main)",
        state: "open",
        since: 1_700_000_000,
        retryIn: 7.5,
        trouble: { text: "nothing listens there", at: 1_700_000_000 },
      },
    ]);
  });

  it("is tried by one call after its rest, for which others wait", async () => {
    await open();
    now = 10_000;
    expect(one.room()).toBe(1);
    const back = Promise.withResolvers<string>();
    let asked = 0;
    const call = () => {
      asked++;
      return back.promise;
    };
    const first = one.ask(call);
    const second = one.ask(call);
    await new Promise((resolve) => setImmediate(resolve));
    expect({ asked, room: one.room(), state: one.view().state }).toEqual({ asked: 1, room: 0, state: "half-open" });
    back.resolve("here");
    expect(await Promise.all([first, second])).toEqual(["here", "here"]);
    expect(changes).toEqual([
      "prometheus/main new -> closed",
      "prometheus/main closed -> open",
      "prometheus/main open -> half-open",
      "prometheus/main half-open -> closed",
    ]);
    expect(one.view()).toMatchObject({ state: "closed", since: 1_700_000_010, retryIn: 0 });
    expect(one.view().trouble).toBeUndefined();
  });

  it("whose trial fails is left alone again, since the same moment, and those who waited are refused unasked", async () => {
    await open();
    now = 10_000;
    let asked = 0;
    const call = async () => {
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
      return down();
    };
    const [first, second] = await Promise.allSettled([one.ask(call), one.ask(call)]);
    expect(first).toMatchObject({ reason: { message: "Prometheus (main): nothing listens there" } });
    expect(second).toMatchObject({ reason: expect.any(RestingError) });
    expect(asked).toBe(1);
    expect(one.view()).toMatchObject({ state: "open", since: 1_700_000_000, retryIn: 10 });
  });

  it("whose trial is called off is not taken for one that is back", async () => {
    await open();
    now = 10_000;
    await fail(new Error("the person left"));
    expect(one.view()).toMatchObject({ state: "open", trouble: { text: "nothing listens there" } });
  });

  it("is back when it refuses what was tried: that is an answer", async () => {
    await open();
    now = 10_000;
    await expect(fail(new RefusedError("Prometheus (main)", 422, "no such function"))).resolves.toMatchObject({
      status: 422,
    });
    expect(one.view().state).toBe("closed");
  });

  it.each([
    ["a refusal", new RefusedError("x", 400, "no")],
    ["refused credentials", new RefusedError("x", 401, "no")],
    ["a wish for fewer requests", new RefusedError("x", 429, "later")],
    ["a chat that asks to wait", new NotNowError("later", 30, "channel", { answered: true })],
    ["a message that is malformed", new NeverError("no")],
    ["a mistake of ours", new TypeError("undefined is no function")],
    ["somebody who left", new DOMException("left", "AbortError")],
  ])("is never left alone for %s", async (_, thrown) => {
    for (let n = 0; n < 20; n++) expect(await fail(thrown)).toBe(thrown);
    expect(one.view().state).toBe("closed");
  });

  it("counts failures in a row: an answer in between begins anew", async () => {
    for (let n = 0; n < 4; n++) await fail(new RefusedError("x", 503, "busy"));
    await fail(new RefusedError("x", 429, "later"));
    for (let n = 0; n < 4; n++) await fail(new RefusedError("x", 503, "busy"));
    expect(one.view().state).toBe("closed");
    await fail(new RefusedError("x", 503, "busy"));
    expect(one.view().state).toBe("open");
  });

  it("takes so many calls at once, keeps so many waiting, and refuses the rest unasked", async () => {
    const narrow = all.of("narrow", { service: "It", atOnce: 1, queue: 1 });
    const hang = Promise.withResolvers<void>();
    const first = narrow.ask(() => hang.promise);
    const second = narrow.ask(async () => "second");
    await expect(narrow.ask(async () => "third")).rejects.toBeInstanceOf(BusyError);
    expect(narrow.view().state).toBe("closed");
    hang.resolve();
    await first;
    expect(await second).toBe("second");
  });
});

describe("a dependency with a time limit", () => {
  it("has a call that takes longer counted as failed, and nobody waits for it", async () => {
    const some = createDependencies({ failures: 1, restMs: 1000, only: [{ dependency: "slow", timeoutMs: 20 }] });
    const slow = some.of("slow", { service: "It", verdict: () => "unknown" });
    await expect(slow.ask(() => new Promise(() => {}))).rejects.toThrow("It: no answer within 0.02 s");
    expect(slow.view().state).toBe("open");
  });
});

describe("all dependencies", () => {
  it("are one for each name, with rules of their own where there are some", async () => {
    expect(all.of("prometheus/main", { service: "another" })).toBe(one);
    const model = all.of("model", { service: "The model" });
    for (let n = 0; n < 3; n++) await model.ask(down).catch(() => {});
    expect(model.view()).toMatchObject({ state: "open", retryIn: 30 });
    expect(all.all().map(({ name }) => name)).toEqual(["prometheus/main", "model"]);
  });

  it("take the first rule that fits: a name itself or what stands below it, no name that only begins so", () => {
    const rules = {
      failures: 9,
      restMs: 1,
      only: [
        { dependency: "notifier/pager", failures: 1 },
        { dependency: "notifier", failures: 2 },
      ],
    };
    const some = createDependencies(rules, { elapsed: () => 0 });
    const opensAfter = async (name: string) => {
      const it = some.of(name, { service: name });
      for (let n = 1; ; n++) {
        await it.ask(down).catch(() => {});
        if (it.view().state === "open") return n;
      }
    };
    return expect(Promise.all(["notifier/pager", "notifier/mail", "notifiers"].map(opensAfter))).resolves.toEqual([
      1, 2, 9,
    ]);
  });
});
