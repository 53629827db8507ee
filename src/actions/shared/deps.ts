import type { Clock } from "../../ports/clock.ts";
import type { Secret } from "../../util/secret.ts";

/** What every executor gets. */
export type ActionDeps = {
  readonly clock: Clock;
  /** All secrets of the configuration: none comes out in an action's output, whichever executor it belongs to. */
  readonly secrets: readonly Secret[];
  /** The bot's data folder, in which local commands keep their marks. */
  readonly dataDir: string;
  /** Remembers what is to be closed when the bot stops: a pool, a connection. Each is awaited. */
  readonly onStop: (close: () => void | Promise<void>) => void;
};
