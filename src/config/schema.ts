import * as z from "zod";
import { api } from "./schema/api.ts";
import { approvals } from "./schema/approvals.ts";
import { breakers } from "./schema/breakers.ts";
import { ci } from "./schema/ci.ts";
import { costs, schedules, watches } from "./schema/detection.ts";
import { digests } from "./schema/digests.ts";
import { model } from "./schema/model.ts";
import { notifiers } from "./schema/notifiers.ts";
import { duration, ids, name, text, url, whole } from "./schema/parts.ts";
import { people, roles } from "./schema/people.ts";
import { incidents, maintenance, oncall, routes } from "./schema/routes.ts";
import { runbooks } from "./schema/runbooks.ts";
import { isTimeZone } from "./values.ts";

/**
 * The YAML file as it is written. Nothing is converted here, so that the same description gives the JSON Schema that
 * editors check against. A message is a rule; what was found is put behind it by the reader, which knows the line.
 */

/** These are ours to set, or a secret that would stand open in the file. */
const HEADERS_NOT_TAKEN =
  /^(authorization|proxy-authorization|cookie|host|content-length|content-type|transfer-encoding|connection|upgrade|te|trailer|expect)$/i;

const headers = () =>
  z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "must be a header name")
        .refine(
          (name) => !HEADERS_NOT_TAKEN.test(name),
          "is a header that the bot sets itself; for credentials write bearer_token_file, or username and password_file",
        ),
      z.union(
        [
          z.string().regex(/^[\t\x20-\x7e]*$/, "must be one line of printable ASCII"),
          z.strictObject({ file: text("File that holds the value, for a secret.") }),
        ],
        "must be text, or { file: … } for a secret",
      ),
    )
    .optional()
    .describe("Headers sent with each request, for a proxy in front of Prometheus.");

const source = () =>
  z.strictObject({
    name: name("How people and answers call this source."),
    url: url("Where the bot reaches Prometheus, without /api/v1."),
    external_url: url("Where people reach it, for links.").optional(),
    environment: text(
      "What runs there, as people say it: production, staging, … Questions may call the source so.",
    ).optional(),
    cluster: text("The cluster it watches, where there are several. Questions may call the source so.").optional(),
    default: z
      .boolean("must be true or false")
      .optional()
      .describe("Asked when a question names no source. One source may have it. Default: the first is."),
    bearer_token_file: text("File with a bearer token, or else the next two.").optional(),
    username: text("User name for basic authentication.").optional(),
    password_file: text("File with the password that goes with username.").optional(),
    headers: headers(),
    tenant: text("Sent as X-Scope-OrgID, for Mimir, Cortex and Thanos.").optional(),
    ca_file: text(
      "PEM file with the certificate authority that signed the server's certificate. Default: the system's.",
    ).optional(),
    timeout: duration("100ms", "2m", "How long one query may take. Default: limits.query_timeout."),
    max_concurrent: whole(1, 64, "Queries in flight at once. Default 4."),
    alerts: z
      .boolean("must be true or false")
      .optional()
      .describe(
        "Whether what its rules say fires makes incidents. Default: where neither the bot nor it has an Alertmanager.",
      ),
    refresh: duration("10s", "1d", "How often the list of metrics is read again. Default 5m."),
  });

const access = () =>
  z.strictObject(
    {
      people: z
        .array(z.enum(["members", "guests", "externals"]), "must be a list")
        .min(1, "must name at least one kind")
        .optional()
        .describe("Whom it is for: members, guests, externals (of other organisations). Default members."),
      channels: ids("Only in these channels, by id. Default: everywhere."),
      roles: ids("Only for people with one of these roles. Default: everybody."),
      sources: ids("Opens these sources. Default: all, or those of environments."),
      environments: ids("Opens the sources of these environments."),
    },
    "must be a group of settings",
  );

const retention = () =>
  z.strictObject({
    conversations: duration("1h", "365d", "What was said, for follow-ups. Default 30d."),
    evidence: duration("1h", "400d", "The queries behind each answer. Default 90d."),
    seen_events: duration("1d", "90d", "Ids of handled events, so that a redelivery is answered once. Default 7d."),
    proposals: duration("1d", "730d", "Changes that somebody asked for. Default 365d."),
    places: duration("1d", "730d", "Channels the bot was added to. Default: kept."),
    anomalies: duration("31d", "3650d", "What was unusual, and what people thought of it. Default 365d."),
    lessons: duration("1d", "3650d", "Words a channel taught the bot. Default: kept."),
  });

const file = () =>
  z
    .strictObject({
      timezone: z
        .string("must be text")
        .refine(isTimeZone, 'must be the IANA name of a time zone, such as "UTC" or "Europe/Berlin"')
        .optional()
        .describe('Zone of times in answers and of "since this morning" in questions. Default UTC.'),
      sources: z
        .array(source(), "must be a list")
        .max(100, "must have at most 100 entries")
        .optional()
        .describe("Prometheus servers, and others that speak its API."),
      alertmanager: z
        .strictObject(
          {
            url: url("Where the bot reaches Alertmanager, for silences. Default: ALERTMANAGER_URL.").optional(),
            external_url: url("Where people reach it, for links.").optional(),
            receivers: z
              .array(text("Name of a receiver; * stands for any letters."), "must be a list")
              .min(1, "must name at least one receiver")
              .max(100, "must have at most 100 entries")
              .optional()
              .describe(
                "Of Alertmanager's own list of alerts, only those that it routes to one of these. Default: all but null, none, noop, void, blackhole, drop and devnull.",
              ),
          },
          "must be a group of settings",
        )
        .optional()
        .describe("Alertmanager, for silences and whom an alert reaches."),
      people: people().optional(),
      roles: roles().optional(),
      access: z
        .array(access(), "must be a list")
        .max(200, "must have at most 200 entries")
        .optional()
        .describe("Who may read what in chat. Without it, members may read everything, and guests and others nothing."),
      approvals: approvals().optional(),
      api: api().optional(),
      runbooks: runbooks().optional(),
      notifiers: notifiers().optional(),
      routes: routes().optional(),
      maintenance: maintenance().optional(),
      incidents: incidents().optional(),
      oncall: oncall(),
      responders: ids(
        "Roles whose people may silence alerts and change who is on call, besides whoever is on call. Default: nobody else.",
      ),
      model: model().optional(),
      watches: watches().optional(),
      schedules: schedules().optional(),
      digests: digests().optional(),
      ci: ci().optional(),
      costs: costs().optional(),
      packs: z
        .array(text("A folder, relative to this file."), "must be a list")
        .max(100, "must have at most 100 entries")
        .optional()
        .describe("Folders with concept packs of your own: what your metrics mean. Default: none."),
      extensions: z
        .strictObject(
          {
            folders: z
              .array(text("A folder, relative to this file."), "must be a list")
              .max(20, "must have at most 20 entries")
              .optional()
              .describe("Folders with extensions: code of yours that runs with all rights of the bot. Default: none."),
          },
          "must be a group of settings",
        )
        .optional()
        .describe("Executors and notifiers of your own, as modules that are loaded at the start."),
      breakers: breakers().optional(),
      limits: z
        .strictObject(
          {
            question_length: whole(100, 20_000, "Characters in one question. Default 4000."),
            query_timeout: duration("100ms", "2m", "How long one query may take. Default 10s."),
            questions_per_minute: whole(
              1,
              1000,
              "Questions from one person in a minute, counted by all replicas together. Default 30.",
            ),
            channel_questions_per_minute: whole(
              1,
              10_000,
              "Questions from one channel in a minute, counted likewise. Default: ten times those from one person.",
            ),
            event_loop_wait: duration(
              "50ms",
              "1m",
              "How long things may wait for this process, on average over some seconds, before new questions are turned away. Default 1s.",
            ),
            answer_timeout: duration("1s", "5m", "How long one answer may take. Default 30s."),
            watched_series: whole(1, 100_000, "Series that are watched, of all watches together. Default 1000."),
            series_per_watch: whole(1, 10_000, "Series of one watch. Default 200."),
            retention: retention().optional().describe("How long each kind of record is kept."),
          },
          "must be a group of settings",
        )
        .optional()
        .describe("How much the bot takes, asks and keeps."),
      http: z
        .strictObject(
          {
            port: whole(0, 65_535, "Port of health and metrics; 0 takes any free one. Default 3978."),
            host: text("Address to listen on. Default 127.0.0.1.").optional(),
          },
          "must be a group of settings",
        )
        .optional()
        .describe("Its one HTTP server."),
      redis: z
        .strictObject(
          {
            allow_volatile: z
              .boolean("must be true or false")
              .optional()
              .describe(
                "Works on a Redis that loses everything with a restart, or drops keys by itself. Default false.",
              ),
          },
          "must be a group of settings",
        )
        .optional()
        .describe("The Redis that REDIS_URL names, which replicas share."),
      log: z
        .strictObject(
          {
            level: z
              .enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error")
              .optional()
              .describe("Least severe line that is written. Default info."),
          },
          "must be a group of settings",
        )
        .optional()
        .describe("Its log."),
    })
    .describe("Settings of SmartCloudOps.");

let built: ReturnType<typeof file> | undefined;

/** The description, made when first asked for: it takes some 15 ms, which a bot without a file need not spend. */
export function configFile(): ReturnType<typeof file> {
  built ??= file();
  return built;
}

export type ConfigFile = z.infer<ReturnType<typeof file>>;
export type SourceEntry = NonNullable<ConfigFile["sources"]>[number];

/** The JSON Schema (draft 2020-12) of the file, as text: what docker/config/smartcloudops.schema.json holds. */
export function jsonSchema(): string {
  const schema = z.toJSONSchema(configFile(), { io: "input" });
  return `${JSON.stringify({ title: "SmartCloudOps", ...schema }, null, 2)}\n`;
}
