import type { Job } from "bullmq";
import type { JobOutcome, JobQueue, JobQueueLimits } from "../ports/jobs.ts";
import { reasonOf } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import { outage } from "./outage.ts";

export type RedisQueueSettings = JobQueueLimits & {
  /** `redis://` or `rediss://`, with the password in it. */
  readonly url: Secret;
  readonly name: string;
  /** Seconds after which the job of a process that died is another's. Default: 10. */
  readonly lockSeconds?: number;
  readonly warn: (problem: unknown, message: string) => void;
};

const ATTEMPTS = 3;
/** For so long after its end a job of the same id is the same job. */
const KNOWN_SECONDS = 60;
/** All keys begin so. The braces put them into one slot of a cluster, the store's. */
const PREFIX = "{smartcloudops}:jobs";

/**
 * A queue in Redis, by BullMQ, which all processes share that name it so. A job whose taker died is another's when its lock is over. It has connections
 * of its own: BullMQ's wait for the server as long as it takes and send again what was cut off, which nothing of the store ever does. Rejects
 * only when BullMQ cannot be loaded; while Redis is away, jobs end with the caller's patience.
 */
export async function createRedisQueue(settings: RedisQueueSettings): Promise<JobQueue> {
  const { url, name, concurrency, waiting, retryMs, lockSeconds = 10, warn } = settings;
  const [{ Queue, QueueEvents, Worker }, { Redis }] = await Promise.all([import("bullmq"), import("ioredis")]);
  const redis = new Redis(url.reveal(), { maxRetriesPerRequest: null, connectionName: "smartcloudops-jobs" });
  const on = { connection: redis, prefix: PREFIX };
  const queue = new Queue(name, {
    ...on,
    defaultJobOptions: {
      attempts: ATTEMPTS,
      backoff: { type: "fixed", delay: retryMs },
      removeOnComplete: { age: KNOWN_SECONDS },
      removeOnFail: { age: KNOWN_SECONDS },
    },
    streams: { events: { maxLen: 2000 } },
  });
  const events = new QueueEvents(name, on);
  let worker: InstanceType<typeof Worker> | undefined;
  let isClosed = false;
  // Each of them says the same of one outage, at every attempt to connect.
  const { noticed, over } = outage((problem) =>
    warn(problem, "the queue of jobs cannot reach Redis, or was cut off: rounds go on with what this process can do"),
  );
  const onProblem = (problem: unknown) => {
    if (!isClosed) noticed(problem);
  };
  redis.on("error", onProblem);
  redis.on("ready", over);
  queue.on("error", onProblem);
  events.on("error", onProblem);
  // Each job that is waited for listens.
  queue.setMaxListeners(0);
  events.setMaxListeners(0);

  async function add(ids: readonly string[]): Promise<readonly (Job | string)[]> {
    const there = await queue.getWaitingCount();
    const room = Math.max(0, waiting - there);
    const jobs = ids.slice(0, room).map((id) => ({ name: "job", data: {}, opts: { jobId: keyOf(id) } }));
    const added: (Job | string)[] = jobs.length === 0 ? [] : await queue.addBulk(jobs);
    return [...added, ...ids.slice(room).map(() => `${there + jobs.length} jobs wait already.`)];
  }

  async function ended(id: string, job: Job, until: number): Promise<JobOutcome> {
    try {
      return { id, ok: true, result: await job.waitUntilFinished(events, Math.max(1, until - performance.now())) };
    } catch (problem) {
      return { id, ok: false, why: reasonOf(problem) };
    }
  }

  return {
    async run(ids, patienceMs) {
      const until = performance.now() + patienceMs;
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => late.resolve(undefined), patienceMs).unref();
      const notEnded = (id: string): JobOutcome => ({
        id,
        ok: false,
        why: `It has not ended after ${patienceMs / 1000} s.`,
      });
      const all = async (): Promise<readonly JobOutcome[]> => {
        const jobs = await add(ids);
        const outcome = (id: string, job: Job | string | undefined): Promise<JobOutcome> | JobOutcome =>
          typeof job === "object" ? ended(id, job, until) : { id, ok: false, why: job ?? "It was not added." };
        return Promise.all(
          ids.map((id, at) => Promise.race([outcome(id, jobs[at]), late.promise.then(() => notEnded(id))])),
        );
      };
      try {
        return (await Promise.race([all(), late.promise.then(() => undefined)])) ?? ids.map(notEnded);
      } catch (problem) {
        return ids.map((id) => ({ id, ok: false, why: reasonOf(problem) }));
      } finally {
        clearTimeout(timer);
      }
    },
    take(handle) {
      worker = new Worker(name, (job: Job) => handle(idOf(job.id ?? ""), job.attemptsStarted), {
        ...on,
        concurrency,
        lockDuration: lockSeconds * 1000,
        stalledInterval: (lockSeconds * 1000) / 2,
        maxStalledCount: ATTEMPTS,
      });
      worker.on("error", onProblem);
    },
    async close(graceMs) {
      isClosed = true;
      const late = new Promise((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([worker?.close(), late]);
      await Promise.race([Promise.allSettled([worker?.close(true), queue.close(), events.close()]), late]);
      redis.disconnect();
    },
  };
}

/** BullMQ takes no colon in an id. */
function keyOf(id: string): string {
  return encodeURIComponent(id);
}

function idOf(key: string): string {
  return decodeURIComponent(key);
}
