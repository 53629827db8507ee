import type { Config } from "../../config.ts";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok } from "./check.ts";

const WAIT_MS = 20_000;

/** Asks the language model, where one is configured, to sort one question: some hundred tokens. */
export async function checkModel({ model: settings }: Config, clock: () => number): Promise<Check[]> {
  if (settings === undefined) return [];
  try {
    const { createModel } = await import("../../model/index.ts");
    const model = createModel(settings, { clock });
    const { intent } = await model.readIntent(
      "which alerts are firing?",
      ["alerts", "smalltalk"],
      AbortSignal.timeout(WAIT_MS),
    );
    const understood =
      intent === "alerts" ? "" : "; but it did not understand a simple question, so expect little of it";
    return [ok("language model", `${settings.name} answers${understood}`)];
  } catch (problem) {
    return [
      failed(
        "language model",
        `${settings.name}: ${reasonOf(problem)}`,
        "Look at OPENAI_MODEL, OPENAI_API_KEY and OPENAI_BASE_URL. Until then the bot answers without it.",
      ),
    ];
  }
}
