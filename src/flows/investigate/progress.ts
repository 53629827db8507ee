import { type Answer, askButton } from "../../core/answer.ts";
import { saidFrom } from "../../core/gate/said.ts";
import { strayAddress } from "../../core/gate/stray.ts";
import type { Judged } from "../../core/gate.ts";
import type { Case } from "../../ports/model.ts";
import { inertName } from "../../util/inert.ts";
import type { Notebook } from "./notebook.ts";

const LONGEST_NAME = 80;

/** What a tool does with these arguments, for people: "asking Prometheus: up". An argument that could be taken for an address is left out. */
export function stepOf(tool: string, args: unknown, hasName: (name: string) => boolean): string {
  const read = (typeof args === "object" && args !== null ? args : {}) as Readonly<Record<string, unknown>>;
  const named = (name: string): string => {
    const value = read[name];
    if (typeof value !== "string" || value.trim() === "" || strayAddress(value, hasName) !== undefined) return "";
    const short = inertName(value.replace(/\s+/g, " ").trim());
    return `: ${short.length > LONGEST_NAME ? `${short.slice(0, LONGEST_NAME).toWellFormed()}…` : short}`;
  };
  switch (tool) {
    case "query":
    case "query_range":
      return `asking Prometheus${named("promql")}`;
    case "find_metrics":
      return `looking for metrics${named("words")}`;
    case "label_values":
      return `looking at the values of a label${named("label")}`;
    case "alerts":
      return "looking at the alerts";
    case "runbooks":
      return "looking at the runbooks";
    case "propose":
      return "writing down a suggestion";
    default:
      return "working it out";
  }
}

/** The line under an answer that is still being worked on. */
export function statusOf(step: string | undefined, count: number, most: number): string {
  if (step === undefined) return "The language model is looking further…";
  return `The language model is looking further: ${step} (step ${count} of at most ${most})…`;
}

/** The answer as it stands, with a button that ends the look. */
export function draftOf(
  { question, found }: Case,
  by: string,
  notes: Notebook,
  judged: readonly Judged[],
  status: string,
): Answer {
  const said = saidFrom(by, judged, (index) => notes.promqlAt(index));
  const base: Answer =
    found.intent === "clarify"
      ? { ...found, verdict: "Looking into it…", tone: "info", details: [], values: [] }
      : found;
  const { chart: _, ...rest } = base;
  return {
    ...rest,
    ...(said.sentences.length > 0 && { said }),
    notes: [...base.notes, status],
    next: [{ ...askButton("Stop looking"), action: { kind: "enough", question: question.id } }],
  };
}
