import { type Call, UsageError } from "./command.ts";

/** Flags that each word takes. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  verify: ["anchor", "public-key", "json"],
  export: ["format", "period"],
  report: ["period", "json"],
  key: ["new"],
  "accept-restored": ["user"],
};

/** `audit …`: the record of what happened. Each word loads only what it needs. */
export async function run(call: Call): Promise<number> {
  const [word = "", ...more] = call.words;
  const flags = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (flags === undefined)
    throw new UsageError(`audit wants one of ${Object.keys(WORDS).join(", ")}: it is ${JSON.stringify(word)}.`);
  const stray = Object.keys(call.flags).find((name) => !flags.includes(name));
  if (stray !== undefined) throw new UsageError(`audit ${word} takes no --${stray}.`);
  if (more.length > (word === "verify" ? 1 : 0))
    throw new UsageError(`audit ${word} takes no ${JSON.stringify(more.at(-1))}.`);
  switch (word) {
    case "verify":
      return (await import("./audit/verify.ts")).verify(call, more[0]);
    case "export":
      return (await import("./audit/export.ts")).exportAll(call);
    case "report":
      return (await import("./audit/report.ts")).report(call);
    case "key":
      return (await import("./audit/key.ts")).key(call);
    default:
      return (await import("./audit/accept.ts")).acceptRestored(call);
  }
}
