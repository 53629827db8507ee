import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
} from "cockatiel";
import { NotNowError, RefusedError, reasonOf, UnreachableError } from "./errors.ts";

/**
 * Everything outside that the bot calls, each behind a circuit breaker and a bulkhead (Nygard, "Release It!"): what fails again and again is
 * left alone for a while, then one call tries, and what hangs takes a bounded number of places.
 */

export type BreakerSettings = {
  /** Failed calls in a row after which it is left alone. */
  readonly failures: number;
  /** For so long, in milliseconds; then one call tries. */
  readonly restMs: number;
  /** Longest time of one call in milliseconds, where that is less than the call's own limit. */
  readonly timeoutMs?: number;
};

/** `only`: other numbers for dependencies of that name or below it ("notifier", "notifier/pager"); the first that fits counts. */
export type BreakerRules = BreakerSettings & {
  readonly only: readonly ({ readonly dependency: string } & Partial<BreakerSettings>)[];
};

/** A call of a model may take a minute and money: it is left alone sooner, and for longer. */
export const BREAKERS: BreakerRules = {
  failures: 5,
  restMs: 10_000,
  only: [{ dependency: "model", failures: 3, restMs: 30_000 }],
};

/** `closed`: it is asked. `open`: it is left alone. `half-open`: one call tries whether it is back. */
export type BreakerState = "closed" | "half-open" | "open";

export type DependencyView = {
  /** "prometheus/main": the kind, and the name that the configuration gives it. */
  readonly name: string;
  /** As people know it. */
  readonly service: string;
  readonly state: BreakerState;
  /** Unix seconds since which it is asked, or is not. */
  readonly since: number;
  /** Seconds until a call may try; 0 where it may at once. */
  readonly retryIn: number;
  /** When it answered last, in unix seconds; undefined where it was not asked yet, or never answered. */
  readonly answeredAt?: number;
  /** The last failed call, until one succeeds. */
  readonly trouble?: { readonly text: string; readonly at: number };
};

/** What a failed call says about the other side: nothing good, that it is there, or nothing at all (whoever asked left). */
export type Verdict = "failure" | "alive" | "unknown";

export type Dependency = {
  /**
   * Makes a call, when it is its turn. Throws `RestingError` while the other side is left alone, `BusyError` when too many wait already, and
   * else what the call throws. The call is made at most once.
   */
  ask<T>(call: () => Promise<T>): Promise<T>;
  /** How many calls it makes sense to begin now: 0 while it is left alone or tried, 1 when somebody may try, else `Infinity`. */
  room(): number;
  view(): DependencyView;
};

export type DependencyOptions = {
  readonly service: string;
  /** Default: `verdictOf`. */
  readonly verdict?: (thrown: unknown) => Verdict;
  /** Calls at the same time, and those that wait for their turn. */
  readonly atOnce?: number;
  readonly queue?: number;
};

export type Dependencies = {
  /** The dependency of that name, made when first asked for: `options` count then. */
  of(name: string, options: DependencyOptions): Dependency;
  /** In the order in which they were first asked for. */
  all(): readonly DependencyView[];
};

/** It was not asked, because it failed again and again. Nothing was sent. */
export class RestingError extends UnreachableError {
  /** Until it may be tried. */
  readonly seconds: number;
  constructor(service: string, reason: string, seconds: number, options?: ErrorOptions) {
    super(service, reason, options);
    this.seconds = seconds;
  }
}

/** It did not answer in the time that a call of it may take. What was sent may have arrived. */
export class TimedOutError extends UnreachableError {}

/** It was not asked, because too much waits for it already. Nothing was sent. */
export class BusyError extends UnreachableError {}

const AT_ONCE = 50;
const QUEUE = 4096;

/**
 * A registry of dependencies. `changed` hears of each new one (`from` undefined) and of each change of state. `clock`: unix seconds;
 * `elapsed`: milliseconds that never go back, so that a clock that is set does not lengthen a rest.
 */
export function createDependencies(
  rules: BreakerRules = BREAKERS,
  options: {
    readonly clock?: () => number;
    readonly elapsed?: () => number;
    readonly changed?: (view: DependencyView, from: BreakerState | undefined) => void;
  } = {},
): Dependencies {
  const { clock = () => Date.now() / 1000, elapsed = () => performance.now(), changed = () => {} } = options;
  const known = new Map<string, Dependency>();
  return {
    of(name, given) {
      const found = known.get(name);
      if (found !== undefined) return found;
      const made = createDependency(name, given, settingsOf(rules, name), { clock, elapsed, changed });
      known.set(name, made);
      changed(made.view(), undefined);
      return made;
    },
    all: () => [...known.values()].map((one) => one.view()),
  };
}

function settingsOf({ only, ...all }: BreakerRules, name: string): BreakerSettings {
  const own = only.find(({ dependency }) => name === dependency || name.startsWith(`${dependency}/`));
  const timeoutMs = own?.timeoutMs ?? all.timeoutMs;
  const limit = timeoutMs !== undefined && { timeoutMs };
  return { failures: own?.failures ?? all.failures, restMs: own?.restMs ?? all.restMs, ...limit };
}

/**
 * What an error of ours says about the other side. A refusal is an answer, and so is "not so fast" (429): callers wait as long as they
 * were told. Anything else than our errors is a mistake of ours, or somebody who left.
 */
export function verdictOf(thrown: unknown): Verdict {
  if (thrown instanceof RefusedError) return thrown.status >= 500 ? "failure" : "alive";
  if (thrown instanceof UnreachableError) return "failure";
  if (thrown instanceof NotNowError) return thrown.answered ? "alive" : "failure";
  return "unknown";
}

const STATES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.HalfOpen]: "half-open",
  [CircuitState.Open]: "open",
  [CircuitState.Isolated]: "open",
};

function createDependency(
  name: string,
  { service, verdict: ownVerdict = verdictOf, atOnce = AT_ONCE, queue = QUEUE }: DependencyOptions,
  { failures, restMs, timeoutMs }: BreakerSettings,
  deps: {
    readonly clock: () => number;
    readonly elapsed: () => number;
    readonly changed: (view: DependencyView, from: BreakerState | undefined) => void;
  },
): Dependency {
  let since = deps.clock();
  let trouble: DependencyView["trouble"];
  let answeredAt: number | undefined;
  let restsUntil = 0;
  let state: BreakerState = "closed";
  let trial = Promise.withResolvers<void>();
  const slots = bulkhead(atOnce, queue);
  const verdict = (thrown: unknown): Verdict => (thrown instanceof TimedOutError ? "failure" : ownVerdict(thrown));
  // Whoever tries and leaves has learnt nothing: then it is not closed.
  const isHeld = (thrown: unknown) => verdict(thrown) === "failure" || breaker.state === CircuitState.HalfOpen;
  const breaker = circuitBreaker(handleWhen(isHeld), {
    // cockatiel measures by the wall clock. How long a rest takes is measured here: for it, each is over at once.
    halfOpenAfter: Number.NEGATIVE_INFINITY,
    breaker: new ConsecutiveBreaker(failures),
  });
  breaker.onStateChange((next) => {
    const from = state;
    state = STATES[next];
    if (state === "open") restsUntil = deps.elapsed() + restMs;
    if (state === "half-open") trial = Promise.withResolvers();
    else trial.resolve();
    if (state === "closed" || from === "closed") since = deps.clock();
    deps.changed(view(), from);
  });

  const leftMs = () => (state === "open" ? Math.max(0, restsUntil - deps.elapsed()) : 0);

  function view(): DependencyView {
    const retryIn = leftMs() / 1000;
    const answered = answeredAt !== undefined && { answeredAt };
    return { name, service, state, since, retryIn, ...answered, ...(trouble !== undefined && { trouble }) };
  }

  function resting(cause?: unknown): RestingError {
    const seconds = Math.max(1, Math.ceil(leftMs() / 1000));
    const many = failures === 1 ? "its last attempt" : `${failures} attempts in a row`;
    const reason = `not asked, because ${many} failed; it is tried again within ${seconds} s.`;
    const last = trouble === undefined ? "" : ` The last failure: ${trouble.text}`;
    return new RestingError(service, `${reason}${last}`, seconds, { cause });
  }

  function answered(): void {
    trouble = undefined;
    answeredAt = deps.clock();
  }

  /** One call; an error that shows that the other side is there counts as success, and is thrown after that. */
  async function call<T>(work: () => Promise<T>): Promise<T> {
    while (state === "half-open") await trial.promise;
    if (leftMs() > 0) throw resting();
    const done = await breaker.execute(async () => {
      try {
        const value = await inTime(work);
        answered();
        return { value };
      } catch (thrown) {
        const said = verdict(thrown);
        if (said === "failure") trouble = { text: withoutService(thrown, service), at: deps.clock() };
        if (said !== "alive") throw thrown;
        answered();
        return { thrown };
      }
    });
    if ("thrown" in done) throw done.thrown;
    return done.value;
  }

  async function inTime<T>(work: () => Promise<T>): Promise<T> {
    if (timeoutMs === undefined) return work();
    try {
      return await timeout(timeoutMs, TimeoutStrategy.Aggressive).execute(work);
    } catch (problem) {
      if (!(problem instanceof TaskCancelledError)) throw problem;
      throw new TimedOutError(service, `no answer within ${timeoutMs / 1000} s`, { cause: problem });
    }
  }

  return {
    async ask(work) {
      try {
        return await slots.execute(() => call(work));
      } catch (problem) {
        if (problem instanceof BrokenCircuitError) throw resting(problem);
        if (problem instanceof BulkheadRejectedError)
          throw new BusyError(
            service,
            `too many questions at once: ${atOnce} are being asked and ${queue} wait. Try again shortly.`,
            { cause: problem },
          );
        throw problem;
      }
    },
    room() {
      if (state === "closed") return Number.POSITIVE_INFINITY;
      return state === "open" && leftMs() === 0 ? 1 : 0;
    },
    view,
  };
}

function withoutService(thrown: unknown, service: string): string {
  const message = reasonOf(thrown);
  return message.startsWith(`${service}: `) ? message.slice(service.length + 2) : message;
}
