/**
 * An example of an executor: it turns switches of an HTTP service on and off. CONTRIBUTING.md walks through it.
 *
 *   runbooks:
 *     executors:
 *       extension:
 *         - {name: shop, uses: switchboard, environment: production,
 *            settings: {url: "https://switches.example.com"}, secrets: {token: /run/secrets/switches}}
 *
 * The service: GET /switches/NAME gives { id, state, revision }; PUT /switches/NAME with { state } sets it, once for an Idempotency-Key, and
 * only where If-Match is its revision (412 otherwise); GET /changes/KEY is 200 for a change that was made, and 404 for one that never came.
 */
import type { Entry, Executor, ExecutorKit, Extension, Hands } from "../../../src/ports/extension.ts";

const SWITCH = {
  type: "string",
  pattern: "^[a-z][a-z0-9-]{0,39}$",
  description: "lower-case letters, digits and dashes",
} as const;

const executor: Executor = {
  what: "switchboard",
  settings: {
    properties: {
      url: {
        type: "string",
        pattern: "^(?:https://[A-Za-z0-9.-]+(?::[0-9]+)?|http://127\\.0\\.0\\.1:[0-9]+)$",
        description: "https://, or http:// on this machine",
      },
    },
    required: ["url"],
  },
  secrets: { token: { required: true } },
  actions: {
    set: {
      changes: true,
      arguments: {
        properties: { switch: SWITCH, state: { type: "string", enum: ["on", "off"] } },
        required: ["switch", "state"],
      },
      // For the way back: {{ captured.before }}.
      captures: ["before"],
    },
    read: { changes: false, arguments: { properties: { switch: SWITCH }, required: ["switch"] } },
  },
  open: (entry, kit) => {
    const board = connect(entry, kit);
    return { set: set(entry.name, board), read: read(entry.name, board) };
  },
};

export default { contract: 1, executor } satisfies Extension;

type Switch = { readonly id: string; readonly state: string; readonly revision: number };
type Board = ReturnType<typeof connect>;

/** Requests to the service. Its answers come from outside: only what is used is taken, and only in the form that is wanted. */
function connect({ settings, secrets }: Entry, kit: ExecutorKit) {
  async function ask(method: string, path: string, signal: AbortSignal, more: RequestInit = {}): Promise<Response> {
    const authorization = `Bearer ${secrets["token"]?.reveal()}`;
    const headers = { authorization, "content-type": "application/json", ...more.headers };
    return fetch(`${settings["url"]}${path}`, { ...more, method, headers, signal, redirect: "error" });
  }
  return {
    ask,
    async find(name: string, signal: AbortSignal): Promise<Switch> {
      const answer = await ask("GET", `/switches/${name}`, signal);
      if (answer.status >= 500) throw kit.unreachable(`it failed (${answer.status})`);
      if (answer.status === 404) throw kit.refused(404, `there is no switch ${name}`);
      if (!answer.ok) throw kit.refused(answer.status, `it refused (${answer.status})`);
      const { id, state, revision } = (await answer.json()) as Partial<Switch>;
      if (typeof id !== "string" || (state !== "on" && state !== "off") || typeof revision !== "number")
        throw kit.unreachable("its answer is no switch");
      return { id, state, revision };
    },
  };
}

function set(entry: string, { ask, find }: Board): Hands {
  return {
    async look(args, signal) {
      const name = String(args["switch"]);
      const { id, state, revision } = await find(name, signal);
      return {
        // Another switch of the same name has another id. What changes meanwhile has another revision: then it is asked for anew.
        identity: { id },
        precondition: { state, revision },
        captured: { before: state },
        facts: [`The switch ${name} of ${entry} is ${state}.`],
        blast: { kind: "known", text: `Whoever asks ${entry} for ${name} from then on.` },
      };
    },
    simulate: async (args, look) => ({
      kind: "simulated",
      text: `It would be turned from ${look.precondition["state"]} to ${args["state"]}.`,
    }),
    async run(args, { key, precondition, signal, progress }) {
      progress(`turning ${args["switch"]} ${args["state"]}`);
      const headers = { "idempotency-key": key, "if-match": String(precondition["revision"]) };
      const body = JSON.stringify({ state: args["state"] });
      // What is thrown here, such as a connection that breaks, means that it may have happened: the bot asks `probe` then.
      const answer = await ask("PUT", `/switches/${args["switch"]}`, signal, { headers, body });
      if (answer.ok) return { outcome: "succeeded", output: `${args["switch"]} is ${args["state"]}.` };
      if (answer.status >= 500) return { outcome: "unknown", output: `It failed (${answer.status}).` };
      const why = answer.status === 412 ? "somebody else turned it meanwhile" : `it refused (${answer.status})`;
      return { outcome: "failed", output: `Nothing was done: ${why}.` };
    },
    async probe(_args, { key, signal }) {
      const { status } = await ask("GET", `/changes/${key}`, signal);
      if (status === 200) return { found: "ran", text: "The service made the change." };
      if (status === 404) return { found: "not_run", text: "The service knows of no such change." };
      return { found: "unknown", text: `The service answered ${status}.` };
    },
  };
}

/** What only reads looks, and says what it saw: no dry run and no `probe` are needed. */
function read(entry: string, { find }: Board): Hands {
  return {
    look: async () => ({
      identity: {},
      precondition: {},
      captured: {},
      facts: [],
      blast: { kind: "known", text: "Nothing: it only reads." },
    }),
    async run(args, { signal }) {
      const { state, revision } = await find(String(args["switch"]), signal);
      return { outcome: "succeeded", output: `${args["switch"]} of ${entry} is ${state} (revision ${revision}).` };
    },
  };
}
