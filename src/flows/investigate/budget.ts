import type { Question } from "../../core/chat.ts";
import { formatValue } from "../../core/units.ts";
import type { TokensUsed } from "../../ports/model.ts";
import type { Spending, Used } from "../../ports/store.ts";

export type Limit = { readonly tokens: number; readonly cost: number | undefined };

export type Budgets = {
  readonly question: Limit;
  readonly user: Limit;
  readonly channel: Limit;
  readonly day: Limit;
};

/** What a million tokens cost. */
export type Price = { readonly input: number; readonly output: number; readonly currency: string };

const DAY = 86_400;

/** What one question may still use, and what it has used. */
export type Purse = {
  /** Why nothing more may be used, as a sentence; undefined while it may. */
  readonly over: () => string | undefined;
  /** Notes one call, in the store too. A store that cannot be written costs the count, not the answer. */
  readonly pay: (used: TokensUsed) => Promise<void>;
  readonly total: () => {
    readonly calls: number;
    readonly input: number;
    readonly output: number;
    readonly isGuess: boolean;
    readonly cost: number | undefined;
  };
};

/** Opens the purse of one question at `now` (unix seconds): what its person, channel and day have used already is read once. */
export async function openPurse(
  { spending, budgets, price }: { spending: Spending; budgets: Budgets; price: Price | undefined },
  { user, place }: Question,
  now: number,
): Promise<Purse> {
  const day = Math.floor(now / DAY);
  const keys = ["all", `user ${user.platform}/${user.id}`, `channel ${place.platform}/${place.channel}`];
  const [all, person, channel] = await spending.of(day, keys);
  const own = { calls: 0, input: 0, output: 0, isGuess: false };
  const costOf = ({ input, output }: { input: number; output: number }) =>
    price === undefined ? 0 : (input * price.input + output * price.output) / 1e6;
  const accounts: readonly (readonly [whose: string, limit: Limit, before: Used | undefined])[] = [
    ["this question", budgets.question, undefined],
    ["you today", budgets.user, person],
    ["this channel today", budgets.channel, channel],
    ["everybody today", budgets.day, all],
  ];
  return {
    over() {
      for (const [whose, limit, before] of accounts) {
        const tokens = (before?.tokens ?? 0) + own.input + own.output;
        if (tokens >= limit.tokens) return `The model's budget for ${whose} is used up (${limit.tokens} tokens).`;
        const cost = (before?.cost ?? 0) + costOf(own);
        if (limit.cost !== undefined && cost >= limit.cost)
          return `The model's budget for ${whose} is used up (${sayCost(limit.cost, price)}).`;
      }
      return undefined;
    },
    async pay(used) {
      own.calls++;
      own.input += used.input;
      own.output += used.output;
      own.isGuess ||= used.isGuess;
      await spending.add(day, keys, { tokens: used.input + used.output, cost: costOf(used) }).catch(() => {});
    },
    total: () => ({ ...own, cost: price === undefined ? undefined : costOf(own) }),
  };
}

/** Money in the configured currency. Small amounts keep their digits. */
export function sayCost(cost: number, price: Price | undefined): string {
  const currency = price?.currency ?? "USD";
  return cost > 0 && cost < 0.01 ? `${cost.toPrecision(2)} ${currency}` : formatValue(cost, "money", { currency });
}
