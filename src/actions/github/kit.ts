import type { z } from "zod";
import type { Arguments } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { type Redact, redactLines } from "../shared/output.ts";
import { checkWith, readWith } from "../shared/patterns.ts";
import { createApi, type GithubApi } from "./api.ts";
import type { GithubSettings } from "./settings.ts";

/** A repository whose workflows may be started. */
export type Repository = { readonly name: string; readonly settings: GithubSettings; readonly api: GithubApi };

/** What all actions on GitHub share. */
export type Kit = {
  readonly repositories: readonly Repository[];
  readonly redact: Redact;
  /** Milliseconds between two looks at a run. */
  readonly pollMs: number;
};

export function createKit(settings: readonly GithubSettings[], deps: ActionDeps, pollMs: number): Kit {
  return {
    repositories: settings.map((one) => ({ name: one.name, settings: one, api: createApi(one) })),
    redact: redactLines([...deps.secrets, ...settings.map(({ token }) => token)]),
    pollMs,
  };
}

type Placed = { readonly repository?: string | undefined; readonly workflow?: string | undefined };

/** A sentence about wrong arguments, a repository that is not configured, or a workflow that is not listed. */
export function checkPlaced(kit: Kit, schema: z.ZodType<Placed>, args: Arguments): string | undefined {
  const wrong = checkWith(schema, args);
  if (wrong !== undefined) return wrong;
  const { repository: name, workflow } = readWith(schema, args);
  const chosen = choose(kit.repositories, name, "repository");
  return chosen.kind === "none" ? chosen.why : whyNotWorkflow(chosen.entry, workflow);
}

/** Reads checked arguments and finds their repository. Throws a `RefusedError` with a sentence for those that are wrong. */
export function place<A extends Placed>(
  kit: Kit,
  schema: z.ZodType<A>,
  args: Arguments,
): { readonly repository: Repository; readonly read: A } {
  const wrong = checkPlaced(kit, schema, args);
  if (wrong !== undefined) throw new RefusedError("GitHub", 400, wrong);
  const read = readWith(schema, args);
  const chosen = choose(kit.repositories, read.repository, "repository");
  if (chosen.kind === "none") throw new RefusedError("GitHub", 400, chosen.why);
  return { repository: chosen.entry, read };
}

/** Why a workflow may not be touched, as a sentence; undefined when it may. */
export function whyNotWorkflow({ name, settings }: Repository, workflow: string | undefined): string | undefined {
  if (workflow === undefined || settings.workflows.includes(workflow)) return undefined;
  return `The workflow ${workflow} of ${name} is out of bounds: ${settings.workflows.join(", ") || "none"} may be used, by its workflows setting.`;
}
