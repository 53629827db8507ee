import type { Block, Card } from "../core/card.ts";
import { formatDuration, formatValue } from "../core/units.ts";
import { costOf, LEAST_DAYS, type Prices, type Resource, type Waste, type WasteSum } from "../core/waste.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";

type Context = { readonly now: number; readonly zone: string };

const LISTED = 12;
const GIB = 2 ** 30;
const RESOURCES: readonly Resource[] = ["cpu", "memory"];

/** What is asked for and not used, of every source that was measured, with the queries that it comes from. */
export function wasteCard(all: readonly Waste[], context: Context): Card {
  const known = all.filter(({ days }) => days >= LEAST_DAYS);
  if (known.length === 0)
    return {
      title: "What is wasted is not known yet.",
      tone: "info",
      blocks: [
        {
          kind: "note",
          text: "It is measured once a day by a bot that was started, where a Prometheus has a day at least of requests and use of containers (kube-state-metrics and cAdvisor).",
        },
      ],
    };
  const lines = known.flatMap((one) =>
    RESOURCES.flatMap((resource) => sayWaste(one.found[resource].sum, resource, one) ?? []),
  );
  const [first, ...others] = lines;
  if (first === undefined)
    return {
      title: "Nothing asks for much more than it uses.",
      tone: "good",
      blocks: known.flatMap((one) => foot(one, context)),
    };
  return {
    title: `${first}.`,
    tone: "info",
    blocks: [
      ...others.map((text): Block => ({ kind: "text", text: `${text}.` })),
      ...known.flatMap((one) => [tableOf(one), ...foot(one, context)]),
    ],
  };
}

/** "3 workloads ask for 6 cores and use 0.8 (p95 of 14 days): about 120 € a month". Undefined where there is nothing to tell. */
export function sayWaste(
  sum: WasteSum,
  resource: Resource,
  { days, prices }: Pick<Waste, "days" | "prices">,
): string | undefined {
  if (sum.count === 0) return undefined;
  const over = `p95 of ${formatDuration(Math.round(days) * 86_400, { parts: 1 })}`;
  const who = sum.count === 1 ? "1 workload asks" : `${sum.count} workloads ask`;
  const use = sum.count === 1 ? "uses" : "use";
  const idle = sum.idle === 0 ? "" : `; ${sum.idle} of them ${sum.idle === 1 ? "does" : "do"} next to nothing`;
  return `${who} for ${amount(resource, sum.asked)} ${resource === "memory" ? "of memory " : ""}and ${use} ${amount(resource, sum.used)} (${over})${money(resource, sum, prices)}${idle}`;
}

function money(resource: Resource, sum: Pick<WasteSum, "asked" | "used">, prices: Prices | undefined): string {
  const cost = costOf(resource, sum, prices);
  if (cost === undefined || cost === 0) return "";
  return `: about ${whole(cost, prices)} a month`;
}

function amount(resource: Resource, value: number): string {
  if (resource === "cpu") return formatValue(Number(value.toPrecision(2)), "cores");
  return formatValue(Number((value / GIB).toPrecision(2)) * GIB, "bytes");
}

function tableOf({ found, prices }: Waste): Block {
  const rows = RESOURCES.flatMap((resource) =>
    found[resource].items
      .slice(0, LISTED / 2)
      .map((one) => [
        inertName(`${one.namespace === "" ? "" : `${one.namespace}/`}${one.workload}`, { max: 80 }),
        resource === "cpu" ? "CPU" : "memory",
        amount(resource, one.asked),
        `${amount(resource, one.used)}${one.isIdle ? " (idle)" : ""}`,
        ...(prices === undefined ? [] : [whole(costOf(resource, one, prices) ?? 0, prices)]),
      ]),
  );
  const columns = ["workload", "of", "asks for", "uses (p95)", ...(prices === undefined ? [] : ["unused, a month"])];
  return { kind: "table", columns, rows };
}

function foot({ id, at, promql, found, prices }: Waste, { now, zone }: Context): readonly Block[] {
  const shown = RESOURCES.reduce((sum, one) => sum + Math.min(LISTED / 2, found[one].items.length), 0);
  const more = found.cpu.sum.count + found.memory.sum.count - shown;
  const rest = more > 0 ? ` ${more} more are not shown.` : "";
  const cost = prices === undefined ? " What a core and a GiB cost in a month stands nowhere (costs in the file)." : "";
  return [
    { kind: "evidence", items: promql.map((one) => ({ promql: one, source: id })) },
    {
      kind: "note",
      text: `Measured ${sayTime(at, now, zone)} in ${inertName(id)}; it is measured once a day. Counted is what asks for more than twice what it uses.${rest}${cost}`,
    },
  ];
}

/** "€155": what is unused is no matter of cents. */
function whole(cost: number, prices: Prices | undefined): string {
  return formatValue(Math.round(cost), "money", { currency: prices?.currency ?? "" }).replace(/\.00(?!\d)/, "");
}
