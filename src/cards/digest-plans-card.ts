import type { Card } from "../core/card.ts";
import type { PlanInForce } from "../core/digest/schedule.ts";
import { type CronFields, slotsBetween } from "../core/digest/slots.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";

type Context = {
  readonly clock: () => number;
  readonly readCron: (expression: string) => CronFields | { readonly wrong: string };
};

/** The next time is looked for so far ahead: further than any plan but one of 29 February. */
const AHEAD = 400 * 86_400;

/** The digests that are planned, when the next of each comes, and where. `mayAdd`: whoever asks may plan one. */
export function plansCard(plans: readonly PlanInForce[], { clock, readCron }: Context, mayAdd = true): Card {
  const now = clock();
  const running = plans.filter(({ record }) => record?.state !== "paused").length;
  return {
    title:
      plans.length === 0
        ? "No digest is planned."
        : `${plans.length} ${plans.length === 1 ? "digest is" : "digests are"} planned${running === plans.length ? "" : `, ${plans.length - running} of them paused`}.`,
    tone: "info",
    blocks: [
      ...(plans.length === 0
        ? []
        : [{ kind: "list" as const, items: plans.map((one) => planLine(one, now, readCron)) }]),
      ...(mayAdd
        ? [
            {
              kind: "note" as const,
              text: "One more, posted in this channel: digest add morning daily at 08:00 on weekdays.",
            },
          ]
        : []),
    ],
  };
}

function planLine({ plan, origin, record }: PlanInForce, now: number, readCron: Context["readCron"]): string {
  const { name, kind, cron, zone, to, only } = plan;
  const fields = readCron(cron);
  const next = "wrong" in fields ? undefined : slotsBetween(fields, zone, now, now + AHEAD)[0];
  const when =
    record?.state === "paused"
      ? `paused${record.by === undefined ? "" : ` by ${inertName(record.by.name, { max: 60 })}`}`
      : next === undefined
        ? "never"
        : `next ${sayTime(next, now, zone)}`;
  const places = to.map(({ platform, channel }) => `${platform} ${inertName(channel, { max: 80 })}`).join(", ");
  const filter = only === undefined ? "" : "; only a part";
  const by =
    origin === "file" ? "in the configuration" : `by ${inertName(record?.by?.name ?? "somebody", { max: 60 })}`;
  return `${inertName(name)}: ${kind}, ${when} (${cron}, ${inertName(zone)}), to ${places}${filter}; ${by}`;
}
