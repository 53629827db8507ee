import { resolve } from "node:path";
import { readAccess } from "./config/access.ts";
import { readApi } from "./config/api.ts";
import { readApprovals } from "./config/approvals.ts";
import { readBreakers } from "./config/breakers.ts";
import { readSlack, readTeams } from "./config/chat.ts";
import { readCi } from "./config/ci.ts";
import { dataDirOf } from "./config/data-dir.ts";
import { readDetection, readRollouts } from "./config/detection.ts";
import { readDigests } from "./config/digests.ts";
import { type Environment, type ReadFile, readEnvironment, readPath, readUrl } from "./config/environment.ts";
import { executorSecrets } from "./config/executors.ts";
import { type Hush, readSettingsFile, type SettingsFile } from "./config/file.ts";
import { readModel } from "./config/model.ts";
import { notifierSecrets, readNotifiers } from "./config/notifiers.ts";
import { readOnCall } from "./config/oncall.ts";
import { readPeople, readRoles } from "./config/people.ts";
import { nearest, type Problem, type Report } from "./config/problem.ts";
import { readRegularFile } from "./config/read-file.ts";
import { readRedis, secretsInUrl } from "./config/redis.ts";
import { readResponders } from "./config/responders.ts";
import { readMaintenance, readRoutes } from "./config/routes.ts";
import { readRunbooks } from "./config/runbooks.ts";
import { type Deps, readSources } from "./config/sources.ts";
import type { Config } from "./config/types.ts";
import { parseDuration, show, tidyUrl } from "./config/values.ts";
import { reasonOf } from "./util/errors.ts";
import { type Secret, secret } from "./util/secret.ts";
import { readSigner } from "./util/signature.ts";

export { explain, type Problem, placed, sayProblem } from "./config/problem.ts";
export type { Config, SourceConfig } from "./config/types.ts";

const DAY = 86_400;
const DEFAULTS = {
  port: 3978,
  host: "127.0.0.1",
  questionLength: 4000,
  answerTimeoutMs: 30_000,
  eventLoopWaitMs: 1000,
  questionsPerMinute: 30,
};
const DEFAULT_RETENTION = {
  conversations: 30 * DAY,
  evidence: 90 * DAY,
  seenEvents: 7 * DAY,
  proposals: 365 * DAY,
  anomalies: 365 * DAY,
};

/** `where` says where a setting of the file stands. `rest` is what could be read beside the problems: to look for more of them, and for nothing else. */
export type Loaded = { readonly where: SettingsFile["where"] } & (
  | { ok: true; config: Config }
  | { ok: false; problems: Problem[]; rest: Config }
);

/**
 * Environment and YAML -> one frozen Config, or every problem at once. A variable wins over the file. `readFile` takes
 * an absolute path and throws (code "ENOENT" for an absent file); relative paths in variables are meant from `cwd`.
 */
export function loadConfig(deps: {
  env: Readonly<Record<string, string | undefined>>;
  readFile?: ReadFile;
  cwd?: string;
}): Loaded {
  const problems: Problem[] = [];
  const report: Report = (where, message) => problems.push({ where, message });
  const hush: Hush = { places: new Set(), names: [] };
  const cwd = deps.cwd ?? process.cwd();
  const readFile: ReadFile = (path) => (deps.readFile ?? readRegularFile)(resolve(cwd, path));

  const env = readEnvironment(deps.env, readFile, report);
  const envName = readEnvName(env, report);
  const file = readSettingsFile({
    named: env.plain("SMARTCLOUDOPS_CONFIG"),
    env: envName,
    cwd,
    readFile,
    report,
    hush,
  });
  const notices = [...env.notices];
  const inFile = problems.length;
  // A file that is no YAML counts as empty from here on, so that problems of the environment are still found.
  const read = file ?? { settings: {}, where: () => "", resolvePath: (_: unknown, value: string) => value };
  const config = build({ env, file: read, cwd, readFile, report, notices }, envName);
  const { where } = read;
  if (problems.length === 0) return { ok: true, config: freezeDeep(config), where };
  const isOwn = ({ where, message }: Problem) =>
    !hush.places.has(where) && !hush.names.some((name) => message.includes(show(name)));
  return {
    ok: false,
    problems: [...problems.slice(0, inFile), ...problems.slice(inFile).filter(isOwn)],
    rest: freezeDeep(config),
    where,
  };
}

/** Everything in the configuration that a log must not show, the encoded form of basic authentication included. */
export function secretsOf(config: Config): readonly Secret[] {
  const fromSources = config.sources.flatMap(({ bearerToken, basic, headers, secretHeaders }) => [
    ...(bearerToken === undefined ? [] : [bearerToken]),
    ...(basic === undefined ? [] : [basic.password, secret(btoaUtf8(`${basic.user}:${basic.password.reveal()}`))]),
    ...Object.entries(headers)
      .filter(([name]) => secretHeaders.includes(name) || /key|token|secret|auth|session|password/i.test(name))
      .map(([, value]) => secret(value)),
  ]);
  const { slack, teams, http } = config;
  const others = [
    http.metricsToken,
    config.audit.key,
    config.ci.secret,
    config.ci.github?.token,
    slack?.botToken,
    slack?.appToken,
    slack?.signingSecret,
    teams?.appPassword,
    config.model?.apiKey,
  ];
  return [
    ...fromSources,
    ...others.filter((one) => one !== undefined),
    ...config.api.tokens.map((token) => token.secret),
    ...secretsInUrl(config.redis?.url),
    ...executorSecrets(config.runbooks.executors),
    ...notifierSecrets(config.notifiers),
    ...config.oncall.calendars.flatMap(({ from }) => ("url" in from ? [from.url] : [])),
  ];
}

function build(deps: Deps, envName: string | undefined): Config {
  const { env, file, cwd, report, notices } = deps;
  const { settings } = file;
  const retention = settings.limits?.retention ?? {};
  const seconds = (text: string | undefined) => (text === undefined ? undefined : (parseDuration(text) ?? 0) / 1000);
  const [host, sources] = [readHost(deps), readSources(deps)];
  const people = readPeople(deps);
  const roles = readRoles(deps, people);
  const runbooks = readRunbooks(deps);
  const notifiers = readNotifiers(deps);
  const [places, lessons] = [seconds(retention.places), seconds(retention.lessons)];
  return {
    timezone: settings.timezone ?? "UTC",
    env: envName,
    dataDir: dataDirOf(readPath("SMARTCLOUDOPS_DATA", env, report), cwd),
    redis: readRedis(deps),
    audit: { key: readAuditKey(deps) },
    sources,
    alertmanager: readAlertmanager(deps),
    traces: readTraces(env, report),
    grafanaExternalUrl: readUrl("GRAFANA_EXTERNAL_URL", env, report),
    extensions: {
      folders: (settings.extensions?.folders ?? []).map((path, index) =>
        file.resolvePath(["extensions", "folders", index], path),
      ),
    },
    packs: (settings.packs ?? []).map((path, index) => file.resolvePath(["packs", index], path)),
    http: {
      host,
      port: readPort(env, report) ?? settings.http?.port ?? DEFAULTS.port,
      metricsToken: env.secret("METRICS_TOKEN"),
      alertsToken: env.secret("ALERTMANAGER_WEBHOOK_TOKEN"),
    },
    api: readApi(deps, sources),
    responders: readResponders(deps, roles),
    oncall: readOnCall(deps, people, notifiers),
    notifiers,
    routes: readRoutes(deps, notifiers),
    maintenance: readMaintenance(deps),
    incidents: {
      dependencies: settings.incidents?.dependencies ?? true,
      impact: settings.incidents?.impact ?? "raise",
      watchdog: seconds(settings.incidents?.watchdog),
    },
    slack: readSlack(deps),
    teams: readTeams(deps, host),
    people,
    roles,
    access: readAccess(deps, sources, roles, people),
    policy: readApprovals(deps, { roles, people, runbooks, sources }),
    runbooks,
    model: readModel(deps),
    detection: readDetection(deps, sources),
    digests: readDigests(deps),
    ci: readCi(deps),
    rollouts: readRollouts(deps),
    breakers: readBreakers(deps),
    costs: settings.costs && {
      core: settings.costs.core ?? 0,
      gib: settings.costs.gib ?? 0,
      currency: settings.costs.currency ?? "USD",
    },
    log: { level: readLevel(env, report) ?? settings.log?.level ?? "info" },
    limits: {
      questionLength: settings.limits?.question_length ?? DEFAULTS.questionLength,
      answerTimeoutMs: parseDuration(settings.limits?.answer_timeout ?? "") ?? DEFAULTS.answerTimeoutMs,
      questionsPerMinute: settings.limits?.questions_per_minute ?? DEFAULTS.questionsPerMinute,
      channelQuestionsPerMinute:
        settings.limits?.channel_questions_per_minute ??
        10 * (settings.limits?.questions_per_minute ?? DEFAULTS.questionsPerMinute),
      eventLoopWaitMs: parseDuration(settings.limits?.event_loop_wait ?? "") ?? DEFAULTS.eventLoopWaitMs,
      retentionSeconds: {
        conversations: seconds(retention.conversations) ?? DEFAULT_RETENTION.conversations,
        evidence: seconds(retention.evidence) ?? DEFAULT_RETENTION.evidence,
        seenEvents: seconds(retention.seen_events) ?? DEFAULT_RETENTION.seenEvents,
        proposals: seconds(retention.proposals) ?? DEFAULT_RETENTION.proposals,
        anomalies: seconds(retention.anomalies) ?? DEFAULT_RETENTION.anomalies,
        ...(places === undefined ? {} : { places }),
        ...(lessons === undefined ? {} : { lessons }),
      },
    },
    notices,
  };
}

// ---------------------------------------------------------------- single settings

function readAlertmanager({ env, file, report }: Deps): Config["alertmanager"] {
  const written = file.settings.alertmanager;
  const url =
    readUrl("ALERTMANAGER_URL", env, report) ?? (written?.url === undefined ? undefined : tidyUrl(written.url));
  const externalUrl =
    readUrl("ALERTMANAGER_EXTERNAL_URL", env, report) ??
    (written?.external_url === undefined ? undefined : tidyUrl(written.external_url));
  const receivers = written?.receivers && { receivers: written.receivers };
  if (url !== undefined) return { url, ...(externalUrl === undefined ? {} : { externalUrl }), ...receivers };
  if (written !== undefined && !env.isSet("ALERTMANAGER_URL"))
    report(file.where(["alertmanager"]), "must have a url, or come together with ALERTMANAGER_URL. Set one of them.");
  if (externalUrl !== undefined && !env.isSet("ALERTMANAGER_URL"))
    report(
      "ALERTMANAGER_EXTERNAL_URL",
      "must come together with ALERTMANAGER_URL, which is not set. Set it, or take this one away.",
    );
  return undefined;
}

function readAuditKey({ env, readFile, report }: Deps): Secret | undefined {
  const path = readPath("AUDIT_KEY_FILE", env, report);
  if (path === undefined) return undefined;
  try {
    const pem = readFile(path);
    readSigner(pem);
    return secret(pem);
  } catch (problem) {
    report(
      "AUDIT_KEY_FILE",
      `must name a file with an Ed25519 private key in PEM: ${reasonOf(problem)}. Make one with: smartcloudops audit key --new FILE`,
    );
    return undefined;
  }
}

/** It becomes part of a file's name, so nothing that could leave the folder. */
function readEnvName(env: Environment, report: Report): string | undefined {
  const value = env.plain("SMARTCLOUDOPS_ENV");
  if (value === undefined || /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(value)) return value;
  report(
    "SMARTCLOUDOPS_ENV",
    `must be letters, digits, dashes and underscores, as in smartcloudops.<this>.yaml: it is ${show(value)}.`,
  );
  return undefined;
}

function readPort(env: Environment, report: Report): number | undefined {
  const value = env.plain("PORT");
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  report("PORT", `must be a whole number from 0 to 65535: it is ${show(value)}. The default is ${DEFAULTS.port}.`);
  return undefined;
}

function readHost({ env, file, report }: Deps): string {
  const fromEnv = env.plain("HOST");
  const host = fromEnv ?? file.settings.http?.host ?? DEFAULTS.host;
  if (!/^[A-Za-z0-9._:-]{1,253}(%[A-Za-z0-9._-]+)?$/.test(host)) {
    report(
      fromEnv === undefined ? file.where(["http", "host"]) : "HOST",
      `must be an IP address or a host name to listen on, without a port: it is ${show(host)}. 127.0.0.1 is this machine only, 0.0.0.0 all addresses.`,
    );
  }
  return host;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

function readLevel(env: Environment, report: Report): Config["log"]["level"] | undefined {
  const value = env.plain("LOG_LEVEL");
  const level = LEVELS.find((one) => one === value?.toLowerCase());
  if (value === undefined || level !== undefined) return level;
  const meant = nearest(value, LEVELS);
  report(
    "LOG_LEVEL",
    `must be debug, info, warn or error: it is ${show(value)}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
  );
  return undefined;
}

// ---------------------------------------------------------------- helpers

function btoaUtf8(text: string): string {
  return Buffer.from(text).toString("base64");
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) freezeDeep(child);
  return Object.freeze(value);
}

/** Where spans go; undefined where no collector is named. */
function readTraces(env: Environment, report: Report): Config["traces"] {
  const endpoint = readUrl("OTEL_EXPORTER_OTLP_ENDPOINT", env, report);
  return endpoint === undefined ? undefined : { endpoint, service: env.plain("OTEL_SERVICE_NAME") ?? "smartcloudops" };
}
