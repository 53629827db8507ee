import { type Config, secretsOf } from "../config.ts";
import type { AnswerDeps } from "../flows/answer.ts";
import type { InvestigateDeps } from "../flows/investigate.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { Deadline } from "../util/deadline.ts";
import type { Dependencies } from "../util/dependencies.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { redactor } from "../util/redact.ts";
import { type Turns, turns } from "../util/turns.ts";
import type { Remedy } from "./remedy.ts";

/** What an answer needs for a model's part, on one store. The time that it may take is added when the model is asked. */
export type InvestigatorOn = (
  store: Store,
  changes: Remedy,
  deadline: Deadline,
) => { readonly investigator: NonNullable<AnswerDeps["investigator"]> };

/** Each waits for a model most of the time. */
const INVESTIGATIONS_AT_ONCE = 50;

/** Whoever does not get a place among them by then is told what is known without the model. */
const QUEUE_MS = 5000;
const BUSY = "The language model is busy with other questions. This is the answer without it.";

/** What is left to say the answer after the model's time is over. */
const REST_MS = 3000;

/** A bot that has just started has more urgent things to do. */
const LOAD_AFTER_MS = 3000;

/**
 * Loads a configured model's SDKs a moment from now, so that the first who asks does not wait for them. Does not keep the process alive;
 * a failure is the first question's, which says so.
 */
export function loadSoon(config: Config): void {
  if (config.model === undefined) return;
  const load = () => import("../model/index.ts").then(({ loadModelSdks }) => loadModelSdks()).catch(() => {});
  setTimeout(load, LOAD_AFTER_MS).unref();
}

/** Nothing of it is loaded without a configured model. Throws when a prompt is wrong. */
export async function createInvestigators(
  config: Config,
  {
    clock,
    log,
    observer,
    aside,
    dependencies,
  }: {
    readonly dependencies: Dependencies;
    /** Lets others have the place of a question while it waits for the model. */
    readonly aside: Turns["aside"];
    readonly clock: Clock;
    readonly log: Log;
    readonly observer: { readonly modelUsed?: NonNullable<InvestigateDeps["telemetry"]>["modelUsed"] } | undefined;
  },
): Promise<InvestigatorOn | undefined> {
  const settings = config.model;
  if (settings === undefined) return undefined;
  const [{ createModel }, { createInvestigator, INTENT_MS }, { createContext }, { createHistory }, { createRecords }] =
    await Promise.all([
      import("../model/index.ts"),
      import("../flows/investigate.ts"),
      import("../flows/investigate/context.ts"),
      import("../flows/investigate/history.ts"),
      import("../flows/investigate/records.ts"),
    ]);
  const model = createModel(settings, { clock, dependencies });
  const investigations = turns(INVESTIGATIONS_AT_ONCE);
  const redact = redactor(secretsOf(config).map((one) => one.reveal()));
  const report = (err: unknown) => log.warn({ err }, "the language model could not be used");
  /** What is kept between questions goes with the store that it is about. */
  const memories = new WeakMap<Store, Pick<InvestigateDeps, "context" | "history" | "records">>();
  const memoryOf = (store: Store) => {
    const records = createRecords(store);
    const known = memories.get(store) ?? {
      records,
      context: createContext(store, records, clock),
      history: createHistory(model, report),
    };
    memories.set(store, known);
    return known;
  };
  const modelUsed = observer?.modelUsed?.bind(observer);
  return (store, changes, deadline) => {
    const own = createInvestigator({
      model,
      spending: store.spending,
      budgets: settings.budget,
      price: settings.price,
      toolCalls: settings.toolCalls,
      totalMs: settings.totalMs,
      alertText: settings.alertText,
      pseudonyms: settings.pseudonyms,
      runbooks: changes.runbooks,
      suggest: changes.suggest,
      redact: (text) => String(redact(text)),
      clock,
      report,
      ...memoryOf(store),
      ...(modelUsed && { telemetry: { modelUsed } }),
    });
    return {
      investigator: {
        readIntent(one, intents, signal) {
          deadline.extend(INTENT_MS + REST_MS);
          return own.readIntent(one, intents, signal);
        },
        async investigate(one, signal) {
          deadline.extend(QUEUE_MS + settings.totalMs + REST_MS);
          const patience = AbortSignal.any([
            signal,
            AbortSignal.timeout(QUEUE_MS),
            ...(one.enough ? [one.enough] : []),
          ]);
          try {
            return await aside(() => investigations(() => own.investigate(one, signal), patience));
          } catch (problem) {
            if (signal.aborted || problem !== patience.reason) throw problem;
            return { kind: "nothing", why: one.enough?.aborted ? `${reasonOf(problem)}.` : BUSY };
          }
        },
      },
    };
  };
}
