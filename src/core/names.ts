import { inertName } from "../util/inert.ts";

/** The name people say: hosts without port, addresses without scheme. */
export function shortName(label: string, value: string): string {
  const short = value.replace(/^https?:\/\//, "").replace(/\/$/, "");
  return inertName(label === "instance" || label === "host" || label === "node" ? short.replace(/:\d+$/, "") : short);
}

/** Labels that every exporter adds and nobody says. */
export const SILENT: ReadonlySet<string> = new Set([
  "__name__",
  "job",
  "device",
  "fstype",
  "vhost",
  "environment",
  "env",
  "cluster",
  "sli",
  "window",
  "endpoint",
  "prometheus",
  "replica",
  "uid",
  "severity",
]);
