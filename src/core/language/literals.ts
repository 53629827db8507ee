/**
 * What must stand in a text before a regular expression can match there, as regex engines prefilter by required literals
 * (Cox, "Regular Expression Matching with a Trigram Index", 2012): compiling the many long patterns that orders and attacks
 * are known by takes 30 ms, and most texts hold no word of most of them.
 */

/** Asks a pattern of a text, and compiles it only for a text that holds one of its literals. */
export type Guarded = { readonly exec: (text: string) => RegExpExecArray | null };

/** The pattern with that source; for sources without backreferences. Throws `SyntaxError` once asked, if it is none. */
export function guarded(source: string): Guarded {
  let literals: readonly string[] | undefined;
  let pattern: RegExp | undefined;
  return {
    exec(text) {
      if (pattern === undefined) {
        literals ??= requiredLiterals(source) ?? [];
        if (literals.length > 0 && !literals.some((literal) => text.includes(literal))) return null;
        pattern = new RegExp(source);
      }
      return pattern.exec(text);
    },
  };
}

/**
 * Literals of which at least one stands in every text that the source of a regular expression matches; undefined where
 * the source does not tell. Of several such lists it takes the one whose shortest literal is longest.
 */
export function requiredLiterals(source: string): readonly string[] | undefined {
  return alternatives(source, 0).literals;
}

type Parsed = { readonly literals: readonly string[] | undefined; readonly end: number };

/** From `start` to the bracket that closes there, or to the end. */
function alternatives(source: string, start: number): Parsed {
  const all: string[] = [];
  let isTold = true;
  let at = start;
  for (;;) {
    const one = sequence(source, at);
    if (one.literals === undefined) isTold = false;
    else all.push(...one.literals);
    at = one.end;
    if (source[at] !== "|") return { literals: isTold ? all : undefined, end: at };
    at++;
  }
}

function sequence(source: string, start: number): Parsed {
  let best: readonly string[] | undefined;
  let run = "";
  const offer = (literals: readonly string[] | undefined): void => {
    if (literals !== undefined && shortest(literals) > shortest(best ?? [])) best = literals;
  };
  const endRun = (): void => {
    offer(run === "" ? undefined : [run]);
    run = "";
  };
  let at = start;
  while (at < source.length && source[at] !== "|" && source[at] !== ")") {
    const atom = atomAt(source, at);
    const quantifier = quantifierAt(source, atom.end);
    const mayBeAbsent = quantifier !== "" && /^(?:[?*]|\{0?[,}])/.test(quantifier);
    if (atom.letter !== undefined && quantifier === "") run += atom.letter;
    else {
      if (atom.letter !== undefined && !mayBeAbsent) run += atom.letter;
      endRun();
      if (!mayBeAbsent) offer(atom.literals);
    }
    at = atom.end + quantifier.length;
  }
  endRun();
  return { literals: best, end: at };
}

function quantifierAt(source: string, at: number): string {
  const first = source[at];
  if (first !== "?" && first !== "*" && first !== "+" && first !== "{") return "";
  return /^(?:[?*+]|\{\d*,?\d*\})\??/.exec(source.slice(at, at + 12))?.[0] ?? "";
}

function shortest(literals: readonly string[]): number {
  let length = literals[0]?.length ?? 0;
  for (const literal of literals) length = Math.min(length, literal.length);
  return length;
}

/** One letter, one group, or something of which nothing is known. `end` is behind it and before its quantifier. */
function atomAt(source: string, at: number): Parsed & { readonly letter?: string } {
  const first = source[at]!;
  if (first === "\\") {
    const escaped = source[at + 1] ?? "";
    const end = /[uxcpkP]/.test(escaped) ? endOfEscape(source, at) : at + 2;
    return { literals: undefined, end, ...(/\W/.test(escaped) ? { letter: escaped } : {}) };
  }
  if (first === "[") return { literals: undefined, end: endOfClass(source, at) };
  if (first === "(") {
    const opening = source.startsWith("(?:", at)
      ? "(?:"
      : /^\((?:\?(?:<?[=!]|<[^>]+>))?/.exec(source.slice(at, at + 40))![0];
    const inner = alternatives(source, at + opening.length);
    // What stands around a match need not be part of it.
    return { literals: /[=!]$/.test(opening) ? undefined : inner.literals, end: inner.end + 1 };
  }
  if (first === "." || first === "^" || first === "$") return { literals: undefined, end: at + 1 };
  return { literals: undefined, end: at + 1, letter: first };
}

function endOfEscape(source: string, at: number): number {
  return (
    at +
    (/^\\(?:u\{[^}]*\}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|[pP]\{[^}]*\}|k<[^>]*>|.)/i.exec(source.slice(at, at + 60))?.[0]
      .length ?? 2)
  );
}

function endOfClass(source: string, at: number): number {
  let end = at + 1;
  while (end < source.length && source[end] !== "]") end += source[end] === "\\" ? 2 : 1;
  return end + 1;
}
