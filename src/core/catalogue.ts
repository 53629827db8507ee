/** What exists in one Prometheus source: metric names, what is known of each, and the things they are about. */

export type MetricType = "counter" | "gauge" | "histogram" | "summary" | "unknown";

export type Metric = {
  /** Base name as queried. A classic histogram is one entry under its name without `_bucket`, `_sum`, `_count`. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Unit as metadata or the name's suffix tells (`bytes`, `seconds`, `ratio`, …), "" when unknown. */
  readonly unit: string;
  /** Native histogram: queried by its bare name, without `_bucket`. */
  readonly native?: boolean;
  /** Label name -> values seen (at most `VALUES_PER_LABEL`, sorted). */
  readonly labels: ReadonlyMap<string, readonly string[]>;
};

/** One thing people name: a service, a host, a queue, … found as a label value. */
export type Entity = {
  /** `service`, `host`, `namespace`, `pod`, `deployment`, `node`, `queue`, `database`, `domain`, …; else the label's name. */
  readonly kind: string;
  /** The name people say: `web-1` for `instance="web-1:9100"`, `pay.example.com` for `https://pay.example.com`. */
  readonly name: string;
  /** Every (label, value) pair under which it appears, and on how many metrics. */
  readonly at: readonly { readonly label: string; readonly value: string; readonly metrics: number }[];
};

export type MetricHit = { readonly metric: Metric; readonly score: number };

export interface Catalogue {
  readonly source: string;
  /** Unix seconds of the last complete refresh; undefined before the first. */
  readonly refreshedAt: number | undefined;
  /** By base name. */
  readonly metrics: ReadonlyMap<string, Metric>;
  /** All entities, each once per kind. */
  readonly entities: readonly Entity[];
  /** Entities with that name (case-insensitive, port and scheme ignored), of any kind. */
  named(name: string): readonly Entity[];
  /** Entities whose name is like it: spelling distance, prefix, shared words. Best first, at most `limit`. */
  like(name: string, limit?: number): readonly Entity[];
  /** Entities of one kind. */
  ofKind(kind: string): readonly Entity[];
  /** Metrics whose name, help or labels fit the words. Best first, at most `limit`. Typos are forgiven. */
  search(words: string, limit?: number): readonly MetricHit[];
  /** (label, metric) pairs where a label value contains the word as a whole part (`order_confirmation` for "order confirmation"). */
  withValue(
    word: string,
  ): readonly { readonly label: string; readonly value: string; readonly metrics: readonly string[] }[];
}

export const VALUES_PER_LABEL = 500;
