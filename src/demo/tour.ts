import { measure } from "./ready.ts";
import type { TouredWorld } from "./run.ts";

/** What the tour reads of a reply. */
export type TourReply = {
  readonly intent: string;
  readonly reply_text: string;
  readonly values: readonly { readonly value: number; readonly unit: string }[];
  readonly proposed_actions?: readonly { readonly status: string; readonly executed: boolean }[];
};

/** What a step expects: every part that is given has to hold. */
export type Expectation = {
  /** Each has to be found in the text. */
  readonly says?: readonly RegExp[];
  readonly neverSays?: RegExp;
  readonly intent?: readonly string[];
  /** One of the reply's values has to be what this query measures in Prometheus at that time, within a fifth. */
  readonly measures?: string;
  /** The text has to name this label's value of the query's first series. */
  readonly names?: { readonly promql: string; readonly label: string };
  /** How many values the reply may state. */
  readonly values?: "none";
  readonly proposal?: "pending" | "none";
};

export type Step = { readonly ask: string; readonly thread: string; readonly expect: Expectation };

const CPU = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))';

/** A walk through the story: what somebody on call would ask in these minutes, and what has to come back. */
export function tourOf({ story }: Pick<TouredWorld, "story">): readonly Step[] {
  const p95 = `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{service="${story.service}"}[5m])))`;
  const exact = (text: string) => new RegExp(text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "i");
  return [
    { ask: "what is wrong?", thread: "start", expect: { says: [exact(story.service)], proposal: "none" } },
    {
      ask: `p95 latency of ${story.service}`,
      thread: "latency",
      expect: { says: [exact(story.service)], measures: p95 },
    },
    {
      ask: `why is ${story.service} slow?`,
      thread: "latency",
      expect: {
        says: [
          exact(story.service),
          new RegExp(`${story.version.replaceAll(".", "\\.")}|deploy|release|rolled out`, "i"),
        ],
      },
    },
    { ask: "which alerts are firing?", thread: "alerts", expect: { says: [/LatencyHigh/, /ErrorRatioHigh/] } },
    {
      ask: `when will the disk of ${story.disk.host} be full?`,
      thread: "disk",
      expect: { says: [exact(story.disk.host), /\d+(?:\.\d+)? ?(?:h|hours?|min)\b|tomorrow|today|\d\d:\d\d/i] },
    },
    {
      ask: "which certificates expire soon?",
      thread: "certificates",
      expect: { says: [exact(story.certificate.domain)] },
    },
    { ask: "top 3 hosts by cpu", thread: "hosts", expect: { names: { promql: `topk(1, ${CPU})`, label: "instance" } } },
    {
      ask: `cpu of ${story.database}`,
      thread: "follow",
      expect: { measures: `1 - avg(rate(node_cpu_seconds_total{mode="idle",instance="${story.database}:9100"}[5m]))` },
    },
    {
      ask: "and memory?",
      thread: "follow",
      expect: {
        says: [exact(story.database)],
        measures: `1 - node_memory_MemAvailable_bytes{instance="${story.database}:9100"} / node_memory_MemTotal_bytes`,
      },
    },
    {
      ask: `how many messages are in ${story.queue}?`,
      thread: "queue",
      expect: { measures: `rabbitmq_queue_messages{queue="${story.queue}"}` },
    },
    {
      ask: `cpu of ${story.down.host}`,
      thread: "down",
      expect: {
        says: [
          /\bdown\b|not answer|does not respond|unreachable|not (?:being )?scraped|scrape (?:fails|failed|is failing)/i,
        ],
      },
    },
    {
      ask: `restart ${story.crashing.deployment}`,
      thread: "change",
      expect: { proposal: "pending", neverSays: /\b(?:restarted|done)\b(?! by)/i },
    },
    { ask: "cpu of pg-9", thread: "unknown", expect: { says: [/pg-9/], values: "none" } },
    {
      ask: "write me a poem about the sea",
      thread: "poem",
      expect: { intent: ["out_of_scope", "smalltalk"], values: "none", proposal: "none" },
    },
  ];
}

/**
 * Asks every step in order, and compares. `ask` sends a text in a conversation. A line per step comes back, with what was
 * wanted and what came where they differ; `ok` is whether all held.
 */
export async function runTour(
  ask: (text: string, thread: string) => Promise<TourReply>,
  world: Pick<TouredWorld, "story" | "prometheusUrl">,
): Promise<{ readonly ok: boolean; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  let ok = true;
  for (const step of tourOf(world)) {
    const reply = await ask(step.ask, `tour-${step.thread}`);
    const wrong = await whatIsWrong(reply, step.expect, (promql) => measure(world.prometheusUrl, promql));
    const [first = ""] = reply.reply_text.split("\n");
    lines.push(
      wrong.length === 0
        ? `ok      ${step.ask} -> ${first}`
        : `FAILED  ${step.ask} -> ${first}\n        ${wrong.join("\n        ")}`,
    );
    if (wrong.length > 0) ok = false;
  }
  return { ok, lines };
}

/** A sentence for each part of the expectation that does not hold. */
export async function whatIsWrong(
  reply: TourReply,
  expect: Expectation,
  ask: (promql: string) => Promise<{ value: number; labels: Record<string, unknown> } | undefined>,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const wanted of expect.says ?? [])
    if (!wanted.test(reply.reply_text)) wrong.push(`wanted ${wanted} in the text`);
  if (expect.neverSays?.test(reply.reply_text)) wrong.push(`did not want ${expect.neverSays} in the text`);
  if (expect.intent !== undefined && !expect.intent.includes(reply.intent))
    wrong.push(`wanted the intent ${expect.intent.join(" or ")}, got ${reply.intent}`);
  if (expect.values === "none" && reply.values.length > 0)
    wrong.push(`wanted no values, got ${reply.values.map(({ value }) => value).join(", ")}`);
  if (expect.measures !== undefined) {
    const truth = await ask(expect.measures);
    if (truth === undefined) wrong.push(`Prometheus has nothing for ${expect.measures}`);
    else if (!reply.values.some((stated) => isNear(inBase(stated), truth.value))) {
      wrong.push(
        `wanted a value near ${truth.value}, got ${reply.values.map(({ value, unit }) => `${value} ${unit}`).join(", ") || "none"}`,
      );
    }
  }
  if (expect.names !== undefined) {
    const truth = await ask(expect.names.promql);
    const name = String(truth?.labels[expect.names.label] ?? "").replace(/:\d+$/, "");
    if (name === "" || !reply.reply_text.includes(name))
      wrong.push(`wanted ${name || "a name that Prometheus did not tell"} in the text`);
  }
  const proposals = reply.proposed_actions ?? [];
  if (expect.proposal === "none" && proposals.length > 0) wrong.push(`wanted no proposal, got ${proposals.length}`);
  if (
    expect.proposal === "pending" &&
    (proposals.length === 0 || proposals.some(({ status, executed }) => status !== "pending" || executed))
  ) {
    wrong.push(`wanted one pending proposal, got ${JSON.stringify(proposals)}`);
  }
  return wrong;
}

function inBase({ value, unit }: { readonly value: number; readonly unit: string }): number {
  return unit === "milliseconds" || unit === "ms"
    ? value / 1000
    : unit === "percent" || unit === "%"
      ? value / 100
      : value;
}

/** The world moves between the two looks. */
function isNear(stated: number, truth: number): boolean {
  return Math.abs(stated - truth) <= 0.2 * Math.max(Math.abs(truth), 1e-9);
}
