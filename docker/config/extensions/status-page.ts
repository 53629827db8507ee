/**
 * An example of a notifier: it opens an incident on a status page, adds to it, and ends it. CONTRIBUTING.md walks through it.
 *
 *   notifiers:
 *     extension:
 *       - {name: public-status, uses: status-page, settings: {url: "https://status.example.com"}, secrets: {token: /run/secrets/status}}
 *
 * The page: PUT /incidents/ID with { title, open } makes or changes one; PUT /incidents/ID/updates/UPDATE with { text } adds to it, once for an
 * UPDATE; GET /health answers.
 */
import type { Entry, Extension, NotifierKit, NotifierMaker } from "../../../src/ports/extension.ts";

const notifier: NotifierMaker = {
  what: "status page",
  hasEnd: true,
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
  open: (entry, kit) => {
    const ask = connect(entry, kit);
    return {
      async tell({ id, kind, title, lines, incident }, { reference }, signal) {
        // Nobody needs to hear of the end of what they never heard of.
        if (reference === undefined && (kind === "resolved" || kind === "acknowledged")) return "";
        // Our own id is its address there, so telling the same twice has the effect of one, whatever became of the first attempt.
        const path = `/incidents/${encodeURIComponent(incident.id)}`;
        await ask("PUT", path, signal, { title, open: kind !== "resolved" });
        await ask("PUT", `${path}/updates/${encodeURIComponent(id)}`, signal, { text: [title, ...lines].join("\n") });
        return incident.id;
      },
      async check(signal) {
        await ask("GET", "/health", signal);
        return "it answers";
      },
    };
  },
};

export default { contract: 1, notifier } satisfies Extension;

/** Seconds until somebody may have renewed a token that was refused. */
const REFUSED_SECONDS = 120;

function connect({ settings, secrets }: Entry, kit: NotifierKit) {
  return async (method: string, path: string, signal: AbortSignal, body?: object): Promise<void> => {
    const headers = { authorization: `Bearer ${secrets["token"]?.reveal()}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${settings["url"]}${path}`, { method, headers, signal, redirect: "error", ...sent });
    const said = (await answer.text()).slice(0, 200);
    if (answer.ok) return;
    if (answer.status === 401 || answer.status === 403) throw kit.notNow("it refuses the token", REFUSED_SECONDS, true);
    if (answer.status === 429)
      throw kit.notNow("it asks for fewer requests", Number(answer.headers.get("retry-after") ?? 0), true);
    if (answer.status >= 500) throw kit.notNow(`it failed (${answer.status})`);
    throw kit.never(`it refused (${answer.status}): ${said}`);
  };
}
