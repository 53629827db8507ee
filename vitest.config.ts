import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // Room for a first npm ci and for real servers to come up.
    hookTimeout: 180_000,
    // What one test sets in the environment, the next must not find.
    unstubEnvs: true,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "html"],
      // Rules are pure functions: nothing excuses a branch of theirs that no test takes.
      thresholds: { "src/core/**": { branches: 90 } },
    },
  },
});
