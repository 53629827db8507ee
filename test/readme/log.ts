/** The log of a newcomer in the README, between two comments, as `--tool readme-log` writes it. */

export const BEGIN = "<!-- newcomer: written by `node src/launch.mjs --tool readme-log` -->";
const END = "<!-- /newcomer -->";

export type Entry = {
  /** As the README has it. */
  readonly command: string;
  /** Undefined for one that was left out. */
  readonly seconds: number | undefined;
  /** What there was to be seen, in a few words. */
  readonly seen: string;
};

/** Commands of the log in that text, in order. */
export function loggedCommands(markdown: string): readonly string[] {
  const table = markdown.slice(markdown.indexOf(BEGIN), markdown.indexOf(END));
  return [...table.matchAll(/^\| `(.+?)` \|/gm)].map(([, command]) => command as string);
}

/** The README with that log in place of the one before. Throws when it has no place for one. */
export function withLog(markdown: string, circumstances: string, entries: readonly Entry[]): string {
  const [begin, end] = [markdown.indexOf(BEGIN), markdown.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no line ${BEGIN} with ${END} after it.`);
  const rows = entries.map(({ command, seconds, seen }) => `| \`${command}\` | ${sayTime(seconds)} | ${cell(seen)} |`);
  const table = ["| typed | time | what was seen |", "| --- | --- | --- |", ...rows].join("\n");
  return `${markdown.slice(0, begin)}${BEGIN}\n${circumstances}\n\n${table}\n${markdown.slice(end)}`;
}

function sayTime(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s+/g, " ").trim();
}
