import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Card } from "../core/card.ts";
import { plainText } from "../core/card.ts";
import { rfc3339 } from "../core/zone.ts";
import { type Replayed, replay, type Stored } from "../flows/replay.ts";
import type { Store } from "../ports/store.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import { printCard, printList } from "./list.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const SHOWN = 50;
/** Among so many answers a beginning of an id is looked for. */
const SEARCHED = 5000;
/** Where the tests of the clone pick cases up. */
const CASES = fileURLToPath(new URL("../../test/fixtures/replays/", import.meta.url));

/** `replay`, `replay ID` and `replay ID --to-test`: answers that were given, from the store alone. */
export async function run(call: Call): Promise<number> {
  const [id, ...more] = call.words;
  if (more.length > 0) throw new UsageError(`replay takes one id: ${JSON.stringify(more.at(-1))} is one too many.`);
  if (id === undefined) {
    if (call.flags["to-test"] === true || call.flags.dir !== undefined)
      throw new UsageError('replay --to-test wants the id of an answer. "replay" lists them.');
    return list(call);
  }
  if (call.flags.dir !== undefined && call.flags["to-test"] !== true)
    throw new UsageError("--dir belongs to --to-test, which was not given.");
  const found = await readStore(readConfig(call), (store) => findOne(store, id));
  if (found === undefined || typeof found === "string") {
    call.stderr.write(
      `smartcloudops: ${found ?? `there is no answer ${JSON.stringify(id)}`}. "replay" lists the answers that are kept.\n`,
    );
    return EXIT.failed;
  }
  const replayed = replay(found.stored);
  if (call.flags["to-test"] === true) return toTest(call, found.id, found.stored, replayed);
  if (call.flags.json === true) {
    call.stdout.write(`${JSON.stringify(asJson(found.id, found.stored, replayed))}\n`);
    return EXIT.ok;
  }
  if (replayed.card !== undefined) printCard(call, replayed.card);
  else call.stdout.write(`${found.stored.text}\n`);
  return printCard(call, about(found.id, found.stored, replayed));
}

async function list(call: Call): Promise<number> {
  const found = await readStore(readConfig(call), (store) => store.evidence.since(0, SHOWN));
  const rows = (found ?? []).map(({ id, at, text, queries }) => ({
    id,
    at: rfc3339(at),
    queries,
    said: text.split("\n")[0] ?? "",
  }));
  return printList(call, rows, {
    title: "No answer is kept.",
    columns: ["id", "at (UTC)", "queries", "said"],
    row: (one) => [one.id, one.at, String(one.queries), one.said],
  });
}

/** By its id, or by the beginning of it. A text says why there is none. */
async function findOne(
  store: Store,
  wanted: string,
): Promise<{ readonly id: string; readonly stored: Stored } | string | undefined> {
  const exact = await store.evidence.get(wanted);
  if (exact !== undefined) return { id: wanted, stored: exact };
  const like = (await store.evidence.since(0, SEARCHED)).filter(({ id }) => id.startsWith(wanted));
  if (like.length > 1) return `${like.length} answers have an id that begins with ${JSON.stringify(wanted)}`;
  const [one] = like;
  const stored = one && (await store.evidence.get(one.id));
  return one && stored && { id: one.id, stored };
}

/** What replaying showed, below the answer. */
function about(
  id: string,
  { at, evidence, model, recording }: Stored,
  { card, isSame, sentences, missing }: Replayed,
): Card {
  const other = sentences.filter(({ before, today }) => today !== undefined && today.kept !== before.kept);
  const dropped = sentences.filter(({ before }) => !before.kept);
  const facts = [
    { name: "Answer", value: id },
    { name: "Given", value: rfc3339(at) },
    ...(recording === undefined ? [] : [{ name: "Question", value: recording.question }]),
    { name: "Queries", value: String(evidence.length) },
    ...(model === undefined
      ? []
      : [{ name: "Model", value: `${model.model}, ${model.calls} calls, prompt ${model.prompt}` }]),
    ...(recording?.model?.turns ?? []).flatMap((turn) =>
      turn.kind === "called" ? [{ name: `It called ${turn.tool}`, value: `${turn.args}\n${turn.result}` }] : [],
    ),
    ...dropped.map(({ sentence, before }) => ({
      name: "Left out",
      value: `${sentence.trim()}\n${before.kept ? "" : before.reason}`,
    })),
    ...other.map(({ sentence, today }) => ({
      name: today?.kept === true ? "Would stay today" : "Would be left out today",
      value: `${sentence.trim()}\n${today?.kept === false ? today.reason : ""}`.trim(),
    })),
    ...missing.map((value) => ({ name: "Not kept", value })),
  ];
  if (card === undefined)
    return { title: "It cannot be drawn again.", tone: "warning", blocks: [{ kind: "facts", items: facts }] };
  return isSame
    ? {
        title: "Drawn again from what was stored: the same as it was given.",
        tone: "good",
        blocks: [{ kind: "facts", items: facts }],
      }
    : {
        title: "Drawn again from what was stored: this version says it differently.",
        tone: "warning",
        blocks: [{ kind: "facts", items: facts }],
      };
}

/** A replayed answer as other programs read it: a contract. */
function asJson(
  id: string,
  { at, text, evidence, model, recording }: Stored,
  { card, isSame, sentences, missing }: Replayed,
) {
  return {
    id,
    at: rfc3339(at),
    question: recording?.question ?? null,
    reply_text: card === undefined ? text : plainText(card),
    same: isSame,
    model: model ?? null,
    turns: recording?.model?.turns ?? [],
    sentences: sentences.map(({ sentence, before, today }) => ({
      sentence,
      kept: before.kept,
      reason: before.kept ? null : before.reason,
      kept_today: today?.kept ?? null,
    })),
    promql: evidence.map(({ promql }) => promql),
    missing,
  };
}

/** Writes a file that `test/flows/replay.test.ts` reads: the answer, and what is expected of it from now on. */
function toTest(call: Call, id: string, stored: Stored, { card, sentences, missing }: Replayed): number {
  if (card === undefined) {
    call.stderr.write(`smartcloudops: this answer makes no test. ${missing.join(" ")}\n`);
    return EXIT.failed;
  }
  const folder = resolve(call.cwd, flag(call, "dir") ?? CASES);
  const file = join(folder, `${id.replace(/[^\w.-]+/g, "-").slice(0, 100)}.json`);
  const { at, evidence, model, recording } = stored;
  const wanted = {
    text: plainText(card),
    sentences: sentences.map(({ sentence, before, today }) => ({ sentence, kept: (today ?? before).kept })),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ id, at, text: stored.text, evidence, model, recording, expect: wanted }, null, 1)}\n`,
  );
  call.stdout.write(
    `${file}\nThe tests expect from now on what this version makes of it. If that is wrong, correct "expect" in the file: they fail until the code does it.\nIt holds names and numbers of your systems and what was asked: read it before you share it.\n`,
  );
  return EXIT.ok;
}
