import type { AskReply } from "../../src/core/answer.ts";
import type { Card } from "../../src/core/card.ts";
import type { ConceptPacks } from "../../src/core/concept.ts";
import { NO_POLICY, type Policy, sealPolicy } from "../../src/core/policy/rules.ts";
import { answer } from "../../src/flows/answer.ts";
import type { RemedyDeps } from "../../src/flows/remedy/deps.ts";
import { propose } from "../../src/flows/remedy/propose.ts";
import { loadPacks } from "../../src/metrics/packs.ts";
import type { Actions, Runbooks } from "../../src/ports/changes.ts";
import type { Onlooker, Suggester } from "../../src/ports/chat.ts";
import type { Investigator } from "../../src/ports/model.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeActions } from "./actions.ts";
import { type FakeMetrics, type FakeOptions, fakeMetrics } from "./metrics.ts";

/** 2026-03-11 10:20:00 UTC, a Wednesday. */
export const NOW = Date.UTC(2026, 2, 11, 10, 20) / 1000;

const FOREVER = 10 * 365 * 86_400;

export type Told = { readonly card: Card; readonly reply: AskReply };
export type AskOptions = {
  readonly user?: string;
  readonly thread?: string;
  readonly channel?: string;
  readonly signal?: AbortSignal;
  /** Names of the sources that are open to the person. */
  readonly open?: readonly string[];
  /** There is an Alertmanager that the person may not read. */
  readonly alertmanager?: "closed";
  readonly onlooker?: Onlooker;
};

let packs: Promise<ConceptPacks> | undefined;

/** The shipped concept packs, read once. */
export function shippedPacks(): Promise<ConceptPacks> {
  packs ??= loadPacks([]);
  return packs;
}

/** The bot without the outside: real reading and answering, a store in memory, Prometheus as the test wants it, and a clock. */
export class World {
  now = NOW;
  readonly sources: readonly FakeMetrics[];
  readonly store: Store;
  readonly questionLength: number;
  /** Tests ask for more than one person would. */
  policy: Policy = sealPolicy({
    ...NO_POLICY,
    limits: { openPerThread: 1000, perChannelHour: 1000, perTargetHour: 1000 },
  });
  #ids = 0;
  readonly #runbooks: Runbooks;
  readonly #actions: Actions;
  readonly #investigator: Investigator | undefined;

  constructor(
    sources: Omit<FakeOptions, "clock"> | readonly Omit<FakeOptions, "clock">[],
    options: {
      readonly store?: Store;
      readonly questionLength?: number;
      /** A language model's part, on what this world has. */
      readonly model?: (world: World, suggest: Suggester) => Investigator;
      readonly runbooks?: Runbooks;
      readonly actions?: Actions;
    } = {},
  ) {
    this.#runbooks = options.runbooks ?? { all: () => [], get: () => undefined };
    this.#actions = options.actions ?? fakeActions([]).actions;
    const all = Array.isArray(sources) ? sources : [sources];
    this.sources = all.map((one) => fakeMetrics({ ...one, clock: () => this.now }));
    this.store = options.store ?? newStore();
    this.questionLength = options.questionLength ?? 2000;
    this.#investigator = options.model?.(this, (need, abort) => propose(this.#remedy(), need, abort));
  }

  /** The first source. */
  get metrics(): FakeMetrics {
    return this.sources[0]!;
  }

  /** Queries that the first source was sent. */
  get queries(): readonly string[] {
    return this.metrics.sent.map(({ promql }) => promql);
  }

  async tell(
    text: string,
    { user = "mira", thread = "t", channel = "pier", signal, open, alertmanager, onlooker }: AskOptions = {},
  ): Promise<Told> {
    const id = `q${++this.#ids}`;
    return answer(
      {
        sources: this.sources,
        alertmanager,
        store: this.store,
        packs: await shippedPacks(),
        clock: () => this.now,
        newId: () => `n${++this.#ids}`,
        suggest: (need, abort) => propose(this.#remedy(), need, abort),
        identify: ({ platform, id: account, name }) => ({
          person: `${platform}:${account}`,
          name,
          platform,
          account,
          isLinked: false,
        }),
        timezone: "UTC",
        limits: { questionLength: this.questionLength },
        ...(this.#investigator && { investigator: this.#investigator }),
        ...(onlooker && { onlooker }),
      },
      {
        id,
        place: { platform: "terminal", channel, thread },
        user: { platform: "terminal", id: user, name: user },
        text,
        at: this.now,
        ...(open === undefined ? {} : { sources: open }),
      },
      signal ?? new AbortController().signal,
    );
  }

  /** What turns wishes into proposals: no runbooks unless a test brings some, nobody to approve. */
  #remedy(): RemedyDeps {
    return {
      store: this.store,
      runbooks: this.#runbooks,
      actions: this.#actions,
      policy: () => this.policy,
      today: (account, had) => ({ ...account, roles: had }),
      sources: this.sources,
      stop: this.store.stop,
      journal: { began: async () => {}, ended: async () => {}, get: async () => undefined, all: async () => [] },
      clock: () => this.now,
      newId: () => `n${++this.#ids}`,
      owner: "w1",
      changed: () => {},
      report: () => {},
    };
  }

  async ask(text: string, options: AskOptions = {}): Promise<AskReply> {
    return (await this.tell(text, options)).reply;
  }
}

export function newStore(): Store {
  return createMemoryStore({
    retention: { conversations: FOREVER, evidence: FOREVER, seenEvents: FOREVER, proposals: FOREVER },
  });
}

/** First line of a reply: what a phone shows. */
export function verdictOf(reply: AskReply): string {
  return reply.reply_text.split("\n")[0] ?? "";
}
