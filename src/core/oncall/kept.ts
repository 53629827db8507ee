import type { Responder } from "../incident.ts";
import type { Override } from "./schedule.ts";

/** Somebody on call instead of whoever the schedule says, as it is stored. Times in unix seconds. */
export type KeptOverride = Override & {
  readonly id: string;
  readonly revision: number;
  readonly by: Responder;
  readonly madeAt: number;
  /** When it was over or taken back. */
  readonly endedAt?: number;
};
