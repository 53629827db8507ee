import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { verifyAll } from "../../app/audit.ts";
import type { Config } from "../../config.ts";
import { type Anchor, type ChainVerdict, createVerifier } from "../../core/audit.ts";
import type { Card } from "../../core/card.ts";
import { readAnchors } from "../../store/anchors.ts";
import { reasonOf } from "../../util/errors.ts";
import { readPublicKeys } from "../../util/signature.ts";
import { type Call, EXIT, flag, UsageError } from "../command.ts";
import { printCard } from "../list.ts";
import { readStore } from "../read-store.ts";
import { readConfig } from "../settings.ts";
import { readExport } from "./lines.ts";

/** A chain that nothing outside of it vouches for may lack its end. */
type Found = (ChainVerdict | { readonly kind: "unanchored"; readonly records: number }) & { readonly notes: string[] };

/**
 * `audit verify`: 0 when the chain is as it was written, 1 when a record is not, 2 when its end is missing or nothing could
 * tell. `file` is an export in JSON, to be verified on another machine.
 */
export async function verify(call: Call, file: string | undefined): Promise<number> {
  const given = readAnchor(flag(call, "anchor"));
  const found = file === undefined ? await verifyStore(call, given) : verifyFile(call, file, given);
  if (call.flags.json === true) call.stdout.write(`${JSON.stringify({ ok: found.kind === "whole", ...found })}\n`);
  else printCard(call, cardOf(found));
  return found.kind === "whole" ? EXIT.ok : found.kind === "broken" ? 1 : 2;
}

async function verifyStore(call: Call, given: readonly Anchor[]): Promise<Found> {
  const config = readConfig(call);
  const publicKeys = readKeys(call, config);
  // The anchors first: what is recorded in between only takes the chain further.
  const known = readAnchors(config.dataDir);
  const found = await readStore(config, (store) => verifyAll(store, known?.lines ?? [], given, publicKeys));
  const { verdict, lost } = found ?? {
    verdict: createVerifier({ anchors: [...(known?.lines ?? []), ...given] }).end(),
    lost: 0,
  };
  const notes = [...keyNotes(publicKeys)];
  if (lost > 0)
    notes.push(`${lost} anchors are of a copy of the store that another one took the place of; the chain says when.`);
  if (known !== undefined && known.unreadable > 0)
    notes.push(`${known.unreadable} lines of audit.anchors cannot be read.`);
  const isUnanchored = known === undefined && given.length === 0 && verdict.kind === "whole" && verdict.records > 0;
  if (isUnanchored) return { kind: "unanchored", records: verdict.records, notes };
  return { ...verdict, notes };
}

function verifyFile(call: Call, file: string, given: readonly Anchor[]): Found {
  const publicKeys = readKeys(call, undefined);
  const verifier = createVerifier({ anchors: given, ...(publicKeys && { publicKeys }) });
  for (const record of readExport(readText(call, file))) if (verifier.add(record) !== undefined) break;
  const notes = [...keyNotes(publicKeys)];
  if (given.length === 0) notes.push("Without --anchor, records missing at the end cannot be told.");
  return { ...verifier.end(), notes };
}

function keyNotes(publicKeys: readonly string[] | undefined): readonly string[] {
  return publicKeys === undefined
    ? ["Without a key, a chain that was written anew together with its anchors cannot be told."]
    : [];
}

/** `--public-key`, else the public half of AUDIT_KEY_FILE. */
function readKeys(call: Call, config: Config | undefined): readonly string[] | undefined {
  const file = flag(call, "public-key");
  if (file === undefined) return config?.audit.key && readPublicKeys(config.audit.key.reveal());
  try {
    return readPublicKeys(readText(call, file));
  } catch (problem) {
    if (problem instanceof UsageError) throw problem;
    throw new UsageError(`--public-key must name a file with Ed25519 keys in PEM: ${reasonOf(problem)}.`);
  }
}

function readText(call: Call, file: string): string {
  try {
    return readFileSync(resolve(call.cwd, file), "utf8");
  } catch (problem) {
    throw new UsageError(`${JSON.stringify(file)} cannot be read: ${reasonOf(problem)}.`);
  }
}

function readAnchor(said: string | undefined): readonly Anchor[] {
  if (said === undefined) return [];
  const [, seq, record_hash] = /^(\d{1,15}):([0-9a-f]{12,64})$/i.exec(said) ?? [];
  if (seq !== undefined && record_hash !== undefined)
    return [{ seq: Number(seq), record_hash: record_hash.toLowerCase() }];
  throw new UsageError(
    `--anchor must be a record's number and at least 12 digits of its hash, as in 51:0123456789ab: it is ${JSON.stringify(said)}.`,
  );
}

function cardOf(found: Found): Card {
  const blocks = found.notes.map((text) => ({ kind: "note" as const, text }));
  switch (found.kind) {
    case "whole":
      return {
        title: `The record is whole: ${count(found.records)}, ${found.signed === found.records ? "each" : found.signed} signed.`,
        tone: "good",
        blocks: [
          ...(found.head
            ? [{ kind: "text" as const, text: `It ends at ${found.head.seq}:${found.head.record_hash}.` }]
            : []),
          ...blocks,
        ],
      };
    case "broken":
      return {
        title: `Record ${found.at} is not as it was written: ${found.reason}.`,
        tone: "danger",
        blocks: [{ kind: "text", text: "Nothing from that record on can be relied on." }, ...blocks],
      };
    case "short":
      return {
        title: `The end is missing: there are ${count(found.records)}, and an anchor knows ${found.wanted}.`,
        tone: "danger",
        blocks,
      };
    default:
      return {
        title: `Nothing tells whether the end is missing: ${count(found.records)}, and audit.anchors is gone.`,
        tone: "danger",
        blocks: [
          { kind: "text", text: "Hold it against an anchor from your metrics with --anchor SEQ:HASH." },
          ...blocks,
        ],
      };
  }
}

function count(records: number): string {
  return records === 1 ? "1 record" : `${records} records`;
}
