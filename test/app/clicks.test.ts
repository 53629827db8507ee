import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRemedy, type RemedyOptions } from "../../src/app/remedy.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { AccessRule } from "../../src/core/access.ts";
import { shortHash } from "../../src/core/proposal.ts";
import { CLICKS_A_MINUTE, DRY_RUNS_A_MINUTE } from "../../src/flows/remedy/pace.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import { createLog } from "../../src/util/log.ts";
import { aLook } from "../fakes/actions.ts";
import { ann, aProposal, aVoter, bob } from "../fakes/proposals.ts";
import { aClick, aPolicy, Clinic } from "../fakes/remedy.ts";

const folder = mkdtempSync(join(tmpdir(), "clicks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (name: string) => ({ name, environment: undefined }) as Metrics;

/** The composed remedy on the clinic's store: Bob may approve, and sees what `rules` open. */
async function remedy(rules?: readonly AccessRule[], more: Partial<RemedyOptions> = {}) {
  const loaded = loadConfig({ env: { PROMETHEUS_URL: "http://127.0.0.1:1" }, cwd: folder });
  if (!loaded.ok) throw new Error("the configuration cannot be read");
  const config: Config = {
    ...loaded.config,
    policy: aPolicy(),
    people: [{ id: "bob", name: "Bob", accounts: { slack: ["U2"], terminal: ["bob of another machine"] } }],
    roles: { oncall: { people: ["bob"], accounts: {}, groups: {} } },
    access: { rules, roles: {} },
  };
  const clinic = new Clinic();
  const made = createRemedy(config, {
    store: clinic.store,
    sources: [source("prod"), source("lab")],
    clock: () => clinic.now,
    newId: () => "p9",
    log: createLog({ level: "error", stream: { write: () => {} } }),
    runbooks: clinic.deps.runbooks,
    actions: clinic.deps.actions,
    ...more,
  });
  const { identity, precondition } = aLook();
  const proposal = await clinic.put(aProposal({ looks: [{ identity, precondition }], source: "prod" }));
  const click = async (decision: Parameters<typeof aClick>[2] = {}) =>
    (await made.decide(aClick(proposal, shortHash(proposal.hash), { voter: aVoter(bob), ...decision }))).title;
  return { made, clinic, proposal, click };
}

describe("a click by somebody who may not read what it is about any more", () => {
  it.each([
    ["no rule opens the channel", [{ people: ["members"], channels: ["C2"] }], "You may not ask me here."],
    ["its source is closed", [{ people: ["members"], sources: ["lab"] }], "a source that is not open to you here"],
  ] as const)("is refused and recorded: %s", async (_, rules, said) => {
    const { click, clinic } = await remedy(rules);
    for (const decision of ["approve", "reject", "details", "dry_run"] as const)
      expect(await click({ decision })).toContain(said);
    expect(await clinic.get()).toMatchObject({ status: "pending", votes: [], revision: 1 });
    expect((await clinic.trail()).slice(1)).toEqual(
      ["approve", "reject", "details", "dry_run"].map((what) => `refused ${what}: pending -> pending`),
    );
  });

  it("is refused when the platform says that they are not in the channel, and not when it does not tell", async () => {
    const { click, made } = await remedy();
    let isIn: boolean | undefined = false;
    made.askWhoIsIn("slack", async () => isIn);
    expect(await click()).toBe("You are not in the channel of this card, so you cannot decide about it.");
    isIn = undefined;
    expect(await click()).toBe("Approved. It starts now.");
  });

  it("does not count while the platform cannot be asked", async () => {
    const { click, clinic, made } = await remedy();
    made.askWhoIsIn("slack", async () => Promise.reject(new Error("a timeout")));
    expect(await click()).toBe("That could not be done just now. Please try again.");
    expect((await clinic.get()).votes).toEqual([]);
  });

  it("counts where a rule opens that source", async () => {
    const { click } = await remedy([{ people: ["members"], channels: ["C1"], sources: ["prod"] }]);
    expect(await click()).toBe("Approved. It starts now.");
  });
});

describe("somebody who clicks too often", () => {
  it("is told alone when to go on, is recorded once, and can still reject", async () => {
    const { click, clinic, proposal } = await remedy();
    for (let n = 0; n < CLICKS_A_MINUTE; n++) expect(await click({ decision: "details" })).toContain("Details");
    clinic.now += 20;
    const refused = `That was more than ${CLICKS_A_MINUTE} clicks in a minute. Click again in 40 s; reject and stop work at any time.`;
    expect(await click({ decision: "details" })).toBe(refused);
    expect(await click()).toBe(refused);
    expect(await clinic.trail()).toEqual(["propose:  -> pending", "refused details:  -> "]);
    expect((await clinic.store.proposals.get(proposal.id))?.votes).toEqual([]);
    expect(await click({ decision: "reject" })).toBe("Rejected: nothing will run.");
  });

  it("goes on when the minute is over", async () => {
    const { click, clinic } = await remedy();
    for (let n = 0; n <= CLICKS_A_MINUTE; n++) await click({ decision: "details" });
    clinic.now += 60;
    expect(await click()).toBe("Approved. It starts now.");
  });

  it("has fewer dry runs than clicks", async () => {
    const { click } = await remedy();
    for (let n = 0; n < DRY_RUNS_A_MINUTE; n++) expect(await click({ decision: "dry_run" })).toContain("Dry run done");
    expect(await click({ decision: "dry_run" })).toContain(`more than ${DRY_RUNS_A_MINUTE} dry runs in a minute`);
    expect(await click()).toBe("Approved. It starts now.");
  });

  it("can press the emergency stop all the same", async () => {
    const { click, clinic, made } = await remedy();
    for (let n = 0; n <= CLICKS_A_MINUTE; n++) await click({ decision: "details" });
    expect((await made.stop({ platform: "slack", id: "U2", name: "Bob" }, "smoke")).title).toContain("Stopped");
    expect(await clinic.store.stop.read()).toMatchObject({ by: "Bob" });
  });
});

describe("the emergency stop at a terminal", () => {
  it("is not recorded as somebody else's, whatever name is claimed there", async () => {
    const { made, clinic } = await remedy();
    await made.stop({ platform: "terminal", id: "bob of another machine", name: "Bob" }, "smoke");
    const [record] = (await clinic.store.audit.range(0, 100)).filter(({ action }) => action === "stop");
    const who = (await clinic.store.audit.actors([record?.actor ?? ""])).get(record?.actor ?? "");
    expect(who).toMatchObject({ person: "terminal:bob of another machine", isLinked: false });
  });
});

describe("the card of what still waits", () => {
  it("says each time that changes are stopped, and each time that they are not", async () => {
    const { made, clinic } = await remedy(undefined, { journal: new Clinic().deps.journal });
    const { stop, outbox } = clinic.store;
    const end = await made.start(() => undefined);
    const messages = async () => (await outbox.waiting("slack")).count;
    await expect.poll(messages).toBe(1);
    for (const nth of [1, 2]) {
      clinic.now += 60;
      await stop.press(ann, "a mistake");
      await expect.poll(messages, { timeout: 5000 }).toBe(2 * nth);
      await stop.release(ann);
      await stop.release(bob);
      await expect.poll(messages, { timeout: 5000 }).toBe(2 * nth + 1);
    }
    await end(0);
  });
});
