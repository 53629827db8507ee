import type { RunOutcome } from "./run.ts";

/**
 * The probability that the next run fails: how often runs after one of that outcome failed, newer ones counting more, drawn towards the
 * failure rate of the whole line and that towards a guess where few were seen: a first-order Markov chain with discounted counts and Beta
 * priors. Failures of pipelines come in runs: what broke stays broken until somebody mends it.
 */

/** Weight that each older run loses. */
const DISCOUNT = 0.97;
/** Runs that are looked back at: what older ones would weigh is nothing (0.97 to the 300th is 0.0001). */
const BACK = 300;
/** Runs that the line's rate counts for beside those after the same outcome, and that the usual rate counts for beside the line's. */
const PRIOR = 3;
/** Share of failed runs where nothing is known: a guess, which three runs outweigh. */
const USUAL = 0.1;

/** `outcomes`: oldest first; cancelled ones say nothing. Returns 0 to 1. */
export function chanceOfFailure(outcomes: readonly RunOutcome[]): number {
  const told = outcomes.filter((one) => one !== "cancelled").slice(-BACK);
  const last = told.at(-1);
  const line = { failed: 0, all: 0 };
  const alike = { failed: 0, all: 0 };
  told.forEach((outcome, at) => {
    const weight = DISCOUNT ** (told.length - 1 - at);
    const failed = outcome === "failure" ? weight : 0;
    line.failed += failed;
    line.all += weight;
    if (at > 0 && told[at - 1] === last) {
      alike.failed += failed;
      alike.all += weight;
    }
  });
  const base = (line.failed + PRIOR * USUAL) / (line.all + PRIOR);
  return (alike.failed + PRIOR * base) / (alike.all + PRIOR);
}

/** How good such probabilities were. */
export type ChanceScore = {
  /** Runs that were foretold. */
  readonly runs: number;
  /** Mean squared distance of the probability from what came, 0 to 1: less is better (Brier, Monthly Weather Review 78, 1950). */
  readonly brier: number;
  /** The same for always saying the share of failures so far. */
  readonly base: number;
};

/** Runs before these are not counted: nobody can know anything yet. */
const WARMING = 5;

/** Each run foretold from those before it alone. Undefined where fewer than six were seen. `outcomes`: oldest first. */
export function scoreChances(outcomes: readonly RunOutcome[]): ChanceScore | undefined {
  const told = outcomes.filter((one) => one !== "cancelled");
  let [runs, brier, base, failures] = [0, 0, 0, 0];
  told.forEach((outcome, at) => {
    const came = outcome === "failure" ? 1 : 0;
    if (at >= WARMING) {
      runs++;
      brier += (chanceOfFailure(told.slice(Math.max(0, at - BACK), at)) - came) ** 2;
      base += ((failures + PRIOR * USUAL) / (at + PRIOR) - came) ** 2;
    }
    failures += came;
  });
  return runs === 0 ? undefined : { runs, brier: brier / runs, base: base / runs };
}
