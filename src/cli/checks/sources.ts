import { createAlerts, createSources } from "../../app/outside.ts";
import type { Config } from "../../config.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { RefusedError, reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { type Check, failed, ok, skipped } from "./check.ts";
import { checkWay } from "./reach.ts";

/** Every Prometheus and the Alertmanager: the way there, whether it lets us in, and whether it has something to tell. */
export async function checkSources(config: Config, log: Log): Promise<Check[]> {
  const clock = () => Date.now() / 1000;
  const done: Check[] = [];
  const made = await createSources(config, clock, log, undefined);
  try {
    for (const settings of config.sources) {
      const name = `Prometheus ${settings.name}`;
      const way = await checkWay(name, settings.url, settings.caFile);
      done.push(...way);
      const source = made.sources.find((one) => one.name === settings.name);
      if (source === undefined || (way.some(({ state }) => state === "failed") && !onlyClock(way))) continue;
      done.push(...(await checkPrometheus(name, source, clock)));
    }
  } finally {
    await made.stop();
  }
  if (config.sources.length === 0)
    done.push(
      failed(
        "Prometheus",
        "none is configured",
        "Set PROMETHEUS_URL, or list sources in smartcloudops.yaml. `smartcloudops demo` brings one to try.",
      ),
    );
  return [...done, ...(await checkAlertmanager(config, clock))];
}

const PATIENCE_MS = 15_000;

/** A wrong clock spoils answers but does not keep us from asking. */
function onlyClock(way: readonly Check[]): boolean {
  return way.every(({ name, state }) => state !== "failed" || name.endsWith(": clock"));
}

async function checkPrometheus(name: string, source: Metrics, clock: () => number): Promise<Check[]> {
  try {
    const { version } = await source.check();
    return [
      ok(`${name}: access`, `lets us in, version ${version}`),
      await checkData(name, source, clock),
      await checkCatalogue(name, source),
    ];
  } catch (problem) {
    const isRefusal = problem instanceof RefusedError && (problem.status === 401 || problem.status === 403);
    const check = failed(`${name}: access`, reasonOf(problem), accessCure(problem));
    return [isRefusal ? { ...check, wantsCredentials: true } : check];
  }
}

function accessCure(problem: unknown): string {
  const status = problem instanceof RefusedError ? problem.status : undefined;
  if (status === 401 || status === 403)
    return "Check PROMETHEUS_BEARER_TOKEN, or PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD (or the source's own), and PROMETHEUS_TENANT.";
  if (status === 404) return "Check the path in the address: it must be the part before /api/v1.";
  return "Open the address with /api/v1/status/buildinfo behind it from this machine, and see what it says.";
}

/** From here on a scrape or a rule has stopped, whatever the interval. */
const OLD_SECONDS = 600;

async function checkData(name: string, source: Metrics, clock: () => number): Promise<Check> {
  const check = `${name}: data`;
  try {
    const now = clock();
    const [targets] = await source.instant("count(up)", now);
    if (targets === undefined)
      return failed(
        check,
        "it has no `up` series: it scrapes nothing, or the tenant is empty",
        "Check scrape_configs, and PROMETHEUS_TENANT for Mimir, Cortex or Thanos.",
      );
    const [newest] = await source.instant("max(timestamp(up))", now);
    const age = newest === undefined ? undefined : Math.round(now - newest.value);
    if (age !== undefined && age > OLD_SECONDS)
      return failed(
        check,
        `its newest sample is ${age} s old`,
        "Look at its own log: scraping or remote write has stopped.",
      );
    return ok(
      check,
      `${targets.value} targets, newest sample ${age === undefined ? "of unknown age" : `${age} s old`}`,
    );
  } catch (problem) {
    return failed(check, reasonOf(problem), "Ask the same query in the Prometheus web page.");
  }
}

async function checkCatalogue(name: string, source: Metrics): Promise<Check> {
  const check = `${name}: catalogue`;
  try {
    const catalogue = await source.catalogue(AbortSignal.timeout(30_000));
    const found = `${catalogue.metrics.size} metrics about ${catalogue.entities.length} things`;
    return catalogue.metrics.size > 0
      ? ok(check, found)
      : failed(check, "no metric was found", "Check that these credentials may read labels and series.");
  } catch (problem) {
    return failed(
      check,
      reasonOf(problem),
      "Check that /api/v1/metadata and /api/v1/series are open to these credentials.",
    );
  }
}

async function checkAlertmanager(config: Config, clock: () => number): Promise<Check[]> {
  const alerts = await createAlerts(config, clock);
  if (alerts === undefined || config.alertmanager === undefined)
    return [skipped("Alertmanager", "none is configured (ALERTMANAGER_URL): silences are not shown")];
  const way = await checkWay("Alertmanager", config.alertmanager.url, undefined);
  if (!onlyClock(way)) return way;
  try {
    const { version } = await alerts.check();
    return [...way, ok("Alertmanager: access", `lets us in, version ${version}`)];
  } catch (problem) {
    const cure = "Open the address with /api/v2/status behind it from this machine.";
    return [...way, failed("Alertmanager: access", reasonOf(problem), cure)];
  } finally {
    await alerts.stop();
  }
}

/** Whether some source has the bot's own metrics, and rules about them. Undefined where none could be asked. */
export async function ownMetricsIn(
  config: Config,
  log: Log,
): Promise<{ readonly ownMetrics: boolean | undefined; readonly ownRules: boolean | undefined }> {
  const clock = () => Date.now() / 1000;
  const made = await createSources(config, clock, log, undefined);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const each = await Promise.all(
      made.sources.map(async (source) => ({
        metrics: await source.instant("count(smartcloudops_build_info)", clock(), signal).then(
          (samples) => samples.length > 0,
          () => undefined,
        ),
        rules: await source.rules(signal).then(
          (rules) => rules.some(({ promql }) => promql.includes("smartcloudops")),
          () => undefined,
        ),
      })),
    );
    return { ownMetrics: some(each.map(({ metrics }) => metrics)), ownRules: some(each.map(({ rules }) => rules)) };
  } finally {
    await made.stop();
  }
}

/** True where one is; false where none is and one could be asked. */
function some(found: readonly (boolean | undefined)[]): boolean | undefined {
  return found.includes(true) ? true : found.includes(false) ? false : undefined;
}
