import { type Judged, judgeNumbers, LEAST, type Trouble } from "./judge.ts";
import type { Run } from "./run.ts";
import { measureOf, sayUnusual } from "./words.ts";

export type Verdict = "pass" | "fail" | "not judged";

/** Whether a pipeline may go on, as far as a run's numbers tell, and why. Whether the run itself went well, the pipeline knows. */
export type Judgement = {
  readonly verdict: Verdict;
  /** One sentence. */
  readonly reason: string;
  readonly numbers: readonly Judged[];
  /** The branch whose runs it was compared with, and how many of them. */
  readonly branch: string;
  readonly runs: number;
};

/**
 * What a run comes to beside earlier ones, oldest first: of the branch that it is to be merged into, where enough of those ended well, since
 * what a branch changed is told by what it was before; else of its own branch.
 */
export function verdictOf(
  run: Run,
  { own, base }: { readonly own: readonly Run[]; readonly base: readonly Run[] },
  troubleOf: (name: string) => Trouble,
): Judgement {
  const isByBase = base.filter(({ outcome }) => outcome === "success").length >= LEAST;
  const before = isByBase ? base : own;
  const branch = isByBase ? (run.base ?? run.branch) : run.branch;
  const numbers = judgeNumbers(run, before, troubleOf);
  return { ...wordsOf(run, numbers, branch), numbers, branch, runs: before.length };
}

function wordsOf(run: Run, numbers: readonly Judged[], branch: string): Pick<Judgement, "verdict" | "reason"> {
  const unlike = numbers.flatMap(({ unusual }) => unusual ?? []);
  if (unlike.length > 0)
    return { verdict: "fail", reason: `Unlike earlier runs on ${branch}: ${unlike.map(sayUnusual).join("; ")}.` };
  const not = (reason: string) => ({ verdict: "not judged" as const, reason });
  if (run.outcome === "failure") return not("The run failed, so that its numbers say nothing.");
  if (run.outcome === "cancelled") return not("The run was cancelled, so that its numbers say nothing.");
  if (numbers.length === 0) return not("The run told neither when it began nor any number.");
  const known = numbers.filter(({ usual }) => usual !== undefined);
  if (known.length === 0) {
    const most = Math.max(...numbers.map(({ past }) => past));
    return not(`Too few earlier successful runs on ${branch} to compare with: ${most}, and ${LEAST} are needed.`);
  }
  const names = known.map(({ name }) => measureOf(name)).join(", ");
  return { verdict: "pass", reason: `As usual on ${branch}: ${names}.` };
}
