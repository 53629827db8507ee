import type { Config } from "../../config.ts";
import { type Check, failed, ok } from "./check.ts";

/** Whether each calendar of on-call can be read, and names people whom the bot knows. */
export async function checkCalendars(config: Config): Promise<Check[]> {
  const { calendars } = config.oncall;
  if (calendars.length === 0) return [];
  const { createCalendar } = await import("../../calendars/index.ts");
  return Promise.all(
    calendars.map(async (settings) => {
      const title = `calendar of ${settings.schedule}`;
      const clock = () => Date.now() / 1000;
      const { shifts, problems } = await createCalendar(settings, { clock, people: config.people }).view();
      const ahead = shifts.filter(({ to }) => to > clock()).length;
      if (problems.length === 0) return ok(title, `is read, with ${ahead} shifts ahead`);
      const cure = "Check `ical` of the schedule, and list whom it names under `people` (`emails`, name or id).";
      return failed(title, problems.slice(0, 5).join(" "), cure);
    }),
  );
}
