/** A time limit that may be set anew while it runs. */
export type Deadline = {
  readonly signal: AbortSignal;
  /** At least so many milliseconds from now on. Does nothing once it has passed. */
  extend(ms: number): void;
  /** It is not needed any more. */
  end(): void;
};

/** Fires after so many milliseconds, with a `TimeoutError` as `AbortSignal.timeout` does. */
export function deadlineIn(ms: number): Deadline {
  const controller = new AbortController();
  const fire = () => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
  let until = performance.now() + ms;
  let timer = setTimeout(fire, ms).unref();
  return {
    signal: controller.signal,
    extend(more) {
      if (controller.signal.aborted || performance.now() + more <= until) return;
      until = performance.now() + more;
      clearTimeout(timer);
      timer = setTimeout(fire, more).unref();
    },
    end: () => clearTimeout(timer),
  };
}
