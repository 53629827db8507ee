import { createTask, parse, validateDetailed } from "node-cron";
import type { CronFields } from "../core/digest/slots.ts";

/** A job that begins by the calendar. */
export type CronJob = {
  /** Begins no more, tells what runs to end, and waits for it at most so long. */
  readonly stop: (graceMs: number) => Promise<void>;
};

export type CronSettings = {
  /** Five fields of cron, or six with seconds. */
  readonly expression: string;
  /** IANA name of the zone that the fields are meant in. */
  readonly zone: string;
  readonly name: string;
  /** `slot` is the planned time, unix seconds: the same in every process that has this job. */
  readonly work: (slot: number, signal: AbortSignal) => Promise<void>;
  readonly onProblem: (problem: unknown) => void;
  /** A time was not kept: the one before still runs, or the process was too busy. */
  readonly onMissed: (slot: number, why: "overlap" | "late") => void;
};

/** Why that is no expression of cron, naming the field, or undefined. */
export function whyNotCron(expression: string): string | undefined {
  const { valid, errors } = validateDetailed(expression);
  if (valid) return undefined;
  const [first] = errors;
  return first === undefined ? "it cannot be read" : `${first.field}: ${first.message}`;
}

/** The fields of an expression for plans by the minute, or why it is none: `wrong` names the field. */
export function readCron(expression: string): CronFields | { readonly wrong: string } {
  const wrong = whyNotCron(expression);
  if (wrong !== undefined) return { wrong };
  if (expression.trim().split(/\s+/).length !== 5)
    return { wrong: "it must have five fields: seconds are not planned" };
  const { minute, hour, dayOfMonth, month, dayOfWeek } = parse(expression);
  const odd = [...dayOfMonth, ...dayOfWeek].find((value) => typeof value === "string");
  if (odd !== undefined) return { wrong: `${odd} is not taken here: write days as numbers, ranges or steps` };
  const numbers = (values: readonly (number | string)[]) => values.filter((value) => typeof value === "number");
  return { minute, hour, dayOfMonth: numbers(dayOfMonth), month, dayOfWeek: numbers(dayOfWeek).map((day) => day % 7) };
}

/**
 * Runs `work` at each time of the expression, never twice at once in this process: a time that comes while it still runs is left out.
 * Does not keep the process alive. Throws for an expression that `whyNotCron` refuses.
 */
export function startCron({ expression, zone, name, work, onProblem, onMissed }: CronSettings): CronJob {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const begin = ({ date }: { readonly date: Date }): Promise<void> => {
    running = work(date.getTime() / 1000, stopping.signal)
      .catch(onProblem)
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  const task = createTask(expression, begin, {
    name,
    timezone: zone,
    noOverlap: true,
    unref: true,
    suppressMissedWarning: true,
    logger: { info: () => {}, debug: () => {}, warn: () => {}, error: onProblem },
  });
  task.on("execution:overlap", ({ date }) => onMissed(date.getTime() / 1000, "overlap"));
  task.on("execution:missed", ({ date }) => onMissed(date.getTime() / 1000, "late"));
  void task.start();
  return {
    async stop(graceMs) {
      await task.destroy();
      stopping.abort(new Error("the bot is stopping"));
      if (running === undefined) return;
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    },
  };
}
