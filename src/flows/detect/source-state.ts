import type { Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { newOutlook, type Outlook } from "./ahead.ts";
import { type DownTarget, downTargets } from "./lacks.ts";
import type { Kept } from "./one-watch.ts";
import { type ShareLook, viewOfLook, type WatchView } from "./share-look.ts";
import type { Together } from "./together.ts";

/** What this process knows of one source between rounds. */
export type SourceState = {
  /** Watches that this process looks at, by id. */
  readonly kept: Map<string, Kept>;
  /** How those stand that others look at. */
  readonly elsewhere: Map<string, WatchView>;
  down: readonly DownTarget[];
  /** The slot for which `down` was asked, and the asking. */
  downAt: { readonly slot: number; readonly asked: Promise<void> } | undefined;
  outlook: Outlook;
  /** Several metrics of one thing; undefined before the first round, and where that is off. */
  together: Together | undefined;
  /** Rounds in a row in which it could not be asked, and since when. */
  failed: number;
  failedSince: number;
};

export type SourceStates = ReturnType<typeof createSourceStates>;

export function createSourceStates() {
  const states = new Map<string, SourceState>();

  function of(source: string): SourceState {
    const state = states.get(source) ?? {
      ...{ kept: new Map(), elsewhere: new Map(), down: [], downAt: undefined },
      ...{ outlook: newOutlook(), together: undefined, failed: 0, failedSince: 0 },
    };
    states.set(source, state);
    return state;
  }

  return {
    of,
    all: () => states.values(),
    /** Somebody else made the last round: what counts is what is stored. Which watches this process may go on with is told by their own claims, where it `shares` rounds. */
    forget(shares: boolean): void {
      if (!shares) states.clear();
      for (const state of states.values()) {
        state.outlook = newOutlook();
        state.together = undefined;
        state.failed = 0;
      }
    },
    /** Targets that do not answer, asked once a slot. Throws what the source throws. */
    lookDown(source: Metrics, slot: number, now: number, signal: AbortSignal): Promise<void> {
      const state = of(source.name);
      if (state.downAt?.slot === slot) return state.downAt.asked;
      const asked = downTargets(source, state.down, now, signal).then((down) => {
        state.down = down;
      });
      state.downAt = { slot, asked };
      return asked;
    },
    /** Somebody looked at a watch. */
    note(watch: Watch, look: ShareLook, owner: string): void {
      const { elsewhere } = of(watch.source);
      if (look.by === owner) elsewhere.delete(watch.id);
      else elsewhere.set(watch.id, viewOfLook(watch, look));
    },
    /** How all watches stand, whoever looks at them. */
    views(): readonly {
      readonly source: string;
      readonly kept: ReadonlyMap<string, WatchView>;
      readonly together: Together | undefined;
    }[] {
      return [...states].map(([source, { kept, elsewhere, together }]) => {
        return { source, kept: new Map<string, WatchView>([...kept, ...elsewhere]), together };
      });
    },
  };
}
