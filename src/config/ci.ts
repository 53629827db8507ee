import type { Trouble } from "../core/ci/judge.ts";
import type { Secret } from "../util/secret.ts";
import type { Deps } from "./sources.ts";

export type CiConfig = {
  /** What GitHub signs with, and others send as bearer token. Without one, runs are taken from this machine only. */
  readonly secret: Secret | undefined;
  readonly deploys: readonly {
    readonly project: string;
    readonly pipeline: string;
    /** Undefined: the main branch. */
    readonly branch?: string | undefined;
    readonly service: string;
    readonly environment: string;
  }[];
  readonly numbers: Readonly<Record<string, Trouble>>;
  /** By project. */
  readonly teams: ReadonlyMap<string, string>;
};

export function readCi({ env, file }: Deps): CiConfig {
  const { deploys = [], numbers = {}, teams = {} } = file.settings.ci ?? {};
  return { secret: env.secret("CI_WEBHOOK_SECRET"), deploys, numbers, teams: new Map(Object.entries(teams)) };
}
