import { afterEach, describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import type { Detect } from "../../src/flows/detect.ts";
import { createMemoryQueue } from "../../src/jobs/memory-queue.ts";
import type { JobQueue } from "../../src/ports/jobs.ts";
import { aWatch, course, EVERY, Watched } from "../fakes/watched.ts";

/** Rounds of watching by several processes on one store: the queue is ours, so that a test says who takes what, and who dies. */

const HOUR = 3600;
const services = ["orders", "billing", "suggest"];
const watches = ["latency", "errors", "traffic", "cpu", "queue", "disk"].map((id, rank) =>
  aWatch({ id, name: id, promql: id, by: ["service"], rank }),
);

/** Three services in six watches; four of those of orders go wrong from `at` to `end`. */
const series = (at: () => number, end: () => number) =>
  watches.flatMap(({ id }, which) =>
    services.map((service) =>
      course(id, { service }, 0.3 + which, (now, value) =>
        service === "orders" && which < 4 && now >= at() && now < end() ? value * 6 : value,
      ),
    ),
  );

const queues: JobQueue[] = [];
afterEach(async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.close(0)));
});

/** So many processes. `who` says which of them takes a job; `dies` whether it is gone before it begins, or after it has written, and never tells. */
async function crew(
  size: number,
  { at, end }: { at: () => number; end: () => number },
  who: (job: number) => number = (job) => job % size,
  dies: (job: number, attempt: number) => "before" | "after" | undefined = () => undefined,
) {
  const queue = createMemoryQueue({ concurrency: 3, waiting: 100, retryMs: 1 });
  queues.push(queue);
  const bot = new Watched(series(at, end), {
    settings: { watches, historySeconds: 86_400 },
    jobs: { run: queue.run, isShared: true },
  });
  const processes: Detect[] = [];
  for (let one = 0; one < size; one++) processes.push((await bot.start()).detect);
  const took = new Map<number, number>();
  let job = 0;
  queue.take(async (id, attempt) => {
    const now = job++;
    const taker = who(now) % size;
    const death = dies(now, attempt);
    // As long as it takes until the others may have what it had in hand.
    if (death !== undefined) bot.now += 16;
    if (death === "before") throw new Error("killed");
    const looks = await processes[taker]!.share(id, attempt, new AbortController().signal);
    for (const { by } of looks) expect(by).toBe(`process ${taker + 1}`);
    took.set(taker, (took.get(taker) ?? 0) + looks.length);
    if (death === "after") throw new Error("killed");
    return looks;
  });
  let leader = 0;
  const round = () => processes[leader]!.round(bot.now, new AbortController().signal);
  const wait = async (seconds: number) => {
    for (const until = bot.now + seconds; bot.now < until; ) {
      bot.now = Math.floor(bot.now / EVERY) * EVERY + EVERY + 10;
      await round();
    }
  };
  const lead = (next: number) => {
    leader = next;
  };
  return { bot, processes, took, round, wait, lead };
}

/** What is known of each anomaly whoever found it: when it was is the points', and not the rounds'. */
async function found(bot: Watched) {
  const all = await bot.store.detection.anomalies({ limit: 99 });
  return all
    .map(({ id, watch, series: of, since, endedAt, status, severity }) => ({
      id,
      watch,
      of,
      since,
      endedAt,
      status,
      severity,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A morning with an incident of two hours, which begins in the round that is named. */
async function morning(
  size: number,
  who?: (job: number) => number,
  dies?: (job: number, attempt: number) => "before" | "after" | undefined,
  leaders: (hour: number) => number = () => 0,
) {
  let at = Number.POSITIVE_INFINITY;
  let end = Number.POSITIVE_INFINITY;
  const made = await crew(size, { at: () => at, end: () => end }, who, dies);
  await made.round();
  await made.wait(HOUR);
  // From the next point on: what was read already stays as it was.
  at = Math.floor(made.bot.now / EVERY) * EVERY + EVERY;
  end = at + 2 * HOUR;
  for (let hour = 0; hour < 4; hour++) {
    made.lead(leaders(hour));
    await made.wait(HOUR);
  }
  return { ...made, anomalies: await found(made.bot), posts: await made.bot.posts() };
}

const firstsOf = (posts: readonly { edits?: string | undefined }[]) => posts.filter(({ edits }) => edits === undefined);

describe("a round in shares", () => {
  it("finds and says with three processes what one finds and says", { timeout: 60_000 }, async () => {
    const [one, three] = await Promise.all([morning(1), morning(3)]);
    expect(one.anomalies.map(({ status }) => status)).toEqual(["over", "over", "over", "over"]);
    expect(three.anomalies).toEqual(one.anomalies);
    // Four measures of one service, found by all of them: one message, which is edited, with its course.
    expect(firstsOf(one.posts)).toHaveLength(1);
    expect(firstsOf(three.posts)).toHaveLength(1);
    const [post] = three.posts;
    expect(plainText(post!.card)).toContain("orders");
    expect(post!.card.blocks.some(({ kind }) => kind === "chart")).toBe(true);
    expect([...three.took.values()].every((looks) => looks > 0)).toBe(true);
    expect(three.took.size).toBe(3);
  });

  it("lets whoever had a watch in its hand go on with it", async () => {
    // Jobs come in another order each round; states are read from the store once.
    const { bot, wait, round } = await crew(
      2,
      { at: () => Number.POSITIVE_INFINITY, end: () => Number.POSITIVE_INFINITY },
      (job) => job % 2,
    );
    await round();
    await wait(HOUR);
    const read = bot.store.detection.states;
    let reads = 0;
    bot.store.detection.states = (watch) => {
      reads++;
      return read(watch);
    };
    await wait(HOUR);
    expect(reads).toBeLessThan(watches.length);
  });

  it.each(["before", "after"] as const)(
    "loses and doubles nothing when processes die %s they have written what they found, whoever makes the rounds",
    { timeout: 60_000 },
    async (when) => {
      const [calm, rough] = await Promise.all([
        morning(1),
        morning(
          3,
          (job) => (job * 7) % 3,
          (job, attempt) => (attempt === 1 && job % 5 === 0 ? when : undefined),
          (hour) => hour % 3,
        ),
      ]);
      expect(rough.anomalies).toEqual(calm.anomalies);
      expect(firstsOf(rough.posts)).toHaveLength(1);
      expect(rough.posts.at(-1)?.card.title).toBe(calm.posts.at(-1)?.card.title);
    },
  );

  it("names the watches that nobody looked at, and reads on from there in the next round", async () => {
    let isAway = true;
    const { bot, round } = await crew(
      1,
      { at: () => Number.POSITIVE_INFINITY, end: () => Number.POSITIVE_INFINITY },
      undefined,
      () => (isAway ? "before" : undefined),
    );
    await round();
    bot.now += EVERY;
    const report = await round();
    expect(report.outcome).toBe("partly");
    expect(report.problems).toContain(
      "disk: it was not looked at in this round, and the next one reads on from there. killed",
    );
    isAway = false;
    bot.now = Math.floor(bot.now / EVERY) * EVERY + EVERY + 10;
    const asked = bot.metrics.sent.length;
    expect(await round()).toMatchObject({ outcome: "done", watches: 6, series: 18 });
    const windows = bot.metrics.sent.slice(asked).flatMap(({ window }) => window ?? []);
    expect(windows.map(({ start, end }) => end - start)).toEqual(watches.map(() => EVERY));
  });

  it("explains and says what was found in a round whose leader died before it could", { timeout: 60_000 }, async () => {
    let at = Number.POSITIVE_INFINITY;
    const { bot, processes, round, wait, lead } = await crew(2, { at: () => at, end: () => Number.POSITIVE_INFINITY });
    await round();
    await wait(HOUR);
    at = Math.floor(bot.now / EVERY) * EVERY + EVERY;
    bot.now = at + 10;
    // Its shares are done, and then nothing more of it is heard.
    const ids = (await bot.store.detection.rounds()).map(({ watch }) => `${bot.now}/${watch}`);
    for (const id of ids) await processes[1]!.share(id, 1, new AbortController().signal);
    expect((await found(bot)).length).toBe(4);
    expect(await bot.posts()).toEqual([]);
    lead(1);
    bot.now += 60;
    await round();
    const posts = await bot.posts();
    expect(firstsOf(posts)).toHaveLength(1);
    expect(posts[0]!.card.blocks.some(({ kind }) => kind === "chart")).toBe(true);
  });

  it("leaves a job of an earlier round alone, and one of a watch that it does not know to others", async () => {
    const { bot, processes, round, wait } = await crew(1, {
      at: () => Number.POSITIVE_INFINITY,
      end: () => Number.POSITIVE_INFINITY,
    });
    await round();
    await wait(HOUR);
    const asked = bot.metrics.sent.length;
    const [{ watch } = { watch: "" }] = await bot.store.detection.rounds();
    const { signal } = new AbortController();
    expect(await processes[0]!.share(`${bot.now - EVERY}/${watch}`, 1, signal)).toEqual([]);
    await expect(processes[0]!.share(`${bot.now}/other@1`, 1, signal)).rejects.toThrow("does not know this watch");
    expect(bot.metrics.sent.length).toBe(asked);
  });
});
