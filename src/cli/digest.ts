import { digestCard } from "../cards/digest-card.ts";
import type { Period } from "../core/digest/counts.ts";
import { digestOf } from "../core/digest/digest.ts";
import { DIGEST_KINDS, type DigestKind, type PlanInForce, plansInForce } from "../core/digest/schedule.ts";
import { slotsBetween } from "../core/digest/slots.ts";
import { rfc3339 } from "../core/zone.ts";
import { gather } from "../flows/digest/gather.ts";
import { readCron } from "../jobs/cron.ts";
import { digestJson } from "../wire/digest.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { printCard, printList } from "./list.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const DAY = 86_400;
const SPANS: Readonly<Record<DigestKind, number>> = { daily: DAY, weekly: 7 * DAY, handover: DAY / 2 };

/** `digest [daily|weekly|handover]`: what there is to do and what happened, up to now, from the store beside a running bot. */
export async function run(call: Call): Promise<number> {
  const [word = "daily", ...more] = call.words;
  const kind = DIGEST_KINDS.find((one) => one === word);
  if (kind === undefined || more.length > 0)
    throw new UsageError(
      `digest wants ${DIGEST_KINDS.join(", ")} or nothing: it is ${JSON.stringify(call.words.join(" "))}.`,
    );
  const config = readConfig(call);
  const to = Date.now() / 1000;
  const period: Period = { from: to - SPANS[kind], to };
  const environmentOf = (source: string) => config.sources.find(({ name }) => name === source)?.environment;
  const digest = await readStore(config, async (store) =>
    digestOf(kind, await gather({ store, environmentOf }, period, to, { kind }), period, to),
  );
  if (digest === undefined) {
    call.stderr.write("Nothing was ever stored here, so there is nothing to tell of. Start the bot first.\n");
    return EXIT.failed;
  }
  if (call.flags.json === true) {
    call.stdout.write(`${JSON.stringify(digestJson(digest))}\n`);
    return EXIT.ok;
  }
  return printCard(call, digestCard(digest, { zone: config.timezone }));
}

/** `digests list`: those that are planned, and when the next of each comes. */
export async function runDigests(call: Call): Promise<number> {
  if (call.words.join(" ") !== "list")
    throw new UsageError(`digests wants "list": it is ${JSON.stringify(call.words.join(" "))}.`);
  const config = readConfig(call);
  const now = Date.now() / 1000;
  const records = (await readStore(config, (store) => store.digests.plans())) ?? [];
  return printList(
    call,
    plansInForce(config.digests, records).map((one) => planJson(one, now)),
    {
      title:
        "No digest is planned: list some under digests in the file, or say in a channel: digest add morning daily at 08:00.",
      columns: ["digest", "kind", "cron", "zone", "state", "next (UTC)", "to"],
      row: (one) => [one.name, one.kind, one.cron, one.zone, one.state, one.next ?? "", one.to.join(", ")],
    },
  );
}

function planJson({ plan, origin, record }: PlanInForce, now: number) {
  const fields = readCron(plan.cron);
  const state = record?.state ?? "active";
  const next =
    "wrong" in fields || state !== "active" ? undefined : slotsBetween(fields, plan.zone, now, now + 400 * DAY)[0];
  return {
    ...{ name: plan.name, kind: plan.kind, cron: plan.cron, zone: plan.zone, state, origin },
    next: next === undefined ? undefined : rfc3339(next),
    to: plan.to.map(({ platform, channel }) => `${platform} ${channel}`),
  };
}
