import type { Clock } from "../ports/clock.ts";
import type { Model, ModelEvent, ModelTask, TokensUsed } from "../ports/model.ts";
import { createDependencies, type Dependencies } from "../util/dependencies.ts";
import { failureOf, isUnpaid, SERVICE } from "./failure.ts";
import { createModelFetch } from "./http.ts";
import { intentExamples, sayIntents } from "./intents.ts";
import { loadPrompts, promptReader } from "./prompts.ts";
import { guessTokens } from "./tokens.ts";

export type ModelSettings = {
  readonly name: string;
  readonly baseUrl: string | undefined;
  /** Undefined for a server that asks for none. */
  readonly apiKey: { reveal(): string } | undefined;
  /** For one call of the model with its whole answer. */
  readonly callMs: number;
  /** A folder whose prompts stand in for the shipped ones of the same name. */
  readonly prompts?: string | undefined;
};

/**
 * A model behind anything that speaks OpenAI's chat completions. Reads and checks the prompts at once, and throws when one is wrong;
 * the SDKs are loaded by the first call (`openai` for the small one, langchain for an investigation), or by `loadModelSdks` before it.
 */
export function createModel(
  settings: ModelSettings,
  deps: { readonly clock: Clock; readonly dependencies?: Dependencies | undefined },
): Model {
  const prompts = loadPrompts(promptReader(settings.prompts));
  const fetch = createModelFetch({ callMs: settings.callMs }, deps);
  // The SDKs refuse to be without a key; servers that ask for none ignore it.
  const apiKey = settings.apiKey?.reveal() ?? "none";
  const sdk = { model: settings.name, baseUrl: settings.baseUrl, apiKey, fetch };
  const dependency = (deps.dependencies ?? createDependencies()).of("model", { service: SERVICE });

  /** One call of the model, with our errors; none at all while it rests. */
  function guarded(signal: AbortSignal): <T>(call: () => Promise<T>) => Promise<T> {
    return (call) =>
      dependency.ask(async () => {
        try {
          return await call();
        } catch (thrown) {
          throw failureOf(thrown, signal);
        }
      });
  }

  /** A small call, with what it took told also when it failed and may have cost something. */
  async function paid<T extends { readonly used: TokensUsed }>(
    sent: string,
    pay: (used: TokensUsed) => void,
    signal: AbortSignal,
    call: () => Promise<T>,
  ): Promise<Omit<T, "used">> {
    try {
      const { used, ...answer } = await guarded(signal)(call);
      pay(used);
      return answer;
    } catch (problem) {
      const input = isUnpaid(problem) ? 0 : guessTokens(sent.length);
      pay({ input, output: 0, isGuess: input > 0 });
      throw problem;
    }
  }

  return {
    name: settings.name,
    prompts: { investigate: prompts.investigate.version, intent: prompts.intent.version },
    isInstruction: (sentence) => prompts.investigate.isRepeatedIn(sentence),
    async *investigate(task: ModelTask, signal: AbortSignal): AsyncGenerator<ModelEvent, void> {
      const system = prompts.investigate.fill({ ...task.values, tool_calls: String(task.toolCalls) });
      const { runAgent } = await import("./agent.ts");
      try {
        yield* runAgent(sdk, system, task, guarded(signal), signal);
      } catch (thrown) {
        throw failureOf(thrown, signal);
      }
    },
    async readIntent(question, intents, signal, pay = () => {}) {
      const system = prompts.intent.fill({ intents: sayIntents(intents), examples: intentExamples(intents) });
      const { readIntent } = await import("./intent.ts");
      return paid(system + question, pay, signal, () => readIntent(sdk, system, question, intents, signal));
    },
    async summarise(turns, signal, pay = () => {}) {
      const { POINTS, summarise } = await import("./summary.ts");
      const system = prompts.summary.fill({ points: String(POINTS) });
      const numbered = JSON.stringify(turns.map(({ author, said }, turn) => ({ turn, author, said })));
      return paid(system + numbered, pay, signal, () => summarise(sdk, system, numbered, signal));
    },
  };
}

/** Loads what calls of a model need, so that nobody waits for it: a second of work, and 188 MB. */
export async function loadModelSdks(): Promise<void> {
  await import("./intent.ts");
  await import("./agent.ts");
}
