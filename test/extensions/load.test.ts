import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { changedSince, loadExtensions, mustLoad } from "../../src/extensions/index.ts";
import { copyExamples, executorText, folderOf, loaded, problemsOf } from "./folder.ts";

const NOTIFIER = `export default { contract: 1, notifier: { what: "page", hasEnd: false, settings: { properties: {} },
  open: () => ({ tell: async () => "", check: async () => "it answers" }) } };`;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});
function made(texts: Readonly<Record<string, string>>): string {
  const { root, remove } = folderOf(texts);
  undo.push(remove);
  return root;
}
const whyNot = async (root: string) =>
  (await loadExtensions([root])).problems.map(({ text }) => text.replaceAll(realpathSync(root), "ROOT"));

describe("the examples", () => {
  it("load as they stand", async () => {
    const root = mkdtempSync(join(tmpdir(), "examples-"));
    undo.push(() => rmSync(root, { recursive: true }));
    copyExamples(root);
    const found = await mustLoad([root]);
    expect(
      found.map(({ name, executor, notifier }) => [name, Object.keys(executor?.actions ?? {}), notifier?.what]),
    ).toEqual([
      ["status-page", [], "status page"],
      ["switchboard", ["set", "read"], undefined],
    ]);
  });
});

describe("a folder of extensions", () => {
  it("takes a file of TypeScript, one of JavaScript and a folder, and leaves alone what is no code", async () => {
    const found = await loaded({
      "one.ts": `const what: string = "typed";\n${executorText("")}`,
      "two.mjs": NOTIFIER,
      "three/index.mjs": `import { text } from "./words/say.mjs";\nimport data from "./data.json" with { type: "json" };\n${executorText(`simulate: async () => ({ kind: "simulated", text: text + data.end })`)}`,
      "three/words/say.mjs": `export const text = "said";`,
      "three/data.json": `{"end": "!"}`,
      "README.md": "# mine",
      "_draft.ts": "this is no code",
      ".hidden.mjs": "nor this",
    });
    expect(found.map(({ name }) => name)).toEqual(["one", "three", "two"]);
    const hands = await found[1]!.executor!.open({ name: "a", settings: {}, secrets: {} }, {} as never);
    expect(await hands["do"]!.simulate!({}, {} as never, AbortSignal.timeout(1000))).toEqual({
      kind: "simulated",
      text: "said!",
    });
  });

  it("knows an extension by what is in its files, wherever they lie and whatever lies beside them", async () => {
    const texts = { "one/index.mjs": `import "./more.mjs";\n${NOTIFIER}`, "one/more.mjs": "export {};" };
    const hashOf = async (more: Readonly<Record<string, string>>) =>
      (await loaded({ ...texts, ...more })).find(({ name }) => name === "one")!.hash;
    const hash = await hashOf({});
    expect(await hashOf({ "two.mjs": NOTIFIER })).toBe(hash);
    expect(await hashOf({ "one/more.mjs": "export {}; " })).not.toBe(hash);
    expect(await hashOf({ "one/new.json": "1" })).not.toBe(hash);
    expect((await loaded({ "two/index.mjs": texts["one/index.mjs"], "two/more.mjs": "export {};" }))[0]!.hash).not.toBe(
      hash,
    );
  });

  it("runs what was hashed, whatever is written to the disk before it is imported", async () => {
    const root = made({ "one/index.mjs": `export { default } from "./late.mjs";`, "one/late.mjs": NOTIFIER });
    const reading = loadExtensions([root]);
    // The files were read at once; their code is loaded later.
    writeFileSync(join(root, "one/late.mjs"), NOTIFIER.replace(`"page"`, `"other"`));
    expect((await reading).loaded[0]?.notifier?.what).toBe("page");
    expect(changedSince((await reading).loaded, [root])).toEqual(["one"]);
    expect((await mustLoad([root]))[0]?.notifier?.what).toBe("other");
  });

  it("tells which are not as they were loaded, and loads nothing for that", async () => {
    const root = made({ "one.mjs": NOTIFIER, "two.mjs": NOTIFIER });
    const first = await mustLoad([root]);
    expect(changedSince(first, [root])).toEqual([]);
    writeFileSync(join(root, "one.mjs"), "globalThis.wasLoaded = true;", { mode: 0o644 });
    rmSync(join(root, "two.mjs"));
    writeFileSync(join(root, "three.mjs"), NOTIFIER, { mode: 0o644 });
    expect(changedSince(first, [root])).toEqual(["one", "three", "two"]);
    expect("wasLoaded" in globalThis).toBe(false);
  });
});

describe("an extension is refused, with its file and the cure,", () => {
  it.each([
    [
      "that throws",
      { "one.mjs": `\nthrow new Error("no such luck");` },
      /^one\.mjs: cannot be loaded: no such luck \(one\.mjs:2:7\)$/,
    ],
    ["that is no TypeScript", { "one.ts": "export default = 1;" }, /^one\.ts: cannot be loaded: .+\(one\.ts:1\)$/],
    ["with TypeScript that needs a build", { "one.ts": "enum A { B }" }, /enum is not supported in strip-only mode/],
    ["that exports nothing", { "one.mjs": "export {};" }, /^one\.mjs: must export an extension by default/],
    [
      "of another version",
      { "one.mjs": "export default { contract: 2 };" },
      /must keep version 1 of the contract.*it says 2$/,
    ],
    ["that does nothing", { "one.mjs": "export default { contract: 1 };" }, /must have an executor or a notifier/],
    [
      "with a member that is not known",
      { "one.mjs": NOTIFIER.replace("hasEnd: false", "hasEnd: false, more: 1") },
      /notifier/,
    ],
    [
      "with an argument that takes any text",
      { "one.mjs": executorText("").replace(`, pattern: "^[a-z]+$"`, "") },
      /executor\.actions\.do\.arguments\.properties: name must have a pattern or an enum/,
    ],
    [
      "with a pattern for a part of a text",
      { "one.mjs": executorText("").replace("^[a-z]+$", "[a-z]+") },
      /begins with \^ and ends with \$/,
    ],
    [
      "that takes an argument of the bot's own",
      { "one.mjs": executorText("").replace("name: {", "entry: {") },
      /entry is taken/,
    ],
    [
      "that requires what it does not name",
      { "one.mjs": executorText("").replace("arguments: {", `arguments: { required: ["x"],`) },
      /required names x/,
    ],
    [
      "with a package",
      { "one.mjs": `import "zod";\n${NOTIFIER}` },
      /it imports "zod", and may import Node's own modules .* Bundle it/,
    ],
    ["with a file from elsewhere", { "one.mjs": `import "../other.mjs";` }, /it imports "\.\.\/other\.mjs"/],
    ["with an absolute file", { "one.mjs": `import "file:///etc/passwd";` }, /it imports "file:/],
    [
      "with another ending",
      { "one.js": NOTIFIER },
      /^one\.js: must end in \.ts or \.mjs: it ends in \.js\. Rename it$/,
    ],
    ["with an odd name", { "One.mjs": NOTIFIER }, /^One\.mjs: must be called by lower-case words/],
    [
      "that is a folder without a beginning",
      { "one/main.mjs": NOTIFIER },
      /^one: must have an index\.ts or index\.mjs/,
    ],
    [
      "that is there twice",
      { "one.mjs": NOTIFIER, "one.ts": NOTIFIER },
      /^one\.ts: must differ in its name from the others: one is in one\.mjs already/,
    ],
    [
      "whose definition throws when it is read",
      { "one.mjs": "export default { get contract() { throw new Error('no'); } };" },
      /^one\.mjs: cannot be loaded: no/,
    ],
  ])("one %s", async (_, texts: Readonly<Record<string, string>>, wanted) => {
    const problems = await problemsOf(texts);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(wanted);
  });

  it("while the others are loaded", async () => {
    const { loaded: found, problems } = await loadExtensions([made({ "bad.mjs": "throw 1;", "good.mjs": NOTIFIER })]);
    expect(found.map(({ name }) => name)).toEqual(["good"]);
    expect(problems).toHaveLength(1);
  });

  it("where the folder is not there", async () => {
    expect(await whyNot(made({}))).toEqual([]);
    expect((await loadExtensions(["/nowhere/at/all"])).problems[0]?.text).toMatch(/ENOENT/);
    await expect(mustLoad(["/nowhere/at/all"])).rejects.toThrow(/^\/nowhere\/at\/all: /);
  });
});

describe.skipIf(process.platform === "win32")("code that others could have written is not run:", () => {
  it.each([
    [0o664, "its group"],
    [0o646, "everybody"],
  ])("a file of mode %o", async (mode, who) => {
    const root = made({ "one.mjs": "globalThis.wasRun = true;" });
    chmodSync(join(root, "one.mjs"), mode);
    expect(await whyNot(root)).toEqual([
      `must be closed to others, since it is code that the bot runs: ${who} may write ROOT/one.mjs. Take that right away: chmod go-w ROOT/one.mjs`,
    ]);
    expect("wasRun" in globalThis).toBe(false);
  });

  it("a folder of it, one inside, and one above that is not sticky", async () => {
    const root = made({ "one/index.mjs": NOTIFIER, "two.mjs": NOTIFIER });
    chmodSync(join(root, "one"), 0o775);
    expect(await whyNot(root)).toEqual([expect.stringContaining("its group may write ROOT/one. ")]);
    chmodSync(join(root, "one"), 0o755);
    chmodSync(root, 0o777);
    expect(await whyNot(root)).toEqual([expect.stringContaining("everybody may write ROOT. ")]);
    mkdirSync(join(root, "below", "x"), { recursive: true });
    expect((await loadExtensions([join(root, "below", "x")])).problems[0]?.text).toContain("everybody may write");
    chmodSync(root, 0o1777);
    expect((await loadExtensions([join(root, "below", "x")])).problems).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("a file or folder of another user", async () => {
    const root = made({ "one.mjs": NOTIFIER });
    chownSync(join(root, "one.mjs"), 12_345, 12_345);
    expect(await whyNot(root)).toEqual([
      expect.stringMatching(
        /^must belong to root or to the user who runs the bot \(0\): ROOT\/one\.mjs belongs to the user 12345\. Change that: chown root/,
      ),
    ]);
    chownSync(root, 12_345, 12_345);
    expect((await loadExtensions([root])).loaded).toEqual([]);
  });

  it("a link that leads out of the folder", async () => {
    const [root, other] = [made({}), made({ "one.mjs": NOTIFIER })];
    symlinkSync(join(other, "one.mjs"), join(root, "one.mjs"));
    expect(await whyNot(root)).toEqual(["must not be a link that leads out of the folder"]);
  });

  it("but links inside of it are followed, as Kubernetes mounts a ConfigMap", async () => {
    const root = made({ "..2026/one.mjs": NOTIFIER });
    symlinkSync("..2026", join(root, "..data"));
    symlinkSync("..data/one.mjs", join(root, "one.mjs"));
    expect((await mustLoad([root])).map(({ name }) => name)).toEqual(["one"]);
  });
});
