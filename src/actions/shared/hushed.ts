import type { Action, Look } from "../../ports/changes.ts";
import { outputOf, type Redact } from "./output.ts";

/** What is said in a line while something runs, or of how things are. */
const LINE = 2048;

/**
 * The same action, from which no secret comes out by any way: what it says while it runs, looks, tries or is asked stands on cards
 * as its result does. Refusals keep their kind; their sentence is cleaned.
 */
export function hushed(action: Action, redact: Redact): Action {
  const line = (text: string) => outputOf(text, redact, LINE);
  async function cleaned<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (problem) {
      // The words of a DOMException are Node's own, and cannot be set.
      if (problem instanceof Error && !(problem instanceof DOMException)) problem.message = line(problem.message);
      throw problem;
    }
  }
  return {
    ...action,
    look: (args, signal) => cleaned(async () => hushLook(await action.look(args, signal), line)),
    simulate: (args, look, signal) =>
      cleaned(async () => {
        const tried = await action.simulate(args, look, signal);
        return tried.kind === "simulated"
          ? { ...tried, text: outputOf(tried.text, redact) }
          : { ...tried, why: line(tried.why) };
      }),
    async run(args, context) {
      const ran = await action.run(args, { ...context, progress: (text) => context.progress(line(text)) });
      return { ...ran, output: outputOf(ran.output, redact) };
    },
    async probe(args, context) {
      const probed = await action.probe(args, context);
      return { ...probed, text: line(probed.text) };
    },
  };
}

function hushLook(look: Look, line: (text: string) => string): Look {
  return { ...look, facts: look.facts.map(line), blast: { ...look.blast, text: line(look.blast.text) } };
}
