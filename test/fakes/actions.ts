import type { Action, Actions, Arguments, Look, Ran, RunContext } from "../../src/ports/changes.ts";

/** One effect that was made: what the executor really got. */
export type Effect = {
  readonly action: string;
  readonly args: Arguments;
  readonly key: string;
  readonly fence: number;
};

export type FakeAction = Action & {
  /** How its target is now; change it to move the world. */
  state: Look;
  /** What `run` comes to, and what it waits for. */
  ran: (args: Arguments, context: RunContext) => Promise<Ran>;
  found: "ran" | "not_run" | "unknown" | "recorded";
  /** Whose code it is. */
  extension?: NonNullable<Action["extension"]>;
};

export const aLook = (more: Partial<Look> = {}): Look => ({
  identity: { uid: "6f0c" },
  precondition: { generation: 17 },
  captured: { replicas: 3 },
  facts: ["3 of 3 replicas are ready."],
  blast: { kind: "known", text: "3 pods of shop/checkout, one after the other." },
  ...more,
});

/** Actions that record each effect in the order in which it was made. */
export function fakeActions(names: readonly string[] = ["kubernetes/restart"]) {
  const effects: Effect[] = [];
  const made = new Map<string, FakeAction>();
  for (const name of names) {
    const action: FakeAction = {
      name,
      changes: !name.endsWith("status"),
      state: aLook(),
      ran: async () => ({ outcome: "succeeded", output: "done" }),
      found: "recorded",
      check: (args) => (args["name"] === "wrong" ? "name must not be wrong" : undefined),
      look: async () => action.state,
      simulate: async (args) => ({ kind: "simulated", text: `would restart ${String(args["name"])}` }),
      async run(args, context) {
        effects.push({ action: name, args, key: context.key, fence: context.fence });
        return action.ran(args, context);
      },
      async probe(_, { key }) {
        const found = action.found;
        if (found === "recorded")
          return { found: effects.some((one) => one.key === key) ? "ran" : "not_run", text: "its record says so" };
        return { found, text: "as the test says" };
      },
    };
    made.set(name, action);
  }
  const actions: Actions = {
    get: (name) => made.get(name),
    all: () => [...made.values()],
    whyMissing: (name) => `no executor for ${name} is configured`,
    stop: async () => {},
  };
  return { actions, effects, action: (name = names[0]!) => made.get(name)! };
}
