import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRemedy } from "../../src/app/remedy.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { sweep } from "../../src/flows/remedy/sweep.ts";
import { createLog } from "../../src/util/log.ts";
import { steadyClock } from "../../src/util/steady-clock.ts";
import { aLook } from "../fakes/actions.ts";
import { anEntry, aProposal, NOW } from "../fakes/proposals.ts";
import { aPolicy, Clinic } from "../fakes/remedy.ts";

const folder = mkdtempSync(join(tmpdir(), "time-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIGNAL = new AbortController().signal;

function ready() {
  const { identity, precondition } = aLook();
  return aProposal({ looks: [{ identity, precondition }] });
}

/** Starts what carries out changes, on the clinic's store and with a clock of its own, until `done` holds. */
async function until(clinic: Clinic, clock: () => number, done: () => Promise<boolean>): Promise<void> {
  const loaded = loadConfig({ env: {}, cwd: folder });
  if (!loaded.ok) throw new Error("the configuration cannot be read");
  const people = [{ id: "bob", name: "Bob", accounts: { slack: ["U2"] } }];
  const roles = { oncall: { people: ["bob"], accounts: {}, groups: {} } };
  const config: Config = { ...loaded.config, policy: aPolicy(), people, roles };
  const remedy = createRemedy(config, {
    store: clinic.store,
    sources: clinic.deps.sources,
    clock,
    elapsed: clock,
    newId: () => "p9",
    log: createLog({ level: "error", stream: { write: () => {} } }),
    runbooks: clinic.deps.runbooks,
    actions: clinic.deps.actions,
    journal: clinic.journal,
  });
  const stop = await remedy.start(() => {});
  try {
    await expect.poll(done, { timeout: 20_000 }).toBe(true);
  } finally {
    await stop(1000);
  }
}

describe("an approval whose time is over", () => {
  it("is not revived by a clock that was set back while the bot was away", async () => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    // Its time to start is over: the store was written an hour later, by a bot that did not look at it any more.
    clinic.now = NOW + 3600;
    await clinic.store.audit.append([anEntry()]);
    await until(
      clinic,
      () => NOW + 30,
      async () => (await clinic.get()).status === "expired",
    );
    expect(clinic.hands.effects).toEqual([]);
  });

  it("runs within its time, as the same clock shows", async () => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    await until(
      clinic,
      () => NOW + 30,
      async () => clinic.hands.effects.length === 1,
    );
  });

  it("expires when the clock jumps forward, and the card says that there was less time than it promised", async () => {
    const clinic = new Clinic();
    await clinic.put(ready());
    const state = { wall: NOW + 60, elapsed: 0 };
    const steady = steadyClock({ wall: () => state.wall, elapsed: () => state.elapsed, stepped: () => {} });
    const round = sweep({ ...clinic.deps, clock: steady.now, leapt: steady.leapt }, new Set());
    await round(SIGNAL);
    expect((await clinic.get()).status).toBe("pending");
    state.wall += 7200;
    await round(SIGNAL);
    expect(await clinic.get()).toMatchObject({
      status: "expired",
      note: "Nobody decided in time, so nothing was done. The clock of this machine jumped forward by 120 min just then (it slept, or was set), so there was less time than the card said.",
    });
  });
});
