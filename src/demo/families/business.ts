import type { Model, TargetKey } from "../model.ts";
import { office, shoppers } from "../noise.ts";
import { SITES } from "../shop.ts";

const SHOP: TargetKey = { job: "figures", instance: "figures:9300" };
const CI: TargetKey = { job: "ci", instance: "ci:9500" };
const HALL: TargetKey = { job: "hall", instance: "hall:9600" };

/** What only this shop has: orders, money, sessions, switches, the hall's temperature; and logins, builds and outside checks. */
export function addBusiness(model: Model): void {
  addFigures(model);
  addLogins(model);
  addBuilds(model);
  addSites(model);
  for (const rack of ["r01", "r02"]) {
    model.gauge(
      HALL,
      "rack_inlet_temperature_celsius",
      "Temperature of the air that the rack draws in.",
      { rack },
      (at) => 22.4 + (rack === "r02" ? 1.7 : 0) + 0.9 * shoppers(at) + 0.6 * model.noise(`rack/${rack}`, at, 4000),
      { digits: 1 },
    );
  }
}

function addFigures(model: Model): void {
  const placed = model.signal("placed", (at) => 1.4 * shoppers(at) * (1 + 0.1 * model.noise("placed", at, 700)));
  for (const [channel, share] of [
    ["web", 0.52],
    ["ios", 0.27],
    ["android", 0.21],
  ] as const) {
    model.counter(
      SHOP,
      "shop_orders_placed_total",
      "Orders placed by customers.",
      { channel },
      (at) => placed.at(at) * share,
    );
    model.gauge(
      SHOP,
      "shop_sessions_open",
      "Shoppers with an open session.",
      { platform: channel },
      (at) => 2600 * share * shoppers(at) * (1 + 0.05 * model.noise(`sessions/${channel}`, at, 600)),
    );
  }
  for (const [currency, share] of [
    ["EUR", 0.7],
    ["SEK", 0.3],
  ] as const) {
    model.counter(
      SHOP,
      "shop_revenue_cents_total",
      "Money taken, in cents of the currency.",
      { currency },
      (at) => placed.at(at) * share * 4350 * (currency === "SEK" ? 11.2 : 1),
    );
  }
  for (const [provider, usual] of [
    ["cardex", 180],
    ["paywire", 240],
  ] as const) {
    const wait = model.signal(
      `provider/${provider}`,
      (at) => usual * (1 + 0.08 * model.noise(`provider/${provider}`, at, 800)),
    );
    model.gauge(
      SHOP,
      "card_provider_latency_milliseconds",
      "How long the card provider takes to answer.",
      { provider },
      (at) => wait.at(at),
      { digits: 1 },
    );
  }
  for (const [toggle, isOn] of [
    ["one-page-order", 1],
    ["gift-notes", 0],
    ["new-search", 1],
  ] as const) {
    model.gauge(SHOP, "feature_toggle_state", "Whether the feature is switched on.", { toggle }, () => isOn, {
      steady: true,
    });
  }
  model.counter(
    SHOP,
    "shop_vouchers_used_total",
    "Vouchers used, by campaign.",
    { campaign: "autumn" },
    (at) => placed.at(at) * 0.08,
  );
  model.gauge(
    SHOP,
    "warehouse_parcels_waiting",
    "Parcels packed and not yet fetched.",
    { site: "north" },
    (at) =>
      240 + 190 * Math.sin((((at % 86_400) / 3600 - 9) / 24) * 2 * Math.PI) + 25 * model.noise("parcels", at, 2000),
  );
}

function addLogins(model: Model): void {
  const accounts: TargetKey = { job: "shop", instance: "accounts-1:8080" };
  for (const [reason, rate] of [
    ["wrong-password", 0.22],
    ["unknown-account", 0.06],
    ["second-factor", 0.02],
  ] as const) {
    const failures = model.signal(
      `logins/${reason}`,
      (at) => rate * shoppers(at) * (1 + 0.3 * model.noise(`logins/${reason}`, at, 300)),
    );
    model.counter(accounts, "login_failures_total", "Logins refused, by reason.", { reason }, (at) => failures.at(at));
  }
  const guessing = model.signal("logins/wrong-password", () => 0);
  model.counter(
    accounts,
    "accounts_locked_total",
    "Accounts locked after too many wrong passwords.",
    {},
    (at) => guessing.at(at) * 0.03,
  );
}

function addBuilds(model: Model): void {
  for (const [pipeline, minutes, last] of [
    ["shop-build", 9, 1],
    ["shop-release", 14, 1],
    ["nightly-tests", 47, 0],
  ] as const) {
    const runs = (at: number) => (pipeline === "nightly-tests" ? 1 / 86_400 : (office(at) * 5) / 3600);
    model.counter(
      CI,
      "ci_pipeline_runs_total",
      "Runs of the pipeline, by result.",
      { pipeline, status: "success" },
      (at) => runs(at) * 0.91,
    );
    model.counter(
      CI,
      "ci_pipeline_runs_total",
      "Runs of the pipeline, by result.",
      { pipeline, status: "failed" },
      (at) => runs(at) * 0.09,
    );
    model.gauge(
      CI,
      "ci_pipeline_duration_seconds",
      "How long the last run took.",
      { pipeline },
      (at) => minutes * 60 * (1 + 0.12 * model.noise(`pipeline/${pipeline}`, at, 7200)),
    );
    model.gauge(CI, "ci_pipeline_last_run_success", "Whether the last run succeeded.", { pipeline }, () => last, {
      steady: true,
    });
  }
  model.gauge(CI, "ci_jobs_waiting", "Jobs that wait for a runner.", {}, (at) =>
    Math.max(0, 3 * office(at) * (1 + model.noise("jobs", at, 900)) - 1),
  );
  model.gauge(CI, "ci_runners_online", "Runners that take jobs.", {}, (at) =>
    model.isOn("down/node:runner-1:9100", at) ? 2 : 3,
  );
}

function addSites(model: Model): void {
  for (const site of SITES) {
    const target: TargetKey = { job: "blackbox", instance: site.url };
    const expiry = Math.round(model.end + site.certificateDays * 86_400);
    model.gauge(target, "probe_success", "Whether the site answered as it should.", {}, () => 1, { steady: true });
    model.gauge(target, "probe_http_status_code", "Status code of the answer.", {}, () => 200, { steady: true });
    model.gauge(
      target,
      "probe_duration_seconds",
      "How long the check took.",
      {},
      (at) => site.seconds * (1 + 0.2 * model.noise(site.url, at, 200)),
      { digits: 4 },
    );
    model.gauge(
      target,
      "probe_ssl_earliest_cert_expiry",
      "When the site's certificate ends, in unix seconds.",
      {},
      () => expiry,
      { steady: true },
    );
  }
}
