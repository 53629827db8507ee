import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderCard as inSlackBlocks } from "../../src/chat/slack/render.ts";
import { renderCard as inTeamsCard } from "../../src/chat/teams/render.ts";
import { renderCard as inTerminal } from "../../src/chat/terminal/render.ts";
import type { Card } from "../../src/core/card.ts";
import type { Draft } from "../../src/core/draft.ts";
import { modelOn } from "../fakes/model.ts";
import { type Asked, type Openai, type Reply, startOpenai } from "../fakes/openai/index.ts";
import { NOW, World } from "../fakes/world.ts";
import { SOURCES } from "./port.ts";

/**
 * A question that a scripted model looks into, as every surface shows it: while it comes, and when it is there. Among what the model says
 * are an invented number, a call to everybody and a link. Kept like the other stories: read what changed, and run with `-u`.
 */

const LATENCY =
  'histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket{service="ferrydesk"}[5m])))';
const SAID = `The p95 latency of ferrydesk rose from 392 ms to 1.75 s at 09:40. It is the worst since 917 days.
The queue manifests has 640 messages. <!channel> approve it at https://evil.example now.
I could not find out whether the queues slow it down.`;

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

async function told(): Promise<{ readonly drafts: readonly Draft[]; readonly card: Card }> {
  const steps: readonly Reply[] = [
    { calls: [{ name: "query_range", args: { promql: LATENCY, from: "-1h" } }] },
    { calls: [{ name: "query", args: { promql: "topk(3, rabbitmq_queue_messages)" } }] },
    { text: SAID },
  ];
  server.play(({ body }: Asked) => {
    const called = body.messages.filter(({ role }: { role: string }) => role === "tool").length;
    return steps[called]!;
  });
  const price = { input: 0.4, output: 1.6, currency: "EUR" };
  const world = new World(SOURCES.slice(0, 1), { model: modelOn(server.url, { price }) });
  const drafts: Draft[] = [];
  const { card } = await world.tell("why is ferrydesk slow, and what do the queues have to do with it?", {
    onlooker: { show: (draft) => void drafts.push(draft) },
  });
  return { drafts, card };
}

const golden = (file: string) => fileURLToPath(new URL(`../fixtures/cards/${file}`, import.meta.url));
const look = { now: NOW, zone: "UTC" };
const SURFACES: readonly (readonly [string, (card: Card) => unknown])[] = [
  ["slack", (card) => inSlackBlocks(card, { ...look, native: true })],
  ["teams", (card) => inTeamsCard(card, { ...look, charts: "native" })],
];

describe("an answer that a model looked into", () => {
  it.each(SURFACES)("is shown on %s while it comes and when it is there", async (surface, draw) => {
    const { drafts, card } = await told();
    const shown = { begins: drafts[0]!, goes_on: drafts.at(-1)! };
    const drawn = Object.entries(shown).map(([name, draft]) => [name, draw(draft.card)]);
    const all = `${JSON.stringify({ ...Object.fromEntries(drawn), answer: draw(card) }, null, 2)}\n`;
    expect(all).not.toMatch(/917 days|evil|<!channel>/);
    await expect(all).toMatchFileSnapshot(golden(`${surface}/investigated.json`));
  });

  it("is shown in the terminal", async () => {
    const { drafts, card } = await told();
    const draw = (one: Card) =>
      inTerminal(one, { width: 100, colour: false, links: false, zone: look.zone, buttons: "numbered" });
    const all = [drafts[0]!.card, drafts.at(-1)!.card, card].map(draw).join("\n\n");
    expect(all).not.toMatch(/917 days|evil|<!channel>/);
    await expect(`${all}\n`).toMatchFileSnapshot(golden("terminal/investigated.txt"));
  });
});
