/** What became of a job. `result` is what its taker gave back, as JSON keeps it. */
export type JobOutcome =
  | { readonly id: string; readonly ok: true; readonly result: unknown }
  | { readonly id: string; readonly ok: false; readonly why: string };

/**
 * Work for whichever process is free. A job is an id, and nothing else: whoever takes it looks up what it is about, so a queue that is lost or read by
 * somebody else gives nothing away, and an old job does nothing. It may be taken twice, by two processes at once even: what it does has to bear that. What
 * must never happen twice, as the steps of a change, is no job.
 */
export interface JobQueue {
  /**
   * Adds jobs, in that order, and resolves when all have ended, or with those that have not after `patienceMs`, in the order of `ids`. One that is known
   * by its id, waiting, under way or ended in the last minute, is not done again: its outcome is the same. Where more than so many wait, the rest is
   * refused, as an outcome. Never rejects.
   */
  run(ids: readonly string[], patienceMs: number): Promise<readonly JobOutcome[]>;
  /**
   * From now on this process takes jobs, so many at once as the queue was made for. `attempt` counts from 1. Where `handle` rejects, the job is tried again, three
   * times in all. To be called once.
   */
  take(handle: (id: string, attempt: number) => Promise<unknown>): void;
  /** Takes no more, and ends when those under way did, or after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export type JobQueueLimits = {
  /** Jobs that this process has under way at once. */
  readonly concurrency: number;
  /** Jobs that wait, of everybody together. */
  readonly waiting: number;
  /** Milliseconds before a job that failed is tried again. */
  readonly retryMs: number;
};
