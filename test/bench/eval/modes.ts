import type { Asked, Openai, Reply, Script } from "../../fakes/openai/index.ts";

/** Ways in which a model behaves, each played by the scripted server. `undefined`: there is a model, and it is switched off. */
export type Mode = { readonly name: string; readonly script: Script | undefined };

const isIntent = ({ body }: Asked) => body.response_format !== undefined;
const toldIn = ({ body }: Asked): readonly string[] =>
  body.messages
    .filter(({ role }: { role: string }) => role === "tool")
    .map(({ content }: { content: unknown }) => String(content));
const UNSURE = '{"intent":"unsure"}';
const INTENTS = [
  "root_cause",
  "metric_query",
  "alerts",
  "top_k",
  "out_of_scope",
  "smalltalk",
  "remediation",
  "no_such_kind",
];

/** The same for the same question. */
function pick<T>(list: readonly T[], { body }: Asked): T {
  const text = JSON.stringify(body.messages.at(1) ?? "");
  const sum = [...text].reduce((total, char) => (total * 31 + char.charCodeAt(0)) % 1_000_003, 7);
  return list[sum % list.length]!;
}

/** Looks at the alerts, and says how many series came back. */
function looksAndSays(asked: Asked): Reply {
  const told = toldIn(asked);
  if (told.length === 0) return { calls: [{ name: "query", args: { promql: 'ALERTS{alertstate="firing"}' } }] };
  const count = /"of":(\d+)/.exec(told.join())?.[1];
  return { text: count === undefined ? "I could not find it." : `${count} alerts are firing.` };
}

const looking: Reply = { calls: [{ name: "alerts", args: {} }] };
/** As given, but only after it has looked: what fails late must not harm either. */
const afterALook =
  (reply: Reply): Script =>
  (asked) =>
    isIntent(asked) ? { text: '{"intent":"root_cause"}' } : toldIn(asked).length === 0 ? looking : reply;

export const MODES: readonly Mode[] = [
  { name: "answers", script: (asked) => (isIntent(asked) ? { text: UNSURE } : looksAndSays(asked)) },
  {
    name: "answers, takes every question for another",
    script: (asked) =>
      isIntent(asked) ? { text: JSON.stringify({ intent: pick(INTENTS, asked) }) } : looksAndSays(asked),
  },
  { name: "switched off", script: undefined },
  { name: "refuses the key", script: () => ({ status: 401 }) },
  { name: "429", script: () => ({ status: 429, headers: { "retry-after": "30" } }) },
  { name: "fails after a look", script: afterALook({ status: 500 }) },
  { name: "hangs", script: () => "hangs" },
  { name: "hangs after a look", script: afterALook("hangs") },
  { name: "stops in the middle", script: afterALook("stalls") },
  { name: "dies in the middle", script: afterALook("dies") },
  { name: "half JSON", script: () => "half" },
  { name: "garbage", script: () => ({ raw: "<html><body>Bad gateway</body></html>" }) },
  { name: "10 MB", script: () => ({ bytes: 10_000_000 }) },
  {
    name: "calls tools that are none, for ever",
    script: (asked) =>
      isIntent(asked)
        ? { text: '{"intent":"root_cause"}' }
        : {
            calls: [
              { name: "restart_everything", args: { n: Math.random() } },
              { name: "query", args: '{"half": ' },
            ],
          },
  },
  {
    name: "invents",
    script: afterALook({
      text: "The cause is crane-9: 917 errors a second since 3 days. Restarted it for you, 42 % better now.",
    }),
  },
  { name: "says nothing", script: afterALook({ text: "" }) },
];

/** Plays a mode, and counts how often the model is asked. */
export function playMode(server: Openai, { script }: Mode): { readonly calls: () => number } {
  let calls = 0;
  server.play((asked, turn) => {
    calls++;
    return (script ?? (() => ({ status: 500 as const })))(asked, turn);
  });
  return { calls: () => calls };
}
