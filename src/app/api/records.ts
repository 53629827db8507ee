import * as z from "zod";
import { mayReadIncident, mayReadProposal } from "../../core/access.ts";
import { DIGEST_KINDS } from "../../core/digest/schedule.ts";
import { INCIDENT_STATUSES, SEVERITIES } from "../../core/incident.ts";
import { STATUSES } from "../../core/proposal.ts";
import { type Caller, type Endpoint, endpoint } from "../../http/api/endpoint.ts";
import { HttpProblem } from "../../http/route.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";
import { anomalyJson, anomalySchema } from "../../wire/anomaly.ts";
import { digestJson, digestSchema } from "../../wire/digest.ts";
import { alertJson, alertSchema, incidentRow, incidentRowSchema } from "../../wire/incident.ts";
import { proposalJson, proposalSchema } from "../../wire/proposal.ts";
import { listOf, pageOf, pageQuery, pageSchema } from "./pages.ts";

const ALERTS = 1000;

type Deps = {
  readonly store: Pick<Store, "incidents" | "proposals" | "detection" | "digests">;
  readonly sources: readonly Pick<Metrics, "name" | "environment">[];
};

/** What the bot keeps, for programs: of each, what is open to the token. */
export function recordEndpoints({ store, sources }: Deps): readonly Endpoint[] {
  const environment = () => z.string().max(200).optional().describe("Only of this environment.");
  const environmentOf = (source: string) => sources.find(({ name }) => name === source)?.environment;
  return [
    endpoint({
      ...{ method: "GET", path: "/incidents", scope: "incidents", name: "listIncidents" },
      summary: "Incidents, the newest first",
      query: () =>
        pageQuery({
          status: listOf(INCIDENT_STATUSES, "Only in these states."),
          severity: listOf(SEVERITIES, "Only of these severities."),
          environment: environment(),
        }),
      answer: () => pageSchema(incidentRowSchema()),
      async handle({ caller, query }) {
        const { status, severity, environment: wanted } = query;
        const { items, next } = await pageOf(query, {
          read: (until, limit) =>
            store.incidents.find({ limit, ...(status && { status }), ...(until !== undefined && { until }) }),
          atOf: ({ openedAt }) => openedAt,
          keep: (one) =>
            mayReadIncident(placed(caller), one, all(sources)) &&
            (severity?.includes(one.severity) ?? true) &&
            (wanted === undefined || one.environment === wanted),
        });
        return { items: items.map(incidentRow), next };
      },
    }),
    endpoint({
      ...{ method: "GET", path: "/incidents/{id}", scope: "incidents", name: "getIncident" },
      summary: "One incident with its alerts",
      answer: () =>
        incidentRowSchema().extend({
          alerts: z.array(alertSchema()).describe(`Firing ones first, then the newest; at most ${ALERTS}.`),
        }),
      async handle({ caller, params: { id = "" } }) {
        const found = await store.incidents.get(id);
        if (found === undefined || !mayReadIncident(placed(caller), found, all(sources)))
          throw new HttpProblem(
            404,
            "not_found",
            `There is no incident ${JSON.stringify(id.slice(0, 60))} that is open to this token. /incidents lists those there are.`,
          );
        const alerts = await store.incidents.alertsOf(id, { skip: 0, limit: ALERTS });
        return { ...incidentRow(found), alerts: alerts.map(alertJson) };
      },
    }),
    endpoint({
      ...{ method: "GET", path: "/anomalies", scope: "anomalies", name: "listAnomalies" },
      summary: "What was unusual, the newest first",
      query: () =>
        pageQuery({
          status: z.enum(["open", "over"], "must be open or over").optional(),
          severity: listOf(SEVERITIES, "Only of these severities."),
          environment: environment(),
        }),
      answer: () => pageSchema(anomalySchema()),
      async handle({ caller, query }) {
        const { status, severity, environment: wanted } = query;
        const { items, next } = await pageOf(query, {
          read: (until, limit) =>
            store.detection.anomalies({ limit, ...(status && { status }), ...(until !== undefined && { until }) }),
          atOf: ({ openedAt }) => openedAt,
          keep: (one) =>
            (caller.sources?.includes(one.source) ?? true) &&
            (severity?.includes(one.severity) ?? true) &&
            (wanted === undefined || environmentOf(one.source) === wanted),
        });
        return { items: items.map(anomalyJson), next };
      },
    }),
    endpoint({
      ...{ method: "GET", path: "/proposals", scope: "proposals", name: "listProposals" },
      summary: "Changes that were proposed, the newest first",
      description: "To look at. They are decided by people, in chat or at the bot's terminal, and nowhere else.",
      query: () => pageQuery({ status: listOf(STATUSES, "Only in these states."), environment: environment() }),
      answer: () => pageSchema(proposalSchema()),
      async handle({ caller, query }) {
        const { status, environment: wanted } = query;
        const { items, next } = await pageOf(query, {
          read: (until, limit) =>
            store.proposals.find({ limit, ...(status && { status }), ...(until !== undefined && { until }) }),
          atOf: ({ spec }) => spec.createdAt,
          // Of a token everything is theirs that is read from a source that is open to it.
          keep: (one) =>
            mayReadProposal(placed(caller), one, true) && (wanted === undefined || one.spec.environment === wanted),
        });
        return { items: items.map(proposalJson), next };
      },
    }),
    endpoint({
      ...{ method: "GET", path: "/digests", scope: "digests", name: "listDigests" },
      summary: "Digests that were told, the newest first",
      query: () => pageQuery({ kind: listOf(DIGEST_KINDS, "Only of these kinds.") }),
      answer: () => pageSchema(digestSchema()),
      async handle({ caller, query }) {
        insistOnAll(caller, "Digests tell of all sources");
        const { items, next } = await pageOf(query, {
          read: (until, limit) => store.digests.find({ limit, ...(until !== undefined && { until }) }),
          atOf: ({ slot }) => slot,
          keep: ({ digest }) => query.kind?.includes(digest.kind) ?? true,
        });
        return { items: items.map((one) => digestJson(one.digest, one)), next };
      },
    }),
  ];
}

/** What is not divided by source is open to those alone who may read all of them. */
export function insistOnAll({ name, sources }: Caller, why: string): void {
  if (sources === undefined) return;
  throw new HttpProblem(
    403,
    "forbidden",
    `${why}, and not all are open to the token ${name}. Take sources and environments away from it under api.tokens, or use another token.`,
  );
}

function placed({ name, sources }: Caller) {
  return { place: { platform: "api", channel: name, thread: "" }, ...(sources !== undefined && { sources }) };
}

function all(sources: Deps["sources"]) {
  return sources.map(({ name, environment }) => ({ name, environment }));
}
