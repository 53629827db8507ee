import { type Answer, answerOf } from "../../core/answer.ts";
import type { Intent } from "../../core/language/classify.ts";
import { formatValue, type Unit } from "../../core/units.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { inertName } from "../../util/inert.ts";
import { readRun } from "./reads.ts";
import { respond } from "./respond.ts";
import { naming } from "./sources.ts";
import type { Turn } from "./turn.ts";

/** One question of several environments, side by side: "compare checkout in staging and production". */

export type Across = {
  /** As they were named, in that order. */
  readonly places: readonly { readonly name: string; readonly source: Metrics }[];
  /** The question without them. */
  readonly rest: string;
};

const COMPARES =
  /\b(?:compar\w*|vs|versus|against|differ\w*|vergleich\w*|unterschied\w*|gegenuber|diferencia|difference|diferenca)\b/i;
const JOINS = "(?:and|vs\\.?|versus|with|to|against|between|from|in|und|mit|zwischen|y|con|entre|et|avec|e|com)";
const LEADS =
  /^(?:please\s+)?(?:compare|comparison of|what is the difference (?:in|of|between)|difference (?:in|of|between)|how does|vergleiche?|compara|comparar|compare[zr])\s+/i;
const MOST = 4;

/** Two or more sources that a comparison names, and what is compared; undefined for any other question. */
export function acrossOf(sources: readonly Metrics[], text: string): Across | undefined {
  if (sources.length < 2 || !COMPARES.test(text)) return undefined;
  const named = sources.flatMap((source) => {
    const names = [source.environment, source.name, source.cluster].filter(
      (one) => one !== undefined && one.length > 1,
    );
    const found = (names as string[]).flatMap((name) => {
      const isUnique = sources.filter((one) => [one.name, one.cluster, one.environment].includes(name)).length === 1;
      const at = isUnique ? text.search(naming(name)) : -1;
      return at < 0 ? [] : [{ name, source, at }];
    });
    return found.slice(0, 1);
  });
  if (named.length < 2) return undefined;
  let rest = text.replace(/[?.!\s]+$/, "");
  for (const { name } of named) rest = rest.replace(naming(name), " ");
  const ends = new RegExp(`^(?:${JOINS}\\b\\s*)+|(?:\\s*\\b${JOINS})+\\s*$`, "gi");
  rest = rest.replace(/\s+/g, " ").trim().replace(LEADS, "");
  rest = rest
    .replace(ends, "")
    .replace(ends, "")
    .replace(/^(?:compared|differ\w*)\b\s*/i, "")
    .trim();
  // A change is asked for in one place at a time.
  if (rest === "" || readRun(rest) !== undefined) return undefined;
  const places = named.sort((a, b) => a.at - b.at).slice(0, MOST);
  return { places: places.map(({ name, source }) => ({ name, source })), rest };
}

/** What only reads one thing's state: nothing else is asked of several sources at once. */
const READS: ReadonlySet<Intent> = new Set<Intent>([
  ...(["golden_signal", "resource_usage", "metric_query", "k8s_state", "slo", "status_overview"] as const),
]);

/** The same question of each place, and how far apart they are where each gives one number. `turns`: in the order of the places. */
export async function across(
  { places, rest }: Across,
  turnOn: (source: Metrics, text: string) => Promise<Turn | string>,
): Promise<{ readonly answer: Answer; readonly turns: readonly Turn[] } | undefined> {
  const turns = await Promise.all(places.map(({ source }) => turnOn(source, rest)));
  const known = turns.filter((turn) => typeof turn !== "string");
  if (known.length === 0 || !known.every(({ read }) => READS.has(read.intent))) return undefined;
  const parts = await Promise.all(
    turns.map(async (turn, at) => {
      const name = inertName(places[at]!.name, { max: 60 });
      const answer =
        typeof turn === "string"
          ? answerOf(`It could not be asked: ${turn}`, { tone: "danger" })
          : (await respond(turn, undefined)).answer;
      return { name, answer };
    }),
  );
  const values = parts.flatMap(({ name, answer }) =>
    answer.values.map((value) => ({ ...value, name: `${value.name} (${name})` })),
  );
  const tone = parts.some(({ answer }) => answer.tone === "danger") ? "danger" : parts[0]!.answer.tone;
  const notes = [...new Set(parts.flatMap(({ answer }) => answer.notes))];
  return {
    turns: known,
    answer: answerOf(verdictOf(parts, rest), {
      ...{ tone, values, notes },
      details: parts.map(({ name, answer }) => `${name}: ${answer.verdict}`),
      next: [],
    }),
  };
}

type Part = { readonly name: string; readonly answer: Answer };

/** "p95 latency of checkout: staging 120 ms, production 340 ms (×2.8)." */
function verdictOf(parts: readonly Part[], rest: string): string {
  const what = inertName(rest, { max: 120 });
  const single = parts.map(({ answer }) => (answer.values.length === 1 ? answer.values[0] : undefined));
  const [first, last] = [single[0], single.at(-1)];
  if (single.some((value) => value === undefined || value.unit !== first?.unit))
    return `${what}, in ${parts.map(({ name }) => name).join(" and in ")}:`;
  const said = parts
    .map(({ name }, at) => `${name} ${formatValue(single[at]!.value, single[at]!.unit as Unit)}`)
    .join(", ");
  const times = parts.length === 2 ? last!.value / first!.value : Number.NaN;
  const apart = Number.isFinite(times) && times > 0 ? ` (×${Number(times.toPrecision(2))})` : "";
  return `${what}: ${said}${apart}.`;
}
