import { inertName } from "../../util/inert.ts";
import type { Person } from "../people.ts";
import type { Override } from "./schedule.ts";

/** Who is on call by a calendar, and what is to be said about it. */
export type CalendarView = {
  /** By their begin: of two at the same time, the one that began later counts. */
  readonly shifts: readonly Override[];
  /** Sentences: names that are nobody's, and why the calendar could not be read. */
  readonly problems: readonly string[];
};

/** An appointment in words that could name somebody. */
type Written = { readonly summary: string; readonly emails: readonly string[]; readonly organizer: string | undefined };

/**
 * The person that an appointment names: by an attendee's address, by its title (a person's id or name, alone or within it), or by its
 * organiser's address, in this order, since the organiser is often whoever keeps the calendar. Undefined where that is nobody, or several.
 */
export function personIn(people: readonly Person[], { summary, emails, organizer }: Written): string | undefined {
  const byMail = (address: string) =>
    people.find((one) => one.emails?.some((own) => own.toLowerCase() === address.toLowerCase()))?.id;
  const attending = [...new Set(emails.flatMap((one) => byMail(one) ?? []))];
  if (attending.length === 1) return attending[0];
  const said = summary.toLowerCase();
  const exact = people.filter((one) =>
    [one.id, one.name, ...(one.emails ?? [])].some((own) => own.toLowerCase() === said),
  );
  if (exact.length === 1) return exact[0]?.id;
  const within = people.filter((one) => [one.name, one.id].some((own) => isWord(own.toLowerCase(), said)));
  if (within.length === 1) return within[0]?.id;
  return attending[0] ?? (within.length === 0 && organizer !== undefined ? byMail(organizer) : undefined);
}

function isWord(own: string, said: string): boolean {
  const escaped = own.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:^|[^\\p{L}\\p{N}])${escaped}(?:$|[^\\p{L}\\p{N}])`, "u").test(said);
}

/** Somebody whom the configuration does not know, as cards name them. It is no id of anybody. */
export function stranger({ summary, emails }: Written): string {
  return `“${inertName(summary || emails[0] || "no name", { max: 60 })}” (not in people)`;
}
