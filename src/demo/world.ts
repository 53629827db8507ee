import { addBusiness } from "./families/business.ts";
import { addHosts } from "./families/hosts.ts";
import { addKubernetes } from "./families/kubernetes.ts";
import { addServices } from "./families/services.ts";
import { addStores } from "./families/stores.ts";
import { BAD_VERSION, CRASHING_POD, DEPLOY_AGO, DOWN_TARGET, INCIDENTS, MENDED_BY_RESTART } from "./incidents.ts";
import { createModel, type Family, type Model, type SeriesModel, type TargetKey } from "./model.ts";
import { ALERT_RULES, ruleLabels } from "./rules.ts";
import { SERVICES, SITES } from "./shop.ts";

/** Everything the demo knows about its shop. Two worlds of the same end and seed are the same world. */
export type World = {
  /** Unix seconds where the written history ends and the live exporter takes over. */
  readonly end: number;
  readonly origin: number;
  readonly seed: number;
  readonly families: ReadonlyMap<string, Family>;
  readonly targets: readonly TargetKey[];
  readonly story: Story;
  /** Whether that target, one of `targets`, refuses to be scraped at `at`. Then its series have no values either. */
  isDown(target: TargetKey, at: number): boolean;
  /** Restarts a service of the shop at unix seconds `at`, not before the end. True when that ended an incident. */
  restart(service: string, at: number): boolean;
  /** What Prometheus itself would have written meanwhile: `up`, alerts, recorded series. `labels` are complete. */
  readonly own: readonly OwnSeries[];
};

export type OwnSeries = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly from: number;
  value(at: number): number | undefined;
};

/** What is going on at the end of history, for people who try the bot and for the tour. Times are unix seconds. */
export type Story = {
  readonly service: string;
  readonly version: string;
  readonly deployedAt: number;
  readonly disk: { readonly host: string; readonly mount: string; readonly fullAt: number };
  readonly certificate: { readonly domain: string; readonly expiresAt: number };
  readonly crashing: { readonly pod: string; readonly deployment: string };
  readonly queue: string;
  readonly database: string;
  readonly down: { readonly host: string; readonly job: string; readonly instance: string; readonly since: number };
  /** Names of the alerts that hold at the end. */
  readonly alerts: readonly string[];
};

/** The world as seen at `now` (unix seconds). Its end is `now` in whole seconds. */
export function createWorld({ now, seed = 7 }: { now: number; seed?: number }): World {
  const end = Math.floor(now);
  const model = createModel(end, seed);
  addServices(model);
  addHosts(model);
  addKubernetes(model);
  addStores(model);
  addBusiness(model);
  const targets = [...model.targets.values()];
  // Asked for every point of history, so most targets, which nothing ever happens to, are told apart beforehand.
  const nameOf = (target: TargetKey) => `down/${target.job}:${target.instance}`;
  const falling = new Map(
    targets.filter((target) => model.isEver(nameOf(target))).map((target) => [target, nameOf(target)]),
  );
  const restarted = new Set<string>();
  const isDown = (target: TargetKey, at: number) => {
    const name = falling.get(target);
    return name !== undefined && model.isOn(name, at);
  };
  return {
    end,
    origin: model.origin,
    seed,
    families: model.families,
    targets,
    isDown,
    restart(service, at) {
      const mends = MENDED_BY_RESTART.filter((one) => one.service === service && !restarted.has(service));
      restarted.add(service);
      for (const { incident, fall } of mends) model.mend(incident, Math.max(end, at), fall);
      return mends.length > 0;
    },
    story: storyOf(model),
    own: [...upSeries(model, targets, isDown), ...alertSeries(model), ...recordedSeries(model)],
  };
}

/** A series' value as Prometheus would get it: nothing while its target is down. */
export function valueIn(world: World, series: SeriesModel, at: number): number | undefined {
  return world.isDown(series.target, at) ? undefined : series.value(at);
}

function storyOf(model: Model): Story {
  const mount = "/var/lib/postgresql";
  const used = model.signal(`disk/pg-1:${mount}`, () => 0);
  const now = used.at(model.end);
  const perSecond = (now - used.at(model.end - 3600)) / 3600;
  const present = INCIDENTS.filter((incident) => incident.end === undefined);
  const site = SITES.reduce((first, other) => (other.certificateDays < first.certificateDays ? other : first));
  const [host = ""] = DOWN_TARGET.instance.split(":");
  return {
    service: "orders",
    version: BAD_VERSION,
    deployedAt: Math.round(model.end - DEPLOY_AGO),
    disk: { host: "pg-1", mount, fullAt: Math.round(model.end + (1 - now) / perSecond) },
    certificate: {
      domain: new URL(site.url).hostname,
      expiresAt: Math.round(model.end + site.certificateDays * 86_400),
    },
    crashing: { pod: CRASHING_POD, deployment: "mailer" },
    queue: "mail.outgoing",
    database: "pg-1",
    down: {
      host,
      ...DOWN_TARGET,
      since: Math.round(model.end - (present.find((incident) => incident.id === "runner-1-gone")?.begin ?? 0)),
    },
    alerts: present.flatMap((incident) => incident.alerts.map((fired) => fired.alert)).sort(),
  };
}

function upSeries(model: Model, targets: readonly TargetKey[], isDown: World["isDown"]): OwnSeries[] {
  return targets.map((target) => ({
    name: "up",
    labels: { job: target.job, instance: target.instance },
    from: model.origin,
    value: (at) => (isDown(target, at) ? 0 : 1),
  }));
}

/** `ALERTS` for all of history, and `ALERTS_FOR_STATE` for what still holds, from which Prometheus restores since when it holds. */
function alertSeries(model: Model): OwnSeries[] {
  return INCIDENTS.flatMap((incident) =>
    incident.alerts.flatMap((fired): OwnSeries[] => {
      const rule = ALERT_RULES.find((candidate) => candidate.alert === fired.alert);
      if (rule === undefined)
        throw new Error(`incident ${incident.id} names the alert ${fired.alert}, which is not among the demo's rules`);
      const since = Math.round(model.end - incident.begin + fired.delay);
      const until =
        incident.end === undefined ? Number.POSITIVE_INFINITY : model.end - incident.end + (fired.linger ?? 0);
      const labels = { alertname: fired.alert, ...fired.labels, ...ruleLabels(rule) };
      const isFiring = (at: number) => at >= since + rule.hold && at < until;
      const isPending = (at: number) => at >= since && at < Math.min(until, since + rule.hold);
      const series: OwnSeries[] = [
        {
          name: "ALERTS",
          labels: { ...labels, alertstate: "pending" },
          from: since,
          value: (at) => (isPending(at) ? 1 : undefined),
        },
        {
          name: "ALERTS",
          labels: { ...labels, alertstate: "firing" },
          from: since,
          value: (at) => (isFiring(at) ? 1 : undefined),
        },
      ];
      if (incident.end === undefined)
        series.push({ name: "ALERTS_FOR_STATE", labels, from: Math.max(since, model.end - 7200), value: () => since });
      return series;
    }),
  );
}

function recordedSeries(model: Model): OwnSeries[] {
  return SERVICES.flatMap(({ name }): OwnSeries[] => {
    const traffic = model.signal(`traffic/${name}`, () => 0);
    const errors = model.signal(`errors/${name}`, () => 0);
    // A five-minute rate looks back, so it shows the middle of its window.
    const middle = (at: number) => Math.max(model.origin, at - 150);
    return [
      {
        name: "service:http_requests:rate5m",
        labels: { service: name },
        from: model.origin,
        value: (at) => Math.round(traffic.at(middle(at)) * 1000) / 1000,
      },
      {
        name: "service:http_errors:ratio5m",
        labels: { service: name },
        from: model.origin,
        value: (at) => Math.round(errors.at(middle(at)) * 1e6) / 1e6,
      },
    ];
  });
}
