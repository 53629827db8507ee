import { expect, it } from "vitest";
import { guardTargets } from "../../../src/actions/shared/guarded.ts";
import { createDependencies } from "../../../src/util/dependencies.ts";
import { RefusedError, UnreachableError } from "../../../src/util/errors.ts";
import { aLook, fakeActions } from "../../fakes/actions.ts";
import { contextOf } from "../steps.ts";

const never = () => new AbortController().signal;
const WEB = { unit: "nginx.service", host: "web-1" };
const DB = { unit: "nginx.service", host: "db-1" };

function world() {
  let now = 0;
  const dependencies = createDependencies({ failures: 2, restMs: 1000, only: [] }, { elapsed: () => now });
  const { actions, effects } = fakeActions(["ssh/systemctl"]);
  const action = actions.get("ssh/systemctl")!;
  const state = { fails: undefined as Error | undefined, looks: 0, probes: 0 };
  const looking = {
    ...action,
    look: async () => {
      state.looks++;
      if (state.fails !== undefined) throw state.fails;
      return aLook();
    },
    probe: async () => {
      state.probes++;
      return { found: "not_run" as const, text: "no mark of it." };
    },
  };
  const guarded = guardTargets("ssh", ["web-1", "db-1"], dependencies)(looking);
  return {
    ...{ guarded, effects, state, dependencies },
    pass: (ms: number) => {
      now += ms;
    },
  };
}
const fails = new UnreachableError("ssh web-1", "nothing listens there");

it("leaves one target alone, and no other", async () => {
  const { guarded, state, dependencies } = world();
  state.fails = fails;
  for (let n = 0; n < 2; n++) await expect(guarded.look(WEB, never())).rejects.toBe(fails);
  await expect(guarded.look(WEB, never())).rejects.toThrow("SSH host web-1: not asked, because 2 attempts in a row");
  expect(state.looks).toBe(2);
  state.fails = undefined;
  await expect(guarded.look(DB, never())).resolves.toEqual(aLook());
  expect(dependencies.all().map(({ name, state }) => `${name} ${state}`)).toEqual([
    "executor/ssh/web-1 open",
    "executor/ssh/db-1 closed",
  ]);
});

it("makes a change once, whatever its breaker thinks, and never takes one for made that was not", async () => {
  const { guarded, effects, state } = world();
  state.fails = fails;
  for (let n = 0; n < 2; n++) await guarded.look(WEB, never()).catch(() => {});
  const ran = await guarded.run(WEB, contextOf(aLook()));
  expect(ran.outcome).toBe("succeeded");
  expect(effects).toHaveLength(1);
});

it("leaves unknown what it cannot ask about, without asking", async () => {
  const { guarded, state, pass } = world();
  state.fails = fails;
  for (let n = 0; n < 2; n++) await guarded.look(WEB, never()).catch(() => {});
  const context = contextOf(aLook());
  expect(await guarded.probe(WEB, context)).toEqual({
    found: "unknown",
    text: "SSH host web-1 was not asked, because it failed several times in a row. The last failure: ssh web-1: nothing listens there",
  });
  expect(state.probes).toBe(0);
  pass(1000);
  expect(await guarded.probe(WEB, context)).toMatchObject({ found: "not_run" });
});

it("counts a look that ran into its time limit, and none that never began or was refused", async () => {
  const { guarded, state, dependencies } = world();
  const late = new DOMException("The operation was aborted due to timeout", "TimeoutError");
  await expect(guarded.look(WEB, AbortSignal.abort(late))).rejects.toBe(late);
  state.fails = new RefusedError("ssh web-1", 403, "no");
  for (let n = 0; n < 5; n++) await guarded.look(WEB, never()).catch(() => {});
  expect(dependencies.all()[0]).toMatchObject({ state: "closed" });
  state.fails = late;
  for (let n = 0; n < 2; n++) await expect(guarded.look(WEB, never())).rejects.toThrow("no answer in time");
  expect(dependencies.all()[0]).toMatchObject({ state: "open" });
});
