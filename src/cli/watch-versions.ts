import { versionsCard } from "../cards/watch-versions-card.ts";
import { callSocket } from "../chat/socket/call.ts";
import { lookOf, renderCard } from "../chat/terminal/index.ts";
import type { Config } from "../config.ts";
import type { WatchModel } from "../core/watch/model.ts";
import { rfc3339 } from "../core/zone.ts";
import { reasonOf } from "../util/errors.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { progressOn } from "./progress.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const ROLL_BACK_MS = 20_000;
/** Two weeks of many series, with a pause between queries. */
const LEARN_MS = 30 * 60_000;

/** `watches versions NAME`: what judges a watch and what did, read beside a running bot. */
export async function showVersions(call: Call, name: string): Promise<number> {
  const config = readConfig(call);
  const found = (await readStore(config, ({ models }) => models.open())) ?? [];
  const [model] = found.filter(({ watch }) => watch === name).sort((a, b) => b.madeAt - a.madeAt);
  if (model === undefined) {
    const known = [...new Set(found.map(({ watch }) => watch))].sort();
    const cure =
      known.length === 0
        ? "A bot that was started notes them after its first round of watching."
        : `Known are ${known.slice(0, 30).join(", ")}${known.length > 30 ? " and more" : ""}.`;
    throw new UsageError(
      `watches versions wants the name of a watch: there is none called ${JSON.stringify(name)}. ${cure}`,
    );
  }
  return print(call, config, model);
}

/** `watches learn NAME`: learns a watch anew now, through the running bot. Shows how far it is, on a terminal as a bar with an estimate. */
export async function learn(call: Call, name: string): Promise<number> {
  const config = readConfig(call);
  const progress = progressOn(call);
  try {
    const draft = (told: unknown) => {
      const { share, what } = told as { readonly share: number; readonly what: string };
      progress.show(share, what);
    };
    const model = await callSocket(
      config.dataDir,
      { kind: "learn watch", watch: name },
      { timeoutMs: LEARN_MS, draft },
    );
    progress.end();
    return print(call, config, model as WatchModel);
  } catch (problem) {
    progress.end();
    call.stderr.write(`smartcloudops: ${reasonOf(problem)}\n`);
    return EXIT.failed;
  }
}

/** `watches rollback NAME VERSION`: puts an earlier version in force from the next round on, through the running bot, which records it. */
export async function rollBack(call: Call, name: string, wanted: string): Promise<number> {
  const version = Number(wanted.replace(/^v/, ""));
  if (!Number.isInteger(version) || version < 1)
    throw new UsageError(`watches rollback wants the number of a version, such as 1: it is ${JSON.stringify(wanted)}.`);
  const config = readConfig(call);
  try {
    const request = { kind: "roll back watch", watch: name, version } as const;
    return print(call, config, (await callSocket(config.dataDir, request, { timeoutMs: ROLL_BACK_MS })) as WatchModel);
  } catch (problem) {
    call.stderr.write(`smartcloudops: ${reasonOf(problem)}\n`);
    return EXIT.failed;
  }
}

function print(call: Call, config: Config, model: WatchModel): number {
  const now = Date.now() / 1000;
  if (call.flags.json === true) call.stdout.write(`${JSON.stringify(modelJson(model))}\n`);
  else {
    const card = versionsCard(model, { now, zone: config.timezone });
    call.stdout.write(renderCard(card, lookOf(call.stdout, call.env, config.timezone)));
  }
  return EXIT.ok;
}

/** A contract, as all that programs read. Times are RFC 3339 in UTC; null where there is nothing. */
function modelJson({ watch, versions, drift }: WatchModel) {
  return {
    watch,
    versions: versions.map((one) => ({
      ...{ version: one.number, status: one.status, why: one.why, threshold: one.threshold },
      made: rfc3339(one.madeAt),
      changed: rfc3339(one.changedAt),
      learnt_from: one.learnt === undefined ? null : rfc3339(one.learnt.from),
      learnt_to: one.learnt === undefined ? null : rfc3339(one.learnt.to),
      series: one.learnt?.series ?? null,
      gate: one.gate ?? null,
      shadow:
        one.shadow === undefined
          ? null
          : {
              ...{ from: rfc3339(one.shadow.from), to: rfc3339(one.shadow.to) },
              ...{ alerts: one.shadow.alerts, alerts_of_active: one.shadow.activeAlerts },
            },
      by: one.by ?? null,
    })),
    drift: drift === undefined ? null : { ...drift, at: rfc3339(drift.at) },
  };
}
