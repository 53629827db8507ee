import type { Config } from "../../config.ts";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok } from "./check.ts";

const PATIENCE_MS = 20_000;

/** Whether each notifier could be told of an incident. Nothing is sent there. */
export async function checkNotifiers(config: Config): Promise<Check[]> {
  if (config.notifiers.length === 0) return [];
  const { createNotifier } = await import("../../notifiers/index.ts");
  return Promise.all(
    config.notifiers.map(async (settings) => {
      const title = `notifier ${settings.name}`;
      try {
        const notifier = await createNotifier(settings);
        return ok(title, `${notifier.kind}: ${await notifier.check(AbortSignal.timeout(PATIENCE_MS))}`);
      } catch (problem) {
        const cure = "Check its address and credentials under `notifiers`, and whether this machine reaches it.";
        return failed(title, reasonOf(problem), cure);
      }
    }),
  );
}
