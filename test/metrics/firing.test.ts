import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../src/metrics/fingerprint.ts";
import { type FiringDeps, readFiring } from "../../src/metrics/firing.ts";
import { RefusedError, UnreachableError } from "../../src/util/errors.ts";

const CONFIG = `global:
  scrape_interval: 15s
  external_labels:
    cluster: eu-1
    replica: "0"
    severity: page
scrape_configs:
- job_name: x
  external_labels: {cluster: none}
`;
const alert = (labels: Record<string, string>, state = "firing") => ({
  ...{ labels, state, annotations: { summary: "s" }, activeAt: "2026-01-01T00:00:00Z", value: "1e+00" },
});
const AT = Date.parse("2026-01-01T00:00:00Z") / 1000;
const rulesOf = (...alerts: object[]) => ({ groups: [{ rules: [{ query: "up == 0", duration: 300, alerts }] }] });

function prometheus(over: Partial<Record<"firing" | "alertmanagers" | "config", unknown>> = {}) {
  const given = { firing: rulesOf(), alertmanagers: { activeAlertmanagers: [] }, config: { yaml: CONFIG }, ...over };
  return (more: Partial<FiringDeps> = {}) =>
    readFiring({
      ask: async (api) => {
        if (given[api] instanceof Error) throw given[api];
        return given[api];
      },
      ...{ service: "Prometheus (main)", environment: undefined, always: false },
      linkTo: (promql) => `http://p/graph?${promql}`,
      ...more,
    });
}

describe("what fires in a Prometheus without Alertmanager", () => {
  it("is listed as an Alertmanager would: from when it fired, with the external labels that it has not itself; pending is not", async () => {
    const mine = { alertname: "Down", severity: "critical", empty: "" };
    const list = await prometheus({ firing: rulesOf(alert(mine), alert({ alertname: "Soon" }, "pending")) })();
    const labels = { alertname: "Down", severity: "critical", cluster: "eu-1", replica: "0" };
    expect(list).toEqual([
      {
        fingerprint: fingerprintOf(labels),
        labels,
        annotations: { summary: "s" },
        startsAt: AT + 300,
        generatorUrl: "http://p/graph?up == 0",
        isMuted: false,
      },
    ]);
  });

  it("has the environment of its source, where no label names one, and is the same alert by that", async () => {
    const two = [alert({ alertname: "A" }), alert({ alertname: "B", env: "dev" })];
    const list = await prometheus({ firing: rulesOf(...two), config: { yaml: "" } })({ environment: "production" });
    expect(list).toMatchObject([
      { labels: { environment: "production" }, fingerprint: fingerprintOf({ alertname: "A" }) },
      { labels: { alertname: "B", env: "dev" } },
    ]);
    expect(list?.[1]?.labels).not.toHaveProperty("environment");
  });

  it("is left to the Alertmanager that it is told to, or to servers that do not say, unless it is asked for", async () => {
    const firing = rulesOf(alert({ alertname: "A" }));
    const refused = new RefusedError("Prometheus (main)", 404, "not found");
    for (const alertmanagers of [{ activeAlertmanagers: [{ url: "http://am" }] }, refused]) {
      const read = prometheus({ firing, alertmanagers, config: refused });
      expect(await read()).toBeUndefined();
      expect(await read({ always: true })).toMatchObject([{ labels: { alertname: "A" } }]);
    }
  });

  it("cannot be read where Prometheus cannot be asked, or answers something else", async () => {
    const away = new UnreachableError("Prometheus (main)", "gone");
    for (const api of ["firing", "alertmanagers", "config"] as const)
      await expect(prometheus({ [api]: away })()).rejects.toThrow("gone");
    for (const api of ["firing", "alertmanagers"] as const)
      await expect(prometheus({ [api]: { other: 1 } })()).rejects.toThrow(/no list of/);
  });
});
