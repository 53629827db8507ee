import type { Metric } from "../../core/catalogue.ts";
import type { ModelTool } from "../../ports/model.ts";
import { RefusedError, reasonOf, UnreachableError } from "../../util/errors.ts";
import { ArgumentError, optionalText, readArgs, shape, text, textOf } from "./arguments.ts";
import { computeTool } from "./compute.ts";
import { cleanLabels, fenced } from "./data.ts";
import { proposeTools } from "./propose.ts";
import { queryTools } from "./queries.ts";
import { recordTools } from "./record-tools.ts";
import type { Search } from "./search.ts";

/** Everything the model may do. Each reads, except `propose`, which writes a wish that people decide about. */
export function toolsFor(search: Search): readonly ModelTool[] {
  const all = [findMetrics, labelValues, alerts, computeTool].map((make) => make(search));
  return [...all, ...queryTools(search), ...recordTools(search), ...proposeTools(search)].map((one) =>
    careful(search, one),
  );
}

/** What the model or the world did wrong is a text for the model, and what goes out has its names hidden. */
function careful({ masks, hasSecret, signal, began }: Search, one: ModelTool): ModelTool {
  const restored = (value: unknown): unknown => {
    if (typeof value === "string") return masks.restore(value);
    if (Array.isArray(value)) return value.map(restored);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, restored(each)]));
  };
  return {
    ...one,
    async run(args, abort) {
      try {
        const asked = restored(args);
        // It would stand in Prometheus' log and among the queries of the answer.
        if (hasSecret(JSON.stringify(asked) ?? "")) throw new ArgumentError("the arguments have a secret.");
        began(one.name, asked);
        return masks.hide(await one.run(asked, AbortSignal.any([signal, abort])));
      } catch (problem) {
        if (signal.aborted || abort.aborted) throw problem;
        const isExpected =
          problem instanceof ArgumentError || problem instanceof UnreachableError || problem instanceof RefusedError;
        if (!isExpected) throw problem;
        return `Error: ${masks.hide(reasonOf(problem))}`;
      }
    },
  };
}

// ---------------------------------------------------------------- what exists

const METRICS_SHOWN = 15;
const VALUES_SHOWN = 40;

function findMetrics({ catalogue, clean, notes }: Search): ModelTool {
  const told = (metric: Metric) => {
    notes.addNames(
      metric.name,
      `${metric.name}_bucket`,
      `${metric.name}_sum`,
      `${metric.name}_count`,
      ...metric.labels.keys(),
    );
    return {
      name: clean(metric.name),
      type: metric.native === true ? "native histogram" : metric.type,
      unit: clean(metric.unit),
      help: clean(metric.help),
      labels: [...metric.labels.keys()].slice(0, 20).map((label) => clean(label)),
    };
  };
  return {
    name: "find_metrics",
    about: "Metrics whose name, help or labels fit some words. Ask before you query.",
    parameters: shape({ words: text("What is looked for, such as: http request duration") }, ["words"]),
    async run(args) {
      const words = textOf(readArgs(args), "words", 300);
      const hits = catalogue.search(words, METRICS_SHOWN + 1);
      if (hits.length === 0) return `Error: no metric fits ${JSON.stringify(clean(words))}. Try other words.`;
      const metrics = hits.slice(0, METRICS_SHOWN).map(({ metric }) => told(metric));
      return fenced({ metrics, truncated: hits.length > METRICS_SHOWN });
    },
  };
}

function labelValues({ catalogue, clean, notes }: Search): ModelTool {
  return {
    name: "label_values",
    about: "The values that a label of a metric has.",
    parameters: shape(
      {
        metric: text("A metric's name"),
        label: text("A label's name"),
        contains: text("Only values with this text in them. May be left out."),
      },
      ["metric", "label"],
    ),
    async run(args) {
      const read = readArgs(args);
      const [name, label] = [textOf(read, "metric", 200), textOf(read, "label", 200)];
      const contains = optionalText(read, "contains")?.toLowerCase() ?? "";
      const metric = catalogue.metrics.get(name) ?? catalogue.metrics.get(name.replace(/_(?:bucket|sum|count)$/, ""));
      if (metric === undefined)
        return `Error: there is no metric ${JSON.stringify(clean(name))}. find_metrics tells what there is.`;
      const all = metric.labels.get(label);
      if (all === undefined)
        return `Error: that metric has no label ${JSON.stringify(clean(label))}. It has: ${[...metric.labels.keys()]
          .slice(0, 20)
          .map((one) => clean(one))
          .join(", ")}.`;
      const fit = all.filter((value) => value.toLowerCase().includes(contains));
      if (fit.length === 0) return "Error: no such value.";
      notes.addNames(label, ...fit.slice(0, VALUES_SHOWN));
      notes.facts.push({ value: fit.length, family: "count", origin: "computed" });
      return fenced({
        values: fit.slice(0, VALUES_SHOWN).map((value) => clean(value)),
        of: fit.length,
        truncated: fit.length > VALUES_SHOWN,
      });
    },
  };
}

// ---------------------------------------------------------------- alerts

const ALERTS_SHOWN = 20;
const TEXT_LENGTH = { off: 0, summary: 200, full: 2000 };

function alerts({ ask, clean, notes, alertText, at }: Search): ModelTool {
  return {
    name: "alerts",
    about: "Alerts that fire or are pending, each with its rule.",
    parameters: shape({}, []),
    async run(_, signal) {
      // The query is what people see as evidence; the list has what a query does not tell.
      const asked = await ask.instant("ALERTS", { signal });
      const query = notes.indexOf("ALERTS");
      const [active, rules] = await Promise.all([
        ask.source.alerts(signal),
        ask.source.rules(signal).catch((problem: unknown) => {
          if (problem instanceof UnreachableError || problem instanceof RefusedError) return [];
          throw problem;
        }),
      ]);
      if (active.length === 0)
        return asked.ok ? "No alert fires and none is pending." : `Error: ${clean(asked.reason)}`;
      const firing = active.filter(({ state }) => state === "firing").length;
      for (const value of [firing, active.length, active.length - firing])
        notes.facts.push({ value, family: "count", origin: "returned", query });
      const longest = TEXT_LENGTH[alertText];
      const told = active.slice(0, ALERTS_SHOWN).map((alert) => {
        const rule = rules.find(({ name, kind }) => kind === "alerting" && name === alert.name);
        notes.addNames(alert.name, alert.severity);
        notes.addLabels(alert.labels);
        notes.facts.push({ value: ask.now - alert.activeAt, family: "time", origin: "computed", query });
        if (rule !== undefined) {
          notes.addText(rule.promql, query);
          notes.facts.push({ value: rule.forSeconds, family: "time", origin: "returned", query });
        }
        return {
          alert: clean(alert.name),
          state: alert.state,
          severity: clean(alert.severity),
          since: at(alert.activeAt),
          labels: cleanLabels(alert.labels, clean),
          ...(rule !== undefined && { rule: clean(rule.promql, 1000), for_seconds: rule.forSeconds }),
          ...(longest > 0 && alert.summary !== "" && { text: clean(alert.summary, longest) }),
        };
      });
      return fenced({ alerts: told, of: active.length, truncated: active.length > ALERTS_SHOWN });
    },
  };
}
