import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

/** A thread beside the event loop. */
export type Thread = {
  /** Calls what the file exports by that name. What goes there and back is copied. Rejects as the call does, and when the thread ends before it. */
  readonly run: <T>(name: string, argument: unknown) => Promise<T>;
  /** Ends it; calls under way reject. */
  readonly close: () => Promise<void>;
};

/**
 * One thread that runs the exports of a file, one call after the other, from the first call on. What the file keeps in its variables stays until the thread
 * ends; another one takes its place then, with nothing in them, and `onEnd` hears why. Keeps the process alive only while a call is under way.
 */
export function createThread(file: URL, onEnd: (problem: unknown) => void): Thread {
  const pool = new Piscina({
    filename: fileURLToPath(file),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  pool.on("error", onEnd);
  return { run: (name, argument) => pool.run(argument, { name }), close: () => pool.destroy() };
}
