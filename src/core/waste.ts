import type { Sample } from "./series.ts";

/** What workloads ask of a cluster and do not use. */

/** What one workload asks for of one resource, and the value that its use stays below in 95 of 100 hours. Cores, or bytes. */
export type Wasted = {
  readonly namespace: string;
  readonly workload: string;
  readonly asked: number;
  readonly used: number;
  /** It does next to nothing. */
  readonly isIdle: boolean;
};

export type Resource = "cpu" | "memory";

/** Of one source, as it was measured last: kept until it is measured again. `id` is the source's name. */
export type Waste = {
  readonly id: string;
  readonly revision: number;
  readonly madeAt: number;
  /** Set once it cannot be measured there any more. */
  readonly endedAt?: number;
  /** Unix seconds. */
  readonly at: number;
  /** Days of history that the use rests on. */
  readonly days: number;
  /** Most first, the largest `MOST` of them; the sums are of all. */
  readonly found: Readonly<Record<Resource, { readonly sum: WasteSum; readonly items: readonly Wasted[] }>>;
  /** The queries that it comes from. */
  readonly promql: readonly string[];
  /** What a core and a GiB cost then, where that was said. */
  readonly prices?: Prices;
};

export type WasteSum = { readonly count: number; readonly asked: number; readonly used: number; readonly idle: number };

/** For one core and one GiB in a month. */
export type Prices = { readonly core: number; readonly gib: number; readonly currency: string };

const GIB = 2 ** 30;
/** Days that the use is looked at, and the distance of its points. */
export const WASTE_DAYS = 14;
const STEP = "1h";
/** Of less than this much history nothing is said. */
export const LEAST_DAYS = 1;
/** It uses less than this share of what it asks for, and asks for this much more at least: 0.1 cores, 128 MiB. */
const USED_SHARE = 0.5;
const WORTH: Readonly<Record<Resource, number>> = { cpu: 0.1, memory: GIB / 8 };
/** Less than this share of what it asks for, and less than a hundredth of a core: it does next to nothing. */
const IDLE = { share: 0.05, cores: 0.01 };
const MOST = 50;

/** Names of pods as Kubernetes makes them, as `workloadOf` reads them: hash and letters of a Deployment, then a number of a StatefulSet. */
const LETTERS = "[bcdf-hj-np-tv-xz24-9]";
const NAMES = [`(.+?)-(?:${LETTERS}{6,10}-)?${LETTERS}{5}`, "(.+)-[0-9]{1,4}"];

function byWorkload(inner: string): string {
  const plain = `label_replace(${inner}, "workload", "$1", "pod", "(.+)")`;
  const named = NAMES.reduce((all, pattern) => `label_replace(${all}, "workload", "$1", "pod", "${pattern}")`, plain);
  return `sum by (namespace, workload) (${named})`;
}

const CONTAINERS = '{container!="",container!="POD"}';

/** What is asked for now, and the 95th percentile of what is used, by namespace and workload; and how many hours of use there are. */
export const WASTE_QUERIES = {
  asked: {
    cpu: byWorkload('kube_pod_container_resource_requests{resource="cpu"}'),
    memory: byWorkload('kube_pod_container_resource_requests{resource="memory"}'),
  },
  used: {
    cpu: `quantile_over_time(0.95, ${byWorkload(`rate(container_cpu_usage_seconds_total${CONTAINERS}[5m])`)}[${WASTE_DAYS}d:${STEP}])`,
    memory: `quantile_over_time(0.95, ${byWorkload(`container_memory_working_set_bytes${CONTAINERS}`)}[${WASTE_DAYS}d:${STEP}])`,
  },
  hours: `count_over_time(count(container_cpu_usage_seconds_total${CONTAINERS})[${WASTE_DAYS}d:${STEP}])`,
} as const;

/** Metrics without which nothing of it can be asked. */
export const WASTE_METRICS: readonly string[] = [
  "kube_pod_container_resource_requests",
  "container_cpu_usage_seconds_total",
  "container_memory_working_set_bytes",
];

/** What is asked for and not used of one resource. What asks for nothing, or is not measured, is no waste. */
export function wasteOf(
  resource: Resource,
  asked: readonly Sample[],
  used: readonly Sample[],
): Waste["found"][Resource] {
  const keyOf = ({ labels }: Sample) => JSON.stringify([labels["namespace"] ?? "", labels["workload"] ?? ""]);
  const usedBy = new Map(used.map((one) => [keyOf(one), one.value]));
  const items = asked
    .flatMap((one): Wasted[] => {
      const use = usedBy.get(keyOf(one));
      const isWaste =
        use !== undefined && use < USED_SHARE * one.value && one.value - use >= WORTH[resource] && Number.isFinite(use);
      if (!isWaste) return [];
      const { namespace = "", workload = "" } = one.labels;
      const isIdle = resource === "cpu" && use < IDLE.share * one.value && use < IDLE.cores;
      return [{ namespace, workload, asked: one.value, used: use, isIdle }];
    })
    .sort((a, b) => b.asked - b.used - (a.asked - a.used) || (a.workload < b.workload ? -1 : 1));
  const total = (of: (one: Wasted) => number) => items.reduce((sum, one) => sum + of(one), 0);
  return {
    sum: {
      count: items.length,
      asked: total((one) => one.asked),
      used: total((one) => one.used),
      idle: total((one) => Number(one.isIdle)),
    },
    items: items.slice(0, MOST),
  };
}

/** What the unused part costs in a month; undefined without prices. */
export function costOf(
  resource: Resource,
  { asked, used }: Pick<WasteSum, "asked" | "used">,
  prices: Prices | undefined,
): number | undefined {
  if (prices === undefined) return undefined;
  return resource === "cpu" ? (asked - used) * prices.core : ((asked - used) / GIB) * prices.gib;
}
