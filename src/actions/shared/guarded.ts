import type { Action, Arguments } from "../../ports/changes.ts";
import type { Dependencies, Dependency } from "../../util/dependencies.ts";
import { UnreachableError } from "../../util/errors.ts";

/** The argument by which the actions of a kind name what they act on, and what people call one. */
type Target = { readonly argument: string; readonly what: string };

/** Those of the bot's own executors. Local commands call nobody. */
const TARGETS: Readonly<Record<string, Target>> = {
  kubernetes: { argument: "cluster", what: "Kubernetes cluster" },
  github: { argument: "repository", what: "GitHub repository" },
  http: { argument: "endpoint", what: "HTTP endpoint" },
  ssh: { argument: "host", what: "SSH host" },
  postgres: { argument: "database", what: "PostgreSQL database" },
  redis: { argument: "server", what: "Redis server" },
};

/**
 * The same actions, each behind the breaker of its target: what only reads is refused while that is left alone. `run` never passes a breaker:
 * it is called once, after a look that did, and whether it was called is known for sure; so no breaker can have a change made twice,
 * or take one for made that was not. `probe` is not made while the target is left alone, which leaves "unknown" as it is.
 */
export function guardTargets(
  kind: string,
  names: readonly string[],
  dependencies: Dependencies,
  target: Target | undefined = TARGETS[kind],
): (action: Action) => Action {
  if (target === undefined) return (action) => action;
  const of = (name: string) => dependencies.of(`executor/${kind}/${name}`, { service: `${target.what} ${name}` });
  const known = new Map(names.map((name) => [name, of(name)]));
  const find = (args: Arguments): Dependency | undefined => {
    const named = args[target.argument];
    const name = typeof named === "string" ? named : names.length === 1 ? names[0] : undefined;
    return name === undefined ? undefined : known.get(name);
  };
  return (action) => guarded(action, find);
}

function guarded(action: Action, find: (args: Arguments) => Dependency | undefined): Action {
  /** A name that is not configured is refused by the action itself. */
  function ask<T>(args: Arguments, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    // Time that others used up is not held against the target.
    signal.throwIfAborted();
    const target = find(args);
    if (target === undefined) return call();
    return target.ask(() =>
      call().catch((thrown: unknown) => {
        // A look that ran into its time limit says as much as one that was refused.
        const isLate = thrown instanceof DOMException && thrown.name === "TimeoutError";
        throw isLate ? new UnreachableError(target.view().service, "no answer in time", { cause: thrown }) : thrown;
      }),
    );
  }
  return {
    ...action,
    look: async (args, signal) => ask(args, signal, () => action.look(args, signal)),
    simulate: async (args, look, signal) => ask(args, signal, () => action.simulate(args, look, signal)),
    async probe(args, context) {
      const dependency = find(args);
      if (dependency === undefined || dependency.room() > 0) return action.probe(args, context);
      const { service, trouble } = dependency.view();
      const last = trouble === undefined ? "" : ` The last failure: ${trouble.text}`;
      return { found: "unknown", text: `${service} was not asked, because it failed several times in a row.${last}` };
    },
  };
}
