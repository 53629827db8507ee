import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { readDecided } from "../../../src/chat/teams/decide-action.ts";
import { CARD_BYTES, renderCard } from "../../../src/chat/teams/render.ts";
import { bytesOf } from "../../../src/chat/teams/text.ts";
import type { Card } from "../../../src/core/card.ts";
import { shortHash } from "../../../src/core/proposal.ts";
import {
  argumentsOf,
  CONTEXT,
  cardOf,
  numbersFrom,
  proposalOf,
  RAW,
  randomProposal,
  readBack,
  riskyCard,
} from "../proposals.ts";

// biome-ignore lint/suspicious/noExplicitAny: the test looks into elements of every kind
type Any = any;
const render = (card: Card): Any => renderCard(card, { now: 1_790_000_000, zone: "UTC", charts: "native" }).content;
const fixedOf = (content: Any): string[] =>
  content.body.flatMap(({ inlines = [] }: Any) =>
    inlines.length === 1 && inlines[0].fontType === "Monospace" ? [inlines[0].text] : [],
  );
const wordsOf = (content: Any): string =>
  content.body.map(({ inlines = [] }: Any) => inlines.map((run: Any) => run.text).join("")).join("\n");
/** Every action in it, those of the forms included. */
const actionsOf = (content: Any): Any[] =>
  (content.actions ?? []).flatMap((action: Any) => [action, ...actionsOf(action.card ?? {})]);
const sendsOf = (content: Any): Any[] => actionsOf(content).filter(({ type }) => type === "Action.Execute");

describe("a proposal's card in Teams", () => {
  it("shows every fact whole, in runs that read no markdown, and the arguments in fixed width", () => {
    const content = render(cardOf());
    for (const fact of [
      "Runbook: restart-deployment (version 4f4f4f4f4f4f)",
      "Target: deployment shop/checkout in production",
      "name: checkout (asked for)",
      "Asked by: Ann Archer (slack U0ANN)",
      "Risk: medium",
    ])
      expect(wordsOf(content)).toContain(fact);
    expect(fixedOf(content)).toEqual(argumentsOf(proposalOf()));
  });

  it("has the same facts in the same order as in Slack", async () => {
    const slack = await import("../../../src/chat/slack/render.ts");
    const blocks: Any = slack.renderCard(cardOf(), { now: 0, zone: "UTC", native: true }).blocks;
    const theirs = blocks
      .flatMap((block: Any) => (block.type === "rich_text" ? block.elements : []))
      .map((element: Any) => element.elements.map(({ text }: Any) => text).join(""))
      .join("\n");
    expect(wordsOf(render(cardOf()))).toContain(theirs);
  });

  it("carries version, id and code, asks before an approval counts, and has no form that comes as a message", () => {
    const proposal = proposalOf();
    const content = render(proposalCard(proposal, CONTEXT));
    expect(content.actions.map(({ title, type }: Any) => [title, type])).toEqual([
      ["Approve", "Action.ShowCard"],
      ["Reject", "Action.ShowCard"],
      ["Dry run", "Action.Execute"],
      ["Change", "Action.ShowCard"],
      ["Details", "Action.Execute"],
    ]);
    const [approve] = content.actions;
    expect(JSON.stringify(approve.card.body)).toContain("Restart a deployment: shop/checkout. Risk: medium.");
    expect(approve.card.actions[0].data).toEqual({
      action: { kind: "decide", decision: "approve", about: `v1|P-7QK4|${shortHash(proposal.hash)}` },
    });
    expect(sendsOf(content).map(({ fallback }) => fallback)).toEqual(Array(5).fill("drop"));
    expect(JSON.stringify(content)).not.toContain("Action.Submit");
  });

  it("asks for the code and a reason where the policy wants them, each under an id of its own", () => {
    const content = render(riskyCard());
    const inputs = actionsOf(content)
      .flatMap(({ card }) => card?.body ?? [])
      .filter(({ type }) => type === "Input.Text");
    const ids = inputs.map(({ id }) => id);
    expect(ids).toEqual(["approve/typed", "approve/reason", "reject/reason", "change/namespace", "change/name"]);
    expect(inputs.map(({ isRequired }) => isRequired)).toEqual([true, true, false, true, true]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("reads what its own buttons carry, with what was typed under that button alone", () => {
    const [send] = sendsOf(render(cardOf()));
    const data = { ...send.data, "approve/typed": "1a2b3c4d", "reject/reason": "no", other: 1, "approve/more": 7 };
    expect(readDecided({ action: { type: "Action.Execute", verb: "decide", data }, trigger: "manual" })).toEqual({
      decision: "approve",
      proposal: "P-7QK4",
      code: shortHash(proposalOf().hash),
      fields: { typed: "1a2b3c4d" },
    });
    const about = (value: unknown, more = {}) => ({
      action: { data: { action: { kind: "decide", decision: "approve", about: value, ...more } } },
    });
    for (const hostile of [
      about("v1|P1"),
      about("v2|P1|abc"),
      about("v1|P1' OR 1=1 --|abc"),
      about({ $ne: null }),
      about("v1|P1|abc", { decision: "approve_all" }),
      about("v1|P1|abc", { decision: "constructor" }),
      about("v1|P1|abc", { more: 1 }),
      about("v1|P1|abc", { kind: "ask" }),
      { action: { type: "Action.Submit", data: send.data } },
      { action: { data: null } },
      null,
      "approve",
    ])
      expect(readDecided(hostile)).toBeUndefined();
  });

  it("is without buttons where Teams cannot show the whole of it, and says where it can be decided", () => {
    const step = { name: "call", uses: "http/call", with: { body: "x".repeat(22_000) } };
    const content = render(cardOf({ steps: [step] }));
    expect(sendsOf(content)).toEqual([]);
    expect(bytesOf(content)).toBeLessThanOrEqual(CARD_BYTES);
    expect(wordsOf(content)).toContain("too long for Teams to show whole, so it cannot be decided about here");
    expect(wordsOf(content)).toContain("smartcloudops proposals show P-7QK4");
  });

  it("lets a long dry run give way, never a fact or a button", () => {
    const text = "one line of what it would do\n".repeat(2000);
    const content = render(cardOf({}, { simulated: { by: "Ann", at: 1_790_000_000, text } }));
    expect(fixedOf(content)).toEqual(argumentsOf(proposalOf()));
    expect(sendsOf(content)).toHaveLength(5);
    expect(bytesOf(content)).toBeLessThanOrEqual(CARD_BYTES);
  });

  it("has no buttons left once it is decided", () => {
    for (const status of ["rejected", "expired", "superseded", "withdrawn", "failed"] as const)
      expect(actionsOf(render(cardOf({}, { status }))).filter(({ verb }) => verb === "decide")).toEqual([]);
  });

  it("shows what 10,000 random proposals would run, byte for byte, or cannot be approved", { timeout: 600_000 }, () => {
    const random = numbersFrom(5);
    let whole = 0;
    for (let i = 0; i < 10_000; i++) {
      const proposal = randomProposal(random);
      const payload = JSON.stringify(render(proposalCard(proposal, CONTEXT)));
      if (Buffer.byteLength(payload) > CARD_BYTES) throw new Error(`${Buffer.byteLength(payload)} bytes`);
      if (RAW.test(payload)) throw new Error(`raw: ${payload.slice(0, 3000)}`);
      if (/\{\{\s*(DATE|TIME)/.test(payload)) throw new Error(`a function: ${payload.slice(0, 3000)}`);
      const content = JSON.parse(payload);
      if (sendsOf(content).length === 0) {
        expect(payload).toContain("cannot be decided about here");
        continue;
      }
      whole++;
      expect(fixedOf(content).map(readBack)).toEqual(argumentsOf(proposal));
    }
    expect(whole).toBeGreaterThan(8000);
  });
});
