import type { Chart } from "../core/card.ts";
import { createThread, type Thread } from "../util/thread.ts";

/** Draws charts in a thread of its own, which begins with the first one: a picture takes tens of milliseconds. */
export type ChartDrawer = {
  /** As `drawChart`; what that throws comes as an error with the same message. */
  readonly draw: (chart: Chart, zone: string) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
};

/** `onEnd` hears why the thread ended; the next chart begins another one. */
export function createChartDrawer(onEnd: (problem: unknown) => void): ChartDrawer {
  let thread: Thread | undefined;
  return {
    draw(chart, zone) {
      thread ??= createThread(new URL("./draw-thread.ts", import.meta.url), onEnd);
      return thread.run("draw", { chart, zone });
    },
    close: async () => thread?.close(),
  };
}
