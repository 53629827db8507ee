import { approvals } from "./approvals.ts";
import type { Part } from "./figures.ts";

/** What `npm run chaos` is made of. */
export const PARTS = {
  approvals: { counts: "approvals", sizes: { small: 5, usual: 200, full: 1000 }, run: approvals },
} as const satisfies Record<string, Part>;
