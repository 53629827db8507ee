import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { isNotifier } from "../../core/incident/notice.ts";
import type { Person } from "../../core/people.ts";
import type { Rule } from "../../core/policy.ts";
import { isLoopbackHost } from "../../util/loopback.ts";
import { type Check, failed, ok } from "./check.ts";

/** How much a finding counts: what people are harmed without, and what they are better off with. */
const WEIGHTS = { must: 3, should: 1 } as const;

/** What is wanted of a bot that people rely on. `found` says what is, met or not. */
export type Wanted = {
  readonly name: string;
  readonly weight: keyof typeof WEIGHTS;
  readonly isMet: boolean;
  readonly found: string;
  readonly cure: string;
};

/** What the configuration does not say. */
export type Surroundings = {
  /** The process's user; undefined where the system has no numbers. */
  readonly uid: number | undefined;
  /** Files that hold secrets, and folders that decide what runs, with their mode; undefined where they are not there. */
  readonly modes: readonly { readonly path: string; readonly mode: number | undefined; readonly isSecret: boolean }[];
  /** Whether some source has the bot's own metrics, and rules about them; undefined where none could be asked. */
  readonly ownMetrics: boolean | undefined;
  readonly ownRules: boolean | undefined;
};

/** The findings as the doctor lists them, and the score: 100 where all is met. */
export function productionChecks(wanted: readonly Wanted[]): {
  readonly checks: readonly Check[];
  readonly score: number;
} {
  const points = (all: readonly Wanted[]) => all.reduce((sum, { weight }) => sum + WEIGHTS[weight], 0);
  const score = Math.floor((100 * points(wanted.filter(({ isMet }) => isMet))) / Math.max(1, points(wanted)));
  return { checks: wanted.map(toCheck), score };
}

function toCheck({ name, weight, isMet, found, cure }: Wanted): Check {
  const title = `production: ${name}`;
  if (isMet) return ok(title, found);
  return weight === "must" ? failed(title, found, cure) : { name: title, state: "advice", found, cure };
}

/** Everything that is wanted, met or not, those that count most first. */
export function wantedIn(config: Config, around: Surroundings): readonly Wanted[] {
  const all = [
    ...surfaces(config),
    ...told(config),
    ...changes(config),
    ...kept(config, around),
    ...seen(config, around),
    ...model(config),
  ];
  return [...all.filter(({ weight }) => weight === "must"), ...all.filter(({ weight }) => weight === "should")];
}

// ---------------------------------------------------------------- who may come in

function surfaces({ slack, teams, http, sources, alertmanager, access }: Config): Wanted[] {
  const isOpen = !isLoopbackHost(http.host);
  const plain = sources.filter(
    ({ url, bearerToken, basic }) => url.startsWith("http:") && (bearerToken ?? basic) !== undefined && !isLocal(url),
  );
  const environments = new Set(sources.flatMap(({ environment }) => environment ?? []));
  return [
    want("must", "a chat", slack !== undefined || teams !== undefined, {
      good: "people reach it in their chat",
      bad: "neither Slack nor Teams has credentials: nobody is told of anything",
      cure: "Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or MicrosoftAppId with its secret: `smartcloudops init` asks for them.",
    }),
    ...(teams === undefined
      ? []
      : [
          want("must", "Teams asks who is calling", teams.appId !== undefined && !teams.insecureDev, {
            good: "every call has to be signed by Microsoft",
            bad: "Teams is open without authentication: whoever reaches the port is whoever they say",
            cure: "Set MicrosoftAppId, MicrosoftAppPassword and MicrosoftAppTenantId, and leave SMARTCLOUDOPS_INSECURE_DEV out.",
          }),
        ]),
    ...(!isOpen
      ? []
      : [
          want("must", "token of /metrics", http.metricsToken !== undefined, {
            good: "/metrics is closed to strangers",
            bad: `${http.host} can be reached from elsewhere, and /metrics is open to whoever does`,
            cure: "Set METRICS_TOKEN, and the same as `authorization` in Prometheus' scrape_configs.",
          }),
          ...(alertmanager === undefined
            ? []
            : [
                want("must", "token of alerts", http.alertsToken !== undefined, {
                  good: "alerts are taken from whoever has the token",
                  bad: "no token is set, so alerts are taken from this machine only, and Alertmanager is elsewhere",
                  cure: "Set ALERTMANAGER_WEBHOOK_TOKEN, and the same as `authorization` of its webhook.",
                }),
              ]),
        ]),
    want("should", "credentials travel encrypted", plain.length === 0, {
      good: "no credentials go out over plain HTTP",
      bad: `credentials go to ${plain.map(({ name }) => name).join(", ")} over plain HTTP`,
      cure: "Give those sources an https:// address, with ca_file where the certificate is your own.",
    }),
    ...(environments.size < 2
      ? []
      : [
          want("should", "who reads which environment", access.rules !== undefined, {
            good: "the configuration says who reads which source",
            bad: `${environments.size} environments, and every member may read all of them`,
            cure: "List rules under `access`.",
          }),
        ]),
  ];
}

// ---------------------------------------------------------------- who is told

function told({ alertmanager, incidents, routes, oncall, notifiers, digests, detection }: Config): Wanted[] {
  const main = routes.filter(({ isFallback }) => isFallback === undefined);
  const chats = new Set(
    main.flatMap(({ to }) => to.filter((place) => !isNotifier(place)).map(({ platform }) => platform)),
  );
  const beside = main.some(({ to }) => to.some(isNotifier));
  return [
    want("must", "alerts have a place", main.length > 0, {
      good: `${main.length} ${main.length === 1 ? "route" : "routes"}`,
      bad: "there are no routes: incidents are posted nowhere",
      cure: "List them under `routes`; `test route` tries each.",
    }),
    want("must", "alerts come in", alertmanager !== undefined, {
      good: "Alertmanager is known, so silences and the list of alerts are there too",
      bad: "ALERTMANAGER_URL is not set: silences cannot be read or set, and alerts that no webhook brings are missed",
      cure: "Set ALERTMANAGER_URL, and its webhook to /webhooks/alertmanager.",
    }),
    want("should", "signs of life", incidents.watchdog !== undefined, {
      good: "an incident says so when Watchdog does not come any more",
      bad: "nobody is told when alerts do not arrive any more: silence looks like all is well",
      cure: "Set incidents.watchdog, and route Watchdog to the bot with a group_interval of 1m and a repeat_interval of some minutes.",
    }),
    want(
      "should",
      "a fallback",
      routes.some(({ isFallback }) => isFallback === true),
      {
        good: "what cannot arrive goes to the fallback",
        bad: "no route is the fallback: what cannot arrive because a channel is archived is told nowhere else",
        cure: "Add a route with fallback: true.",
      },
    ),
    want("should", "a way beside chat", beside || chats.size > 1, {
      good: "incidents are told in more than one system",
      bad: `everything is told in one system${notifiers.length > 0 ? ", and no route uses a notifier" : ""}: its outage is silence`,
      cure: "Add an entry under `notifiers` (mail, PagerDuty, a webhook), and to a route for critical incidents.",
    }),
    want("should", "escalation", oncall.escalations.length > 0, {
      good: "somebody is called while nobody acknowledges",
      bad: "nobody is called while nobody acknowledges",
      cure: "List steps under `oncall.escalations`.",
    }),
    want("should", "who is on call", oncall.schedules.length > 0, {
      good: `${oncall.schedules.length} ${oncall.schedules.length === 1 ? "schedule" : "schedules"}`,
      bad: "the bot does not know who is on call",
      cure: "List them under `oncall.schedules`, in YAML or by an iCal address.",
    }),
    want("should", "a digest", digests.length > 0, {
      good: `${digests.length} planned`,
      bad: "none is planned: what is left over from the night is told nobody",
      cure: "List one under `digests`, or `/ops digest add` in the channel.",
    }),
    want(
      "should",
      "anomalies have a place",
      !detection.enabled || detection.routes.length + detection.watches.length > 0,
      {
        good: detection.enabled ? "what is unusual is posted" : "watching is off",
        bad: "metrics are watched, and what is unusual is posted nowhere",
        cure: "Name places under `schedules.detect.post`.",
      },
    ),
  ];
}

// ---------------------------------------------------------------- changes

function changes({ policy, people, roles, runbooks }: Config): Wanted[] {
  if (!Object.values(policy.modes).includes("act")) return [];
  const having = (rule: Rule) => people.filter((person) => rule.approvers.some((role) => hasRole(person, role)));
  const hasRole = (person: Person, role: string) => {
    const known = roles[role];
    return (
      known?.people.includes(person.id) === true ||
      Object.entries(known?.accounts ?? {}).some(([platform, ids]) =>
        ids.some((id) => person.accounts[platform]?.includes(id)),
      ) ||
      Object.values(known?.groups ?? {}).some((groups) => groups.length > 0)
    );
  };
  const grave = (["high", "critical"] as const).map((risk) => ({ risk, rule: policy.rules[risk] }));
  const alone = grave.filter(({ rule }) => rule.approvers.length > 0 && !rule.fourEyes);
  const few = grave.filter(({ rule }) => rule.approvers.length > 0 && having(rule).length < rule.approvals + 1);
  const open = runbooks.executors.local.length;
  return [
    want("must", "four eyes on what is risky", alone.length === 0, {
      good: "nobody approves a risky change of their own",
      bad: `of ${alone.map(({ risk }) => risk).join(" and ")} risk, whoever asks may approve it themselves`,
      cure: "Leave approvals.risk.*.four_eyes on for those.",
    }),
    want("must", "people who can approve", few.length === 0, {
      good: "enough people may approve, whoever asks",
      bad: `of ${few.map(({ risk }) => risk).join(" and ")} risk, fewer people may approve than are needed beside whoever asks`,
      cure: "Link more people under `people` and give them the role: at three in the morning one of them sleeps.",
    }),
    want(
      "should",
      "two approvals of what is critical",
      policy.rules.critical.approvals > 1 || policy.rules.critical.approvers.length === 0,
      {
        good: "critical changes need two people, or nobody may approve them",
        bad: "one approval is enough for a critical change",
        cure: "Set approvals.risk.critical.approvals to 2.",
      },
    ),
    want("should", "runbooks act elsewhere", open === 0, {
      good: "no runbook runs commands on the bot's own machine",
      bad: `${open} ${open === 1 ? "executor runs" : "executors run"} commands on the bot's own machine, as its user`,
      cure: "Use an executor with an account of its own (ssh, kubernetes, …).",
    }),
  ];
}

// ---------------------------------------------------------------- what is kept

function kept({ audit, redis, limits }: Config, { uid, modes }: Surroundings): Wanted[] {
  const day = 86_400;
  const open = modes.filter(({ mode, isSecret }) => mode !== undefined && (mode & (isSecret ? 0o077 : 0o022)) !== 0);
  return [
    want("must", "its files are its own", open.length === 0, {
      good: "secrets are read, and what decides is written, by its user alone",
      bad: `others may ${open.some(({ isSecret }) => isSecret) ? "read or write" : "write"} ${open.map(({ path }) => path).join(", ")}`,
      cure: `chmod ${open.some(({ isSecret }) => isSecret) ? "600 files with secrets, and go-w" : "go-w"} the rest.`,
    }),
    want("must", "not root", uid !== 0, {
      good: "it does not run as root",
      bad: "it runs as root",
      cure: "Start it as a user of its own; the image does.",
    }),
    want("should", "signed audit", audit.key !== undefined, {
      good: "each record is signed",
      bad: "records are chained but not signed: who writes the store can write all of them anew",
      cure: "`smartcloudops audit key --new FILE`, and AUDIT_KEY_FILE to where only the bot reads.",
    }),
    want("should", "the record lasts", limits.retentionSeconds.proposals >= 90 * day, {
      good: `changes are known for ${Math.round(limits.retentionSeconds.proposals / day)} days`,
      bad: `changes are forgotten after ${Math.round(limits.retentionSeconds.proposals / day)} days`,
      cure: "Set limits.retention.proposals to 90d or more; an export keeps what is older.",
    }),
    ...(redis === undefined
      ? []
      : [
          want("must", "Redis keeps what it is told", !redis.allowVolatile, {
            good: "a Redis that forgets is refused",
            bad: "a Redis that may forget is allowed: after its restart approvals and waiting messages are gone",
            cure: "Leave allow_volatile out, and switch appendonly on in Redis.",
          }),
        ]),
  ];
}

// ---------------------------------------------------------------- who watches the watcher

function seen({ log }: Config, { ownMetrics, ownRules }: Surroundings): Wanted[] {
  return [
    want("should", "it is watched itself", ownMetrics === true, {
      good: "Prometheus has its metrics",
      bad:
        ownMetrics === undefined
          ? "no Prometheus could be asked for its metrics"
          : "no Prometheus has its metrics: nobody learns that it is down",
      cure: "Scrape /metrics of the bot, as docker/prometheus/prometheus.yml does.",
    }),
    want("should", "alerts about itself", ownRules === true, {
      good: "Prometheus has rules about it",
      bad: ownRules === undefined ? "no Prometheus could be asked for its rules" : "no Prometheus has rules about it",
      cure: "Load docker/prometheus/rules/smartcloudops.yml, with a receiver that is not the bot.",
    }),
    want("should", "a quiet log", log.level !== "debug", {
      good: `the log is at ${log.level}`,
      bad: "the log is at debug: it fills disks, and names what people ask",
      cure: "Set LOG_LEVEL to info.",
    }),
  ];
}

function model({ model }: Config): Wanted[] {
  if (model === undefined) return [];
  return [
    want("should", "names stay here", model.pseudonyms || model.alertText === "off" || isLocal(model.baseUrl ?? ""), {
      good: "hosts and people go out under other names, or not at all",
      bad: "hosts and people go to the model by name",
      cure: "Set model.pseudonyms: true, or model.alert_text: off.",
    }),
  ];
}

// ---------------------------------------------------------------- parts

function want(
  weight: Wanted["weight"],
  name: string,
  isMet: boolean,
  { good, bad, cure }: { readonly good: string; readonly bad: string; readonly cure: string },
): Wanted {
  return { name, weight, isMet, found: isMet ? good : bad, cure };
}

/** On this machine or under a name that only a private network has. */
function isLocal(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? "";
  return isLoopbackHost(host) || (host !== "" && !host.includes(".")) || /\.(svc|local|internal)$|\.svc\./.test(host);
}

/** What lies around the configuration: who runs it, and who else may read or write its files. */
export async function modesAround(config: Config, cwd: string): Promise<Surroundings["modes"]> {
  if (process.platform === "win32") return [];
  const files = [
    { path: join(cwd, ".env"), isSecret: true },
    { path: config.dataDir, isSecret: false },
    ...[...config.runbooks.folders, ...config.packs].map((path) => ({ path, isSecret: false })),
  ];
  return Promise.all(
    files.map(async (one) => ({
      ...one,
      mode: await stat(one.path).then(
        ({ mode }) => mode,
        () => undefined,
      ),
    })),
  );
}
