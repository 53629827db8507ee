import { z } from "zod";
import { RefusedError, UnreachableError } from "../../util/errors.ts";
import { exchange } from "../../util/exchange.ts";
import type { Rights } from "../shared/rights.ts";
import { accessTo, serviceOf } from "./access.ts";
import type { KubernetesSettings } from "./settings.ts";

const Rule = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()).nullish(),
  resources: z.array(z.string()).nullish(),
});
const Review = z.object({ status: z.object({ resourceRules: z.array(Rule) }) });
type Rule = z.output<typeof Rule>;

/** What no action needs, and what whoever has it can make anything of. */
const TOO_MUCH: readonly {
  readonly says: string;
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
}[] = [
  { says: "may read secrets", verbs: ["get", "list", "watch"], resources: ["secrets"] },
  { says: "may run commands in pods", verbs: ["create", "get"], resources: ["pods/exec", "pods/attach"] },
  {
    says: "may give rights to others",
    verbs: ["create", "update", "patch", "bind", "escalate"],
    resources: ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
  },
  { says: "may act as somebody else", verbs: ["impersonate"], resources: ["users", "groups", "serviceaccounts"] },
];

/**
 * What the token may do, as the API server tells (SelfSubjectRulesReview, authorization.k8s.io/v1) for the first of the namespaces.
 * Throws `UnreachableError` and `RefusedError`.
 */
export async function kubernetesRights(settings: KubernetesSettings, signal: AbortSignal): Promise<Rights> {
  const service = serviceOf(settings);
  const [first = "default"] = settings.namespaces;
  const namespace = first === "*" ? "default" : first;
  const { server, headers, tls, agent } = await accessTo(settings)();
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, "")}/apis/authorization.k8s.io/v1/selfsubjectrulesreviews`;
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
  const done = await exchange({
    method: "POST",
    url,
    headers: { ...headers, accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
    maxBytes: 4 * 1024 * 1024,
    tls,
    ...(agent === undefined ? {} : { agent }),
  });
  if (done.kind !== "answer") throw new UnreachableError(service, done.reason);
  if (done.status < 200 || done.status >= 300)
    throw new RefusedError(service, done.status, "it does not tell what the token may do");
  const review = Review.safeParse(JSON.parse(done.body.toString("utf8")));
  if (!review.success) throw new UnreachableError(service, "its answer about the token's rights is not as expected");
  const { resourceRules } = review.data.status;
  const who = `the token in namespace ${namespace}`;
  if (resourceRules.some(isEverything)) return { who, excess: ["may do everything (verbs and resources *)"] };
  const wild = resourceRules.filter(({ verbs, resources }) => verbs.includes("*") || resources?.includes("*") === true);
  return {
    who,
    excess: [
      ...new Set([
        ...wild.map(({ verbs, resources }) => `may ${verbs.join(", ")} ${(resources ?? []).join(", ")}`),
        ...TOO_MUCH.filter((one) => resourceRules.some((rule) => allows(rule, one.verbs, one.resources))).map(
          ({ says }) => says,
        ),
      ]),
    ],
  };
}

function isEverything({ verbs, resources }: Rule): boolean {
  return verbs.includes("*") && resources?.includes("*") === true;
}

function allows(rule: Rule, verbs: readonly string[], resources: readonly string[]): boolean {
  const has = (all: readonly string[], some: readonly string[]) =>
    all.includes("*") || some.some((one) => all.includes(one));
  return has(rule.verbs, verbs) && has(rule.resources ?? [], resources);
}
