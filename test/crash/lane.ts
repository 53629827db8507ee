import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyChain } from "../../src/core/audit.ts";
import { isEnough } from "../../src/core/policy.ts";
import { type Proposal, stepKey } from "../../src/core/proposal.ts";
import { POINTS } from "../../src/flows/remedy/deps.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { randomNumbers } from "../tools/random.ts";
import type { Mutant } from "./mutants.ts";

/** What one data folder went through, and what was found wrong with it: sentences. */
export type Lane = {
  readonly kills: number;
  readonly proposals: number;
  readonly effects: number;
  /** Runs whose end was in doubt: those that the target settled, and those that wait for a person. */
  readonly settled: number;
  readonly asked: number;
  readonly wrong: readonly string[];
};

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
const FOREVER = 10 * 365 * 86_400;

/**
 * Kills a bot again and again on one data folder, at the named points in turn and at random moments, lets it look after
 * what is left, and then checks every promise. The same seed kills at the same points.
 */
export async function runLane(
  kills: number,
  seed: number,
  mutant?: Mutant,
  onKill: () => void = () => undefined,
): Promise<Lane> {
  const folder = mkdtempSync(join(tmpdir(), "smartcloudops-crash-"));
  const chance = randomNumbers(seed);
  const confirmed = { created: new Set<string>(), approved: new Set<string>() };
  let killed = 0;
  let life = 0;
  try {
    while (killed < kills && life < kills * 3) {
      // Every third at any moment, the others at a named point, the nth time it is reached.
      const isNamed = life % 3 !== 2;
      const point = POINTS[Math.floor(chance() * POINTS.length)]!;
      const when = isNamed
        ? { at: `${point}:${1 + Math.floor(chance() * 5)}` }
        : { afterMs: Math.floor(chance() * 400) };
      if (await live(folder, life++, mutant, when, confirmed)) {
        killed++;
        onKill();
      }
    }
    // The journal and leases of the last one are over a minute later.
    for (let more = 0; more < 2; more++) await live(folder, life++, mutant, "last", confirmed);
    return { kills: killed, ...(await check(folder, life, confirmed)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type When = { readonly at: string } | { readonly afterMs: number } | "last";
type Confirmed = { readonly created: Set<string>; readonly approved: Set<string> };

/** One life. True when it was killed. Throws when it ended in another way than it should. */
function live(
  folder: string,
  life: number,
  mutant: Mutant | undefined,
  when: When,
  confirmed: Confirmed,
): Promise<boolean> {
  const args = [WORKER, folder, String(life)];
  if (mutant !== undefined) args.push("--mutant", mutant);
  if (when === "last") args.push("--last");
  else if ("at" in when) args.push("--at", when.at);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let complaint = "";
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on("data", (text) => {
      // The moment counts from the first thing that it did: starting up holds nothing to break.
      if (said === "" && typeof when === "object" && "afterMs" in when)
        timer = setTimeout(() => child.kill("SIGKILL"), when.afterMs);
      said += text;
    });
    child.stderr.on("data", (text) => {
      complaint += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      for (const line of said.split("\n")) {
        const [what, id = ""] = line.split(" ");
        if (what === "created" || what === "approved") confirmed[what].add(id);
      }
      if (signal === "SIGKILL") resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(`a bot ended by itself with code ${code}:\n${complaint}`));
    });
  });
}

async function check(folder: string, life: number, confirmed: Confirmed): Promise<Omit<Lane, "kills">> {
  const file = join(folder, "effects");
  const made = existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((key) => key !== "")
    : [];
  const store = openSqliteStore({
    dataDir: folder,
    retention: { conversations: FOREVER, evidence: FOREVER, seenEvents: FOREVER, proposals: FOREVER },
    now: () => Date.now() / 1000 + life * 60,
  });
  try {
    const all = await store.proposals.find({ limit: 1_000_000 });
    const records = await store.audit.range(0, 10_000_000);
    const trail = new Map<string, string[]>();
    for (const { id, action } of records) trail.set(id, [...(trail.get(id) ?? []), action]);
    const wrong = all.flatMap((one) => wrongWith(one, made, trail.get(one.id) ?? [], confirmed));
    const keys = new Set(all.map((one) => stepKey(one, 0)));
    for (const key of made) if (!keys.has(key)) wrong.push(`effect ${key} belongs to no proposal`);
    const ids = new Set(all.map(({ id }) => id));
    for (const id of confirmed.created) if (!ids.has(id)) wrong.push(`proposal ${id} is lost`);
    const chain = verifyChain(records);
    if (chain.kind !== "whole") wrong.push(`the audit chain is ${chain.kind}`);
    const actions = (name: string) => all.filter(({ id }) => trail.get(id)?.includes(name) === true).length;
    return {
      proposals: all.length,
      effects: made.length,
      settled: actions("settle"),
      asked: all.filter(({ status }) => status === "unknown").length,
      wrong,
    };
  } finally {
    await store.close();
  }
}

/** Every promise about one proposal that is not kept. */
function wrongWith(
  proposal: Proposal,
  made: readonly string[],
  trail: readonly string[],
  confirmed: Confirmed,
): readonly string[] {
  const { id, status, spec, votes, hash } = proposal;
  const key = stepKey(proposal, 0);
  const times = made.filter((one) => one === key).length;
  const wrong: string[] = [];
  if (times > 1) wrong.push(`${id} ran ${times} times`);
  if (times > 0 && !isEnough(spec.rule, votes, hash, spec.requester)) wrong.push(`${id} ran without enough approvals`);
  if (times > 0 && !["propose", "approve", "claim", "start"].every((action) => trail.includes(action)))
    wrong.push(`${id} ran, and its audit says only ${trail.join(", ")}`);
  if (status === "succeeded" && times !== 1) wrong.push(`${id} is called succeeded and ran ${times} times`);
  if (status === "failed" && times !== 0) wrong.push(`${id} is called failed and ran`);
  if (["approved", "claimed", "started"].includes(status)) wrong.push(`${id} is stuck as ${status}`);
  if (status === "unknown" && !spec.target.name.endsWith("blind"))
    wrong.push(`${id} is unknown, though its target can tell`);
  if (confirmed.approved.has(id) && status === "pending") wrong.push(`the approval of ${id} is lost`);
  return wrong;
}
