/** A command of this machine that runbooks may run. Its words are fixed but for `{name}`, which stand for arguments. */
export type LocalCommand = {
  readonly name: string;
  /** The program by its absolute path, then its words. */
  readonly argv: readonly string[];
  /** For each argument, a regular expression for the whole value. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** Tells whether the command had its effect: exit code 0 for yes, 1 for no. Reading only. */
  readonly checkArgv?: readonly string[] | undefined;
  readonly environment?: string | undefined;
  /** Working folder; "/" unless told. */
  readonly cwd?: string | undefined;
  /** All of its environment besides PATH and LANG. */
  readonly env?: Readonly<Record<string, string>> | undefined;
};

const PLACEHOLDER = /\{([a-z][a-z0-9_]{0,31})\}/g;
const LONGEST = 256;

/** What is wrong with a command's settings, as sentences. */
export function problemsOf(command: LocalCommand): readonly string[] {
  const where = `Local command ${JSON.stringify(command.name)}`;
  const problems: string[] = [];
  const known = Object.keys(command.args ?? {});
  const used = new Set<string>();
  for (const argv of [command.argv, ...(command.checkArgv === undefined ? [] : [command.checkArgv])]) {
    const [program = ""] = argv;
    if (!/^\/[^\0{}]+$/.test(program))
      problems.push(`${where}: the program must be an absolute path: ${JSON.stringify(program)} is not.`);
    if (/\/(?:ba|da|k|z|fi|c|tc)?sh$/.test(program) && argv.includes("-c"))
      problems.push(
        `${where}: a shell with "-c" reads its words as a program. Put the script in a file and name that.`,
      );
    for (const word of argv) {
      if (word.includes("\0")) problems.push(`${where}: a word holds a zero byte.`);
      for (const [, name = ""] of word.matchAll(PLACEHOLDER)) {
        used.add(name);
        if (!known.includes(name)) problems.push(`${where}: {${name}} has no pattern under args.`);
      }
    }
  }
  for (const name of known) if (!used.has(name)) problems.push(`${where}: the argument ${name} is used nowhere.`);
  for (const [name, pattern] of Object.entries(command.args ?? {})) {
    try {
      new RegExp(whole(pattern), "u");
    } catch {
      problems.push(`${where}: the pattern of ${name} is no regular expression.`);
    }
  }
  for (const [name, value] of Object.entries(command.env ?? {}))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes("\0") || /^(?:LD_|DYLD_|NODE_OPTIONS$)/.test(name))
      problems.push(`${where}: the variable ${JSON.stringify(name)} cannot be set.`);
  if (!(command.cwd ?? "/").startsWith("/")) problems.push(`${where}: cwd must be an absolute path.`);
  return problems;
}

/** What is wrong with arguments for that command, as a sentence; undefined when nothing is. */
export function whyNotArgs(command: LocalCommand, args: Readonly<Record<string, string>>): string | undefined {
  const patterns = command.args ?? {};
  for (const name of Object.keys(args))
    if (!Object.hasOwn(patterns, name))
      return `${JSON.stringify(name).slice(0, 60)} is no argument of ${command.name}.`;
  for (const [name, pattern] of Object.entries(patterns)) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    if (value === undefined) return `${command.name} needs the argument ${name}.`;
    // Whatever its pattern says: no option in disguise, nothing that cannot be seen, nothing beyond ASCII.
    const plain = value.length <= LONGEST && /^[\x20-\x7e]+$/.test(value) && !value.startsWith("-");
    if (!plain || !new RegExp(whole(pattern), "u").test(value))
      return `The argument ${name} of ${command.name} does not fit its pattern ${pattern}.`;
  }
  return undefined;
}

/** The words with each `{name}` replaced, once: a value that looks like a placeholder stays what it is. */
export function fillWords(argv: readonly string[], args: Readonly<Record<string, string>>): readonly string[] {
  return argv.map((word) => word.replace(PLACEHOLDER, (_, name: string) => args[name] ?? ""));
}

function whole(pattern: string): string {
  return `^(?:${pattern})$`;
}
