import { endpointsOf } from "../app/api.ts";
import { openApi } from "../http/api/openapi.ts";
import { createMemoryStore } from "../store/memory.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { ownVersion } from "./help.ts";
import { readConfig } from "./settings.ts";

/** `openapi`: the document that a running bot gives at /api/v1/openapi.json. */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`openapi takes no words: it got ${JSON.stringify(call.words.join(" "))}.`);
  const config = readConfig(call);
  const endpoints = endpointsOf(config, {
    store: createMemoryStore({ retention: config.limits.retentionSeconds }),
    sources: [],
    ask: () => Promise.reject(new Error("nothing is asked here")),
    clock: () => 0,
  });
  call.stdout.write(`${JSON.stringify(openApi(endpoints, ownVersion()), null, 2)}\n`);
  return EXIT.ok;
}
