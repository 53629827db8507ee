import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import type { Called, Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import { onCallAt } from "../core/oncall/schedule.ts";
import type { OnCallWish } from "../core/oncall/wish.ts";
import type { Voter } from "../core/people.ts";
import { whyNoResponder } from "../core/responders.ts";
import type { Clock, Store } from "../ports.ts";

/** Who is on call, put together: asked, changed, and called. */
export type OnCallDesk = {
  readonly ask: (question: Question, wish: OnCallWish) => Promise<Card>;
  /** Ids of the people who are on call now, in any schedule. */
  readonly now: () => Promise<readonly string[]>;
  /** These people, as a message calls them. */
  readonly called: (people: readonly string[]) => readonly Called[];
};

export function createOnCall(
  config: Config,
  options: { readonly store: Store; readonly clock: Clock; readonly askerOf: (question: Question) => Promise<Voter> },
): OnCallDesk {
  const { store, clock } = options;
  const { schedules } = config.oncall;

  async function now(): Promise<readonly string[]> {
    if (schedules.length === 0) return [];
    const overrides = await store.overrides.open();
    const at = clock();
    return schedules.flatMap((one) => onCallAt(one, { overrides }, at)?.person ?? []);
  }

  return {
    now,
    called: (people) =>
      people.map((id) => {
        const person = config.people.find((one) => one.id === id);
        return { name: person?.name ?? id, accounts: person?.accounts ?? {} };
      }),
    async ask(question, wish) {
      const { onCall } = await import("../flows/oncall.ts");
      const deps = {
        store,
        clock,
        newId: () => `ovr-${randomUUID().slice(0, 8)}`,
        schedules,
        people: config.people,
        zone: question.user.zone ?? config.timezone,
        whyNot: async (by: Voter) => whyNoResponder(by, config.responders, await now(), "change who is on call"),
      };
      return onCall(deps, wish, await options.askerOf(question));
    },
  };
}
