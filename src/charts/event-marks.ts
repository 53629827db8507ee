import { SMALL, shortened, widthOf } from "./text.ts";

/** A line across the plot at `x`, with a label beside it that starts at `start` in row 0 (lowest) or 1; "" for none. */
export type EventMark = { readonly x: number; readonly label: string; readonly row: number; readonly start: number };

type Event = { readonly x: number; readonly name: string };
/** Where labels may stand, in pixels. */
type Room = { readonly left: number; readonly right: number };

const WIDEST = 220;
const APART = 8;
const BESIDE = 4;

/** Of a few ways to place the labels the one that names the most events. No label covers another one or a line. */
export function eventMarks(events: readonly Event[], room: Room): EventMark[] {
  const rightwards = events.toSorted((a, b) => a.x - b.x);
  const ways = [rightwards, rightwards.toReversed()].flatMap((order) =>
    [
      [0, 1],
      [1, 0],
    ].map((rows) => placed(order, rows, room)),
  );
  const named = (marks: readonly EventMark[]) => marks.filter(({ label }) => label !== "").length;
  // Of equally good ways the one with fewer rows.
  return ways.reduce((best, way) => ((named(way) - named(best) || rowsOf(best) - rowsOf(way)) > 0 ? way : best));
}

/** Rows that the labels take. */
export function rowsOf(marks: readonly EventMark[]): number {
  return Math.max(0, ...marks.map(({ label, row }) => (label === "" ? 0 : row + 1)));
}

/** One after the other, each in the first place that is free. */
function placed(order: readonly Event[], rows: readonly number[], room: Room): EventMark[] {
  const found: EventMark[] = [];
  for (const { x, name } of order) {
    const label = shortened(name, WIDEST, SMALL);
    const width = widthOf(label, SMALL);
    const places = rows.flatMap((row) => [
      { x, label, row, start: x + BESIDE },
      { x, label, row, start: x - BESIDE - width },
    ]);
    const free = places.find((place) => isWithin(place, room) && found.every((other) => !isInTheWay(place, other)));
    found.push(free ?? { x, label: "", row: -1, start: x });
  }
  return found;
}

function endOf({ label, start }: EventMark): number {
  return start + widthOf(label, SMALL);
}

function isWithin(mark: EventMark, { left, right }: Room): boolean {
  return mark.label !== "" && mark.start >= left && endOf(mark) <= right;
}

function isInTheWay(a: EventMark, b: EventMark): boolean {
  const isSameRow = a.row === b.row && b.label !== "" && a.start < endOf(b) + APART && b.start < endOf(a) + APART;
  return isSameRow || isCrossed(a, b) || isCrossed(b, a);
}

/** Whether the line of `by`, which begins in its own row, goes through the label of `mark`. */
function isCrossed(mark: EventMark, by: EventMark): boolean {
  return mark.label !== "" && by.row >= mark.row && by.x > mark.start - 2 && by.x < endOf(mark) + 2;
}
