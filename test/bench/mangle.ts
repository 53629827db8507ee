const VALUES = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "x",
  "\u202e",
  "\ud800",
  [],
  {},
  [[]],
  { __proto__: 1 },
  "a".repeat(5000),
];

/** A body as text, with one value in it replaced by another kind of value, or a piece of its text cut, doubled or overwritten. `chance` gives numbers from 0 to 1. */
export function mangle(body: unknown, chance: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
  if (chance() < 0.5) {
    const copy = structuredClone(body) as Record<string, unknown>;
    let at: Record<string, unknown> = copy;
    for (;;) {
      const key = pick(Object.keys(at));
      const inner = at[key];
      if (typeof inner === "object" && inner !== null && Object.keys(inner).length > 0 && chance() < 0.7) {
        at = inner as Record<string, unknown>;
        continue;
      }
      if (chance() < 0.2) delete at[key];
      else at[key] = pick(VALUES);
      return JSON.stringify(copy);
    }
  }
  const text = JSON.stringify(body);
  const [from, length] = [Math.floor(chance() * text.length), Math.floor(chance() * 20)];
  const middle = pick(["", "\0", "{", "}", '"', "[[[[", "\\u0000", text.slice(0, 50)]);
  return text.slice(0, from) + middle + text.slice(from + length);
}
