import { setTimeout as sleep } from "node:timers/promises";
import { type AuditRecord, verifyChain } from "../../src/core/audit.ts";
import { isEnough } from "../../src/core/policy.ts";
import { type Proposal, STATUSES, stepKey } from "../../src/core/proposal.ts";
import { every } from "../../src/flows/remedy/walk.ts";
import type { Report } from "../e2e/cluster.ts";
import { BEN, buttonsIn, clickOn } from "../fakes/remedy-world.ts";
import type { Stored } from "../fakes/slack/index.ts";
import { ASKER, CHANNELS, KINDS, until, type World } from "./world.ts";

/** A change that somebody asked for. `approved`: a click on it was taken by the bot. */
export type Change = {
  readonly service: string;
  readonly id: string;
  readonly channel: string;
  readonly thread: string;
  approved: boolean;
};

/** Statuses in which something is still to happen. */
const MOVING = ["pending", "approved", "claimed", "started", "unknown"] as const;
/** Of the audit, at once. */
const RECORDS = 5000;
const ANSWER_MS = 12_000;
const TRIES = 40;
/** In which messages have caught up with the store. */
const SHOWN_MS = 60_000;

/** Changes that are asked for and approved, and what became of them. */
export type Changes = {
  readonly all: Change[];
  /** Keys at the target that an older copy of the store knows nothing of. */
  readonly forgotten: ReadonlySet<string>;
  /** Asks for one more, of whichever replica lives, until it is told the proposal's id. */
  propose(): Promise<Change>;
  /** The message in Slack that shows it, once it is there. */
  cardOf(change: Change): Promise<Stored>;
  /** Whether its message in Slack asks for approval at this moment. */
  asks(change: Change): boolean;
  /** A click on Approve, until it is taken. */
  approve(change: Change): Promise<void>;
  /**
   * Waits until nothing moves any more; what Redis's restarts sent back is approved again by somebody who looked whether the target has it, and
   * rejected if so. Resolves with the proposals.
   */
  settle(ms: number): Promise<readonly Proposal[]>;
  /** Those that are not in the store any more, which was taken back: nobody asks about them. */
  forget(stored: readonly Proposal[]): void;
};

export function createChanges(world: World): Changes {
  const { slack } = world;
  const all: Change[] = [];
  const cards = new Map<string, Stored>();
  const looked = new Map<string, number>();
  const forgotten = new Set<string>();
  let count = 0;

  async function propose(): Promise<Change> {
    const at = count++;
    const service = `desk-${at}`;
    const channel = CHANNELS[at % CHANNELS.length]!;
    const thread = `1773224400.${String(at).padStart(6, "0")}`;
    const place = { platform: "slack", channel, thread };
    let last = "nobody answered";
    for (let tries = 0; tries < TRIES; tries++) {
      const said = await askFor(service, KINDS[at % KINDS.length]!, place).catch((problem) => ({
        refused: String(problem),
      }));
      if ("refused" in said) last = said.refused;
      else {
        const change: Change = { service, id: said.id, channel, thread, approved: false };
        all.push(change);
        return change;
      }
      await sleep(100);
    }
    throw new Error(`no replica made a proposal for ${service}: ${last}`);
  }

  /** Whoever waits for what an older copy of the store does not know waits in vain. */
  function insist(id: string): void {
    if (!all.some((one) => one.id === id)) throw new Error(`${id} is forgotten`);
  }

  async function askFor(
    service: string,
    of: string,
    place: { platform: string; channel: string; thread: string },
  ): Promise<Report> {
    const replica = await until(world.any, "a replica that lives", 90_000);
    return new Promise((resolve, reject) => {
      const hear = (report: Report) => {
        if (report.service === service) end(() => resolve(report));
      };
      const late = setTimeout(() => end(() => reject(new Error("no answer"))), ANSWER_MS);
      const gone = () => end(() => reject(new Error("it ended")));
      const end = (then: () => void) => {
        clearTimeout(late);
        replica.child.off("message", hear).off("exit", gone);
        then();
      };
      replica.child.on("message", hear).once("exit", gone);
      replica.tell({ kind: "suggest", service, of, place, requester: ASKER });
    });
  }

  /** Messages are looked at once: which proposal one shows never changes. */
  function look(channel: string): void {
    const messages = slack.sent(channel);
    for (const message of messages.slice(looked.get(channel) ?? 0)) {
      const value = buttonsIn(message.blocks).find(({ action_id }) => action_id.startsWith("decide:"))?.value;
      const id = value?.split("|")[1];
      // After an older copy of the store was put back, one that it knows as unsent is posted again: the newest counts.
      if (id !== undefined) cards.set(id, message);
    }
    looked.set(channel, messages.length);
  }

  const cardOf = ({ id, channel }: Change) =>
    until(
      () => {
        insist(id);
        look(channel);
        return cards.get(id);
      },
      `the card of ${id}`,
      90_000,
    );

  const approve = async (change: Change) => {
    await press(change, "approve");
    change.approved = true;
  };

  async function press(change: Change, decision: "approve" | "reject"): Promise<void> {
    const card = await cardOf(change);
    const { channel, thread } = change;
    const click = await until(() => {
      insist(change.id);
      try {
        return clickOn(slack, card, decision, BEN, { channel, thread });
      } catch {
        return undefined; // its card does not ask at this moment
      }
    }, `the button of ${change.id}`);
    await world.tell(world.any, click, "click", 90_000);
  }

  return {
    ...{ all, forgotten, propose, cardOf, approve, asks },
    forget(stored) {
      const ids = new Set(stored.map(({ id }) => id));
      const keys = new Set(stored.map((one) => stepKey(one, 0)));
      for (const key of world.target.calls.keys()) if (!keys.has(key)) forgotten.add(key);
      all.splice(0, all.length, ...all.filter(({ id }) => ids.has(id)));
    },
    async settle(ms) {
      const end = performance.now() + ms;
      for (;;) {
        const asked = new Set(all.filter(({ approved }) => approved).map(({ id }) => id));
        const open = await every(world.store, MOVING).catch(() => undefined);
        // What nobody approved waits for somebody who does.
        const moving = open?.filter(({ id, status }) => status !== "pending" || asked.has(id));
        if (moving?.length === 0 || performance.now() > end) return every(world.store, STATUSES);
        for (const proposal of moving ?? []) {
          const change = all.find(({ id, approved }) => approved && id === proposal.id);
          if (change === undefined || proposal.status !== "pending" || !asks(change)) continue;
          const hasRun = world.target.calls.has(stepKey(proposal, 0));
          await press(change, hasRun ? "reject" : "approve").catch(() => undefined);
        }
        await sleep(500);
      }
    },
  };

  /** The card follows the store. */
  function asks({ id, channel }: Change): boolean {
    look(channel);
    return buttonsIn(cards.get(id)?.blocks ?? []).some(({ action_id }) => action_id.startsWith("decide:approve:"));
  }
}

export type Judged = Awaited<ReturnType<typeof judge>>;

/** Every promise about changes that is not kept, as sentences, and what happened in all. */
export async function judge(world: World, changes: Changes, proposals: readonly Proposal[]) {
  const records = await allRecords(world);
  const trail = new Map<string, string[]>();
  for (const { id, action } of records) trail.set(id, [...(trail.get(id) ?? []), action]);
  const { calls } = world.target;
  const byId = new Map(proposals.map((one) => [one.id, one]));
  const double: string[] = [];
  const lost: string[] = [];
  const stuck: string[] = [];
  const untrue: string[] = [];
  for (const [key, times] of calls) if (times > 1) double.push(`the change with key ${key} ran ${times} times`);
  for (const { id, service } of changes.all)
    if (!byId.has(id)) lost.push(`proposal ${id} (${service}) was confirmed and is not there`);
  const approved = new Set(changes.all.filter((one) => one.approved).map(({ id }) => id));
  for (const proposal of proposals) {
    const { id, status, spec, hash, votes } = proposal;
    const times = calls.get(stepKey(proposal, 0)) ?? 0;
    const told = trail.get(id) ?? [];
    const wasReopened = told.includes("reopen");
    if (approved.has(id) && status === "pending" && !wasReopened) lost.push(`the approval of ${id} is lost`);
    if (["approved", "claimed", "started", "unknown"].includes(status)) stuck.push(`${id} stands as ${status}`);
    // An older copy of the store has lost the votes, and the records of them: that it ran is told by a replica's journal.
    const isTold =
      told.includes("recall") || ["propose", "approve", "claim", "start"].every((one) => told.includes(one));
    const isVoted = told.includes("recall") || isEnough(spec.rule, votes, hash, spec.requester);
    if (times > 0 && !isVoted) untrue.push(`${id} ran without approval`);
    if (times > 0 && !isTold) untrue.push(`${id} ran, and its audit says only ${told.join(", ")}`);
    if (status === "succeeded" && times !== 1) untrue.push(`${id} is called succeeded and ran ${times} times`);
    if (status === "failed" && times !== 0) untrue.push(`${id} is called failed and ran`);
  }
  const behind = () =>
    changes.all.filter((one) => byId.has(one.id) && changes.asks(one) !== (byId.get(one.id)?.status === "pending"));
  await until(() => (behind().length === 0 ? true : undefined), "messages that say what is so", SHOWN_MS).catch(
    () => [],
  );
  for (const { id } of behind()) {
    if (byId.get(id)?.status === "pending") stuck.push(`${id} waits for approval, and its message does not ask for it`);
    else untrue.push(`${id} is ${byId.get(id)?.status}, and its message asks for approval`);
  }
  const keys = new Set(proposals.map((one) => stepKey(one, 0)));
  for (const key of calls.keys())
    if (!keys.has(key) && !changes.forgotten.has(key))
      lost.push(`the change with key ${key} ran and is not in the store`);
  const chain = verifyChain(records);
  if (chain.kind !== "whole") untrue.push(`the audit chain is ${chain.kind}`);
  const withAction = (name: string) => proposals.filter(({ id }) => trail.get(id)?.includes(name) === true).length;
  return {
    ...{ double, lost, stuck, untrue, executions: [...calls.values()].reduce((a, b) => a + b, 0) },
    ...{
      settled: withAction("settle"),
      reopened: withAction("reopen"),
      recalled: withAction("recall"),
      proposals: proposals.length,
    },
    statuses: proposals.map(({ status }) => status),
    ends: countsOf(proposals.map(({ status }) => status)),
    notRun: proposals.filter(({ status }) => status === "failed").length,
  };
}

async function allRecords({ store }: World): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (;;) {
    const more = await store.audit.range(records.length, RECORDS);
    if (more.length === 0) return records;
    records.push(...more);
  }
}

/** "3 failed, 17 succeeded". */
export function countsOf(words: readonly string[]): string {
  return [...new Set(words)]
    .toSorted()
    .map((word) => `${words.filter((one) => one === word).length} ${word}`)
    .join(", ");
}
