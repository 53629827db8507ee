import { afterAll, beforeAll } from "vitest";
import { type RealPrometheus, realPrometheus } from "./servers.ts";

/**
 * The real servers for the tests of this file: taken before the first, given back after the last. With CI=true, servers
 * that are missing are an error.
 */
export function realServers() {
  let found: RealPrometheus | { readonly skipped: string };
  beforeAll(async () => {
    found = await realPrometheus();
  });
  afterAll(async () => {
    if (!("skipped" in found)) await found.stop();
  });
  return {
    /** The servers, or the test is skipped with the reason. */
    servers: (skip: (reason: string) => never): RealPrometheus => ("skipped" in found ? skip(found.skipped) : found),
    /** The servers, or undefined where the programs cannot be had. */
    serversIfAny: (): RealPrometheus | undefined => ("skipped" in found ? undefined : found),
  };
}
