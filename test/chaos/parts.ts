import { approvals } from "./approvals.ts";
import type { Part } from "./figures.ts";
import { fuzz } from "./fuzz.ts";
import { kills } from "./kills.ts";
import { redis } from "./redis.ts";
import { rolling } from "./rolling.ts";
import { soak } from "./soak.ts";

/** What `npm run chaos` is made of. */
export const PARTS = {
  approvals: { counts: "approvals", sizes: { small: 5, usual: 150, full: 1000 }, run: approvals },
  kills: { counts: "kills", sizes: { small: 4, usual: 100, full: 2000 }, run: kills },
  redis: { counts: "faults of Redis", sizes: { small: 6, usual: 18, full: 100 }, run: redis },
  fuzz: { counts: "requests", sizes: { small: 500, usual: 60_000, full: 1_000_000 }, run: fuzz },
  soak: { counts: "seconds", sizes: { small: 6, usual: 180, full: 1800 }, run: soak },
  rolling: { counts: "restarts", sizes: { small: 3, usual: 24, full: 200 }, run: rolling },
} as const satisfies Record<string, Part>;
