import type { Secret } from "../util/secret.ts";

/** Everything that can be set, read once and frozen. Addresses have no slash at the end, paths are absolute. */
export type Config = {
  timezone: string;
  /** Which overlay was asked for. */
  env: string | undefined;
  dataDir: string;
  /** May be empty. Else exactly one has `default: true`. */
  sources: readonly SourceConfig[];
  alertmanager: { url: string; externalUrl?: string } | undefined;
  grafanaExternalUrl: string | undefined;
  /** Folders with the user's own concept packs. */
  packs: readonly string[];
  http: { host: string; port: number; metricsToken: Secret | undefined };
  log: { level: "debug" | "info" | "warn" | "error" };
  limits: {
    /** Characters. */
    questionLength: number;
    answerTimeoutMs: number;
    /** From one person. */
    questionsPerMinute: number;
    retentionSeconds: {
      conversations: number;
      evidence: number;
      seenEvents: number;
      proposals: number;
      places?: number;
      lessons?: number;
    };
  };
  /** Sentences about settings that are odd but not wrong. */
  notices: readonly string[];
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
};
