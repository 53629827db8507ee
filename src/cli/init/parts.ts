import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { Config } from "../../config.ts";
import type { Log } from "../../util/log.ts";
import { type Check, failed } from "../checks/check.ts";
import type { PartName } from "./questions.ts";

/** What `init` says and tries around its questions. */
export type Part = {
  readonly title: string;
  /** Said before the questions where nothing is there yet. */
  readonly intro?: () => readonly string[];
  /** Tries the answers live. Never throws for what the world answers. */
  readonly check: (config: Config, log: Log) => Promise<readonly Check[]>;
  /** Where the right answers are found, in place of the doctor's general words. */
  readonly cure?: string;
};

const named = (checks: readonly Check[], name: string) =>
  checks.filter((check) => check.name.startsWith(name) && check.state !== "skipped");

export const PARTS: Readonly<Record<PartName, Part>> = {
  prometheus: {
    title: "Prometheus",
    async check(config, log) {
      const { checkSources } = await import("../checks/sources.ts");
      return named(await checkSources({ ...config, alertmanager: undefined }, log), "Prometheus");
    },
  },
  alertmanager: {
    title: "Alertmanager",
    async check(config, log) {
      const { checkSources } = await import("../checks/sources.ts");
      return named(await checkSources({ ...config, sources: [] }, log), "Alertmanager");
    },
  },
  slack: {
    title: "Slack",
    intro: () => [
      "Create the app with this link, install it into the workspace, and make an app-level token with connections:write:",
      slackAppLink(),
    ],
    cure: "Copy the bot token from OAuth & Permissions (xoxb-…) after installing the app, and the app-level token with connections:write from Basic Information (xapp-…).",
    async check(config, log) {
      const { checkChat } = await import("../checks/chat.ts");
      return named(await checkChat({ ...config, teams: undefined }, log), "Slack");
    },
  },
  teams: {
    title: "Microsoft Teams",
    intro: () => [
      "Register an app in Microsoft Entra with a client secret, and create an Azure Bot for it: messaging endpoint https://<host>/api/messages, channel Teams.",
    ],
    cure: "Look at the app registration: its Application (client) id, its Directory (tenant) id, and the Value of a client secret under Certificates & secrets, which is shown once only.",
    async check(config, log) {
      const { checkChat } = await import("../checks/chat.ts");
      return named(await checkChat({ ...config, slack: undefined }, log), "Microsoft Teams");
    },
  },
  model: {
    title: "Language model",
    async check(config) {
      const { checkModel } = await import("../checks/model.ts");
      return checkModel(config, () => Date.now() / 1000);
    },
  },
  redis: {
    title: "Redis",
    cure: "Check host, port, user and password of the address; the server needs appendonly yes and maxmemory-policy noeviction.",
    async check(config) {
      const { checkStore } = await import("../checks/here.ts");
      return [await checkStore(config, false)];
    },
  },
  times: { title: "Times", check: async () => [] },
};

/** The same failures with words that lead to the right page; where nobody could be asked, that is no matter of credentials. */
export function withCure(checks: readonly Check[], cure: string | undefined): readonly Check[] {
  return checks.map((check) =>
    check.state === "failed" && cure !== undefined && !check.found.startsWith("Slack cannot be reached")
      ? failed(check.name, check.found, cure)
      : check,
  );
}

/** Slack's page for a new app, with the manifest of Socket Mode filled in. */
export function slackAppLink(): string {
  const file = fileURLToPath(new URL("../../../manifests/slack/manifest.socket.yaml", import.meta.url));
  const manifest = JSON.stringify(parse(readFileSync(file, "utf8")));
  return `https://api.slack.com/apps?new_app=1&manifest_json=${encodeURIComponent(manifest)}`;
}
