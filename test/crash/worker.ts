import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, type Person } from "../../src/core/people.ts";
import { shortHash } from "../../src/core/proposal.ts";
import { decide } from "../../src/flows/remedy/decide.ts";
import type { Point, RemedyDeps } from "../../src/flows/remedy/deps.ts";
import { execute } from "../../src/flows/remedy/execute.ts";
import { sweep } from "../../src/flows/remedy/sweep.ts";
import { openJournal } from "../../src/store/journal.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { aLook, fakeActions } from "../fakes/actions.ts";
import { anEntry, aProposal, aRule, aSpec, aVoter, bob } from "../fakes/proposals.ts";
import { aPolicy, aRunbook } from "../fakes/remedy.ts";
import { type Mutant, mutate } from "./mutants.ts";

/**
 * One life of a bot that carries out changes, to be killed: `worker.ts FOLDER LIFE [--at POINT:N] [--mutant NAME] [--last]`.
 * The store, the journal and the flows are the real ones; the executor writes one flushed line per effect. What was confirmed to
 * somebody goes to stdout, one line each. Each life is a minute later than the one before, so that leases are over.
 */

const [folder = "", life = "0", ...flags] = process.argv.slice(2);
const flag = (name: string) => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined);
const isLast = flags.includes("--last");
const [point, nth = "1"] = flag("--at")?.split(":") ?? [];
const mutant = flag("--mutant") as Mutant | undefined;

const FOREVER = 10 * 365 * 86_400;
const clock = () => Date.now() / 1000 + Number(life) * 60;
const effects = join(folder, "effects");
let left = Number(nth);

function die(name: Point): void {
  if (name !== point || --left > 0) return;
  process.kill(process.pid, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** On the disk when it returns: the effect itself. */
function effect(key: string): void {
  const file = openSync(effects, "a");
  writeSync(file, `${key}\n`);
  fsyncSync(file);
}

function happened(key: string): boolean {
  return existsSync(effects) && readFileSync(effects, "utf8").split("\n").includes(key);
}

const hands = fakeActions(["kubernetes/restart"]);
hands.action().ran = async (_, { key }) => {
  effect(key);
  return { outcome: "succeeded", output: "done" };
};
// One target in three cannot tell what became of it: then a person is asked.
hands.action().probe = async (args, { key }) =>
  String(args["name"]).endsWith("blind")
    ? { found: "unknown", text: "this target keeps no record" }
    : happened(key)
      ? { found: "ran", text: "its record says so" }
      : { found: "not_run", isSure: true, text: "its record says so" };

const store = openSqliteStore({
  dataDir: folder,
  retention: { conversations: FOREVER, evidence: FOREVER, seenEvents: FOREVER, proposals: FOREVER },
  now: clock,
});
const journal = await openJournal(folder);
const runbook = aRunbook();
const people: readonly Person[] = [
  { id: "ann", name: "Ann", accounts: { terminal: ["ann"] } },
  { id: "bob", name: "Bob", accounts: { terminal: ["bob"] } },
];
const rule = aRule({ executeWithin: 365 * 86_400, approveWithin: 365 * 86_400 });
const policy = aPolicy({ rules: { low: rule, medium: rule, high: rule, critical: rule } });
const deps: RemedyDeps = mutate(mutant, {
  store,
  runbooks: { all: () => [runbook], get: () => runbook },
  actions: hands.actions,
  policy: () => policy,
  today: (account, had) => ({ ...account, roles: had }),
  sources: [],
  stop: store.stop,
  journal,
  clock,
  newId: () => crypto.randomUUID(),
  owner: `life ${life}`,
  changed: () => {},
  report: (level, message, data) => {
    if (level === "error") process.stderr.write(`${message} ${JSON.stringify(data)}\n`);
  },
  point: die,
});

// Two of them, as a bot and the one that takes its place would be for a moment.
const workers = [execute(deps), execute({ ...deps, owner: `life ${life}, second` })];
const running = { has: (id: string) => workers.some((one) => one.running.has(id)) } as ReadonlySet<string>;
const sweeping = sweep(deps, running);
const signal = new AbortController().signal;

async function round(): Promise<void> {
  await Promise.all(workers.map((worker) => worker.round(signal)));
  await Promise.all(workers.map((worker) => worker.idle()));
  await sweeping(signal);
}

/** Ann asks and Bob approves, on the real path of a click. */
async function ask(number: number): Promise<void> {
  const id = `${life}-${number}`;
  const name = number % 3 === 2 ? `${id}-blind` : id;
  const { identity, precondition } = aLook();
  const proposal = aProposal({
    id,
    params: { name: { value: name, origin: "user" } },
    target: { kind: "deployment", name, key: `deployment/${name}` },
    steps: [{ ...aSpec().steps[0]!, with: { name } }],
    looks: [{ identity, precondition }],
    requester: identify(people, { platform: "terminal", id: "ann", name: "Ann" }),
    rule,
    verify: undefined,
    createdAt: clock(),
    approveBy: clock() + 365 * 86_400,
  });
  await store.proposals.insert(proposal, [anEntry({ id, hash: proposal.hash })]);
  say("created", id);
  const user = { platform: "terminal", id: "bob", name: "Bob" };
  const card = await decide(
    {
      ...deps,
      cardOf: () => ({ now: clock(), zone: "UTC", mode: "act", isStopped: false }),
      whyClosed: async () => undefined,
      voterOf: async () => ({ ...aVoter(bob), ...identify(people, user) }),
      again: async () => ({ reason: "not here" }),
    },
    {
      id: `click ${id}`,
      visitor: { user, place: { platform: "terminal", channel: "bob", thread: "" }, isGuest: false, isExternal: false },
      decision: "approve",
      proposal: id,
      code: shortHash(proposal.hash),
      fields: {},
      message: undefined,
    },
  );
  if (card.title.startsWith("Approved")) say("approved", id);
  else throw new Error(`the click was refused: ${card.title}`);
}

function say(what: string, id: string): void {
  appendFileSync(1, `${what} ${id}\n`);
}

await round();
if (isLast) {
  // What is left over is looked after, and what nobody can tell is settled by a person who looks at the target.
  for (let more = 0; more < 4; more++) await round();
} else {
  for (let number = 0; number < 6; number++) {
    await ask(number);
    await round();
  }
  // Until it is killed.
  if (point === undefined) await sleep(60_000);
}
await journal.close();
await store.close();
say("ended", life);
