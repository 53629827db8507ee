import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { afterEach, describe, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { converse, type DecideHere, type Look, renderCard, type Terminal } from "../../../src/chat/terminal/index.ts";
import { readCard, readProposal } from "../../../src/chat/terminal/schema.ts";
import { wrapWhole } from "../../../src/chat/terminal/text.ts";
import { accountHere, visitorHere } from "../../../src/chat/terminal/visitor.ts";
import { type Card, plainText } from "../../../src/core/card.ts";
import { shortHash } from "../../../src/core/proposal.ts";
import {
  argumentsOf,
  CONTEXT,
  cardOf,
  numbersFrom,
  proposalOf,
  RAW,
  randomProposal,
  randomText,
  readBack,
  riskyProposal,
} from "../proposals.ts";

const LOOK: Look = { width: 80, colour: false, links: false, zone: "UTC", buttons: "numbered" };

type Typed = { readonly wait: string; readonly type: string };
type Decided = { readonly decision: string; readonly code: string; readonly fields: Readonly<Record<string, string>> };

const open: PassThrough[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.destroy();
});

/** A conversation whose keyboard types each text once the screen shows what it waits for. */
async function talk(
  card: Card,
  typed: readonly Typed[],
  { isTTY = true, decide }: { isTTY?: boolean; decide?: DecideHere | string } = {},
) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const [output, status] = [new PassThrough(), new PassThrough()];
  open.push(input, output, status);
  status.resume();
  const decisions: Decided[] = [];
  const asked: string[] = [];
  let shown = "";
  let seen = 0;
  const left = [...typed];
  const typeNext = () => {
    const [next] = left;
    if (next === undefined) return;
    const at = shown.indexOf(next.wait, seen);
    if (at === -1) return;
    seen = at + next.wait.length;
    left.shift();
    setImmediate(() => {
      input.write(next.type);
      typeNext();
    });
  };
  output.on("data", (chunk) => {
    shown += String(chunk);
    typeNext();
  });
  const here: DecideHere = {
    decide: async ({ decision, code }, fields) => {
      decisions.push({ decision, code, fields });
      return { title: `Noted: ${decision}.`, tone: "info", blocks: [] };
    },
    proposal: async () => ({ card: { title: "As it stands", tone: "info", blocks: [] }, isMoving: false }),
  };
  const terminal: Terminal = {
    answer: async ({ text }) => {
      asked.push(text);
      return card;
    },
    decide: decide ?? here,
    place: { platform: "terminal", channel: "ada", thread: "t" },
    user: { platform: "terminal", id: "ada", name: "ada" },
    clock: () => 1000,
    newId: () => "q",
    input,
    output,
    status,
    look: LOOK,
    historyFile: undefined,
  };
  await converse(terminal);
  return { decisions, asked, shown };
}

const ENTER = "\r";
const ASK: Typed = { wait: "› ", type: `restart checkout${ENTER}` };
const LEAVE: Typed = { wait: "› ", type: `exit${ENTER}` };
const CODE = shortHash(proposalOf().hash);

describe("decisions at a terminal", () => {
  it("are typed after the card was shown, and once more when asked whether it is meant", async () => {
    for (const word of ["1", "approve", "Approve"]) {
      const { decisions, shown, asked } = await talk(cardOf(), [
        ASK,
        { wait: "› ", type: `${word}${ENTER}` },
        { wait: 'Type "approve" to do it', type: `approve${ENTER}` },
        LEAVE,
      ]);
      assert.deepEqual(decisions, [{ decision: "approve", code: CODE, fields: {} }]);
      assert.match(shown, /Run this\? Restart a deployment: shop\/checkout\. Risk: medium/);
      assert.match(shown, /Noted: approve\./);
      assert.match(shown, /As it stands/);
      assert.deepEqual(asked, ["restart checkout"]);
    }
  });

  it("are left by typing anything else, by leaving, and by Ctrl-C", async () => {
    for (const typed of ["yes", "y", "", "approve it", "\u0003"]) {
      const { decisions, shown } = await talk(cardOf(), [
        ASK,
        { wait: "› ", type: `1${ENTER}` },
        { wait: 'Type "approve" to do it', type: typed === "\u0003" ? typed : `${typed}${ENTER}` },
        LEAVE,
      ]);
      assert.deepEqual(decisions, []);
      assert.match(shown, /Nothing was decided/);
    }
    const gone = await talk(cardOf(), [
      ASK,
      { wait: "› ", type: `1${ENTER}` },
      { wait: 'Type "approve" to do it', type: "\u0004" },
    ]);
    assert.deepEqual(gone.decisions, []);
  });

  it("ask for the code and a reason where the policy wants them", async () => {
    const risky = riskyProposal();
    const { decisions } = await talk(proposalCard(risky, CONTEXT), [
      ASK,
      { wait: "› ", type: `approve${ENTER}` },
      { wait: "to approve: ", type: `${risky.hash.slice(0, 8)}${ENTER}` },
      { wait: "Reason: ", type: `errors since noon${ENTER}` },
      { wait: 'Type "approve" to do it', type: `approve${ENTER}` },
      LEAVE,
    ]);
    assert.deepEqual(decisions[0]?.fields, { typed: risky.hash.slice(0, 8), reason: "errors since noon" });
    const without = await talk(proposalCard(risky, CONTEXT), [
      ASK,
      { wait: "› ", type: `approve${ENTER}` },
      { wait: "to approve: ", type: ENTER },
      LEAVE,
    ]);
    assert.deepEqual(without.decisions, []);
  });

  it("keep the values of parameters that are not typed anew", async () => {
    const { decisions } = await talk(cardOf(), [
      ASK,
      { wait: "› ", type: `change${ENTER}` },
      { wait: "namespace [shop]: ", type: ENTER },
      { wait: "name [checkout]: ", type: `cart${ENTER}` },
      { wait: 'Type "change" to do it', type: `change${ENTER}` },
      LEAVE,
    ]);
    assert.deepEqual(decisions, [{ decision: "change", code: CODE, fields: { namespace: "shop", name: "cart" } }]);
  });

  it("never come from lines that were there before the question, such as a pasted page", async () => {
    const { decisions, asked } = await talk(cardOf(), [
      ASK,
      { wait: "› ", type: `1${ENTER}approve${ENTER}approve${ENTER}` },
      { wait: 'Type "approve" to do it', type: `no${ENTER}` },
      LEAVE,
    ]);
    assert.deepEqual(decisions, []);
    assert.deepEqual(asked, ["restart checkout"]);
  });

  it("never come from a pipe", async () => {
    const input = Object.assign(new PassThrough(), { isTTY: false });
    input.end("restart checkout\n1\napprove\napprove\n");
    const { decisions, asked, shown } = await talkOver(input, cardOf());
    assert.deepEqual(decisions, []);
    assert.deepEqual(asked, ["restart checkout", "approve", "approve"]);
    assert.match(shown, /cannot come from a pipe/);
  });

  it("are no words of the chat while no proposal is shown", async () => {
    const { decisions, asked } = await talk({ title: "All is well.", tone: "good", blocks: [] }, [
      ASK,
      { wait: "› ", type: `approve${ENTER}` },
      { wait: "All is well", type: "" },
      LEAVE,
    ]);
    assert.deepEqual(decisions, []);
    assert.deepEqual(asked, ["restart checkout", "approve"]);
  });

  it("say why where nobody can decide", async () => {
    const { shown } = await talk(cardOf(), [ASK, { wait: "› ", type: `1${ENTER}` }, LEAVE], {
      decide: "Nothing can be decided here, because no bot runs.",
    });
    assert.match(shown, /because no bot runs/);
  });

  it("are followed until nothing more happens by itself", async () => {
    const titles = ["Running", "Running", "Done"];
    const decide: DecideHere = {
      decide: async () => ({ title: "Approved.", tone: "info", blocks: [] }),
      proposal: async () => {
        const title = titles.shift() ?? "Done";
        return { card: { title, tone: "info", blocks: [] }, isMoving: title !== "Done" };
      },
    };
    const { shown } = await talk(
      cardOf(),
      [
        ASK,
        { wait: "› ", type: `1${ENTER}` },
        { wait: "to do it", type: `approve${ENTER}` },
        { wait: "Done", type: "" },
        LEAVE,
      ],
      { decide },
    );
    assert.equal(shown.match(/• Running/g)?.length, 1);
    assert.match(shown, /• Done/);
  });

  it("belong to the account of the operating system, whatever variables say", () => {
    const before = { ...process.env };
    Object.assign(process.env, { USER: "mallory", LOGNAME: "mallory", USERNAME: "mallory" });
    try {
      assert.notEqual(accountHere(), "mallory");
      assert.deepEqual(visitorHere().user, { platform: "terminal", id: accountHere(), name: accountHere() });
    } finally {
      process.env = before;
    }
  });
});

async function talkOver(input: PassThrough & { isTTY: boolean }, card: Card) {
  const [output, status] = [new PassThrough(), new PassThrough()];
  open.push(input, output, status);
  status.resume();
  const asked: string[] = [];
  const decisions: string[] = [];
  let shown = "";
  output.on("data", (chunk) => {
    shown += String(chunk);
  });
  await converse({
    answer: async ({ text }) => {
      asked.push(text);
      return card;
    },
    decide: {
      decide: async ({ decision }) => {
        decisions.push(decision);
        return card;
      },
      proposal: async () => undefined,
    },
    place: { platform: "terminal", channel: "ada", thread: "t" },
    user: { platform: "terminal", id: "ada", name: "ada" },
    clock: () => 1000,
    newId: () => "q",
    input,
    output,
    status,
    look: LOOK,
    historyFile: undefined,
  });
  return { asked, decisions, shown };
}

describe("a proposal's card at a terminal", () => {
  const GUTTER = "  │ ";
  /** The lines behind the bar, joined where they belong to one another. */
  const fixedOf = (text: string): string[] => {
    const found: string[] = [];
    let wasFixed = false;
    for (const line of text.split("\n")) {
      const isFixed = line.startsWith(GUTTER);
      const part = line.slice(GUTTER.length);
      if (isFixed && wasFixed) found[found.length - 1] += part;
      else if (isFixed) found.push(part);
      wasFixed = isFixed;
    }
    return found;
  };

  it("puts names and values side by side, and the arguments behind a bar", () => {
    const text = renderCard(cardOf(), LOOK);
    assert.match(text, /^Risk {2,}medium$/m);
    assert.match(text, /^Target {2,}deployment shop\/checkout in production$/m);
    assert.deepEqual(fixedOf(text), argumentsOf(proposalOf()));
    assert.match(text, /^1 {2}Approve$/m);
  });

  it("says how to decide where nobody can be asked", () => {
    const text = renderCard(cardOf(), { ...LOOK, buttons: "plain" });
    assert.match(text, /Decide: smartcloudops proposals approve\|reject\|dry-run\|change\|details P-7QK4/);
  });

  it("comes over the socket as it is", () => {
    const card = riskyProposalCard();
    assert.deepEqual(readCard(JSON.parse(JSON.stringify(card))), JSON.parse(JSON.stringify(card)));
    const view = { card, isMoving: true };
    assert.deepEqual(readProposal(JSON.parse(JSON.stringify(view))), JSON.parse(JSON.stringify(view)));
    assert.equal(readProposal(null), undefined);
  });

  it("is whole as plain text too", () => {
    for (const line of argumentsOf(proposalOf())) assert.ok(plainText(cardOf()).includes(line));
  });

  it("breaks lines so that nothing is lost", () => {
    const random = numbersFrom(7);
    for (let i = 0; i < 2000; i++) {
      const line = randomText(random, 30).replaceAll(/\s/g, " ");
      assert.equal(wrapWhole(line, 1 + Math.floor(random() * 20)).join(""), line);
    }
  });

  it("shows what 10,000 random proposals would run, byte for byte", { timeout: 600_000 }, () => {
    const random = numbersFrom(6);
    for (let i = 0; i < 10_000; i++) {
      const proposal = randomProposal(random);
      const width = 40 + Math.floor(random() * 81);
      const text = renderCard(proposalCard(proposal, CONTEXT), { ...LOOK, width });
      if (RAW.test(text)) throw new Error(`raw: ${JSON.stringify(text.slice(0, 3000))}`);
      assert.deepEqual(fixedOf(text).map(readBack), argumentsOf(proposal));
    }
  });
});

function riskyProposalCard(): Card {
  return proposalCard(riskyProposal(), CONTEXT);
}
