import type { Anomaly } from "../../core/watch/anomaly.ts";
import type { RoundReport } from "./deps.ts";

/** What a round comes to. */
export class Tally {
  #watches = 0;
  #series = 0;
  #points = 0;
  #asking = 0;
  #opened = 0;
  #over = 0;
  readonly problems: string[] = [];

  looked(series: number, points: number, asking: number): void {
    this.#watches++;
    this.#series += series;
    this.#points += points;
    this.#asking += asking;
  }

  asked(seconds: number): void {
    this.#asking += seconds;
  }

  changed({ status, revision }: Anomaly): void {
    if (status === "over") this.#over++;
    else if (revision === 1) this.#opened++;
  }

  /** What somebody else looked at. */
  add({ watches, series, points, asking, opened, over, problems }: RoundReport): void {
    this.#watches += watches;
    this.#series += series;
    this.#points += points;
    this.#asking += asking;
    this.#opened += opened;
    this.#over += over;
    this.problems.push(...problems);
  }

  problem(sentence: string): void {
    this.problems.push(sentence);
  }

  report(outcome: RoundReport["outcome"], seconds: number): RoundReport {
    return {
      outcome,
      watches: this.#watches,
      series: this.#series,
      points: this.#points,
      seconds,
      asking: this.#asking,
      opened: this.#opened,
      over: this.#over,
      problems: this.problems,
    };
  }
}
