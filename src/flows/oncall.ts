import type { AuditEntry } from "../core/audit.ts";
import type { Card } from "../core/card.ts";
import { readTimes } from "../core/language/time.ts";
import type { CalendarView } from "../core/oncall/calendar.ts";
import type { KeptOverride } from "../core/oncall/kept.ts";
import { type Above, onCallAt, type Schedule, shiftsBetween } from "../core/oncall/schedule.ts";
import type { OnCallWish } from "../core/oncall/wish.ts";
import type { Person, Voter } from "../core/people.ts";
import { readUntil } from "../core/until.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";

export type OnCallDeps = {
  readonly store: Pick<Store, "overrides" | "audit">;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly schedules: readonly Schedule[];
  /** What calendars say, and what is to be said about them. Absent without any. */
  readonly calendar?: () => Promise<CalendarView>;
  readonly people: readonly Person[];
  /** Of whoever asks. */
  readonly zone: string;
  /** Why they may not change it: a sentence. */
  readonly whyNot: (by: Voter) => Promise<string | undefined>;
};

const DAY = 86_400;
const AHEAD = 14 * DAY;
const SHIFTS = 6;
const PROBLEMS = 5;
/** A swap looks so far ahead for the turn of each. */
const SWAP_AHEAD = 120 * DAY;
const LONGEST = 60 * DAY;

/** What stands above the rotations now. */
export async function aboveOf({
  store,
  calendar,
}: {
  readonly store: Pick<Store, "overrides">;
  readonly calendar?: () => Promise<CalendarView>;
}): Promise<Above<KeptOverride>> {
  const [overrides, planned] = await Promise.all([store.overrides.open(), calendar?.()]);
  return { overrides, ...(planned !== undefined && { calendar: planned.shifts }) };
}

/** A question or a word about who is on call -> a card. What is changed is changed at once, and in the audit. */
export async function onCall(deps: OnCallDeps, wish: OnCallWish, by: Voter): Promise<Card> {
  if (deps.schedules.length === 0)
    return refused(
      "Nobody is on call here: no schedule is configured.",
      "List them under `oncall.schedules` in smartcloudops.yaml.",
    );
  if (wish.kind === "who") return whoCard(deps, wish.schedule);
  const why = await deps.whyNot(by);
  if (why !== undefined) return refused(why);
  switch (wish.kind) {
    case "take": {
      if (!by.isLinked)
        return refused("Your account is linked to no person in the configuration (`people`), so you cannot be called.");
      return override(deps, wish.schedule, by.person, wish.time, by);
    }
    case "set":
      return override(deps, wish.schedule, wish.person, wish.time, by);
    case "swap":
      return swap(deps, wish, by);
    case "cancel":
      return cancel(deps, wish.id, by);
    default:
      return never(wish);
  }
}

async function whoCard(deps: OnCallDeps, name: string | undefined): Promise<Card> {
  const { schedules, clock, zone } = deps;
  const now = clock();
  const wanted = name === undefined ? schedules : schedules.filter((one) => isNamed(one.name, name));
  if (wanted.length === 0) return unknownSchedule(deps, name ?? "");
  const above = await aboveOf(deps);
  const problems = (await deps.calendar?.())?.problems.slice(0, PROBLEMS) ?? [];
  const parts = wanted.map((schedule) => {
    const [first, ...next] = shiftsBetween(schedule, above, now, now + AHEAD, SHIFTS);
    const person = onCallAt(schedule, above, now)?.person;
    const end = next.length === 0 || first === undefined ? "" : ` until ${sayTime(first.to, now, zone)}`;
    return { schedule, now: person === undefined ? "nobody" : nameOf(deps, person), end, next };
  });
  const own = above.overrides.filter(
    (one) => one.to > now && wanted.some((schedule) => schedule.name === one.schedule),
  );
  const line = ({ id, schedule, person, from, to, by }: KeptOverride) =>
    `${nameOf(deps, person)} for ${schedule}, ${sayTime(from, now, zone)} to ${sayTime(to, now, zone)}, by ${inertName(by.name)} [${id}]`;
  const [only] = parts;
  return {
    title:
      parts.length === 1 && only !== undefined
        ? `${capital(only.now)} is on call for ${only.schedule.name}${only.end}.`
        : `On call now: ${parts.map((part) => `${part.now} (${part.schedule.name}${part.end})`).join(", ")}.`,
    tone: parts.some((part) => part.now === "nobody") || problems.length > 0 ? "warning" : "info",
    blocks: [
      ...problems.map((text) => ({ kind: "note" as const, text })),
      ...parts.flatMap((part) =>
        part.next.length === 0
          ? []
          : [
              { kind: "text" as const, text: parts.length === 1 ? "After that:" : `${part.schedule.name} after that:` },
              {
                kind: "list" as const,
                items: part.next.map(
                  ({ person, from }) =>
                    `${sayTime(from, now, zone)}: ${person === undefined ? "nobody" : nameOf(deps, person)}`,
                ),
              },
            ],
      ),
      ...(own.length === 0
        ? []
        : [
            { kind: "text" as const, text: "Changed by chat:" },
            { kind: "list" as const, items: own.map(line) },
          ]),
      {
        kind: "note",
        text: "To change it: oncall take [schedule] for 4h · oncall set SCHEDULE PERSON until 18:00 · oncall swap SCHEDULE PERSON with PERSON · oncall cancel ID",
      },
    ],
  };
}

async function override(
  deps: OnCallDeps,
  name: string | undefined,
  person: string,
  time: string,
  by: Voter,
): Promise<Card> {
  const schedule =
    name === undefined && deps.schedules.length === 1
      ? deps.schedules[0]
      : deps.schedules.find((one) => isNamed(one.name, name ?? ""));
  if (schedule === undefined) return unknownSchedule(deps, name ?? "");
  const who = personNamed(deps, person);
  if (who === undefined) return unknownPerson(deps, person);
  const now = deps.clock();
  const span = spanOf(time, now, deps.zone);
  if (typeof span === "string") return refused(span);
  await keep(deps, [{ schedule: schedule.name, person: who.id, ...span }], by, "override on-call");
  const { from, to } = span;
  const begins = from <= now ? "now" : sayTime(from, now, deps.zone);
  return {
    title: `${inertName(who.name)} is on call for ${schedule.name} from ${begins} until ${sayTime(to, now, deps.zone)}.`,
    tone: "good",
    blocks: [{ kind: "note", text: "Escalations go by it at once. `oncall` shows it, with the id to take it back." }],
  };
}

/** The next turn of each goes to the other. */
async function swap(deps: OnCallDeps, wish: OnCallWish & { readonly kind: "swap" }, by: Voter): Promise<Card> {
  const schedule = deps.schedules.find((one) => isNamed(one.name, wish.schedule));
  if (schedule === undefined) return unknownSchedule(deps, wish.schedule);
  const [one, other] = [personNamed(deps, wish.one), personNamed(deps, wish.other)];
  if (one === undefined || other === undefined) return unknownPerson(deps, one === undefined ? wish.one : wish.other);
  if (one.id === other.id) return refused("Those two are the same person.");
  const now = deps.clock();
  const shifts = shiftsBetween(schedule, await aboveOf(deps), now, now + SWAP_AHEAD, 1000);
  const turns = [one, other].map(({ id }) => shifts.find(({ person }) => person === id));
  const [first, second] = turns;
  if (first === undefined || second === undefined)
    return refused(
      `${inertName((first === undefined ? one : other).name)} has no turn in ${schedule.name} within the next 120 days.`,
    );
  const to = (shift: typeof first, person: Person) => ({
    schedule: schedule.name,
    person: person.id,
    from: shift.from,
    to: shift.to,
  });
  await keep(deps, [to(first, other), to(second, one)], by, "swap on-call");
  const say = (shift: typeof first) => `${sayTime(shift.from, now, deps.zone)} to ${sayTime(shift.to, now, deps.zone)}`;
  return {
    title: `Swapped in ${schedule.name}: ${inertName(other.name)} has ${say(first)}, ${inertName(one.name)} has ${say(second)}.`,
    tone: "good",
    blocks: [{ kind: "note", text: "`oncall` shows both, with the ids to take them back." }],
  };
}

async function cancel(deps: OnCallDeps, id: string, by: Voter): Promise<Card> {
  const found = await deps.store.overrides.get(id);
  if (found === undefined || found.endedAt !== undefined)
    return refused("There is no such change any more.", "`oncall` lists those that hold.");
  const next = { ...found, revision: found.revision + 1, endedAt: deps.clock() };
  const done = await deps.store.overrides.save([next], [await entryOf(deps, by, "cancel on-call override", found)]);
  if (!done) return refused("Somebody else was faster: it is taken back already.");
  return { title: `Taken back: ${found.schedule} goes by its plan again.`, tone: "good", blocks: [] };
}

/** Lets go of what is over. Returns the seconds until the next one is; undefined for never. */
export async function endOverrides({ store, clock }: Pick<OnCallDeps, "store" | "clock">): Promise<number | undefined> {
  let next: number | undefined;
  for (const one of await store.overrides.open()) {
    const left = one.to - clock();
    if (left > 0) next = Math.min(next ?? left, left);
    else await store.overrides.save([{ ...one, revision: one.revision + 1, endedAt: one.to }], []);
  }
  return next;
}

async function keep(
  deps: OnCallDeps,
  wanted: readonly Omit<KeptOverride, "id" | "revision" | "by" | "madeAt">[],
  by: Voter,
  action: string,
) {
  const at = deps.clock();
  const made = wanted.map((one): KeptOverride => {
    const account = { platform: by.platform, id: by.account };
    return { ...one, id: deps.newId(), revision: 1, by: { person: by.person, name: by.name, at, account }, madeAt: at };
  });
  await deps.store.overrides.save(made, await Promise.all(made.map((one) => entryOf(deps, by, action, one))));
}

async function entryOf({ store }: OnCallDeps, by: Voter, action: string, one: KeptOverride): Promise<AuditEntry> {
  const actor = await store.audit.actorOf(by);
  const span = `${new Date(one.from * 1000).toISOString()} to ${new Date(one.to * 1000).toISOString()}`;
  return {
    actor,
    platform: by.platform,
    action,
    id: one.id,
    hash: "",
    from: "",
    to: one.person,
    reason: `${one.schedule}, ${span}`,
  };
}

/** "for 4h", "until 18:00", "from tomorrow 9:00 until friday 18:00" -> from and to; or a sentence. */
function spanOf(text: string, now: number, zone: string): { readonly from: number; readonly to: number } | string {
  const [, begin, end = text] = /^from (.+?) ((?:until|till|to|for) .+)$/i.exec(text) ?? [];
  const moment =
    begin === undefined ? undefined : readTimes(`until ${begin}`, now, zone).find(({ kind }) => kind === "future");
  const from = begin === undefined ? now : moment?.kind === "future" ? moment.to : undefined;
  const to =
    from === undefined
      ? undefined
      : readUntil(end.replace(/^to /i, "until "), end.toLowerCase().startsWith("for ") ? from : now, zone);
  if (from === undefined || to === undefined)
    return `I cannot read “${inertName(text, { max: 80 })}” as a time. Write for example: for 4h, until 18:00, or from tomorrow 9:00 until friday 18:00.`;
  if (to <= from) return `That ends ${sayMoment(to, now, zone)}, before it begins.`;
  return to - now > LONGEST
    ? "That is more than 60 days ahead: change the schedule in smartcloudops.yaml instead."
    : { from, to };
}

function isNamed(name: string, said: string): boolean {
  return name.toLowerCase() === said.toLowerCase();
}

function personNamed({ people }: OnCallDeps, said: string): Person | undefined {
  return (
    people.find(({ id }) => isNamed(id, said)) ??
    people.find(({ name }) => isNamed(name, said) || isNamed(name.split(" ")[0] ?? "", said))
  );
}

function nameOf({ people }: OnCallDeps, id: string): string {
  return inertName(people.find((one) => one.id === id)?.name ?? id);
}

function unknownSchedule({ schedules }: OnCallDeps, said: string): Card {
  return refused(
    said === "" ? "Which schedule?" : `I know no schedule ${inertName(said, { max: 60 })}.`,
    `There is: ${schedules.map(({ name }) => name).join(", ")}.`,
  );
}

function unknownPerson({ people }: OnCallDeps, said: string): Card {
  return refused(
    `I know nobody called ${inertName(said, { max: 60 })}.`,
    `People go by their ids here: ${people
      .map(({ id }) => id)
      .slice(0, 30)
      .join(", ")}.`,
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function refused(title: string, cure?: string): Card {
  return { title, tone: "warning", blocks: cure === undefined ? [] : [{ kind: "text", text: cure }] };
}
