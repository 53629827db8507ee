import { AT, INPUTS, type Memory } from "./memory.ts";

/**
 * The next value from the last three, the mean of the last hour and the usual at this hour: a linear model that learns with every
 * point (recursive least squares with forgetting: Haykin, "Adaptive Filter Theory", chapter 10). What it misses by, against
 * how far it missed lately, is the light method that does best on operations data in TSB-AD-U (Liu and Paparrizos, 2024, "POLY").
 */

const FORGETTING = 0.999;
/** Inputs are in standard deviations of the last day, and no further out than this. */
const FARTHEST = 6;
/** It learns from misses up to so many of them. */
const MOST_MISS = 4;
const START = 10;
/** Beyond this the covariance has blown up, as it does while inputs stay the same: it starts anew. */
const BLOWN_UP = 1e4;

const WEIGHTS = 0;
const LAST = INPUTS;
const COVARIANCE = 2 * INPUTS;
const gain = new Float64Array(INPUTS);

/** How far the value is from what was predicted for it, in its own unit; learns, and prepares for the next. */
export function predict({ predictor: state, now }: Memory, value: number, hourMean: number, usual: number): number {
  const [centre, scale] = [now[AT.predictorCentre]!, now[AT.predictorScale]!];
  let miss = 0;
  if (scale > 0) {
    state[LAST + 4] = held((usual - centre) / scale);
    let predicted = 0;
    for (let i = 0; i < INPUTS; i++) predicted += state[WEIGHTS + i]! * state[LAST + i]!;
    miss = (value - centre) / scale - predicted;
    learn(state, Math.max(-MOST_MISS, Math.min(MOST_MISS, miss)));
    miss *= scale;
  }
  const [newCentre, newScale] = [now[AT.day]!, Math.sqrt(now[AT.dayVariance]!)];
  if (newScale > 0 && state[COVARIANCE] === 0) {
    restart(state);
    state[WEIGHTS] = 1;
  }
  now[AT.predictorCentre] = newCentre;
  now[AT.predictorScale] = newScale;
  if (newScale > 0) {
    state[LAST] = held((value - newCentre) / newScale);
    state[LAST + 1] = held((now[AT.previous]! - newCentre) / newScale);
    state[LAST + 2] = held((hourMean - newCentre) / newScale);
    state[LAST + 3] = held((now[AT.beforePrevious]! - newCentre) / newScale);
  }
  return Number.isFinite(miss) ? miss : 0;
}

function held(value: number): number {
  return Math.max(-FARTHEST, Math.min(FARTHEST, value));
}

function learn(state: Float32Array, miss: number): void {
  let spread = FORGETTING;
  for (let i = 0; i < INPUTS; i++) {
    let sum = 0;
    for (let j = 0; j < INPUTS; j++) sum += state[COVARIANCE + i * INPUTS + j]! * state[LAST + j]!;
    gain[i] = sum;
    spread += sum * state[LAST + i]!;
  }
  let trace = 0;
  for (let i = 0; i < INPUTS; i++) {
    state[WEIGHTS + i] = state[WEIGHTS + i]! + (gain[i]! / spread) * miss;
    for (let j = 0; j < INPUTS; j++) {
      const at = COVARIANCE + i * INPUTS + j;
      state[at] = (state[at]! - (gain[i]! * gain[j]!) / spread) / FORGETTING;
    }
    trace += state[COVARIANCE + i * (INPUTS + 1)]!;
  }
  if (!(trace > 0 && trace < BLOWN_UP)) restart(state);
}

function restart(state: Float32Array): void {
  for (let i = 0; i < INPUTS * INPUTS; i++) state[COVARIANCE + i] = i % (INPUTS + 1) === 0 ? START : 0;
  for (let i = 0; i < INPUTS; i++) if (!Number.isFinite(state[WEIGHTS + i]!)) state[WEIGHTS + i] = i === 0 ? 1 : 0;
}
