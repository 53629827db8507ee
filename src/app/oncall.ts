import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Calendar } from "../calendars/index.ts";
import type { Config } from "../config.ts";
import type { Called, Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import type { CalendarView } from "../core/oncall/calendar.ts";
import { onCallAt } from "../core/oncall/schedule.ts";
import type { OnCallWish } from "../core/oncall/wish.ts";
import type { Voter } from "../core/people.ts";
import { whyNoResponder } from "../core/responders.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { Dependencies } from "../util/dependencies.ts";
import type { Log } from "../util/log.ts";

/** Who is on call, put together: asked, changed, and called. */
export type OnCallDesk = {
  readonly ask: (question: Question, wish: OnCallWish) => Promise<Card>;
  /** Ids of the people who are on call now, in any schedule. */
  readonly now: () => Promise<readonly string[]>;
  /** What calendars say. */
  readonly calendar: () => Promise<CalendarView>;
  /** Reads calendars again. Resolves with the seconds until the next time; undefined without any. */
  readonly refresh: (signal: AbortSignal) => Promise<number | undefined>;
  /** These people, as a message calls them. */
  readonly called: (people: readonly string[]) => readonly Called[];
};

/** Between two looks at calendars, in seconds. */
const REFRESH_EVERY = 900;

export function createOnCall(
  config: Config,
  options: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly askerOf: (question: Question) => Promise<Voter>;
    readonly dependencies: Dependencies;
  },
): OnCallDesk {
  const { store, clock } = options;
  let opened: { readonly of: readonly unknown[]; readonly calendars: Promise<readonly Calendar[]> } | undefined;

  /** The calendars of the settings as they are now: these may be taken anew. */
  function open(): Promise<readonly Calendar[]> {
    const { people, oncall } = config;
    if (opened?.of[0] !== oncall || opened.of[1] !== people) {
      const calendars = import("../calendars/index.ts").then(({ createCalendar }) =>
        oncall.calendars.map((one) =>
          createCalendar(one, {
            ...{ clock, people, dependencies: options.dependencies },
            keepAt: join(config.dataDir, "calendars", `${one.schedule}.ics`),
          }),
        ),
      );
      opened = { of: [oncall, people], calendars };
    }
    return opened.calendars;
  }

  async function calendar(): Promise<CalendarView> {
    if (config.oncall.calendars.length === 0) return { shifts: [], problems: [] };
    const views = await Promise.all((await open()).map((one) => one.view()));
    return { shifts: views.flatMap(({ shifts }) => shifts), problems: views.flatMap(({ problems }) => problems) };
  }
  let said = "";

  async function now(): Promise<readonly string[]> {
    const { schedules } = config.oncall;
    if (schedules.length === 0) return [];
    const [overrides, planned] = await Promise.all([store.overrides.open(), calendar()]);
    const above = { overrides, calendar: planned.shifts };
    const at = clock();
    return schedules.flatMap((one) => onCallAt(one, above, at)?.person ?? []);
  }

  return {
    now,
    calendar,
    async refresh(signal) {
      if (config.oncall.calendars.length === 0) return undefined;
      await Promise.all((await open()).map((one) => one.refresh(signal)));
      const { problems } = await calendar();
      // Said once, each time that it changes.
      if (problems.join() !== said && problems.length > 0) options.log.warn({ problems }, "a calendar needs somebody");
      said = problems.join();
      return REFRESH_EVERY;
    },
    called: (people) =>
      people.map((id) => {
        const person = config.people.find((one) => one.id === id);
        return { name: person?.name ?? id, accounts: person?.accounts ?? {} };
      }),
    async ask(question, wish) {
      const { onCall } = await import("../flows/oncall.ts");
      const deps = {
        store,
        clock,
        newId: () => `ovr-${randomUUID().slice(0, 8)}`,
        schedules: config.oncall.schedules,
        calendar,
        people: config.people,
        zone: question.user.zone ?? config.timezone,
        whyNot: async (by: Voter) => whyNoResponder(by, config.responders, await now(), "change who is on call"),
      };
      return onCall(deps, wish, await options.askerOf(question));
    },
  };
}
