import type { Trouble } from "../core/ci/judge.ts";
import type { PullSettings } from "../core/ci/pull.ts";
import { type Secret, secret } from "../util/secret.ts";
import { entryAt, isLoopback } from "./entry.ts";
import type { Deps } from "./sources.ts";
import { tidyUrl } from "./values.ts";

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
  /** How pull requests on GitHub are told. Undefined: they are not. */
  readonly github?: PullSettings & { readonly url: string; readonly token: Secret };
};

export function readCi(deps: Deps): CiConfig {
  const { env, file } = deps;
  const { deploys = [], numbers = {}, teams = {}, github } = file.settings.ci ?? {};
  return {
    ...{ secret: env.secret("CI_WEBHOOK_SECRET"), deploys, numbers, teams: new Map(Object.entries(teams)) },
    ...(github !== undefined && { github: readPulls(deps, github) }),
  };
}

type Written = NonNullable<NonNullable<Deps["file"]["settings"]["ci"]>["github"]>;

function readPulls(deps: Deps, written: Written): NonNullable<CiConfig["github"]> {
  const { projects, api_url: url = "https://api.github.com", comment = true, status = false } = written;
  const at = entryAt(deps, ["ci", "github"], "ci.github", { ...written, name: "github" });
  if (url.startsWith("http:") && !isLoopback(url))
    at.refuse("api_url", "must begin with https://: plain http is for a server on this machine.");
  if (!comment && !status) at.refuse("comment", "must be true where status is not: else nothing is told.");
  return { projects, comment, status, url: tidyUrl(url), token: at.secret("token_file") ?? secret("") };
}
