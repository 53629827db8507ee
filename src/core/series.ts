/** Labels of one series, without `__name__` unless the query kept it. */
export type Labels = Readonly<Record<string, string>>;

/** The same text for the same labels, whatever their order and whether the query kept the metric's name. */
export function seriesKey(labels: Labels): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([label]) => label !== "__name__")
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** One point of an instant answer. `at` is unix seconds; `value` may be NaN or infinite, as Prometheus sends it. */
export type Sample = { readonly labels: Labels; readonly at: number; readonly value: number };

/** One point of a range answer: unix seconds and value. */
export type Point = readonly [at: number, value: number];

/** One series of a range answer, points in order of time. */
export type Series = { readonly labels: Labels; readonly points: readonly Point[] };
