import { existsSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../app/outside.ts";
import type { Config } from "../config.ts";
import type { Store } from "../ports/store.ts";

/** Reads beside a running bot. Undefined when nothing was ever stored in that folder, where the store is a file. */
export async function readStore<T>(config: Config, read: (store: Store) => Promise<T>): Promise<T | undefined> {
  if (config.redis === undefined && !existsSync(join(config.dataDir, "smartcloudops.db"))) return undefined;
  const store = await openStore(config, () => Date.now() / 1000, { readOnly: true });
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}
