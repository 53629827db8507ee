import { escapeRegex } from "../../core/concept.ts";
import type { Memory } from "../../core/language/understand.ts";
import type { Metrics } from "../../ports/metrics.ts";

export type ChosenSource = {
  readonly source: Metrics;
  readonly named: boolean /** The question without the source's name. */;
  readonly rest: string | undefined;
};

/**
 * Which Prometheus a question is about: the one whose name, cluster or environment it says ("in staging", "on eu-2"), else
 * the default. The name is taken out of the question so that it is not looked for among services.
 */
export function chooseSource(sources: readonly Metrics[], text: string, _memory: Memory | undefined): ChosenSource {
  const [first] = sources;
  if (first === undefined) throw new Error("chooseSource needs at least one source");
  if (sources.length === 1) return { source: first, named: false, rest: undefined };
  for (const source of sources) {
    for (const name of [source.name, source.cluster, source.environment]) {
      if (name === undefined || name.length < 2) continue;
      const unique = sources.filter((one) => [one.name, one.cluster, one.environment].includes(name)).length === 1;
      const pattern = naming(name);
      if (unique && pattern.test(text))
        return { source, named: true, rest: text.replace(pattern, " ").replace(/\s+/g, " ").trim() };
    }
  }
  return { source: first, named: false, rest: undefined };
}

const KINDS = "(?:cluster|environment|env|source|prometheus)";

/** Words that describe as often as they name: "main" is a source in "in main" and in "the main cluster", not in "main cause". */
const DESCRIBES =
  /^(?:main|default|primary|secondary|local|global|central|core|new|old|live|external|internal|public|private|shared|common|test|backup|other|all)$/i;

/** How a question names a source, cluster or environment. */
export function naming(name: string): RegExp {
  const itself = `(?<![\\w-])${escapeRegex(name)}(?![\\w-])`;
  if (DESCRIBES.test(name))
    return new RegExp(
      `(?:\\b(?:in|on|at|for|from|of)\\s+(?:the\\s+)?)?${itself}\\s+${KINDS}\\b|\\b(?:in|on|at|from)\\s+${itself}(?=\\s*(?:[?.!,;]|$|\\b(?:in|on|at|for|from|of|now|since|last|over|today|yesterday|and|vs|compared)\\b))`,
      "i",
    );
  return new RegExp(`(?:\\b(?:in|on|at|for|from|of)\\s+(?:the\\s+)?)?${itself}(?:\\s+${KINDS})?`, "i");
}
