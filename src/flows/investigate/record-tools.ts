import type { ModelTool } from "../../ports/model.ts";
import { momentOf, optionalText, readArgs, shape, text } from "./arguments.ts";
import { fenced } from "./data.ts";
import { anomalyData, incidentData, noteAnomaly, noteIncident } from "./records.ts";
import type { Search } from "./search.ts";

/** What the bot keeps, for a model to read. */

const SHOWN = 15;
const TEXT_LENGTH = { off: 0, summary: 200, full: 200 };

const WANTED = shape(
  {
    about: text("Only those with this in them: a service, host, alert or metric. May be left out."),
    since: text('Also what was over after that: such as "-24h", or RFC 3339. Only what goes on when left out'),
  },
  [],
);

export function recordTools(search: Search): readonly ModelTool[] {
  return [incidents, anomalies].map((make) => make(search));
}

function incidents(search: Search): ModelTool {
  const { one, records, clean, notes, alertText } = search;
  return {
    name: "incidents",
    about:
      "Incidents made of the alerts that reached this bot and of anomalies that it found: what each is about, what is in it, since when.",
    parameters: WANTED,
    async run(args) {
      const all = await records.incidents(one, sinceOf(search, args));
      const data = all.map((incident) => ({ incident, told: incidentData(incident, clean, TEXT_LENGTH[alertText]) }));
      const fit = fitting(data, args);
      if (fit.length === 0)
        return none("incident", all.length, "What no alert and no grave anomaly told of is in none.");
      for (const { incident } of fit.slice(0, SHOWN)) noteIncident(notes, incident);
      return listed("incidents", search, fit);
    },
  };
}

function anomalies(search: Search): ModelTool {
  const { one, records, clean, notes, ask } = search;
  return {
    name: "anomalies",
    about: "Unusual values that this bot found by watching metrics: what, how much, what is usual, since when.",
    parameters: WANTED,
    async run(args) {
      const all = await records.anomalies(one, sinceOf(search, args));
      const data = all.map((anomaly) => ({ anomaly, told: anomalyData(anomaly, clean) }));
      const fit = fitting(data, args);
      if (fit.length === 0) return none("anomaly", all.length, "Only what is watched can be found, so ask for values.");
      for (const { anomaly } of fit.slice(0, SHOWN)) noteAnomaly(notes, ask, anomaly);
      return listed("anomalies", search, fit);
    },
  };
}

type Told = { readonly told: object };

function sinceOf({ ask }: Search, args: unknown): number | undefined {
  const read = readArgs(args);
  return optionalText(read, "since") === undefined ? undefined : momentOf(read, "since", ask.now, ask.now);
}

function fitting<T extends Told>(all: readonly T[], args: unknown): readonly T[] {
  const about = optionalText(readArgs(args), "about")?.toLowerCase() ?? "";
  return all.filter(({ told }) => JSON.stringify(told).toLowerCase().includes(about));
}

function listed(name: string, { notes }: Search, fit: readonly Told[]): string {
  notes.facts.push({ value: fit.length, family: "count", origin: "returned" });
  return fenced({
    [name]: fit.slice(0, SHOWN).map(({ told }) => told),
    of: fit.length,
    truncated: fit.length > SHOWN,
  });
}

function none(what: string, others: number, beside: string): string {
  return others > 0 ? `None of ${others} has that in it.` : `No ${what} is kept that fits. ${beside}`;
}
