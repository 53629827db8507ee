import type { NotifierSettings } from "../core/incident/notifier-settings.ts";
import type { LoadedExtension } from "../ports/extension.ts";
import type { Notifier } from "../ports/notifier.ts";
import { never } from "../util/never.ts";

/**
 * The notifier that these settings describe; loads only what its kind needs. Nothing is asked or sent yet. Throws an `Error` with a
 * sentence where the extension that they are for is not among `extensions`.
 */
export async function createNotifier(
  settings: NotifierSettings,
  extensions: readonly LoadedExtension[] = [],
): Promise<Notifier> {
  switch (settings.kind) {
    case "email":
      return (await import("./email.ts")).emailNotifier(settings);
    case "webhook":
      return (await import("./webhook.ts")).webhookNotifier(settings);
    case "pagerduty":
      return (await import("./pagerduty.ts")).pagerdutyNotifier(settings);
    case "opsgenie":
      return (await import("./opsgenie.ts")).opsgenieNotifier(settings);
    case "jira":
      return (await import("./jira.ts")).jiraNotifier(settings);
    case "servicenow":
      return (await import("./servicenow.ts")).servicenowNotifier(settings);
    case "github":
      return (await import("./github.ts")).githubNotifier(settings);
    case "grafana":
      return (await import("./grafana.ts")).grafanaNotifier(settings);
    case "extension":
      return (await import("./extension.ts")).extensionNotifier(settings, extensions);
    default:
      return never(settings);
  }
}
