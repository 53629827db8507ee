import type { AlertRecord } from "../core/incident.ts";
import { alertJson, incidentJson } from "../wire/incident.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { printList } from "./list.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const PAGE = 1000;

/** `incidents list` and `incidents show ID`: what goes on, and everything that is in one. */
export async function run(call: Call): Promise<number> {
  const [word, id] = call.words;
  if (word === "list" && call.words.length === 1) return list(call);
  if (word === "show" && id !== undefined && call.words.length === 2) return show(call, id);
  throw new UsageError(`incidents wants "list" or "show ID": it is ${JSON.stringify(call.words.join(" "))}.`);
}

async function list(call: Call): Promise<number> {
  const found = await readStore(readConfig(call), (store) => store.incidents.find({ limit: PAGE }));
  return printList(call, (found ?? []).map(incidentJson), {
    title: "No incident yet: Alertmanager has sent no alert, and no anomaly was severe enough.",
    columns: ["id", "status", "severity", "about", "going on", "since (UTC)"],
    row: (one) => [
      one.id,
      one.status,
      one.severity,
      one.subject ?? one.names[0] ?? "",
      `${one.firing} of ${one.total}`,
      one.started_at,
    ],
  });
}

async function show(call: Call, id: string): Promise<number> {
  const found = await readStore(readConfig(call), async (store) => {
    const incident = await store.incidents.get(id);
    if (incident === undefined) return undefined;
    const alerts: AlertRecord[] = [];
    for (let skip = 0; ; skip += PAGE) {
      const page = await store.incidents.alertsOf(id, { skip, limit: PAGE });
      alerts.push(...page);
      if (page.length < PAGE) return { incident, alerts };
    }
  });
  if (found === undefined) {
    call.stderr.write(
      `There is no incident ${JSON.stringify(id)}. \`smartcloudops incidents list\` shows those there are.\n`,
    );
    return EXIT.failed;
  }
  const { incident, alerts } = found;
  if (call.flags.json === true) {
    call.stdout.write(`${JSON.stringify({ ...incidentJson(incident), alerts: alerts.map(alertJson) })}\n`);
    return EXIT.ok;
  }
  return printList(call, alerts.map(alertJson), {
    title: "It holds nothing.",
    columns: ["alert or anomaly", "severity", "labels", "from (UTC)", "to (UTC)"],
    row: (one) => [
      one.name,
      one.severity,
      Object.entries(one.labels)
        .map(([label, value]) => `${label}=${value}`)
        .join(" "),
      one.starts_at,
      one.ends_at ?? "",
    ],
  });
}
