import { defineConfig } from "vitest/config";

/** The tests that mutants of `src/core` are held against: those of core itself, which take seconds and need no servers. */
export default defineConfig({
  test: { include: ["test/core/**/*.test.ts", "test/util/**/*.test.ts"], testTimeout: 30_000 },
});
