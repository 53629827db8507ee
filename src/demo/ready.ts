/** Where the servers are, and what has to be seen there before people are let in. */
export type Expected = {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  readonly targets: number;
  /** Names of alerts. */
  readonly alerts: readonly string[];
};

/**
 * Waits until both servers answer, all targets were scraped and the alerts have reached Alertmanager. `report` hears the
 * step and the finished share, 0 to 1. Throws a sentence when one of these takes longer than a minute.
 */
export async function untilReady(
  { prometheusUrl, alertmanagerUrl, targets, alerts }: Expected,
  signal: AbortSignal,
  report: (step: string, share: number) => void,
): Promise<void> {
  const answers = (url: string) => async () => (await get(`${url}/-/ready`, signal)) !== undefined;
  await until("Prometheus to be ready", signal, answers(prometheusUrl));
  await until("Alertmanager to be ready", signal, answers(alertmanagerUrl));
  await until(`${targets} targets to be scraped`, signal, async () => {
    const seen = listAt(await get(`${prometheusUrl}/api/v1/targets?state=active`, signal), "data", "activeTargets");
    const scraped = seen.filter((target) => fieldAt(target, "health") !== "unknown").length;
    report("waiting for the first scrapes", (0.6 * scraped) / targets);
    return scraped >= targets;
  });
  await until(`these alerts to fire: ${alerts.join(", ")}`, signal, async () => {
    const seen = listAt(await get(`${alertmanagerUrl}/api/v2/alerts`, signal));
    const firing = new Set(seen.map((alert) => fieldAt(alert, "labels", "alertname")));
    const here = alerts.filter((name) => firing.has(name)).length;
    report("waiting for the alerts", 0.6 + (0.4 * here) / alerts.length);
    return here >= alerts.length;
  });
}

/** The first sample of an instant query, or undefined when it gave none. Throws when Prometheus cannot be asked. */
export async function measure(
  prometheusUrl: string,
  promql: string,
  signal?: AbortSignal,
): Promise<{ value: number; labels: Record<string, unknown> } | undefined> {
  const response = await fetch(
    `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(promql)}`,
    signal === undefined ? {} : { signal },
  );
  const [first] = listAt(await response.json(), "data", "result");
  const value = Number(listAt(first, "value")[1] ?? Number.NaN);
  const labels = fieldAt(first, "metric");
  return first === undefined
    ? undefined
    : { value, labels: typeof labels === "object" && labels !== null ? { ...labels } : {} };
}

/** Waits until it holds, looking five times a second. Throws a sentence when that takes longer than so many seconds. */
export async function until(
  what: string,
  signal: AbortSignal,
  holds: () => Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await holds())) {
    signal.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`The demo waited ${seconds} s in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What it answers: JSON read, other text as it is. Undefined while nobody listens or it answers with an error. */
export async function get(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) });
    const text = await response.text();
    if (!response.ok) return undefined;
    return /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : text;
  } catch {
    return undefined;
  }
}

function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = fieldAt(value, ...path);
  return Array.isArray(found) ? found : [];
}
