import { approvals } from "./approvals.ts";
import type { Part } from "./figures.ts";
import { kills } from "./kills.ts";

/** What `npm run chaos` is made of. */
export const PARTS = {
  approvals: { counts: "approvals", sizes: { small: 5, usual: 200, full: 1000 }, run: approvals },
  kills: { counts: "kills", sizes: { small: 4, usual: 100, full: 2000 }, run: kills },
} as const satisfies Record<string, Part>;
