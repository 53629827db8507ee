import type { Config, Problem } from "../config.ts";
import type { Visitor } from "../core/access.ts";
import type { Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import type { ConceptPacks } from "../core/concept.ts";
import type { DigestKind } from "../core/digest/schedule.ts";
import { type DigestWish, readDigestWish } from "../core/digest/wish.ts";
import type { Incident } from "../core/incident.ts";
import { dutyOf } from "../core/oncall/duty.ts";
import type { Identity } from "../core/people.ts";
import type { Runbook } from "../core/runbook.ts";
import { sayMatcher } from "../core/silence.ts";
import type { Outside } from "../flows/digest/gather.ts";
import type { Clock } from "../ports/clock.ts";
import type { AlertRouter, Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { OnCallDesk } from "./oncall.ts";

/** Digests, put together: by the calendar, and on ask. */
export type DigestDesk = {
  /** What a question wants of digests; undefined when nothing, or when plain words ask and no alert ever came. */
  readonly wishOf: (question: Question) => Promise<DigestWish | undefined>;
  readonly answer: (question: Question, wish: DigestWish) => Promise<Card>;
  /** Begins to post what is planned. `posted`: a message stands in the outbox. Resolves with what ends it. */
  readonly start: (posted: () => void) => Promise<(graceMs: number) => Promise<void>>;
};

/** A planned digest cannot be used. `message` names each with its place in the file. */
export class DigestError extends Error {
  override readonly name = "DigestError";
}

type Options = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  readonly clock: Clock;
  readonly log: Log;
  readonly identify: (visitor: Pick<Visitor, "user">) => Identity;
  readonly mayReadIncident: (question: Question, incident: Incident) => boolean;
  readonly packs: ConceptPacks;
  readonly alertmanager: AlertRouter | undefined;
  readonly runbooks: () => Promise<{ readonly all: () => readonly Runbook[] }>;
  readonly onCall: Pick<OnCallDesk, "calendar">;
  readonly told?: ((kind: DigestKind, lateSeconds: number) => void) | undefined;
};

export function createDigests(config: Config, options: Options): DigestDesk {
  const { store, clock, log } = options;
  const zoneOf = ({ user }: Question) => user.zone ?? config.timezone;
  const environmentOf = (source: string) => options.sources.find(({ name }) => name === source)?.environment;
  let wake = (): void => {};
  const { alertmanager } = options;
  const nameOf = (id: string) => config.people.find((one) => one.id === id)?.name ?? id;
  const outside: Outside = {
    ...{ sources: options.sources, packs: options.packs, zone: config.timezone },
    runbooks: async () => (await options.runbooks()).all(),
    teamOf: (project) => config.ci.teams.get(project),
    ...(alertmanager !== undefined && {
      silences: async () =>
        (await alertmanager.silences()).map(({ id, matchers, endsAt, createdBy }) => ({
          ...{ id, matchers: matchers.map(sayMatcher).join(", "), until: endsAt, by: createdBy },
        })),
    }),
    /** Of the schedules as they are now: these may be taken anew. */
    get duties() {
      const { schedules } = config.oncall;
      if (schedules.length === 0) return undefined;
      return async () => {
        const { aboveOf } = await import("../flows/oncall.ts");
        const above = await aboveOf({ store, ...options.onCall });
        return schedules.map((one) => dutyOf(one, above, clock(), nameOf));
      };
    },
  };

  /** Whether an incident of late has an alert of that name: other thresholds are asked of Prometheus. */
  async function isAlert(name: string): Promise<boolean> {
    const found = await store.incidents.find({ since: clock() - 30 * 86_400, limit: 5000 });
    return found.some(({ names }) => names.some((one) => one.name.toLowerCase() === name.toLowerCase()));
  }

  return {
    async wishOf(question) {
      const wish = readDigestWish(question.text, clock(), zoneOf(question));
      if (wish?.kind === "threshold") return (await isAlert(wish.alert)) ? wish : undefined;
      if (wish?.kind !== "show" || wish.isPlain !== true) return wish;
      // Where no alert ever came, Prometheus itself knows more of what was firing.
      return (await store.incidents.find({ limit: 1 })).length === 0 ? undefined : wish;
    },
    async answer(question, wish) {
      const [{ askedDigest }, { readCron }] = await Promise.all([
        import("../flows/digest/asked.ts"),
        import("../jobs/cron.ts"),
      ]);
      return askedDigest(
        {
          ...{ store, clock, environmentOf, outside, readCron, plans: config.digests, zone: zoneOf(question) },
          identify: options.identify,
          mayReadIncident: (incident) => options.mayReadIncident(question, incident),
          changed: () => wake(),
        },
        question,
        wish,
      );
    },
    async start(posted) {
      await checkDigests(config);
      const [{ plannedDigests }, { readCron, startCron }] = await Promise.all([
        import("../flows/digest.ts"),
        import("../jobs/cron.ts"),
      ]);
      const round = plannedDigests({
        ...{ store, clock, environmentOf, outside, readCron, plans: config.digests, wake: posted },
        report: (level, message, data) => log[level](data, message),
        ...(options.told !== undefined && { told: options.told }),
      });
      let running: Promise<void> = Promise.resolve();
      // One at a time, whoever asks for it.
      const next = (): Promise<void> => {
        running = running.then(round).catch((err: unknown) => {
          log.error({ err }, `planned digests could not be looked at: ${reasonOf(err)}`);
        });
        return running;
      };
      wake = () => void next();
      const job = startCron({
        // Only a beat: which digests are due is worked out from all times since the last, so one that is missed costs nothing.
        expression: "*/10 * * * * *",
        zone: "UTC",
        name: "digests",
        work: next,
        onProblem: (err) => log.error({ err }, "a round of digests failed"),
        onMissed: () => {},
      });
      wake();
      return async (graceMs) => {
        wake = () => {};
        await job.stop(graceMs);
        await running;
      };
    },
  };
}

/** Throws `DigestError` with one line for each digest of the file whose time cannot be read. */
export async function checkDigests(config: Pick<Config, "digests">): Promise<void> {
  const problems = await digestProblems(config);
  if (problems.length > 0)
    throw new DigestError(
      `What is planned cannot be used:\n${problems.map(({ where, message }) => `  ${where}: ${message}`).join("\n")}`,
    );
}

/** Planned digests whose time cannot be read, each with its place in the file. */
export async function digestProblems({ digests }: Pick<Config, "digests">): Promise<readonly Problem[]> {
  if (digests.length === 0) return [];
  const { readCron } = await import("../jobs/cron.ts");
  return digests.flatMap(({ name, cron, cronWhere }) => {
    const read = readCron(cron);
    const wanted = `must be five fields of cron, such as "0 8 * * 1-5": it is ${JSON.stringify(cron)}`;
    return "wrong" in read
      ? [{ where: cronWhere, message: `digest ${JSON.stringify(name)}: ${wanted} (${read.wrong}).` }]
      : [];
  });
}
