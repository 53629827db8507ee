import type { ParseArgsOptionsConfig } from "node:util";
import { isTimeZone } from "../../config/values.ts";

/**
 * Everything that `init` asks. A question's `name` is its flag; one of a secret has only `--<name>-file`, so that no secret
 * stands on a command line, where others on the machine and the shell's history see it.
 */
export type Question = {
  readonly name: string;
  /** In .env; a question without one is for the YAML file. */
  readonly variable?: string;
  readonly ask: string;
  readonly isSecret?: true;
  /** Taken where nothing is there and Enter is pressed. */
  readonly fallback?: string;
  /** Why this is no answer, where no variable's own rule says it. */
  readonly whyNot?: (value: string) => string | undefined;
  /** Asked only where this one was answered, or was not. */
  readonly after?: string;
  readonly unless?: string;
  /** Where nothing is known of it, it is asked only once the server wanted credentials. */
  readonly whenRefused?: true;
};

/** Questions that are answered and tried together. Without an answer to the first one the part is left out. */
export type PartName = "prometheus" | "alertmanager" | "slack" | "teams" | "model" | "redis" | "times";

export const QUESTIONS: Readonly<Record<PartName, readonly Question[]>> = {
  prometheus: [
    {
      ...{ name: "prometheus-url", variable: "PROMETHEUS_URL", fallback: "http://localhost:9090" },
      ask: "Address of Prometheus (or Thanos, Mimir, VictoriaMetrics), without /api/v1",
    },
    {
      ...{ name: "prometheus-username", variable: "PROMETHEUS_USERNAME", whenRefused: true },
      ask: "User name, where it asks for one",
    },
    {
      ...{ name: "prometheus-password", variable: "PROMETHEUS_PASSWORD", isSecret: true, whenRefused: true },
      ...{ ask: "Password", after: "prometheus-username" },
    },
    {
      ...{ name: "prometheus-bearer-token", variable: "PROMETHEUS_BEARER_TOKEN", isSecret: true, whenRefused: true },
      ...{ ask: "Bearer token, where it asks for one", unless: "prometheus-username" },
    },
  ],
  alertmanager: [
    { name: "alertmanager-url", variable: "ALERTMANAGER_URL", ask: "Address of Alertmanager" },
    {
      ...{ name: "alertmanager-webhook-token", variable: "ALERTMANAGER_WEBHOOK_TOKEN", isSecret: true },
      ask: "Token that Alertmanager shows the bot when it sends alerts (Enter makes one)",
    },
  ],
  slack: [
    {
      ...{ name: "slack-bot-token", variable: "SLACK_BOT_TOKEN", isSecret: true },
      ask: "Bot User OAuth Token, under OAuth & Permissions (xoxb-…)",
    },
    {
      ...{ name: "slack-app-token", variable: "SLACK_APP_TOKEN", isSecret: true },
      ask: "App-level token with connections:write, under Basic Information (xapp-…)",
    },
    {
      name: "slack-channel",
      ask: "Id of the channel for alerts and what is unusual (C…, at the end of its details)",
      whyNot: (value) =>
        /^[CGD][A-Z0-9]{7,}$/.test(value)
          ? undefined
          : `must be the id of a channel, such as C0123ABCD: it is ${JSON.stringify(value)}. Slack shows it at the end of the channel's details.`,
    },
  ],
  teams: [
    { name: "teams-app-id", variable: "MicrosoftAppId", ask: "Application (client) id of the bot's app registration" },
    {
      ...{ name: "teams-app-password", variable: "MicrosoftAppPassword", isSecret: true },
      ask: "Value of a client secret of it (not its id)",
    },
    { name: "teams-tenant-id", variable: "MicrosoftAppTenantId", ask: "Directory (tenant) id" },
  ],
  model: [
    { name: "openai-model", variable: "OPENAI_MODEL", ask: "Name of a language model, such as gpt-5-mini" },
    {
      ...{ name: "openai-base-url", variable: "OPENAI_BASE_URL" },
      ask: "Its address, for anything that speaks OpenAI's API; Enter for OpenAI's own",
    },
    { name: "openai-api-key", variable: "OPENAI_API_KEY", isSecret: true, ask: "Its key" },
  ],
  redis: [
    {
      ...{ name: "redis-url", variable: "REDIS_URL", isSecret: true },
      ask: "Address of Redis for several replicas (redis://user:password@host:6379/0); one bot needs none",
    },
  ],
  times: [
    {
      ...{ name: "timezone", fallback: Intl.DateTimeFormat().resolvedOptions().timeZone },
      ask: "Time zone of answers",
      whyNot: (value) =>
        isTimeZone(value)
          ? undefined
          : `must be the IANA name of a time zone, such as "UTC" or "Europe/Berlin": it is ${JSON.stringify(value)}.`,
    },
  ],
};

/** Flags of the command. */
export const INIT_OPTIONS: ParseArgsOptionsConfig = {
  yes: { type: "boolean" },
  "keep-failed": { type: "boolean" },
  flags: { type: "boolean" },
  ...Object.fromEntries(
    Object.values(QUESTIONS)
      .flat()
      .map(({ name, isSecret }) => [isSecret === true ? `${name}-file` : name, { type: "string" }]),
  ),
};
