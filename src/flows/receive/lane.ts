import { createWorkQueue } from "../../util/work-queue.ts";

/** Things begun at the same time, and what may wait beyond them: in number and in UTF-16 units of JSON. */
export type LaneLimits = { readonly atOnce: number; readonly most: number; readonly mostUnits: number };

/** Things of one urgency that wait for their turn: begun in the order in which they came, within limits of their own. */
export type Lane = ReturnType<typeof createLane>;

/** An acknowledgement waits no longer than about this for work that begins, or this while acknowledging takes as long. */
const SLICE_MS = 5;
const LONGEST_SLICE_MS = 40;

/** `full`: called once for each time that it fills up. */
export function createLane({ atOnce, most, mostUnits }: LaneLimits, full: () => void) {
  const queue = createWorkQueue({ atOnce, sliceMs: SLICE_MS, longestSliceMs: LONGEST_SLICE_MS });
  /** What is held in memory and not begun: counted before it is stored, so that a burst cannot get past the limits. */
  const waiting = { count: 0, units: 0 };
  let isFull = false;
  return {
    ...queue,
    count(sign: 1 | -1, units: number): void {
      waiting.count += sign;
      waiting.units += sign * units;
    },
    hasRoom(units: number): boolean {
      // Something that is larger than all that may wait is taken once nothing else does.
      const isRoom = waiting.count === 0 || (waiting.count < most && waiting.units + units <= mostUnits);
      if (!isRoom && !isFull) full();
      isFull = !isRoom;
      return isRoom;
    },
  };
}
