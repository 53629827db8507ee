import { CorruptStateError } from "./errors.ts";

/** Which way from the usual is worth an alert: latency up, success ratio down, traffic both. */
export type Direction = "both" | "up" | "down";

export type Sensitivity = "low" | "normal" | "high";

export type Severity = "info" | "warning" | "critical";

export type DetectorOptions = {
  /** Usual distance of two points, in seconds. */
  readonly stepSeconds: number;
  readonly direction?: Direction;
  readonly sensitivity?: Sensitivity;
  /** The values are a counter that only grows and starts anew at a restart: its growth a second is judged. */
  readonly counter?: boolean;
  /** Multiplies the shipped threshold; 1 is as shipped. Feedback moves it: 1.2 after "not useful", 0.9 after "useful". */
  readonly threshold?: number;
};

/** What one group of statistics contributed, as facts. */
export type Term = {
  readonly name: "level" | "change" | "season" | "variability" | "local" | "shape";
  /** Its share of the score, 0 to 1. */
  readonly weight: number;
  /** -log10 of how often this series was as far out before: 3 is once in a thousand points. */
  readonly surprise: number;
};

/** Why a point raised no alert. */
export type Quiet =
  | { readonly kind: "usual" }
  /** `points`: how many more are wanted before it judges. */
  | { readonly kind: "warming up"; readonly points: number }
  /** It was said already, at `since` (ms), and is not worse now. */
  | { readonly kind: "silenced"; readonly since: number }
  /** The same happened `times` times lately (a number that decays), so it takes more. */
  | { readonly kind: "recurring"; readonly times: number }
  | { readonly kind: "other direction" }
  | { readonly kind: "not a number" }
  /** Before or at the time of the newest point: not used. */
  | { readonly kind: "late" };

export type Verdict = {
  /** Unix milliseconds. */
  readonly at: number;
  /** What was judged: the value, or the growth a second of a counter. */
  readonly value: number;
  /** 0 or more, finite; an alert from `threshold` on. Comparable between series. */
  readonly score: number;
  readonly threshold: number;
  readonly isAlert: boolean;
  /** Of an alert, by its score alone; see `severityOf` for persistence and impact. */
  readonly severity: Severity | undefined;
  /** Largest first. Empty where nothing was judged. */
  readonly terms: readonly Term[];
  /** Where nine of ten values of this time of day were. Undefined while warming up. */
  readonly usual: { readonly low: number; readonly typical: number; readonly high: number } | undefined;
  /** Unix ms since when it has been unusual, `at` when it just began or is usual. */
  readonly since: number;
  readonly direction: "up" | "down";
  /** Undefined for an alert. */
  readonly quiet: Quiet | undefined;
};

const VERSION = 0;
const NUMBERS = 8;
const WARM_UP = 48;
const THRESHOLD = 6;

/**
 * Watches one series. Its whole memory is a few numbers, whatever it has seen. Causal: a verdict depends on this point and
 * those before. Never throws on a point.
 */
export class SeriesDetector {
  readonly #options: DetectorOptions;
  readonly #state: Float64Array;

  constructor(options: DetectorOptions, state: Float64Array = new Float64Array(NUMBERS)) {
    this.#options = options;
    this.#state = state;
  }

  /** Judges a point and learns from it. `at` is unix milliseconds. */
  observe(at: number, value: number): Verdict {
    const state = this.#state;
    const [seen, last, mean, variance, since, silenced] = state as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const threshold = THRESHOLD * (this.#options.threshold ?? 1);
    const verdict = (more: Partial<Verdict>): Verdict => ({
      at,
      value,
      score: 0,
      threshold,
      isAlert: false,
      severity: undefined,
      terms: [],
      usual: undefined,
      since: at,
      direction: value < mean ? "down" : "up",
      quiet: { kind: "usual" },
      ...more,
    });
    if (!Number.isFinite(value) || !Number.isFinite(at)) return verdict({ quiet: { kind: "not a number" } });
    if (seen > 0 && at <= last) return verdict({ quiet: { kind: "late" } });
    const spread = Math.sqrt(variance);
    const z = spread > 0 ? Math.abs(value - mean) / spread : 0;
    const score = Math.min(z, 1e6);
    const share = Math.max(1 / (seen + 1), this.#options.stepSeconds / 86_400);
    const pull = z > 4 && seen > WARM_UP ? 4 * spread * Math.sign(value - mean) : value - mean;
    state[0] = seen + 1;
    state[1] = at;
    state[2] = seen === 0 ? value : mean + share * pull;
    state[3] = seen === 0 ? 0 : (1 - share) * (variance + share * pull * pull);
    const isOut = seen >= WARM_UP && score >= threshold;
    state[4] = isOut ? since || at : 0;
    state[5] = isOut ? silenced || at : 0;
    const usual = { low: mean - 2 * spread, typical: mean, high: mean + 2 * spread };
    if (seen < WARM_UP) return verdict({ quiet: { kind: "warming up", points: WARM_UP - seen } });
    const terms: Term[] = [{ name: "local", weight: 1, surprise: score }];
    if (!isOut) return verdict({ score, usual, terms });
    const wanted = this.#options.direction ?? "both";
    const direction = value < mean ? "down" : "up";
    if (wanted !== "both" && wanted !== direction)
      return verdict({ score, usual, terms, quiet: { kind: "other direction" } });
    if (silenced > 0) return verdict({ score, usual, terms, since, quiet: { kind: "silenced", since: silenced } });
    return verdict({ score, usual, terms, isAlert: true, severity: "warning", quiet: undefined });
  }

  /** The memory as bytes, for the store. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(8 + this.#state.byteLength);
    bytes[0] = VERSION;
    bytes.set(new Uint8Array(this.#state.buffer), 8);
    return bytes;
  }

  /** What `toBytes` gave. Throws `CorruptStateError` for anything else, and for the bytes of another version. */
  static fromBytes(bytes: Uint8Array, options: DetectorOptions): SeriesDetector {
    if (bytes.length !== 8 + NUMBERS * 8) throw new CorruptStateError(`it has ${bytes.length} bytes`);
    if (bytes[0] !== VERSION) throw new CorruptStateError(`it is of version ${bytes[0]}, this one is ${VERSION}`);
    return new SeriesDetector(options, new Float64Array(bytes.slice(8).buffer));
  }
}
