import * as z from "zod";
import { extended, group, ids, name, text, url, whole } from "./parts.ts";

/** Where incidents are told besides chat. Secrets come from files, never from here. */

const named = () => name("How routes and escalation steps call it.");
const ca = () =>
  text(
    "PEM file with the certificate authority that signed the server's certificate. Default: the usual ones.",
  ).optional();

const address = (what: string) =>
  z
    .string("must be text")
    .regex(/^(?:[^<>"\r\n,;]{1,100} <)?[^\s<>@"',;]{1,64}@[A-Za-z0-9.-]{1,253}>?$/, "must be one e-mail address")
    .describe(what);

const email = () =>
  group({
    name: named(),
    host: z
      .string("must be text")
      .regex(/^(?!-)[A-Za-z0-9._:-]{1,253}$/, "must be an IP address or a host name, without a port")
      .describe("The mail server (SMTP)."),
    port: whole(1, 65_535, "Its port. Default 587, and 465 with tls: implicit."),
    tls: z
      .enum(["starttls", "implicit", "none"], "must be starttls, implicit or none")
      .optional()
      .describe(
        "starttls changes over to TLS or sends nothing; none is for a server on this machine. Default starttls.",
      ),
    from: address("Who it comes from: bot@example.com, or SmartCloudOps <bot@example.com>."),
    to: z
      .array(address("An e-mail address."), "must be a list")
      .min(1, "must name at least one")
      .max(50, "must have at most 50 entries")
      .describe("Who gets it."),
    username: text("User for logging in, with password_file. Default: without.").optional(),
    password_file: text("File with the password that goes with username.").optional(),
    ca_file: ca(),
  });

const webhook = () =>
  group({
    name: named(),
    url: url("Address that each notice is posted to.").optional(),
    url_file: text("File with that address, where a part of it is a secret.").optional(),
    secret_file: text("File with the secret that signs each body (HMAC-SHA-256)."),
    token_file: text("File with a bearer token.").optional(),
    fields: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, dots, dashes and underscores"),
        z.string("must be text").max(1000, "must be at most 1000 characters"),
        "must be a group by name",
      )
      .optional()
      .describe(
        "The body's members: {title}, {text}, {event}, {id}, {severity}, {status}, {subject}, {environment}, {alerts}, {started_at} and {ended_at} are filled in. Default: all there is.",
      ),
    ca_file: ca(),
  });

const pagerduty = () =>
  group({
    name: named(),
    routing_key_file: text("File with the integration key of a service (Events API v2)."),
    url: url(
      "Address of the region: https://events.eu.pagerduty.com in the EU. Default https://events.pagerduty.com.",
    ).optional(),
  });

const opsgenie = () =>
  group({
    name: named(),
    api_key_file: text("File with the key of an API integration."),
    url: url(
      "Address of the region: https://api.eu.opsgenie.com in the EU. Default https://api.opsgenie.com.",
    ).optional(),
  });

const jira = () =>
  group({
    name: named(),
    url: url("Address of the site, such as https://example.atlassian.net."),
    username: text("E-mail address of the account."),
    token_file: text("File with its API token."),
    project: z
      .string("must be text")
      .regex(/^[A-Z][A-Z0-9_]{1,49}$/, "must be the key of a project, such as OPS")
      .describe("Key of the project."),
    issue_type: text("Type of the issues. Default Task.").optional(),
    resolve_transition: text("Name of the transition at the end of an incident. Default: a comment only.").optional(),
  });

const servicenow = () =>
  group({
    name: named(),
    url: url("Address of the instance, such as https://example.service-now.com."),
    username: text("User of the Table API."),
    password_file: text("File with the password that goes with username."),
    close_code: text("Resolution code at the end of an incident. Default Solved (Permanently).").optional(),
  });

const github = () =>
  group({
    name: named(),
    repository: z
      .string("must be text")
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, "must be owner/name")
      .refine((value) => !/\/\.{1,2}$/.test(value), "must be owner/name")
      .describe("The repository, as owner/name."),
    token_file: text("File with a token (Issues: write)."),
    api_url: url("Address of GitHub's API. Default https://api.github.com.").optional(),
    labels: ids("Labels of each issue. Default smartcloudops.").refine(
      (all) => all === undefined || (all.length > 0 && all.every((one) => !one.includes(","))),
      "must name at least one label, without commas",
    ),
  });

const grafana = () =>
  group({
    name: named(),
    url: url("Address of Grafana."),
    token_file: text("File with the token of a service account (annotations:read, create and write)."),
    dashboard: text("Uid of a dashboard. Default: annotations of the organisation.").optional(),
    tags: ids("Further tags, besides smartcloudops, the severity and the incident's."),
    ca_file: ca(),
  });

const list = <T extends z.ZodType>(entry: T, what: string) =>
  z.array(entry, "must be a list").max(50, "must have at most 50 entries").optional().describe(what);

/** Channels that are no chat, by kind. */
export function notifiers() {
  return group({
    email: list(email(), "Mails, one thread for an incident."),
    webhook: list(webhook(), "Signed JSON to an address of yours."),
    pagerduty: list(pagerduty(), "PagerDuty, Events API v2."),
    opsgenie: list(opsgenie(), "Opsgenie, and Jira Service Management."),
    jira: list(jira(), "Issues of Jira Cloud."),
    servicenow: list(servicenow(), "Records of ServiceNow's incident table."),
    github: list(github(), "Issues of a GitHub repository."),
    grafana: list(grafana(), "Annotations of Grafana."),
    extension: list(group(extended()), "Whatever an extension tells."),
  }).describe("Where incidents are told besides chat: routes name them in notify.");
}
