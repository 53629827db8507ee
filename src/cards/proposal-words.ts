import type { Mode } from "../core/policy/rules.ts";
import { approvalsOf, peopleNeeded, type Rule } from "../core/policy.ts";
import type { Proposal } from "../core/proposal.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";

/** Sentences of a proposal's card about what people have to know while it runs, stands still or is unknown. */

/** What a card tells besides the proposal itself. */
export type CardContext = {
  readonly now: number;
  readonly zone: string;
  readonly mode: Mode;
  /** An emergency stop is on. */
  readonly isStopped: boolean;
  /** An older copy of the store was put back, and nobody has accepted it yet. */
  readonly isRestored?: boolean;
  /** What it takes to settle it while it is unknown. Undefined: one person. */
  readonly settling?: Rule;
  /** Why its runbook is suspended for such targets, as a sentence. */
  readonly suspended?: string;
};

/** Why nothing starts after an older copy of the store was put back. */
export const RESTORED =
  "An older copy of the store was put back, which may not know what has run: nothing starts until somebody looked and accepts it, with `smartcloudops audit accept-restored` on the bot's machine.";

/** What an emergency stop does to something that runs: what goes on, why, and what will not begin. */
export function stoppedText({ spec, steps = [] }: Proposal, { isStopped }: CardContext): string {
  if (!isStopped) return "";
  const quoted = (names: readonly string[]) => names.map((name) => `"${inertName(name)}"`).join(", ");
  const running = steps.at(-1);
  const later = spec.steps.slice(Math.max(steps.length, 1)).map(({ name }) => name);
  const now =
    running?.state !== "running"
      ? "No step of it runs now."
      : spec.cancellable
        ? `The step ${quoted([running.name])} is being cut off.`
        : `The step ${quoted([running.name])} goes on to its end or its deadline, because its runbook says that cutting it off would do harm.`;
  const rest = later.length === 0 ? "" : ` Not begun and will not begin: ${quoted(later)}.`;
  return `The emergency stop is on. ${now}${rest}`;
}

/** How many have to say the same, where one is not enough. */
export function wordsNeeded({ spec, opinions = [], hash }: Proposal, { settling }: CardContext): string {
  const needed = settling === undefined ? 1 : peopleNeeded(settling);
  if (settling === undefined || needed < 2) return "";
  const words = (["succeeded", "failed"] as const).map((outcome) => {
    const said = opinions.filter((one) => one.outcome === outcome);
    return { outcome, count: approvalsOf(settling, said, hash, spec.requester) };
  });
  const so = words.filter(({ count }) => count > 0);
  const counted = so.map(
    ({ outcome, count }) => `${count} ${outcome === "succeeded" ? "for it ran" : "for it did not run"}`,
  );
  const distinct = settling.distinctRoles.map((role) => inertName(role));
  const each = distinct.length === 0 ? "" : `, one each of ${distinct.join(" and ")}`;
  return `It takes ${needed} people who say the same${each}${counted.length === 0 ? "" : `: so far ${counted.join(", ")}`}.`;
}

/** What each person said became of it, one line each. */
export function opinionLines({ opinions = [] }: Proposal, context: CardContext): string[] {
  return opinions.map(
    ({ name, platform, account, outcome, at }) =>
      `Said by ${inertName(name)} (${platform} ${inertName(account)}), ${time(at, context)}: it ${outcome === "succeeded" ? "ran" : "did not run"}`,
  );
}

/** A time on a card. `at` is unix seconds. */
export function time(at: number, { now, zone }: CardContext): string {
  return sayTime(at, now, zone);
}
