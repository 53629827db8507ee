import { describe, expect, it } from "vitest";
import { type Card, plainText } from "../../src/core/card.ts";
import type { Route } from "../../src/core/incident/route.ts";
import { deliver } from "../../src/flows/deliver.ts";
import { move } from "../../src/flows/move.ts";
import type { Outgoing } from "../../src/ports/outbox.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { NeverError } from "../../src/util/errors.ts";
import { RETENTION } from "../contracts/store.ts";

/** Messages for channels that cannot be written to, from the outbox to the fallback. */

const NOW = 1_790_000_000;
const place = (channel: string) => ({ platform: "slack", channel, thread: "" });
const route = (name: string, more: Partial<Route> = {}): Route => ({ name, to: [place(name)], goesOn: false, ...more });
const FALLBACK = [
  route("C1"),
  route("C2", { isFallback: true }),
  route("C3", { isFallback: true, severities: ["info"] }),
];
const card = (title: string): Card => ({
  title,
  tone: "info",
  blocks: [
    {
      kind: "buttons",
      buttons: [
        {
          label: "Write",
          style: "primary",
          action: { kind: "decide", decision: "silence_write", proposal: "s", code: "x" },
        },
        { label: "Why?", style: "plain", action: { kind: "ask", text: "why" } },
      ],
    },
  ],
});

function desk(routes: readonly Route[] = FALLBACK, reason = "is_archived") {
  const store = createMemoryStore({ retention: RETENTION });
  const shown: string[] = [];
  const open = new Set<string>();
  const sent: { channel: string; text: string; edited: boolean; buttons: readonly string[] }[] = [];
  const deps = {
    ...{ store, routes, clock: () => NOW, wake: () => {} },
    showProposal: async (id: string, to: { channel: string }) => {
      shown.push(`${id} in ${to.channel}`);
      return open.has(id);
    },
  };
  const round = deliver({
    ...{ outbox: store.outbox, clock: () => NOW, pause: async () => {}, chance: () => 0 },
    sender: {
      platform: "slack",
      async send({ place: { channel }, card: one }, edited) {
        if (channel === "C1") throw new NeverError(reason);
        const buttons = one.blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons : []));
        sent.push({
          channel,
          text: plainText(one),
          edited: edited !== undefined,
          buttons: buttons.map(({ label }) => label),
        });
        return `${channel}/${sent.length}`;
      },
    },
    report: () => {},
    hopeless: (message, why) => move(deps, message, why),
  });
  async function say(id: string, more: Partial<Outgoing> = {}): Promise<void> {
    await store.outbox.put({ id, place: place("C1"), card: card(id), at: NOW, ...more });
    do await round(new AbortController().signal);
    while ((await store.outbox.waiting("slack")).count > 0);
  }
  return { store, say, sent, shown, open };
}

describe("a message for a channel that cannot be written to", () => {
  it("stands in the fallback with where it was meant for, after one note about the channel, without buttons that decide", async () => {
    const { say, sent } = desk();
    for (const id of ["digest:weekly@1:0", "silence:sil-1:0", "rollout:r1:slack/C1"]) await say(id);
    expect(sent.map(({ channel }) => channel)).toEqual(["C2", "C2", "C2", "C2"]);
    expect(sent[0]?.text).toMatch(/slack C1 cannot be written to.*\nIt says: .*is_archived/);
    expect(sent.slice(1).map(({ text }) => text.split("\n")[0])).toEqual([
      "digest:weekly@1:0",
      "silence:sil-1:0",
      "rollout:r1:slack/C1",
    ]);
    expect(sent[1]?.text).toContain("Meant for slack C1.");
    expect(sent[2]?.buttons).toEqual(["Why?"]);
  });

  it("is edited there as it goes on", async () => {
    const { say, sent } = desk();
    const id = "anomaly:g1:slack/C1";
    await say(id);
    await say(`${id}:2:abc`, { edits: id, card: card("it is over") });
    expect(sent.map(({ text, edited }) => [text.split("\n")[0], edited]).slice(1)).toEqual([
      [id, false],
      ["it is over", true],
    ]);
  });

  it("is its own card where it is a proposal that waits, and only told where that is decided", async () => {
    const { say, sent, shown, open } = desk();
    open.add("P-1");
    await say("proposal:P-1:0");
    expect(sent).toHaveLength(1);
    await say("proposal:P-2:0");
    expect(shown).toEqual(["P-1 in C2", "P-2 in C2"]);
    expect(sent.at(-1)).toMatchObject({ channel: "C2", buttons: ["Why?"] });
  });

  it("is not doubled where it stands in the fallback anyway", async () => {
    const { store, say, sent } = desk();
    await say("rollout:r1:slack/C2", { place: place("C2") });
    await say("rollout:r1:slack/C1");
    const digest = { kind: "weekly", from: 0, to: 1, madeAt: 1 } as never;
    const kept = { id: "weekly@1", name: "weekly", slot: 1, revision: 1, missed: 0, zone: "UTC", digest };
    await store.digests.keep({ ...kept, places: [place("C1"), place("C2")] });
    await say("digest:weekly@1:0");
    expect(sent.map(({ text }) => text.split("\n")[0])).toEqual(["rollout:r1:slack/C2"]);
  });

  it.each([
    ["an answer", "answer:slack:1", "is_archived", FALLBACK],
    ["one of an incident, which goes there itself", "incident:inc-1:0", "is_archived", FALLBACK],
    ["one that somebody deleted", "digest:weekly@1:0", "message_not_found", FALLBACK],
    ["one that no fallback is for", "digest:weekly@1:0", "is_archived", [route("C1")]],
    ["one of the fallback itself", "digest:weekly@1:0", "is_archived", [route("C1", { isFallback: true })]],
  ])("stays lost where it is %s", async (_, id, reason, routes) => {
    const { say, sent } = desk(routes, reason);
    await say(id);
    expect(sent).toEqual([]);
  });
});
