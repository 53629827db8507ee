import { readDateTime, readWeekTime, type Window } from "../core/window.ts";
import type { Deps } from "./sources.ts";
import { isTimeZone, show } from "./values.ts";

type Written = { readonly name: string; readonly tz?: string | undefined; readonly from: string; readonly to: string };

/** Named windows of a list of the file, at that path. What is wrong with one is reported, and it is left out. */
export function readWindows<T extends Written>(
  { file, report }: Deps,
  path: readonly string[],
  entries: readonly T[],
): readonly { readonly entry: T; readonly window: Window }[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const where = (key: string) => file.where([...path, index, key]);
    const zone = entry.tz ?? file.settings.timezone ?? "UTC";
    const problems: (readonly [string, string])[] = [];
    if (seen.has(entry.name))
      problems.push(["name", `must differ from the other names: ${show(entry.name)} is there twice.`]);
    seen.add(entry.name);
    if (!isTimeZone(zone))
      problems.push(["tz", `must be the IANA name of a time zone, such as "Europe/Berlin": it is ${show(zone)}.`]);
    const weekly = [readWeekTime(entry.from), readWeekTime(entry.to)] as const;
    const once = isTimeZone(zone) ? ([readDateTime(entry.from, zone), readDateTime(entry.to, zone)] as const) : weekly;
    const isWeekly = weekly[0] !== undefined;
    const [from, to] = isWeekly ? weekly : once;
    if (from === undefined)
      problems.push([
        "from",
        `must be a day and a time, such as "Fri 17:00" or "2026-12-20 17:00": it is ${show(entry.from)}.`,
      ]);
    else if (to === undefined)
      problems.push([
        "to",
        `must be written as from is, such as "${isWeekly ? "Mon 08:00" : "2027-01-02 08:00"}": it is ${show(entry.to)}.`,
      ]);
    else if (isWeekly ? from === to : from >= to)
      problems.push(["to", `must be ${isWeekly ? "another time than" : "later than"} from: it is ${show(entry.to)}.`]);
    for (const [key, message] of problems) report(where(key), message);
    if (problems.length > 0 || from === undefined || to === undefined) return [];
    return [{ entry, window: { kind: isWeekly ? ("weekly" as const) : ("once" as const), zone, from, to } }];
  });
}
