import type { Route } from "../core/incident/route.ts";
import type { Deps } from "./sources.ts";

/** The routes of the file. One that leads nowhere is a problem. */
export function readRoutes({ file, report }: Deps): readonly Route[] {
  return (file.settings.routes ?? []).map((written, index) => {
    const to = [
      ...(written.slack ?? []).map((channel) => ({ platform: "slack", channel, thread: "" })),
      ...(written.teams ?? []).map((channel) => ({ platform: "teams", channel, thread: channel })),
    ];
    if (to.length === 0)
      report(file.where(["routes", index]), "must say where to: list channels under slack or teams.");
    return {
      ...(written.severity !== undefined && { severities: written.severity }),
      ...(written.environments !== undefined && { environments: written.environments }),
      ...(written.labels !== undefined && { labels: written.labels }),
      to,
      goesOn: written.continue ?? false,
    };
  });
}
