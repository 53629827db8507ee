/** People remembered at once. The one seen longest ago is forgotten first: at worst, someone may do a little more. */
const PEOPLE = 10_000;

/** `go`, or in how many seconds it goes again; `isFirst` for the first refusal of that time. */
export type Budgeted =
  | { readonly kind: "go" }
  | { readonly kind: "wait"; readonly seconds: number; readonly isFirst: boolean };

/** Lets each person do something `most` times in `seconds`, counted from their first time. `now` is unix seconds. */
export function budget(most: number, seconds: number): (person: string, now: number) => Budgeted {
  const people = new Map<string, { readonly since: number; count: number }>();
  return (person, now) => {
    const known = people.get(person);
    const isNew = known === undefined || now - known.since >= seconds || now < known.since;
    const entry = isNew ? { since: now, count: 0 } : known;
    people.delete(person);
    people.set(person, entry);
    if (people.size > PEOPLE) people.delete(people.keys().next().value!);
    entry.count++;
    if (entry.count <= most) return { kind: "go" };
    const left = Math.max(1, Math.ceil(entry.since + seconds - now));
    return { kind: "wait", seconds: left, isFirst: entry.count === most + 1 };
  };
}
