import type { NotifierSettings } from "../core/incident/notifier-settings.ts";
import { type Secret, secret } from "../util/secret.ts";
import { type EntryAt, entryAt, isLoopback, some } from "./entry.ts";
import { readExtended } from "./extensions.ts";
import type { ConfigFile } from "./schema.ts";
import type { Deps } from "./sources.ts";
import { show, tidyUrl, whyNotBaseUrl } from "./values.ts";

type Entries = NonNullable<ConfigFile["notifiers"]>;
type Kind = keyof Entries;
type EntryOf<K extends Kind> = NonNullable<Entries[K]>[number];

/** The notifiers of the file. Names are unique among all of them; files that they name must be readable. */
export function readNotifiers(deps: Deps): readonly NotifierSettings[] {
  const written: Entries = deps.file.settings.notifiers ?? {};
  const names = new Set<string>();
  const each = <K extends Kind>(kind: K, read: (entry: EntryOf<K>, at: EntryAt) => NotifierSettings) =>
    ((written[kind] ?? []) as readonly EntryOf<K>[]).map((entry, index) => {
      const at = entryAt(deps, ["notifiers", kind, index], kind, entry);
      if (names.has(entry.name))
        at.refuse("name", `must not be the name of another notifier: ${show(entry.name)} is there twice.`);
      names.add(entry.name);
      return read(entry, at);
    });
  return [
    ...each("email", readEmail),
    ...each("webhook", readWebhook),
    ...each("pagerduty", ({ name, url }, at) => ({
      kind: "pagerduty",
      name,
      url: safe(at, "url", url ?? "https://events.pagerduty.com"),
      routingKey: needed(at, "routing_key_file"),
    })),
    ...each("opsgenie", ({ name, url }, at) => ({
      kind: "opsgenie",
      name,
      url: safe(at, "url", url ?? "https://api.opsgenie.com"),
      apiKey: needed(at, "api_key_file"),
    })),
    ...each("jira", (entry, at) => ({
      kind: "jira",
      name: entry.name,
      url: safe(at, "url", entry.url),
      user: entry.username,
      token: needed(at, "token_file"),
      project: entry.project,
      issueType: entry.issue_type ?? "Task",
      ...some("resolveTransition", entry.resolve_transition),
    })),
    ...each("servicenow", (entry, at) => ({
      kind: "servicenow",
      name: entry.name,
      url: safe(at, "url", entry.url),
      user: entry.username,
      password: needed(at, "password_file"),
      closeCode: entry.close_code ?? "Solved (Permanently)",
    })),
    ...each("github", (entry, at) => ({
      kind: "github",
      name: entry.name,
      url: safe(at, "api_url", entry.api_url ?? "https://api.github.com"),
      repository: entry.repository,
      token: needed(at, "token_file"),
      labels: entry.labels ?? ["smartcloudops"],
    })),
    ...each("grafana", (entry, at) => ({
      kind: "grafana",
      name: entry.name,
      url: safe(at, "url", entry.url),
      token: needed(at, "token_file"),
      ...some("dashboard", entry.dashboard),
      tags: entry.tags ?? [],
      ...some("ca", at.text("ca_file")),
    })),
    ...each("extension", (entry, at) => ({ kind: "extension", ...readExtended(entry, at) })),
  ];
}

/** Every secret of the notifiers. */
export function notifierSecrets(all: readonly NotifierSettings[]): readonly Secret[] {
  return all
    .flatMap((one) => {
      switch (one.kind) {
        case "email":
          return [one.password];
        case "webhook":
          return [one.secret, one.token, ...(one.hidesUrl === true ? [secret(one.url)] : [])];
        case "pagerduty":
          return [one.routingKey];
        case "opsgenie":
          return [one.apiKey];
        case "servicenow":
          return [one.password];
        case "extension":
          return Object.values(one.secrets);
        default:
          return [one.token];
      }
    })
    .filter((one) => one !== undefined);
}

function readEmail(entry: EntryOf<"email">, at: EntryAt): NotifierSettings {
  const tls = entry.tls ?? "starttls";
  if (tls === "none" && !isLoopback(`http://${entry.host}`))
    at.refuse("tls", "must be starttls or implicit: none is for a mail server on this machine.");
  if ((entry.username === undefined) !== (entry.password_file === undefined))
    at.refuse(
      entry.username === undefined ? "password_file" : "username",
      "must come together: username and password_file, or none of them.",
    );
  return {
    kind: "email",
    name: entry.name,
    host: entry.host,
    port: entry.port ?? (tls === "implicit" ? 465 : 587),
    tls,
    from: entry.from,
    to: entry.to,
    ...some("user", entry.username),
    ...some("password", at.secret("password_file")),
    ...some("ca", at.text("ca_file")),
  };
}

function readWebhook(entry: EntryOf<"webhook">, at: EntryAt): NotifierSettings {
  if ((entry.url === undefined) === (entry.url_file === undefined))
    at.refuse(
      entry.url === undefined ? "name" : "url_file",
      "must come with either url or url_file: one of them says where it is posted.",
    );
  const hidden = at.secret("url_file")?.reveal();
  const reason = hidden === undefined ? undefined : whyNotBaseUrl(hidden.split("?")[0] ?? "");
  if (reason !== undefined) at.refuse("url_file", `must name a file with an address: what it says ${reason}.`);
  return {
    kind: "webhook",
    name: entry.name,
    url: safe(at, hidden === undefined ? "url" : "url_file", hidden ?? entry.url ?? "", false),
    ...(hidden !== undefined && { hidesUrl: true as const }),
    secret: needed(at, "secret_file"),
    ...some("token", at.secret("token_file")),
    ...some("fields", entry.fields),
    ...some("ca", at.text("ca_file")),
  };
}

/** What goes out says who fails and how, and carries a secret: in the clear on this machine only. */
function safe(at: EntryAt, key: string, url: string, isBase = true): string {
  if (url.startsWith("http:") && !isLoopback(url))
    at.refuse(key, "must begin with https://: plain http is for a server on this machine.");
  return isBase ? tidyUrl(url) : url;
}

/** A file that the schema asks for; one that cannot be read is reported. */
function needed(at: EntryAt, key: string): Secret {
  return at.secret(key) ?? secret("");
}
