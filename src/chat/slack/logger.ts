import type { Logger, LogLevel } from "@slack/bolt";
import type { Log } from "../../util/log.ts";

export type BoltLogger = Logger;

/** Our log as the SDK wants one. Its debug lines hold whole messages, so they are left out. */
export function boltLogger(log: Log): BoltLogger {
  const said = (parts: readonly unknown[]) =>
    parts.map((part) => (part instanceof Error ? part.message : String(part)));
  const line =
    (level: "info" | "warn" | "error") =>
    (...parts: unknown[]) => {
      log[level](said(parts).join(" ").slice(0, 2000));
    };
  return {
    debug() {},
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    setLevel() {},
    getLevel: () => "info" as LogLevel,
    setName() {},
  };
}
