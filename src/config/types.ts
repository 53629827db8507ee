import type { Place } from "../core/chat.ts";
import type { Maintenance } from "../core/incident/maintenance.ts";
import type { NotifierSettings } from "../core/incident/notifier-settings.ts";
import type { Route } from "../core/incident/route.ts";
import type { Person, Roles } from "../core/people.ts";
import type { Policy } from "../core/policy/rules.ts";
import type { Severity, Watch } from "../core/watch.ts";
import type { BreakerRules } from "../util/dependencies.ts";
import type { Secret } from "../util/secret.ts";
import type { ApiToken } from "./api.ts";
import type { CiConfig } from "./ci.ts";
import type { ConfiguredDigest } from "./digests.ts";
import type { ExecutorsConfig } from "./executors.ts";
import type { OnCallConfig } from "./oncall.ts";

/** Everything that can be set, read once and frozen. Addresses have no slash at the end, paths are absolute. */
export type Config = {
  timezone: string;
  /** Which overlay was asked for. */
  env: string | undefined;
  dataDir: string;
  /** The store that replicas share. Undefined where it is a file in the data folder. */
  redis: { url: Secret; allowVolatile: boolean } | undefined;
  /** `key`: Ed25519 private key in PEM that signs audit records. */
  audit: { key: Secret | undefined };
  /** May be empty. Else exactly one has `default: true`. */
  sources: readonly SourceConfig[];
  /** `receivers`: of its own list of alerts, only those that it tells one of these. */
  alertmanager: { url: string; externalUrl?: string; receivers?: readonly string[] } | undefined;
  grafanaExternalUrl: string | undefined;
  /** A collector of OpenTelemetry, without /v1/traces, and the bot's name there. Undefined: no spans are made. */
  traces: { endpoint: string; service: string } | undefined;
  /** Folders with the user's own concept packs. */
  packs: readonly string[];
  /** Folders with executors and notifiers of the user's own. */
  extensions: { folders: readonly string[] };
  http: {
    host: string;
    port: number;
    metricsToken: Secret | undefined;
    /** What Alertmanager sends as bearer token. Without one, alerts are taken from this machine only. */
    alertsToken: Secret | undefined;
  };
  /** Programs that may read by the HTTP API: off without any. */
  api: { tokens: readonly ApiToken[] };
  /** Roles whose people may silence alerts and change who is on call. */
  responders: readonly string[];
  /** Who is on call when, and who is called while nobody acknowledges. */
  oncall: OnCallConfig;
  /** Where incidents are told besides chat. */
  notifiers: readonly NotifierSettings[];
  /** Where messages about incidents go. */
  routes: readonly Route[];
  /** When alerts and anomalies about some things are kept back. */
  maintenance: readonly Maintenance[];
  /**
   * `watchdog`: seconds within which a sign of life has to come; undefined where nobody waits for any.
   * `dependencies`: whether alerts of two things are one incident where one calls the other. `impact`: whether it is measured, and whether routes take a milder severity for it.
   */
  incidents: { dependencies: boolean; impact: "raise" | "both" | "off"; watchdog: number | undefined };
  digests: readonly ConfiguredDigest[];
  /** Pipelines that tell of their runs. */
  ci: CiConfig;
  rollouts: RolloutsConfig;
  /** When what the bot calls is left alone. */
  breakers: BreakerRules;
  /** Undefined for a platform that is off. */
  slack: SlackConfig | undefined;
  teams: TeamsConfig | undefined;
  people: readonly Person[];
  roles: Roles;
  access: AccessConfig;
  /** What holds about approvals; one under which nobody may approve where nothing is said. */
  policy: Policy;
  runbooks: RunbooksConfig;
  /** Undefined where no model is used. */
  model: ModelConfig | undefined;
  detection: DetectionConfig;
  /** What a core and a GiB cost in a month. */
  costs: { core: number; gib: number; currency: string } | undefined;
  log: { level: "debug" | "info" | "warn" | "error" };
  limits: {
    /** Characters. */
    questionLength: number;
    answerTimeoutMs: number;
    /** From one person. */
    questionsPerMinute: number;
    channelQuestionsPerMinute: number;
    /** What waits longer for the event loop than this makes new questions be turned away. */
    eventLoopWaitMs: number;
    retentionSeconds: {
      conversations: number;
      evidence: number;
      seenEvents: number;
      proposals: number;
      anomalies: number;
      places?: number;
      lessons?: number;
    };
  };
  /** Sentences about settings that are odd but not wrong. */
  notices: readonly string[];
};

/** Comparisons of deployments with what was before them. */
export type RolloutsConfig = { enabled: boolean; places: readonly Place[] };

export type DetectionConfig = {
  enabled: boolean;
  /** Whether it watches by itself what it knows the meaning of. */
  automatic: boolean;
  /** Between two points of a series, and mostly between two rounds. */
  everySeconds: number;
  /** When rounds begin: five or six fields. */
  cron: string;
  /** Where `cron` stands, for problems that are found at the start. */
  cronWhere: string;
  historySeconds: number;
  /** Most series of all watches, and of one. */
  series: number;
  seriesPerWatch: number;
  /** Several metrics of one thing together; undefined is off. */
  forest: { trees: number; contamination: number } | undefined;
  routes: readonly { place: Place; least: Severity }[];
  /** From which severity an anomaly is an incident; undefined for none. */
  incidents: Severity | undefined;
  watches: readonly (Watch & { where: string })[];
};

export type ModelConfig = {
  name: string;
  apiKey: Secret | undefined;
  baseUrl: string | undefined;
  /** For one call, and for all that one question takes. */
  callMs: number;
  totalMs: number;
  toolCalls: number;
  /** A folder whose prompts stand in for the shipped ones of the same name. */
  prompts: string | undefined;
  alertText: "off" | "summary" | "full";
  /** Hosts and people go out under other names. */
  pseudonyms: boolean;
  /** For a million tokens, in `currency`. */
  price: { input: number; output: number; currency: string } | undefined;
  budget: {
    question: Budget;
    /** For one day (UTC). */
    user: Budget;
    channel: Budget;
    day: Budget;
  };
};

type Budget = { tokens: number; cost: number | undefined };

export type SlackConfig = {
  mode: "socket" | "http";
  botToken: Secret;
  appToken?: Secret;
  signingSecret?: Secret;
  /** Only on this machine. Ends in /api/. */
  apiUrl?: string;
  /** Ids of the workspaces it may be used from; empty for the one it is installed in. */
  teams: readonly string[];
};

export type TeamsConfig = {
  appId?: string;
  appPassword?: Secret;
  tenantId?: string;
  appType: "SingleTenant" | "MultiTenant" | "UserAssignedMSI";
  /** Empty for the app's own. */
  tenants: readonly string[];
  /** Hosts of the Bot Framework; empty for Microsoft's. */
  serviceUrls: readonly string[];
  /** Without authentication, for a client on this machine. */
  insecureDev: boolean;
  /** Addresses that stand in for Microsoft's, on this machine only. */
  overrides: {
    openIdMetadata?: string;
    emulatorOpenIdMetadata?: string;
    tokenIssuer?: string;
    loginUrl?: string;
    oauthScope?: string;
    oauthUrl?: string;
  };
};

export type RunbooksConfig = {
  /** Those that come with the bot. */
  builtin: boolean;
  folders: readonly string[];
  executors: ExecutorsConfig;
};

/** Who may read what, as core/access.ts takes it. */
export type AccessConfig = {
  rules:
    | undefined
    | readonly {
        people: readonly ("members" | "guests" | "externals")[];
        channels?: readonly string[];
        roles?: readonly string[];
        sources?: readonly string[];
        environments?: readonly string[];
      }[];
  roles: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

export type SourceConfig = {
  name: string;
  url: string;
  externalUrl?: string;
  environment?: string;
  cluster?: string;
  default: boolean;
  bearerToken?: Secret;
  basic?: { user: string; password: Secret };
  headers: Readonly<Record<string, string>>;
  /** Names of the headers whose value came from a file. */
  secretHeaders: readonly string[];
  caFile?: string;
  timeoutMs: number;
  maxConcurrent: number;
  refreshMs: number;
  /** Whether what its rules say fires makes incidents. Undefined: where it has no Alertmanager to tell, nor has the bot. */
  alerts?: boolean;
};
