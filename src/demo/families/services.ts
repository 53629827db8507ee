import { DEPLOYS, FIRST_VERSIONS } from "../incidents.ts";
import type { Model, TargetKey } from "../model.ts";
import { shareBelow, shoppers } from "../noise.ts";
import { instanceOf, SERVICES, type Service } from "../shop.ts";

const BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What the shop's own services tell: requests, their duration, what is running and since when, and what was promised. */
export function addServices(model: Model): void {
  for (const service of SERVICES) {
    const traffic = trafficOf(model, service);
    const errors = model.signal(
      `errors/${service.name}`,
      (at) => service.errors * (1 + 0.5 * model.noise(`errors/${service.name}`, at)),
      { high: 1 },
    );
    const median = latencyOf(model, service);
    const refused = model.signal(
      `refused/${service.name}`,
      (at) => 1 + 0.25 * model.noise(`refused/${service.name}`, at),
    );
    const resets = releasesOf(model, service.name).map(({ at }) => at);

    for (let index = 0; index < service.instances; index++) {
      const target: TargetKey = { job: "shop", instance: instanceOf(service.name, index) };
      const name = { service: service.name };
      const mine = (at: number) => traffic.at(at) / service.instances;
      for (const route of service.routes) {
        const labels = { ...name, method: route.method, route: route.path };
        const help = "Requests answered, by route and status code.";
        const no = (at: number) => (route.refused ?? 0) * refused.at(at);
        const count = (code: string, share: (at: number) => number) =>
          model.counter(
            target,
            "http_requests_total",
            help,
            { ...labels, code },
            (at) => mine(at) * route.share * share(at),
            { resets },
          );
        count(route.ok, (at) => Math.max(0, 1 - errors.at(at) - no(at)));
        if (route.refusedCode !== undefined) count(route.refusedCode, no);
        count("500", (at) => errors.at(at));
      }
      model.histogram(target, "http_request_duration_seconds", "How long requests took, in seconds.", name, {
        bounds: BOUNDS,
        rate: mine,
        below: (le, at) => shareBelow(le, median.at(at), service.spread),
        mean: (at) => median.at(at) * Math.exp(service.spread ** 2 / 2),
        resets,
      });
      model.gauge(
        target,
        "http_requests_in_flight",
        "Requests being worked on.",
        name,
        (at) => mine(at) * median.at(at) * 1.2 * (1 + 0.3 * model.noise(`flight/${target.instance}`, at, 90)),
      );
      for (const release of releasesWithFirst(model, service.name)) {
        model.gauge(
          target,
          "app_build_info",
          "Which version runs: always 1.",
          { ...name, version: release.version, team: service.team },
          (at) => (at >= release.at && at < release.until ? 1 : undefined),
          { steady: true },
        );
      }
    }
    addPromises(model, service);
  }
}

/** Releases and promises come from the delivery tool, which knows all services. */
function addPromises(model: Model, service: Service): void {
  const target: TargetKey = { job: "delivery", instance: "delivery:9400" };
  const labels = { service: service.name };
  const releases = releasesWithFirst(model, service.name);
  model.gauge(
    target,
    "deployment_last_timestamp_seconds",
    "When this service was last released, in unix seconds.",
    labels,
    (at) => releases.findLast((release) => release.at <= at)?.at,
    { steady: true },
  );
  const start = 20 + Math.floor(60 * model.share(`releases/${service.name}`));
  const count = (at: number) => start + releases.filter((release) => release.at <= at).length;
  // A count of events is a step, not the sum of a rate.
  model.gauge(target, "deployments_done", "Releases of this service so far.", labels, count, { steady: true });
  model.gauge(target, "slo_objective_ratio", "Promised share of good requests.", labels, () => service.objective, {
    steady: true,
    digits: 4,
  });
}

export function trafficOf(model: Model, service: Service) {
  return model.signal(
    `traffic/${service.name}`,
    (at) => service.rps * shoppers(at) * (1 + 0.07 * model.noise(`traffic/${service.name}`, at, 900)),
  );
}

/** Median duration: a little longer when many shop. */
export function latencyOf(model: Model, service: Service) {
  return model.signal(
    `latency/${service.name}`,
    (at) =>
      service.median * (0.92 + 0.14 * shoppers(at)) * (1 + 0.06 * model.noise(`latency/${service.name}`, at, 1200)),
  );
}

/** Releases within history, ascending, in unix seconds. */
export function releasesOf(model: Model, service: string): { at: number; version: string }[] {
  return DEPLOYS.filter((deploy) => deploy.service === service).map(({ ago, version }) => ({
    at: Math.round(model.end - ago),
    version,
  }));
}

function releasesWithFirst(model: Model, service: string): { at: number; until: number; version: string }[] {
  const before = Math.round(model.origin - (1 + 9 * model.share(`first/${service}`)) * 86_400);
  const all = [{ at: before, version: FIRST_VERSIONS[service] ?? "1.0.0" }, ...releasesOf(model, service)];
  return all.map((release, index) => ({ ...release, until: all[index + 1]?.at ?? Number.POSITIVE_INFINITY }));
}
