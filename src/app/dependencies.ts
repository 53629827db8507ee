import { dependenciesCard, dependencyBlocks } from "../cards/dependencies-card.ts";
import type { Config } from "../config.ts";
import type { Block, Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { type BreakerState, createDependencies, type Dependencies, type DependencyView } from "../util/dependencies.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

type Asker = Pick<Question, "user" | "sources">;

/** What the bot calls, and how it stands as people are told. */
export type DependencyDesk = {
  readonly dependencies: Dependencies;
  readonly card: (question: Asker) => Promise<Card>;
  /** For the end of an overview. */
  readonly blocks: (question: Asker) => readonly Block[];
};

const STORE_MS = 3000;

export function createDependencyDesk(
  config: Config,
  options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly store: Pick<Store, "check">;
    /** Hears of each new one, and of each change. */
    readonly changed: ((view: DependencyView, from: BreakerState | undefined) => void) | undefined;
    /** Those that there are already: else it makes its own. */
    readonly known?: Dependencies | undefined;
  },
): DependencyDesk {
  const { clock, log, store } = options;
  const make = () =>
    createDependencies(config.breakers, {
      clock,
      changed(view, from) {
        options.changed?.(view, from);
        const { name, state, trouble } = view;
        if (from === "closed")
          log.warn(
            { dependency: name, reason: trouble?.text },
            "it failed several times in a row and is left alone for a while",
          );
        if (state === "closed" && from !== undefined) log.info({ dependency: name }, "it answers again");
      },
    });
  const dependencies = options.known ?? make();
  const lookOf = ({ user }: Asker) => ({ now: clock(), zone: user.zone ?? config.timezone });
  /** A source that is closed to whoever asks is not spoken of. */
  const open = ({ sources }: Asker) =>
    dependencies
      .all()
      .filter(
        ({ name }) => !name.startsWith("prometheus/") || sources?.includes(name.slice("prometheus/".length)) !== false,
      );

  return {
    dependencies,
    blocks: (question) => dependencyBlocks(open(question), lookOf(question)),
    async card(question) {
      const late = new Promise<string>((resolve) => {
        setTimeout(() => resolve(`no answer within ${STORE_MS / 1000} s`), STORE_MS).unref();
      });
      const trouble = await Promise.race([store.check().then(() => undefined, reasonOf), late]);
      const where = config.redis === undefined ? "a file in the data folder" : "Redis";
      return dependenciesCard(open(question), { where, trouble }, lookOf(question));
    },
  };
}
