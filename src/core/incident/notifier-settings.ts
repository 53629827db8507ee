import type { Secret } from "../../util/secret.ts";
import type { ExtensionEntry } from "../extension/extension.ts";

/** What each notifier needs to know. Addresses have no slash at the end; `ca` is PEM. */

export type EmailSettings = {
  readonly kind: "email";
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `starttls`: begins in the clear and must change over. `none`: on this machine only. */
  readonly tls: "implicit" | "starttls" | "none";
  readonly from: string;
  readonly to: readonly string[];
  readonly user?: string;
  readonly password?: Secret;
  readonly ca?: string;
};

export type WebhookSettings = {
  readonly kind: "webhook";
  readonly name: string;
  readonly url: string;
  /** The address is a secret itself. */
  readonly hidesUrl?: true;
  readonly secret: Secret;
  readonly token?: Secret;
  /** Members of the body, by name; {placeholders} are filled in. Undefined for the whole notice. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly ca?: string;
};

export type PagerdutySettings = {
  readonly kind: "pagerduty";
  readonly name: string;
  readonly url: string;
  readonly routingKey: Secret;
};

export type OpsgenieSettings = {
  readonly kind: "opsgenie";
  readonly name: string;
  readonly url: string;
  readonly apiKey: Secret;
};

export type JiraSettings = {
  readonly kind: "jira";
  readonly name: string;
  readonly url: string;
  readonly user: string;
  readonly token: Secret;
  readonly project: string;
  readonly issueType: string;
  /** Name of the transition that ends an issue. Undefined: it is commented only. */
  readonly resolveTransition?: string;
};

export type ServicenowSettings = {
  readonly kind: "servicenow";
  readonly name: string;
  readonly url: string;
  readonly user: string;
  readonly password: Secret;
  readonly closeCode: string;
};

export type GithubSettings = {
  readonly kind: "github";
  readonly name: string;
  readonly url: string;
  readonly repository: string;
  readonly token: Secret;
  readonly labels: readonly string[];
};

export type GrafanaSettings = {
  readonly kind: "grafana";
  readonly name: string;
  readonly url: string;
  readonly token: Secret;
  readonly dashboard?: string;
  readonly tags: readonly string[];
  readonly ca?: string;
};

export type ExtendedSettings = { readonly kind: "extension" } & Omit<ExtensionEntry, "environment">;

export type NotifierSettings =
  | EmailSettings
  | WebhookSettings
  | PagerdutySettings
  | OpsgenieSettings
  | JiraSettings
  | ServicenowSettings
  | GithubSettings
  | GrafanaSettings
  | ExtendedSettings;
