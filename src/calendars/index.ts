import { readFile } from "node:fs/promises";
import { type CalendarView, personIn, stranger } from "../core/oncall/calendar.ts";
import type { Person } from "../core/people.ts";
import { sayTime } from "../core/zone.ts";
import type { Clock } from "../ports/clock.ts";
import { createDependencies, type Dependencies } from "../util/dependencies.ts";
import { RefusedError, reasonOf, UnreachableError } from "../util/errors.ts";
import { exchange } from "../util/exchange.ts";
import { inertName } from "../util/inert.ts";
import type { Secret } from "../util/secret.ts";
import { writeWhole } from "../util/write-whole.ts";
import { expandCalendar } from "./ical.ts";

export type CalendarSettings = {
  readonly schedule: string;
  /** A path, or an address whose parts may be secret. */
  readonly from: { readonly file: string } | { readonly url: Secret };
  /** Of dates, and of times without a zone. */
  readonly zone: string;
};

/** A calendar as the schedule of who is on call. */
export type Calendar = {
  readonly schedule: string;
  /** As of the last good copy; it is read first where that never happened. Never rejects. */
  readonly view: () => Promise<CalendarView>;
  /** Reads it again, where it changed. Never rejects: what went wrong stands in the view. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
};

type Deps = {
  readonly clock: Clock;
  readonly people: readonly Person[];
  /** Where a copy is kept for the next start. Undefined for nowhere. */
  readonly keepAt?: string;
  /** What the bot calls, each with its breaker. One of its own unless given. */
  readonly dependencies?: Dependencies | undefined;
};

const MOST_BYTES = 5 * 1024 * 1024;
const READ_MS = 10_000;
const BEHIND = 2 * 86_400;
/** As far as a swap looks ahead. */
const AHEAD = 125 * 86_400;
/** Expanded anew after so long, since the window moves. */
const STALE = 86_400;

export function createCalendar(settings: CalendarSettings, { clock, people, keepAt, dependencies }: Deps): Calendar {
  const { schedule, from, zone } = settings;
  const name = `calendar/${schedule}`;
  const service = `The calendar of ${schedule}`;
  const server = "url" in from ? (dependencies ?? createDependencies()).of(name, { service }) : undefined;
  let copy: { readonly text: string; readonly at: number; readonly etag?: string } | undefined;
  let expanded: (CalendarView & { readonly at: number }) | undefined;
  let trouble: string | undefined;
  let first: Promise<void> | undefined;

  async function read(signal: AbortSignal): Promise<{ readonly text: string; readonly etag?: string } | "same"> {
    if ("file" in from) return { text: await readFile(from.file, { encoding: "utf8", signal }) };
    const done = await exchange({
      method: "GET",
      url: new URL(from.url.reveal()),
      headers: {
        accept: "text/calendar, */*;q=0.5",
        "user-agent": "smartcloudops",
        ...(copy?.etag !== undefined && expanded !== undefined && { "if-none-match": copy.etag }),
      },
      signal,
      maxBytes: MOST_BYTES,
    });
    if (done.kind !== "answer") throw new UnreachableError(service, done.reason);
    if (done.status === 304) return "same";
    if (done.status !== 200) throw new RefusedError(service, done.status, `the server answered ${done.status}`);
    if (done.isCut) throw new UnreachableError(service, `it is larger than ${MOST_BYTES / 2 ** 20} MB`);
    const { etag } = done.headers;
    return { text: done.body.toString("utf8"), ...(etag !== undefined && { etag }) };
  }

  function expand(text: string): void {
    const now = clock();
    const { appointments, problems } = expandCalendar(text, zone, { from: now - BEHIND, to: now + AHEAD });
    const unknown = new Map<string, number>();
    const shifts = appointments.map((one) => {
      const known = personIn(people, one);
      const person = known ?? stranger(one);
      if (known === undefined && one.to > now && !unknown.has(person)) unknown.set(person, one.from);
      return { schedule, person, from: one.from, to: one.to };
    });
    const strangers = [...unknown].map(
      ([who, at]) => `${who} is on call from ${sayTime(at, now, zone)}: nobody can be called.`,
    );
    expanded = { at: now, shifts, problems: [...strangers, ...problems] };
  }

  async function refresh(outer: AbortSignal): Promise<void> {
    try {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(READ_MS)]);
      const found = await (server?.ask(() => read(signal)) ?? read(signal));
      if (found !== "same") {
        if (Buffer.byteLength(found.text) > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 2 ** 20} MB`);
        expand(found.text);
        const isNew = found.text !== copy?.text;
        copy = { ...found, at: clock() };
        // Without a kept copy, only a restart while the calendar is away knows less.
        if (keepAt !== undefined && isNew) await writeWhole(keepAt, found.text).catch(() => {});
      } else if (copy !== undefined) {
        if (clock() - (expanded?.at ?? 0) > STALE) expand(copy.text);
        copy = { ...copy, at: clock() };
      }
      trouble = undefined;
    } catch (problem) {
      if (outer.aborted) return;
      trouble = inertName(reasonOf(problem).replace(`${service}: `, ""), { max: 200 });
      await useKept();
    }
  }

  /** The copy of an earlier run, where there is none of this one. */
  async function useKept(): Promise<void> {
    try {
      if (copy === undefined && keepAt !== undefined) copy = { text: await readFile(keepAt, "utf8"), at: 0 };
      if (copy !== undefined && clock() - (expanded?.at ?? 0) > STALE) expand(copy.text);
    } catch {
      // there is none, or it cannot be read either: the trouble with the calendar itself is said
    }
  }

  return {
    schedule,
    refresh,
    async view() {
      if (expanded === undefined) {
        first ??= refresh(AbortSignal.timeout(READ_MS)).finally(() => {
          first = undefined;
        });
        await first;
      }
      const { shifts = [], problems = [] } = expanded ?? {};
      if (trouble === undefined) return { shifts, problems };
      const since =
        copy === undefined
          ? ""
          : copy.at === 0
            ? " An older copy counts."
            : ` The copy of ${sayTime(copy.at, clock(), zone)} counts.`;
      return { shifts, problems: [`The calendar of ${schedule} cannot be read: ${trouble}.${since}`, ...problems] };
    },
  };
}
