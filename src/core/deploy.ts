/** A deployment that came to its end at `at` (unix seconds), with the versions that ran before and after it, where they are known. */
export type Deploy = {
  readonly service: string;
  readonly at: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
};
