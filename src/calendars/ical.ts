import ICAL from "ical.js";
import { fromLocal, isZone } from "../core/zone.ts";
import { reasonOf } from "../util/errors.ts";
import { inertName } from "../util/inert.ts";

/** RFC 5545 -> who is written down from when to when. Times of the day stay as the calendar shows them where clocks change. */

/** One appointment, unix seconds. `emails` are those of attendees. */
export type Appointment = {
  readonly from: number;
  readonly to: number;
  readonly summary: string;
  readonly emails: readonly string[];
  readonly organizer: string | undefined;
};

export type Expanded = {
  /** By their begin; those that touch the window. */
  readonly appointments: readonly Appointment[];
  /** Sentences about what could not be read. */
  readonly problems: readonly string[];
};

const MOST_EVENTS = 5000;
const MOST_APPOINTMENTS = 5000;
/** Steps of one rule, from its own beginning on: a daily one of 50 years. */
const MOST_STEPS = 20_000;
const FREQUENCIES = new Set(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);

type Time = InstanceType<typeof ICAL.Time>;
type Component = InstanceType<typeof ICAL.Component>;
type Event = { readonly component: Component; readonly start: Time; readonly days: number; readonly seconds: number };

/**
 * Expands a calendar within a window (unix seconds). `zone` is that of dates and of times without one. Throws an `Error` with a sentence
 * when it is no calendar. An end by DTEND is kept on the wall clock, as calendars show it, where RFC 5545 would keep the exact length.
 */
export function expandCalendar(text: string, zone: string, window: { from: number; to: number }): Expanded {
  const root = parsed(text);
  const problems = new Set<string>();
  const own = new Map(
    root
      .getAllSubcomponents("vtimezone")
      .map((one) => [String(one.getFirstPropertyValue("tzid")), new ICAL.Timezone(one)]),
  );
  const events = root.getAllSubcomponents("vevent");
  if (events.length > MOST_EVENTS)
    problems.add(`It has ${events.length} events: those after the first ${MOST_EVENTS} are left out.`);
  const appointments: Appointment[] = [];

  /** Unix seconds of a time as the property with that TZID means it. */
  function secondsOf(time: Time, tzid: string | undefined): number {
    const { year, month, day, hour, minute, second } = time;
    if (time.isDate) return fromLocal(year, month, day, 0, 0, 0, zone);
    if (time.zone === ICAL.Timezone.utcTimezone) return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
    const named = tzid === undefined ? undefined : ianaOf(tzid);
    if (named !== undefined) return fromLocal(year, month, day, hour, minute, second, named);
    const described = tzid === undefined ? undefined : own.get(tzid);
    if (described !== undefined)
      return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - described.utcOffset(time);
    if (tzid !== undefined)
      problems.add(`Its zone ${inertName(tzid, { max: 60 })} is not known, so times there are taken as ${zone}.`);
    return fromLocal(year, month, day, hour, minute, second, zone);
  }

  const momentOf = (component: Component, name: string): number | undefined => {
    const property = component.getFirstProperty(name);
    const value = property?.getFirstValue();
    return value instanceof ICAL.Time ? secondsOf(value, tzidOf(property)) : undefined;
  };
  const momentsOf = (component: Component, name: string): readonly number[] =>
    component
      .getAllProperties(name)
      .flatMap((property) =>
        property
          .getValues()
          .flatMap((value: unknown) => (value instanceof ICAL.Time ? [secondsOf(value, tzidOf(property))] : [])),
      );

  function add(event: Event, start: Time): void {
    const tzid = tzidOf(event.component.getFirstProperty("dtstart"));
    const end = start.clone();
    end.adjust(event.days, 0, 0, event.seconds);
    const [from, to] = [secondsOf(start, tzid), secondsOf(end, tzid)];
    if (to <= from || to <= window.from || from >= window.to) return;
    if (appointments.length >= MOST_APPOINTMENTS)
      problems.add(`It has more than ${MOST_APPOINTMENTS} appointments ahead: the others are left out.`);
    else appointments.push({ from, to, ...whoOf(event.component) });
  }

  const kept = events.slice(0, MOST_EVENTS);
  const uidOf = (one: Component) => String(one.getFirstPropertyValue("uid") ?? "");
  /** Occurrences that were changed, by event and original start: the event itself has them no more. */
  const changed = new Set(
    kept.flatMap((one) => {
      const at = momentOf(one, "recurrence-id");
      return at === undefined ? [] : [`${uidOf(one)} ${at}`];
    }),
  );
  for (const component of kept) {
    const summary = inertName(String(component.getFirstPropertyValue("summary") ?? ""), { max: 60 });
    try {
      if (String(component.getFirstPropertyValue("status") ?? "").toUpperCase() === "CANCELLED") continue;
      const event = eventOf(component);
      const range = component.getFirstProperty("recurrence-id")?.getParameter("range");
      if (range !== undefined)
        problems.add(`“${summary}” changes all that follows (RANGE): only the one day is taken as changed.`);
      if (component.hasProperty("recurrence-id") || !component.hasProperty("rrule")) {
        add(event, event.start);
        for (const property of component.getAllProperties("rdate"))
          for (const value of property.getValues() as unknown[]) if (value instanceof ICAL.Time) add(event, value);
        continue;
      }
      expand(event, summary);
    } catch (problem) {
      problems.add(`“${summary}” could not be read: ${inertName(reasonOf(problem), { max: 120 })}.`);
    }
  }
  return { appointments: appointments.sort((a, b) => a.from - b.from || a.to - b.to), problems: [...problems] };

  function expand(event: Event, summary: string): void {
    const { component, start } = event;
    const tzid = tzidOf(component.getFirstProperty("dtstart"));
    const except = new Set(momentsOf(component, "exdate"));
    const uid = uidOf(component);
    const isKept = (time: Time) => {
      const at = secondsOf(time, tzid);
      return !except.has(at) && !changed.has(`${uid} ${at}`);
    };
    for (const property of component.getAllProperties("rdate"))
      for (const value of property.getValues() as unknown[])
        if (value instanceof ICAL.Time && isKept(value)) add(event, value);
    for (const property of component.getAllProperties("rrule")) {
      const rule = (property.getFirstValue() as InstanceType<typeof ICAL.Recur>).clone();
      if (!FREQUENCIES.has(rule.freq)) {
        problems.add(`“${summary}” is repeated ${rule.freq.toLowerCase()}: that is not taken.`);
        continue;
      }
      // UNTIL is in UTC where DTSTART has a zone: compared as moments here.
      const until = rule.until === null || rule.until === undefined ? undefined : lastOf(rule.until, tzid);
      rule.until = null;
      const steps = rule.iterator(start);
      for (let step = 0; ; step++) {
        const time = steps.next() as Time | null;
        if (time === null) break;
        const at = secondsOf(time, tzid);
        if (at >= window.to || (until !== undefined && at > until)) break;
        if (step >= MOST_STEPS) {
          problems.add(`“${summary}” is repeated more than ${MOST_STEPS} times: those after it are left out.`);
          break;
        }
        if (isKept(time)) add(event, time);
      }
    }
  }

  function lastOf(until: Time, tzid: string | undefined): number {
    return until.isDate ? fromLocal(until.year, until.month, until.day + 1, 0, 0, -1, zone) : secondsOf(until, tzid);
  }
}

function parsed(text: string): Component {
  try {
    const tree: unknown = ICAL.parse(text);
    const root = new ICAL.Component((Array.isArray((tree as unknown[])[0]) ? (tree as unknown[])[0] : tree) as never);
    if (root.name === "vcalendar") return root;
  } catch (problem) {
    throw new Error(`it is no calendar: ${inertName(reasonOf(problem), { max: 120 })}`, { cause: problem });
  }
  throw new Error("it is no calendar: there is no VCALENDAR in it");
}

/** What an event says of its length: whole days and seconds on the wall clock. */
function eventOf(component: Component): Event {
  const start = component.getFirstPropertyValue("dtstart");
  if (!(start instanceof ICAL.Time)) throw new Error("it has no start");
  const end = component.getFirstPropertyValue("dtend");
  const duration = component.getFirstPropertyValue("duration");
  if (end instanceof ICAL.Time) {
    const wall = (time: Time) =>
      Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second) / 1000;
    const seconds = wall(end) - wall(start);
    return { component, start, days: Math.floor(seconds / 86_400), seconds: seconds % 86_400 };
  }
  if (duration instanceof ICAL.Duration) {
    const { weeks, days, hours, minutes, seconds } = duration;
    return { component, start, days: weeks * 7 + days, seconds: hours * 3600 + minutes * 60 + seconds };
  }
  return { component, start, days: start.isDate ? 1 : 0, seconds: 0 };
}

function whoOf(component: Component): Pick<Appointment, "summary" | "emails" | "organizer"> {
  const addressOf = (value: unknown) => /^mailto:(.+)$/i.exec(String(value))?.[1]?.trim().toLowerCase();
  return {
    summary: String(component.getFirstPropertyValue("summary") ?? "").trim(),
    emails: component.getAllProperties("attendee").flatMap((one) => addressOf(one.getFirstValue()) ?? []),
    organizer: addressOf(component.getFirstPropertyValue("organizer")),
  };
}

function tzidOf(property: InstanceType<typeof ICAL.Property> | null | undefined): string | undefined {
  const value = property?.getParameter("tzid");
  return typeof value === "string" ? value : undefined;
}

/** "Europe/Berlin", also behind the prefix that some programs write: "/freeassociation.sourceforge.net/Europe/Berlin". */
function ianaOf(tzid: string): string | undefined {
  const parts = tzid.split("/");
  return [tzid, parts.slice(-2).join("/"), parts.slice(-3).join("/")].find(
    (one) => /^[A-Za-z]/.test(one) && isZone(one),
  );
}
