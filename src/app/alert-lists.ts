import type { Config } from "../config.ts";
import { reconcile } from "../flows/reconcile.ts";
import type { Take } from "../ports/incidents.ts";
import type { AlertList } from "../ports/metrics.ts";
import type { IncidentOptions } from "./incidents.ts";

/** Lists of alerts that are read beside the webhook. */

/** Between two looks at one, in seconds. */
const LIST_EVERY = 60;

type Options = Pick<IncidentOptions, "alertmanager" | "lists" | "store" | "clock" | "log">;

/** A round for each list, by the name of its loop. Each resolves with the seconds until the next one, and never rejects. */
export function roundsOfLists(
  options: Options,
  receivers: NonNullable<Config["alertmanager"]>["receivers"] | undefined,
  take: Take,
): Readonly<Record<string, (signal: AbortSignal) => Promise<number>>> {
  const { store, clock } = options;
  const lists = listsOf(options);
  const names = lists.map(({ name }) => name);
  return Object.fromEntries(
    lists.map((list) => [
      `list ${list.name}`,
      listing(options, list.name, reconcile({ list, lists: names, store, clock, take, receivers })),
    ]),
  );
}

/** Whether it can be read is said once, each time that it changes. */
function listing({ log }: Options, list: string, look: (signal: AbortSignal) => Promise<void>) {
  let isWell = true;
  return async (signal: AbortSignal): Promise<number> => {
    try {
      await look(signal);
      if (!isWell) log.info({ list }, "a list of alerts can be read again");
      isWell = true;
    } catch (err) {
      if (isWell && !signal.aborted)
        log.warn({ err, list }, "a list of alerts cannot be read: until then they come by Alertmanager's webhook only");
      isWell = false;
    }
    return LIST_EVERY;
  };
}

/** Alertmanager's own list of alerts, where there is one, and the others. */
function listsOf({ alertmanager, lists }: Options): readonly AlertList[] {
  return alertmanager === undefined ? lists : [{ name: "alertmanager", read: alertmanager.alerts }, ...lists];
}
