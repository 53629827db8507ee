import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sha256 } from "../util/canonical.ts";

/** A prompt in the folder `prompts`: Markdown, with `{{ name }}` where a value belongs. */
export type Prompt = {
  /** Name, version and the beginning of its hash: "investigate 1 (5f3c21ab)". Kept with every answer. */
  readonly version: string;
  /** The text with its values. Throws when one is missing, which is a mistake of ours. */
  fill(values: Readonly<Record<string, string>>): string;
};

/** The prompts, and what each is given. */
const VARIABLES = {
  investigate: ["now", "zone", "source", "tool_calls", "runbooks"],
  intent: ["intents", "examples"],
  summary: ["points"],
} as const;

export type PromptName = keyof typeof VARIABLES;

const FOLDER = fileURLToPath(new URL("../../prompts/", import.meta.url));
const HEAD = /^---\nversion: (\d+)\n---\n/;

/** All prompts, read and checked: a variable that nobody fills, or one that is not used, is found at start. Throws `Error` then. */
export function loadPrompts(
  read: (name: string) => string = (name) => readFileSync(`${FOLDER}${name}.md`, "utf8"),
): Readonly<Record<PromptName, Prompt>> {
  return {
    investigate: promptOf("investigate", read("investigate")),
    intent: promptOf("intent", read("intent")),
    summary: promptOf("summary", read("summary")),
  };
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
  return {
    version: `${name} ${version} (${sha256(content).slice(0, 8)})`,
    fill: (values) =>
      text.replace(/\{\{ ?(\w+) ?\}\}/g, (_, variable: string) => {
        const value = values[variable];
        if (value === undefined) throw new Error(`prompts/${name}.md needs ${variable}.`);
        return value;
      }),
  };
}
