import { createContext } from "../../src/flows/investigate/context.ts";
import { createHistory } from "../../src/flows/investigate/history.ts";
import { createRecords } from "../../src/flows/investigate/records.ts";
import { createInvestigator, type InvestigateDeps } from "../../src/flows/investigate.ts";
import { createModel } from "../../src/model/index.ts";
import type { Suggester } from "../../src/ports/chat.ts";
import type { Investigator } from "../../src/ports/model.ts";
import type { Store } from "../../src/ports/store.ts";
import { redactor } from "../../src/util/redact.ts";
import type { World } from "./world.ts";

/** What a test may set; the rest is as the configuration has it where nothing is written. */
export type ModelOptions = Partial<
  Pick<
    InvestigateDeps,
    "budgets" | "price" | "toolCalls" | "totalMs" | "alertText" | "pseudonyms" | "runbooks" | "telemetry"
  >
> & {
  readonly callMs?: number;
  readonly secrets?: readonly string[];
  /** A folder of prompts in place of the shipped ones. */
  readonly prompts?: string;
  readonly report?: (problem: unknown) => void;
};

const PLENTY = { tokens: 1e9, cost: undefined };
const BUDGETS = { question: PLENTY, user: PLENTY, channel: PLENTY, day: PLENTY };

/** The real model adapter with the real SDKs, on a server of ours at that address. */
export function modelOn(url: string, options: ModelOptions = {}) {
  return (world: Pick<World, "now"> & { readonly store: Store }, suggest: Suggester): Investigator => {
    const clock = () => world.now;
    const { callMs = 5000, secrets = [], prompts, report = () => {}, ...rest } = options;
    const redact = redactor(secrets);
    const records = createRecords(world.store);
    const model = createModel(
      { name: "scripted", baseUrl: url, apiKey: { reveal: () => "sk-test" }, callMs, prompts },
      { clock },
    );
    return createInvestigator({
      model,
      context: createContext(world.store, records, clock),
      records,
      history: createHistory(model, report),
      spending: world.store.spending,
      budgets: BUDGETS,
      price: undefined,
      toolCalls: 8,
      totalMs: 20_000,
      alertText: "summary",
      pseudonyms: false,
      runbooks: async () => ({ all: () => [], get: () => undefined }),
      suggest,
      redact: (text) => String(redact(text)),
      clock,
      report,
      ...rest,
    });
  };
}
