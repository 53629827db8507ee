import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../util/canonical.ts";

/** A prompt in the folder `prompts`: Markdown, with `{{ name }}` where a value belongs. */
export type Prompt = {
  /** Name, version and the beginning of its hash: "investigate 1 (5f3c21ab)". Kept with every answer. */
  readonly version: string;
  /** The text with its values. Throws when one is missing, which is a mistake of ours. */
  fill(values: Readonly<Record<string, string>>): string;
  /** Whether most of a sentence stands in it, word for word. */
  isRepeatedIn(sentence: string): boolean;
};

/** The prompts, and what each is given. */
const VARIABLES = {
  investigate: ["now", "zone", "source", "tool_calls", "runbooks"],
  intent: ["intents", "examples"],
  summary: ["points"],
} as const;

export type PromptName = keyof typeof VARIABLES;

const SHIPPED = fileURLToPath(new URL("../../prompts/", import.meta.url));
const HEAD = /^---\nversion: (\d+)\n---\n/;

/** All prompts, read and checked: a variable that nobody fills, or one that is not used, is found at start. Throws `Error` then. */
export function loadPrompts(
  read: (name: string) => string = promptReader(undefined),
): Readonly<Record<PromptName, Prompt>> {
  return {
    investigate: promptOf("investigate", read("investigate")),
    intent: promptOf("intent", read("intent")),
    summary: promptOf("summary", read("summary")),
  };
}

/** Reads the prompts of a folder, and the shipped one where it has none of that name. Throws when the folder is missing or has none at all. */
export function promptReader(folder: string | undefined): (name: string) => string {
  const shipped = (name: string) => readFileSync(join(SHIPPED, `${name}.md`), "utf8");
  if (folder === undefined) return shipped;
  const own = Object.keys(VARIABLES).filter((name) => existsSync(join(folder, `${name}.md`)));
  if (own.length === 0) throw new Error(`${folder} has no prompt: it wants investigate.md or intent.md.`);
  return (name) => (own.includes(name) ? readFileSync(join(folder, `${name}.md`), "utf8") : shipped(name));
}

function promptOf(name: PromptName, content: string): Prompt {
  const version = HEAD.exec(content)?.[1];
  if (version === undefined) throw new Error(`prompts/${name}.md must begin with its version: ---, version: 1, ---.`);
  const text = content.replace(HEAD, "").trim();
  const used = new Set([...text.matchAll(/\{\{ ?(\w+) ?\}\}/g)].map(([, variable]) => variable as string));
  const known: readonly string[] = VARIABLES[name];
  const strange = [...used].filter((variable) => !known.includes(variable));
  const unused = known.filter((variable) => !used.has(variable));
  if (strange.length > 0) throw new Error(`prompts/${name}.md has {{ ${strange[0]} }}, which nobody fills.`);
  if (unused.length > 0) throw new Error(`prompts/${name}.md has no {{ ${unused[0]} }}.`);
  const own = new Set(runsOf(text));
  return {
    isRepeatedIn(sentence) {
      const runs = runsOf(sentence);
      return runs.length > 0 && runs.filter((run) => own.has(run)).length >= runs.length / 2;
    },
    version: `${name} ${version} (${sha256(content).slice(0, 8)})`,
    fill: (values) =>
      text.replace(/\{\{ ?(\w+) ?\}\}/g, (_, variable: string) => {
        const value = values[variable];
        if (value === undefined) throw new Error(`prompts/${name}.md needs ${variable}.`);
        return value;
      }),
  };
}

/** Words that follow each other: so many in a row are no coincidence. */
const RUN = 4;

function runsOf(text: string): readonly string[] {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(RUN - 1).map((_, at) => words.slice(at, at + RUN).join(" "));
}
