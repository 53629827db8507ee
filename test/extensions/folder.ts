import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadExtensions, mustLoad } from "../../src/extensions/index.ts";

/** The examples that CONTRIBUTING.md walks through. */
export const EXAMPLES = fileURLToPath(new URL("../../docker/config/extensions", import.meta.url));
export const EXAMPLE_RUNBOOKS = fileURLToPath(new URL("../../docker/config/runbooks", import.meta.url));

/** A folder of extensions with these texts, closed to others. */
export function folderOf(texts: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "extensions-"));
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(root, name), text, { mode: 0o644 });
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** A copy of the examples at that place, closed to others whatever the working copy's rights are. */
export function copyExamples(to: string): void {
  cpSync(EXAMPLES, to, { recursive: true });
  for (const name of ["switchboard.ts", "status-page.ts"]) chmodSync(join(to, name), 0o644);
  chmodSync(to, 0o755);
}

/** The examples, loaded. */
export async function exampleExtensions() {
  const folder = folderOf({});
  try {
    copyExamples(folder.root);
    return await mustLoad([folder.root]);
  } finally {
    folder.remove();
  }
}

/** The extensions of these texts, loaded. */
export async function loaded(texts: Readonly<Record<string, string>>) {
  const folder = folderOf(texts);
  try {
    return await mustLoad([folder.root]);
  } finally {
    folder.remove();
  }
}

/** What is wrong with these texts, without the folder's own path. */
export async function problemsOf(texts: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { root, remove } = folderOf(texts);
  try {
    const { problems } = await loadExtensions([root]);
    return problems.map(({ file, text }) => `${file}: ${text}`.replaceAll(`${root}/`, ""));
  } finally {
    remove();
  }
}

/** The least executor there is: its action "do", with these methods. */
export function executorText(hands: string, more = ""): string {
  return `
const look = async () => ({ identity: {}, precondition: {}, captured: {}, facts: [], blast: { kind: "known", text: "one" } });
const run = async () => ({ outcome: "succeeded", output: "done" });
export default {
  contract: 1,
  executor: {
    what: "thing",
    settings: { properties: {} },
    actions: { do: { changes: true, arguments: { properties: {
      name: { type: "string", pattern: "^[a-z]+$" },
      list: { type: "array", items: { type: "string", pattern: "^[a-z]+$" } },
    } } } },
    open: () => ({ do: { look, run, ${hands} } }),
    ${more}
  },
};`;
}
