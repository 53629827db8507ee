import { readUrl } from "./environment.ts";
import type { Deps } from "./sources.ts";
import type { Config } from "./types.ts";
import { parseDuration, show } from "./values.ts";

const DEFAULT_TOKENS = { question: 60_000, user: 500_000, channel: 1_000_000, day: 3_000_000 };

/** The language model. On when it has a name and a key or an address; one half of that is a problem, nothing is off. */
export function readModel({ env, file, report }: Deps): Config["model"] {
  const written = file.settings.model;
  const apiKey = env.secret("OPENAI_API_KEY");
  const baseUrl = readUrl("OPENAI_BASE_URL", env, report);
  const name = env.plain("OPENAI_MODEL") ?? written?.name;
  if (name !== undefined && !/^[\w./:@+-]{1,200}$/.test(name))
    report("OPENAI_MODEL", `must be the name of a model as its server lists it: it is ${show(name)}.`);
  const isReachable = env.isSet("OPENAI_API_KEY") || env.isSet("OPENAI_BASE_URL");
  if (written?.enabled === false) return undefined;
  if (name === undefined && isReachable)
    report(
      "OPENAI_MODEL",
      `must come together with ${env.isSet("OPENAI_API_KEY") ? "OPENAI_API_KEY" : "OPENAI_BASE_URL"}: it is not set. Set it to the model's name, or take the other away.`,
    );
  if (name !== undefined && !isReachable)
    report(
      env.plain("OPENAI_MODEL") === undefined ? file.where(["model", "name"]) : "OPENAI_MODEL",
      "must come together with OPENAI_API_KEY, or OPENAI_BASE_URL for a server that asks for no key: neither is set. Set one of them, or take this away.",
    );
  if (name === undefined || !isReachable) return undefined;
  const ms = (text: string | undefined, otherwise: number) => parseDuration(text ?? "") ?? otherwise;
  const budget = (whose: keyof typeof DEFAULT_TOKENS) => ({
    tokens: written?.budget?.[whose]?.tokens ?? DEFAULT_TOKENS[whose],
    cost: written?.budget?.[whose]?.cost,
  });
  const limits = (["question", "user", "channel", "day"] as const).filter(
    (whose) => written?.budget?.[whose]?.cost !== undefined,
  );
  const price = written?.price;
  if (price === undefined && limits[0] !== undefined)
    report(
      file.where(["model", "budget", limits[0], "cost"]),
      "must come together with model.price, which is not there. Write what a million tokens cost, or take this away.",
    );
  return {
    name,
    apiKey,
    baseUrl,
    callMs: ms(written?.call_timeout, 20_000),
    totalMs: ms(written?.timeout, 60_000),
    toolCalls: written?.tool_calls ?? 8,
    prompts: written?.prompts && file.resolvePath(["model", "prompts"], written.prompts),
    alertText: written?.alert_text ?? "summary",
    pseudonyms: written?.pseudonyms ?? false,
    price: price && { input: price.input ?? 0, output: price.output ?? 0, currency: price.currency ?? "USD" },
    budget: { question: budget("question"), user: budget("user"), channel: budget("channel"), day: budget("day") },
  };
}
