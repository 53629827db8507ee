import { editDistance } from "../util/distance.ts";

/** Something in the settings that keeps the bot from starting. `message` is the rule, what was found (never a secret), and the cure. */
export type Problem = {
  /** `PROMETHEUS_URL`, or `smartcloudops.yaml:12:3 sources[1].url`. */
  readonly where: string;
  readonly message: string;
};

/** Collects problems while everything is read to the end. */
export type Report = (where: string, message: string) => void;

/** All problems as text for a terminal, one a line, under a line that counts them. */
export function explain(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return [`The configuration has ${count}:`, ...problems.map((one) => `  ${sayProblem(one)}`)].join("\n");
}

/** One problem on a line: where, and what. */
export function sayProblem({ where, message }: Problem): string {
  return where === "" ? message : `${where}: ${message}`;
}

/** A problem for programs: the file with line and column, where it is in one, and the setting that it is about. */
export type PlacedProblem = {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly setting?: string;
  readonly message: string;
};

/** Takes `where` apart. */
export function placed({ where, message }: Problem): PlacedProblem {
  const [, file, line, column, setting] = /^(.+?):(\d+):(\d+)(?: (.+))?$/.exec(where) ?? [];
  if (file !== undefined)
    return { file, line: Number(line), column: Number(column), ...(setting !== undefined && { setting }), message };
  return { ...(where !== "" && { [/[./]/.test(where) ? "file" : "setting"]: where }), message };
}

/** The known name most like `name`, when it is near enough to be a slip of the keyboard. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = (word: string) => word.toLowerCase().replace(/[-_]/g, "");
  const wanted = plain(name);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const word of known) {
    const candidate = plain(word);
    const isPart = wanted.length >= 4 && (candidate.startsWith(wanted) || wanted.startsWith(candidate));
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    const distance = isPart ? 1 : editDistance(wanted, candidate, limit);
    if (distance <= limit && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { word, distance };
  }
  return best?.word;
}
