import type { Need } from "../../core/need.ts";
import { type Runbook, resolve } from "../../core/runbook.ts";
import type { ModelTool } from "../../ports/model.ts";
import { inertName } from "../../util/inert.ts";
import { ArgumentError, optionalText, readArgs, shape, text, textOf } from "./arguments.ts";
import { fenced } from "./data.ts";
import type { Search } from "./search.ts";

/** More than one proposal for one question is a flood. */
const MOST_PROPOSALS = 1;
const RUNBOOKS_SHOWN = 60;

/** The list of runbooks, and the wish that one be run. Neither runs anything. */
export function proposeTools(search: Search): readonly ModelTool[] {
  return activeOnes(search).length === 0 ? [] : [listTool(search), proposeTool(search)];
}

function activeOnes({ runbooks }: Pick<Search, "runbooks">): readonly Runbook[] {
  return runbooks.all().filter(({ state }) => state === "active");
}

/** Ids of runbooks that may be proposed, for the prompt. */
export function runbookIds(search: Pick<Search, "runbooks">): string {
  const ids = activeOnes(search)
    .slice(0, RUNBOOKS_SHOWN)
    .map(({ id }) => id);
  return ids.length === 0 ? "none" : ids.join(", ");
}

function listTool(search: Search): ModelTool {
  const { clean, notes } = search;
  return {
    name: "runbooks",
    about: "What a runbook does, when not to use it, and its parameters. For one id, or for words.",
    parameters: shape({ words: text("An id, or words such as: restart deployment") }, ["words"]),
    async run(args) {
      const words = textOf(readArgs(args), "words", 200).toLowerCase();
      const parts = words.split(/\s+/);
      const fit = activeOnes(search)
        .filter(({ id, title, does }) => {
          const all = `${id} ${title} ${does}`.toLowerCase();
          return parts.every((part) => all.includes(part));
        })
        .slice(0, 8);
      if (fit.length === 0) return "Error: no runbook fits.";
      notes.addNames(...fit.map(({ id }) => id));
      return fenced(
        fit.map(({ id, title, does, notWhen, risk, params }) => ({
          id,
          title: clean(title),
          does: clean(does),
          not_when: clean(notWhen),
          risk,
          parameters: Object.fromEntries(
            Object.entries(params)
              .filter(([, { from }]) => from.includes("model"))
              .map(([name, { type, about, required }]) => [
                name,
                `${type}, ${required ? "required" : "optional"}: ${clean(about)}`,
              ]),
          ),
        })),
      );
    },
  };
}

function proposeTool(search: Search): ModelTool {
  let made = 0;
  return {
    name: "propose",
    about:
      "Writes down that a runbook might help, with its parameters. People decide; nothing runs. Once in a question, and only when the evidence calls for it.",
    parameters: shape(
      {
        runbook: text("Its id"),
        params: { type: "object", description: "Parameters by name", additionalProperties: true },
      },
      ["runbook", "params"],
    ),
    async run(args, signal) {
      const read = readArgs(args);
      const id = textOf(read, "runbook", 100);
      const runbook = activeOnes(search).find((one) => one.id === id);
      if (runbook === undefined) return "Error: there is no such runbook.";
      if (made >= MOST_PROPOSALS) return "Error: one proposal for a question is all. People can ask for more.";
      const values = valuesOf(readArgs(read["params"] ?? {}));
      const resolved = resolve(runbook, values);
      if ("reason" in resolved) return `Error: ${search.clean(resolved.reason, 500)}`;
      made++;
      const suggested = await search.suggest(needOf(search, runbook, values, resolved.target), signal);
      return told(search, runbook, resolved.target.name, suggested);
    },
  };
}

/** Whatever it sends keeps the model as its source: parameters that must not come from one refuse it. */
function valuesOf(params: Readonly<Record<string, unknown>>): Need["values"] {
  const entries = Object.entries(params).slice(0, 40);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
        throw new ArgumentError("parameters must be texts, numbers or true and false.");
      if (typeof value === "string") optionalText({ value }, "value", 500);
      return [name, { value, origin: "model" as const }];
    }),
  );
}

function needOf(
  { one, ask }: Search,
  runbook: Runbook,
  values: Need["values"],
  target: { readonly kind: string; readonly name: string },
): Need {
  const params = Object.fromEntries(
    Object.entries(values).flatMap(([name, { value }]) => (typeof value === "boolean" ? [] : [[name, value] as const])),
  );
  return {
    action: { type: runbook.matches.asks[0]?.verb ?? runbook.id, target: target.name, params },
    kinds: [target.kind],
    values,
    runbook: runbook.id,
    environment: ask.source.environment,
    source: ask.source.name,
    requester: one.person,
    places: [one.question.place],
    cause: { kind: "model", text: one.text },
    facts: [
      "Suggested by the language model while it looked into this question. Its values were not said by a person.",
    ],
  };
}

function told(
  { notes, clean }: Search,
  runbook: Runbook,
  target: string,
  suggested: Awaited<ReturnType<Search["suggest"]>>,
): string {
  switch (suggested.kind) {
    case "proposed": {
      const { proposal, isNew } = suggested;
      notes.proposals.push({ ...proposal.spec.action, status: "pending", executed: false });
      notes.proposed.push(
        `The model suggests: ${runbook.title}, for ${inertName(target)}. ${isNew ? "It waits for approval" : "It was open already"}: proposal ${proposal.id}. Nothing was changed.`,
      );
      return "It is written down and waits for people. Nothing was changed. Do not say that it was done.";
    }
    case "observed":
      return "Only noted: the bot observes there and proposes nothing.";
    case "refused":
      return `Error: it was refused: ${clean(suggested.reason, 500)}`;
  }
}
