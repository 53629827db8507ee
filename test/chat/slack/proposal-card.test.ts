import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { renderPrivate } from "../../../src/chat/slack/cards.ts";
import { readCarried } from "../../../src/chat/slack/decide-button.ts";
import { LIMIT, lengthOf, type Rendered, renderCard } from "../../../src/chat/slack/render.ts";
import type { Card } from "../../../src/core/card.ts";
import { shortHash } from "../../../src/core/proposal.ts";
import { complaintAbout } from "../../fakes/slack/limits.ts";
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

// biome-ignore lint/suspicious/noExplicitAny: the test looks into blocks of every kind
type Any = any;
const LOOK = { now: 1_790_000_000, zone: "UTC", native: true };
const render = (card: Card) => renderCard(card, LOOK);

const buttonsOf = ({ blocks }: Rendered): Any[] =>
  blocks.flatMap((block: Any) => (block.type === "actions" ? block.elements : []));
const decisionsOf = (rendered: Rendered) =>
  buttonsOf(rendered).filter((button) => button.action_id.startsWith("decide:"));
const fixedOf = ({ blocks }: Rendered): string[] =>
  blocks.flatMap((block: Any) =>
    block.type !== "rich_text"
      ? []
      : block.elements
          .filter((one: Any) => one.type === "rich_text_preformatted")
          .map((one: Any) => one.elements.map((text: Any) => text.text).join("")),
  );

function factsOf({ blocks }: Rendered): string {
  return blocks
    .flatMap((block: Any) => (block.type === "rich_text" ? block.elements : []))
    .map((element: Any) => element.elements.map((text: Any) => text.text).join(""))
    .join("\n");
}

describe("a proposal's card in Slack", () => {
  it("shows every fact whole, and the arguments of each step in fixed width", () => {
    const rendered = render(cardOf());
    const facts = factsOf(rendered);
    for (const fact of [
      "Runbook: restart-deployment (version 4f4f4f4f4f4f)",
      "Target: deployment shop/checkout in production",
      "name: checkout (asked for)",
      "Touches: 3 pods of deployment shop/checkout, one at a time; 2 keep serving.",
      "Asked by: Ann Archer (slack U0ANN)",
      "Risk: medium",
      "Who may approve: 1 of oncall; not Ann Archer, who asked",
    ])
      assert.ok(facts.includes(fact), `${fact}\nin\n${facts}`);
    assert.deepEqual(fixedOf(rendered), argumentsOf(proposalOf()));
    assert.equal(complaintAbout(rendered.blocks, LIMIT.blocks, new Set()), undefined);
  });

  it("carries version, id and code on its buttons and nothing else, and asks before an approval counts", () => {
    const proposal = proposalOf();
    const buttons = decisionsOf(render(proposalCard(proposal, CONTEXT)));
    assert.deepEqual(
      buttons.map(({ action_id: id }) => id),
      ["decide:approve:0", "decide:reject:1", "decide:dry_run:2", "decide:change:3", "decide:details:4"],
    );
    const key = `v1|P-7QK4|${shortHash(proposal.hash)}`;
    assert.equal(buttons[0].value, key);
    assert.equal(buttons[4].value, key);
    assert.ok(buttons.every(({ value }) => value.startsWith(key)));
    assert.deepEqual(
      [buttons[0].confirm.title.text, buttons[0].confirm.confirm.text, buttons[0].confirm.deny.text],
      ["Run this?", "Approve", "Back"],
    );
    assert.match(buttons[0].confirm.text.text, /^Restart a deployment: shop\/checkout\. Risk: medium\./);
    assert.deepEqual(readCarried(buttons[1].action_id, buttons[1].value)?.fields, [
      { id: "reason", label: "Reason", isRequired: false },
    ]);
    assert.equal(readCarried(buttons[0].action_id, buttons[0].value)?.fields, undefined);
  });

  it("asks for the code and a reason where the policy wants them", () => {
    const [approve] = decisionsOf(render(riskyCard()));
    assert.deepEqual(
      readCarried(approve.action_id, approve.value)?.fields?.map(({ id, isRequired }) => [id, isRequired]),
      [
        ["typed", true],
        ["reason", true],
      ],
    );
  });

  it("reads nothing that it did not write off a button", () => {
    for (const [id, value] of [
      ["decide:approve:0", "v1|P1"],
      ["decide:approve:0", "v2|P1|abc"],
      ["decide:approve:0", "v1|P1' OR 1=1 --|abc"],
      ["decide:approve:0", '{"id":{"$ne":null}}'],
      ["decide:approve:0", "v1|P1|abc|"],
      ["decide:approve:0", "v1|P1|abc|[]"],
      ["decide:approve:0", 'v1|P1|abc|[{"id":"x","label":"y","isRequired":true,"more":1}]'],
      ["decide:approve_all:0", "v1|P1|abc"],
      ["decide:constructor:0", "v1|P1|abc"],
      ["ask:0", "v1|P1|abc"],
      ["decide:approve", "v1|P1|abc"],
    ] as const)
      assert.equal(readCarried(id, value), undefined, `${id} ${value}`);
  });

  it("lets a long dry run and many steps give way, never a fact or a button", () => {
    const text = "one line of what it would do\n".repeat(2000);
    const rendered = render(cardOf({}, { simulated: { by: "Ann", at: LOOK.now, text } }));
    assert.deepEqual(fixedOf(rendered), argumentsOf(proposalOf()));
    assert.equal(decisionsOf(rendered).length, 5);
    assert.ok(lengthOf(rendered.blocks) <= LIMIT.sum);
    assert.match(JSON.stringify(rendered.blocks), /more pieces? of text/);
  });

  it("is without buttons where Slack cannot show the whole of it, and says where it can be decided", () => {
    for (const length of [3001, 12_000]) {
      const step = { name: "call", uses: "http/call", with: { body: "x".repeat(length) } };
      const rendered = render(cardOf({ steps: [step] }));
      assert.deepEqual(decisionsOf(rendered), []);
      const shown = JSON.stringify(rendered.blocks);
      assert.match(shown, /too long for Slack to show whole, so it cannot be decided about here/);
      assert.match(shown, /smartcloudops proposals show P-7QK4/);
      assert.equal(complaintAbout(rendered.blocks, LIMIT.blocks, new Set()), undefined);
      assert.ok(lengthOf(rendered.blocks) <= LIMIT.sum);
    }
    const two = Array.from({ length: 5 }, (_, i) => ({
      name: `${i}`,
      uses: "http/call",
      with: { body: "x".repeat(2500) },
    }));
    assert.deepEqual(decisionsOf(render(cardOf({ steps: two }))), []);
  });

  it("begins a form empty where its values are too long for a button, and says so where even that is", () => {
    const long = { value: "v".repeat(1950), origin: "user" as const };
    const change = (card: Card) =>
      decisionsOf(render(card)).find(({ action_id: id }) => id.startsWith("decide:change"));
    const empty = change(cardOf({ params: { a: long } }));
    assert.deepEqual(readCarried(empty.action_id, empty.value)?.fields, [{ id: "a", label: "a", isRequired: true }]);
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`parameter_number_${i}`, { value: 1, origin: "user" as const }]),
    );
    const none = render(cardOf({ params: many }));
    assert.equal(decisionsOf(none).length, 4);
    assert.match(JSON.stringify(none.blocks), /“Change”: too much for a button\. In the terminal: smartcloudops/);
  });

  it("has no buttons left once it is decided", () => {
    for (const status of ["rejected", "expired", "superseded", "withdrawn", "failed"] as const)
      assert.deepEqual(buttonsOf(render(cardOf({}, { status }))), []);
  });

  it("shows what 10,000 random proposals would run, byte for byte, or cannot be approved", { timeout: 600_000 }, () => {
    const random = numbersFrom(4);
    let whole = 0;
    for (let i = 0; i < 10_000; i++) {
      const proposal = randomProposal(random);
      const rendered = render(proposalCard(proposal, CONTEXT));
      const payload = JSON.stringify(rendered);
      const { blocks }: Rendered = JSON.parse(payload);
      assert.equal(complaintAbout(blocks, LIMIT.blocks, new Set()), undefined);
      assert.ok(lengthOf(blocks) <= LIMIT.sum);
      assert.ok(!RAW.test(payload), `raw: ${payload.slice(0, 3000)}`);
      if (decisionsOf(rendered).length === 0) {
        assert.match(payload, /cannot be decided about here/);
        continue;
      }
      whole++;
      assert.deepEqual(fixedOf({ text: "", blocks }).map(readBack), argumentsOf(proposal));
    }
    assert.ok(whole > 8000, `${whole} of 10,000 could be approved`);
  });

  it("tells refusals to one person in a few words", () => {
    const { blocks } = renderPrivate({ title: "Guests cannot decide.", tone: "warning", blocks: [] });
    assert.equal(complaintAbout(blocks, LIMIT.blocks, new Set()), undefined);
  });
});
