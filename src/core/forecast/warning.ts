import { departureOf } from "./course.ts";
import { type Crossing, crossingOf, forecastUntil, isPast, type Limit, trendCrossing } from "./crossing.ts";
import type { Forecast, ForecastOptions } from "./forecast.ts";
import type { CannotForecast, History } from "./history.ts";

/** What a watch remembers between two looks at the same series. JSON; a new series begins with `CALM`. */
export type WarningState = {
  readonly phase: "calm" | "warned";
  /** Looks in a row that speak against the phase. */
  readonly against: number;
  /** Of the last warning: when the limit was likely to be reached, unix seconds. */
  readonly likely: number | undefined;
};

export const CALM: WarningState = { phase: "calm", against: 0, likely: undefined };

export type WarningRules = {
  /** Seconds a warning must come ahead of the likely crossing: less is no forecast but an alert. */
  readonly lead: number;
  /** Looks in a row that must agree before a warning begins, and before it ends. */
  readonly begins: number;
  readonly ends: number;
  /** A warning is repeated when the likely time has come nearer by this share of what was left. */
  readonly sooner: number;
};

/** Half an hour ahead at least; two looks to begin and three to end, so that one odd value does neither. */
export const WARNING_RULES: WarningRules = { lead: 1800, begins: 2, ends: 3, sooner: 0.5 };

/** What to say after a look. `lead` is in seconds before the likely crossing. */
export type Warning =
  | { readonly kind: "begins" | "sooner"; readonly crossing: Crossing & { kind: "crosses" }; readonly lead: number }
  | { readonly kind: "ends" }
  | undefined;

/** What came of a look. */
export type Looked = { readonly state: WarningState; readonly warning: Warning };

/** Seconds that are looked ahead, and the stretch that tells whether an incident is under way. */
const AHEAD = [6 * 3600, 24 * 3600];
const RECENT = 6 * 3600;

/**
 * One look at a quantity with a limit: whether to warn that it will be reached within a day. By its forecast; by the trend of the last six
 * hours where it has left its usual course, since then the past tells nothing of what is under way. Where neither can tell, nothing is
 * said, with the reason. `at` is now, unix seconds; the history ends there or shortly before.
 */
export function lookAhead(
  state: WarningState,
  history: History,
  limit: Limit,
  at: number,
  options: Omit<ForecastOptions, "horizon"> = {},
  rules: WarningRules = WARNING_RULES,
):
  | (Looked & { readonly crossing: Crossing; readonly by: "forecast" | "trend"; readonly told?: Forecast })
  | CannotForecast {
  const steps = (seconds: number) => Math.max(2, Math.round(seconds / history.step));
  const value = history.values[history.values.length - 1] ?? Number.NaN;
  const looked = (crossing: Crossing, by: "forecast" | "trend") => ({
    ...look(state, crossing, at, rules),
    crossing,
    by,
  });
  if (isPast(value, limit)) return looked({ kind: "already" }, "trend");
  const departed = departureOf(history, steps(RECENT), options);
  if (departed !== undefined)
    return looked(trendCrossing(history, steps(RECENT), limit, steps(AHEAD[1]!) * history.step), "trend");
  const told = forecastUntil(history, limit, AHEAD.map(steps), options);
  if (told.kind === "cannot") return told;
  return { ...looked(crossingOf(told, limit, value), "forecast"), told };
}

/**
 * The rules of a warning: it begins when the likely line (not only its band) reaches the limit, no sooner than `lead`, in several looks in a
 * row; ends when that line stays clear in several looks in a row, or when the limit was reached; and is repeated only when it has
 * become much more urgent.
 */
export function look(state: WarningState, crossing: Crossing, at: number, rules: WarningRules = WARNING_RULES): Looked {
  if (crossing.kind === "already")
    return { state: CALM, warning: state.phase === "warned" ? { kind: "ends" } : undefined };
  const crosses = crossing.kind === "crosses" ? crossing : undefined;
  return state.phase === "calm" ? whileCalm(state, crosses, at, rules) : whileWarned(state, crosses, at, rules);
}

type Crosses = Crossing & { kind: "crosses" };

function whileCalm(state: WarningState, crossing: Crosses | undefined, at: number, rules: WarningRules): Looked {
  if (crossing === undefined || crossing.likely - at < rules.lead) return { state: CALM, warning: undefined };
  if (state.against + 1 < rules.begins) return { state: { ...state, against: state.against + 1 }, warning: undefined };
  return {
    state: { phase: "warned", against: 0, likely: crossing.likely },
    warning: { kind: "begins", crossing, lead: crossing.likely - at },
  };
}

function whileWarned(state: WarningState, crossing: Crosses | undefined, at: number, rules: WarningRules): Looked {
  if (crossing === undefined) {
    const against = state.against + 1;
    if (against >= rules.ends) return { state: CALM, warning: { kind: "ends" } };
    return { state: { ...state, against }, warning: undefined };
  }
  const promised = (state.likely ?? crossing.likely) - at;
  if (promised > 0 && crossing.likely - at < rules.sooner * promised)
    return {
      state: { phase: "warned", against: 0, likely: crossing.likely },
      warning: { kind: "sooner", crossing, lead: crossing.likely - at },
    };
  return { state: { ...state, against: 0 }, warning: undefined };
}
