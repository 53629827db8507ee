/** What one part of `npm run chaos` measured, and whether it is what was promised; undefined where nothing was. */
export type Figure = {
  readonly name: string;
  readonly measured: string;
  readonly wanted?: string;
  readonly isKept?: boolean;
};

/** What a part came to: its figures, and each broken promise as a sentence. `done`: how much of its size, where it ended before. */
export type Outcome = {
  readonly figures: readonly Figure[];
  readonly broken: readonly string[];
  readonly done?: number;
};

/** How large a part is, and how it says how far it has come (a share from 0 to 1). */
export type Run = {
  readonly size: number;
  readonly seed: number;
  readonly show: (share: number, what: string) => void;
};

export type Part = {
  /** What `size` counts. */
  readonly counts: string;
  /** In a test, by default, and with `--full`. */
  readonly sizes: { readonly small: number; readonly usual: number; readonly full: number };
  readonly run: (run: Run) => Promise<Outcome>;
};

/** A number that is to be exactly that. */
export function exactly(name: string, measured: number, wanted: number): Figure {
  return { name, measured: `${measured}`, wanted: `${wanted}`, isKept: measured === wanted };
}

/** A number that is to be below that. */
export function below(name: string, measured: number, wanted: number, unit: string): Figure {
  const said = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
  return { name, measured: said(measured), wanted: `< ${said(wanted)}`, isKept: measured < wanted };
}

export function told(name: string, measured: string | number): Figure {
  return { name, measured: `${measured}` };
}

export function tableOf(figures: readonly Figure[]): string {
  const wide = (of: (one: Figure) => string) => Math.max(...figures.map((one) => of(one).length));
  const [names, values, wishes] = [
    wide(({ name }) => name),
    wide((one) => one.measured),
    wide((one) => one.wanted ?? ""),
  ];
  return figures
    .map(({ name, measured, wanted = "", isKept }) => {
      const verdict = isKept === undefined ? "" : isKept ? "ok" : "BROKEN";
      return `${name.padEnd(names)}  ${measured.padStart(values)}  ${wanted.padEnd(wishes)}  ${verdict}`.trimEnd();
    })
    .join("\n");
}

/** The p-th of a list that is sorted here, by nearest rank; 0 of an empty one. */
export function rank(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
}
