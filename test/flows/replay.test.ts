import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { bounded, type Recording } from "../../src/core/recording.ts";
import { replay, type Stored } from "../../src/flows/replay.ts";
import { recordingSchema } from "../../src/store/recording.ts";
import { harbour } from "../fakes/harbour.ts";
import { type ModelOptions, modelOn } from "../fakes/model.ts";
import { type Openai, type Reply, startOpenai } from "../fakes/openai/index.ts";
import { World } from "../fakes/world.ts";

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";
const LOOK: Reply = { calls: [{ name: "query_range", args: { promql: "rabbitmq_queue_messages", from: "-3h" } }] };
const TEXT = "The queue manifests has 640 messages. It had 917 yesterday. The queue pilot_calls is empty.";

function aWorld(replies: readonly Reply[], options: ModelOptions = {}): World {
  let turn = 0;
  server.play(({ body }) =>
    body.response_format === undefined
      ? replies[Math.min(turn++, replies.length - 1)]!
      : { text: '{"intent":"root_cause"}' },
  );
  return new World(harbour(), { model: modelOn(server.url, options) });
}

/** What the store keeps of one answer, with the card that people got. */
async function asked(world: World, text: string) {
  const { card, reply } = await world.tell(text);
  const stored = (await world.store.evidence.get(reply.answer_id ?? "")) as Stored;
  return { card, reply, stored };
}

describe("an answer", () => {
  it.each([
    "p95 latency of ferrydesk",
    "top 3 services by errors",
    "cpu of quay-1 in the last 3 hours",
    "which queues do we have?",
    "why is ferrydesk slow?",
    "cpu of nothing-9",
    "hello",
  ])("is drawn again, the same, without asking anybody: %s", async (text) => {
    const { card, stored } = await asked(new World(harbour()), text);
    expect(replay(stored)).toEqual({ card, isSame: true, sentences: [], missing: [] });
  });

  it("of a model is drawn and judged again, the same, with its turns", async () => {
    const { card, reply, stored } = await asked(aWorld([LOOK, { text: TEXT }]), WHY);
    const again = replay(stored);
    expect(again).toMatchObject({ card, isSame: true, missing: [] });
    expect(again.sentences.map(({ before, today }) => [before.kept, today?.kept])).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ]);
    expect(
      stored.recording?.model?.turns.map((turn) => (turn.kind === "called" ? turn.tool : turn.text.trim())),
    ).toEqual([
      "query_range",
      "The queue manifests has 640 messages.",
      "It had 917 yesterday.",
      "The queue pilot_calls is empty.",
    ]);
    expect(plainText(card)).toContain(`Answer ${reply.answer_id}.`);
  });

  it.each<[string, readonly Reply[]]>([
    ["that fails", [{ status: 500 }]],
    ["whose sentences all went", [LOOK, { text: "It had 917 yesterday." }]],
    ["that breaks off", [LOOK, "half"]],
  ])("with a model %s is drawn again, the same", async (_, replies) => {
    const { card, stored } = await asked(aWorld(replies, { callMs: 2000 }), WHY);
    expect(replay(stored)).toMatchObject({ card, isSame: true, missing: [] });
  });

  it("is judged by what is known now to the gate: a sentence that would go today is told apart", async () => {
    const { stored } = await asked(aWorld([LOOK, { text: TEXT }]), WHY);
    const { recording } = stored;
    const known = recording!.model!.known!;
    const facts = known.facts.filter(({ value }) => value !== 640);
    const other = {
      ...stored,
      recording: { ...recording!, model: { ...recording!.model!, known: { ...known, facts } } },
    };
    const again = replay(other);
    expect(again.isSame).toBe(false);
    expect(again.sentences[0]).toMatchObject({ before: { kept: true }, today: { kept: false } });
    expect(again.card && plainText(again.card)).not.toContain("The queue manifests has 640");
  });

  it("keeps names as people know them, and no secret, when the model saw others", async () => {
    const leak: Reply = {
      text: "person-a1 asked. The password is hunter2-hunter2. The queue manifests has 640 messages.",
    };
    const { stored } = await asked(aWorld([LOOK, leak], { pseudonyms: true, secrets: ["hunter2-hunter2"] }), WHY);
    const kept = JSON.stringify(stored.recording);
    expect(kept).not.toContain("hunter2");
    expect(kept).not.toContain("person-a1");
    expect(replay(stored).isSame).toBe(true);
  });

  it("says what was not kept", async () => {
    const { stored } = await asked(aWorld([LOOK, { text: TEXT }]), WHY);
    const { recording, ...old } = stored;
    expect(replay(old)).toMatchObject({
      card: undefined,
      missing: [expect.stringMatching(/only its text and queries/)],
    });
    const { answer: _, ...large } = recording!;
    expect(replay({ ...stored, recording: large })).toMatchObject({
      card: undefined,
      missing: [expect.stringMatching(/too large/)],
    });
    const { known: __, ...model } = recording!.model!;
    const blind = replay({ ...stored, recording: { ...recording!, model } });
    expect(blind).toMatchObject({ isSame: true, missing: [expect.stringMatching(/What the gate knew/)] });
    const { model: ___, ...unrecorded } = recording!;
    expect(replay({ ...stored, recording: unrecorded })).toMatchObject({
      missing: [expect.stringMatching(/What the model said was not kept/)],
    });
  });
});

describe("what is kept of an answer", () => {
  it("has a bound: what the gate knew goes first, then the answer, never the question", async () => {
    const { stored } = await asked(aWorld([LOOK, { text: TEXT }]), WHY);
    const recording = stored.recording!;
    const model = recording.model!;
    expect(bounded(recording)).toEqual(recording);
    const names = Array.from({ length: 60_000 }, (_, at) => `name-${at}`);
    const much = bounded({ ...recording, model: { ...model, known: { ...model.known!, names } } });
    expect(much.model).toMatchObject({ turns: model.turns, judged: model.judged });
    expect(much.model).not.toHaveProperty("known");
    const details = names.map((name) => `${name} is there.`);
    const huge = bounded({ ...recording, answer: { ...recording.answer!, details } });
    expect(huge).not.toHaveProperty("answer");
    expect(huge.question).toBe(WHY);
    const long: Recording = { ...recording, model: { ...model, turns: [{ kind: "said", text: "x".repeat(1e6) }] } };
    expect(JSON.stringify(bounded(long)).length).toBeLessThan(400_000);
  });
});

// ---------------------------------------------------------------- cases that `replay ID --to-test` wrote

const CASES = fileURLToPath(new URL("../fixtures/replays/", import.meta.url));

describe("an answer that was made a case of", () => {
  it.each(readdirSync(CASES).filter((name) => name.endsWith(".json")))("%s", (name) => {
    const { recording, expect: wanted, ...stored } = JSON.parse(readFileSync(join(CASES, name), "utf8"));
    const { card, sentences } = replay({ ...stored, recording: recordingSchema().parse(recording) });
    expect(sentences.map(({ sentence, before, today }) => ({ sentence, kept: (today ?? before).kept }))).toEqual(
      wanted.sentences,
    );
    expect(card && plainText(card)).toBe(wanted.text);
  });
});
