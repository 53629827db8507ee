import type { Voter } from "../../src/core/people.ts";
import { NO_POLICY, type Policy, sealPolicy } from "../../src/core/policy/rules.ts";
import type { Proposal } from "../../src/core/proposal.ts";
import { messageId } from "../../src/core/proposal-message.ts";
import type { Runbook } from "../../src/core/runbook.ts";
import type { RemedyDeps } from "../../src/flows/remedy/deps.ts";
import type { Click } from "../../src/ports/chat.ts";
import type { Begun, Journal, Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeActions } from "./actions.ts";
import { type FakeOptions, fakeMetrics } from "./metrics.ts";
import { anEntry, aProposal, approvedBy, aRule, aVoter, NOW } from "./proposals.ts";

const FOREVER = 10 * 365 * 86_400;
const KEPT = { conversations: FOREVER, evidence: FOREVER, seenEvents: FOREVER, proposals: FOREVER };

export function aRunbook(more: Partial<Runbook> = {}): Runbook {
  return {
    id: "restart-deployment",
    version: "a".repeat(64),
    title: "Restart a deployment",
    does: "Replaces its pods one after the other.",
    notWhen: "It is being deployed.",
    risk: "medium",
    state: "active",
    readOnly: false,
    params: {
      namespace: {
        type: "text",
        about: "Its namespace.",
        pattern: "[a-z0-9-]{1,63}",
        required: true,
        from: ["user", "label"],
      },
      name: {
        type: "text",
        about: "Its name.",
        pattern: "[a-z0-9-]{1,63}",
        required: true,
        from: ["user", "label", "alert", "model"],
      },
    },
    target: {
      kind: "deployment",
      name: "{{ params.namespace }}/{{ params.name }}",
      key: "kubernetes:prod/{{ params.namespace }}/deployment/{{ params.name }}",
    },
    preconditions: [],
    steps: [
      {
        name: "restart {{ params.name }}",
        uses: "kubernetes/restart",
        with: { namespace: "{{ params.namespace }}", kind: "deployment", name: "{{ params.name }}" },
      },
    ],
    cooldown: 600,
    perHour: 2,
    cancellable: false,
    stepTimeout: 60,
    minutesByHand: 10,
    matches: { asks: [{ verb: "restart", kinds: ["deployment", "service"] }], alerts: [], anomalies: [] },
    ...more,
  };
}

export function aPolicy(more: Partial<Policy> = {}): Policy {
  const rule = aRule();
  const { version: _, ...rest } = NO_POLICY;
  return sealPolicy({
    ...rest,
    rules: { low: rule, medium: rule, high: aRule({ approvals: 2 }), critical: aRule({ approvals: 2 }) },
    modes: { default: "act" },
    ...more,
  });
}

/** Everything a remedy needs, in memory, with the world under the test's control. */
export class Clinic {
  now = NOW + 20;
  policy = aPolicy();
  /** Roles that people have by now, where they are others than at their click. */
  roles: Record<string, readonly string[]> = {};
  readonly runbooks: Runbook[] = [aRunbook()];
  readonly store: Store;
  readonly hands: ReturnType<typeof fakeActions>;
  readonly said: string[] = [];
  readonly began: string[] = [];
  readonly deps: { -readonly [K in keyof RemedyDeps]: RemedyDeps[K] };
  /** What ran, by its key. */
  readonly remembered = new Map<string, Begun>();
  readonly journal: Journal = {
    began: async (key, proposal, fence) => {
      this.began.push(key);
      this.remembered.set(key, { key, proposal, fence });
    },
    ended: async (key, ran) => {
      const begun = this.remembered.get(key);
      if (begun === undefined) return;
      this.began.splice(this.began.indexOf(key), 1);
      if (ran === undefined) this.remembered.delete(key);
      else this.remembered.set(key, { ...begun, ran });
    },
    get: async (key) => this.remembered.get(key),
    all: async () => [...this.remembered.values()],
  };
  #ids = 0;

  constructor(
    options: {
      readonly metrics?: Omit<FakeOptions, "clock">;
      readonly actions?: readonly string[];
      readonly point?: RemedyDeps["point"];
      /** In memory unless it is another. */
      readonly store?: Store;
    } = {},
  ) {
    this.store = options.store ?? createMemoryStore({ retention: KEPT, now: () => this.now });
    this.hands = fakeActions(options.actions);
    this.deps = {
      store: this.store,
      runbooks: { all: () => this.runbooks, get: (id) => this.runbooks.find((one) => one.id === id) },
      actions: this.hands.actions,
      policy: () => this.policy,
      today: ({ person, name, platform, account, isLinked }, had) => ({
        ...{ person, name, platform, account, isLinked },
        roles: this.roles[person] ?? had,
      }),
      sources: [fakeMetrics({ series: [], ...options.metrics, clock: () => this.now })],
      stop: this.store.stop,
      journal: this.journal,
      clock: () => this.now,
      newId: () => `p${++this.#ids}`,
      owner: "w1",
      changed: () => {},
      report: (_, message) => this.said.push(message),
      ...(options.point !== undefined && { point: options.point }),
    };
  }

  /** Stores it as it is, with its message posted in its first place. */
  async put(proposal: Proposal = aProposal()): Promise<Proposal> {
    const stored = await this.store.proposals.insert(proposal, [anEntry({ id: proposal.id, hash: proposal.hash })]);
    if (stored.kind !== "inserted") throw new Error(`it was not inserted: ${stored.kind}`);
    await this.store.outbox.put({
      id: messageId(proposal.id, 0),
      place: proposal.places[0]!,
      card: { title: "", tone: "info", blocks: [] },
      at: this.now,
    });
    await this.store.outbox.sent(messageId(proposal.id, 0), REFERENCE, this.now);
    return proposal;
  }

  /** One that Bob approved in this store. */
  async approved(proposal: Proposal = aProposal()): Promise<Proposal> {
    await this.put(proposal);
    const next = approvedBy(proposal, undefined, await this.store.proposals.epoch());
    await this.store.proposals.replace(next, [anEntry({ action: "approve" })]);
    return next;
  }

  async get(id = "p1"): Promise<Proposal> {
    const found = await this.store.proposals.get(id);
    if (found === undefined) throw new Error(`there is no proposal ${id}`);
    return found;
  }

  async trail(): Promise<string[]> {
    return (await this.store.audit.range(0, 1000)).map(({ action, from, to }) => `${action}: ${from} -> ${to}`);
  }
}

export const REFERENCE = "C1/1790000000.000100";

export function aClick(
  proposal: Pick<Proposal, "id">,
  code: string,
  more: Partial<Click> & { readonly voter?: Voter } = {},
): Click {
  const { voter = aVoter(), ...rest } = more;
  return {
    id: "click-1",
    visitor: {
      user: { platform: voter.platform, id: voter.account, name: voter.name },
      place: { platform: "slack", channel: "C1", thread: "17900.1" },
      isGuest: voter.isGuest,
      isExternal: voter.isExternal,
    },
    decision: "approve",
    proposal: proposal.id,
    code,
    fields: {},
    message: REFERENCE,
    ...rest,
  };
}
