import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { type AuditRecord, createVerifier, sealRecord, verifyChain } from "../../src/core/audit.ts";
import { newPrivateKey, readSigner } from "../../src/util/signature.ts";
import { oldChain } from "../fakes/audit.ts";
import { anEntry, NOW } from "../fakes/proposals.ts";

const { sign, publicKey } = readSigner(newPrivateKey());
const { sign: forge } = readSigner(newPrivateKey());

function aChain(length: number, signer?: (text: string) => string, from: readonly AuditRecord[] = []): AuditRecord[] {
  const records = [...from];
  while (records.length < length) {
    const seq = records.length + 1;
    const entry = anEntry({
      ...{ id: `p${seq % 7}`, action: ["propose", "approve", "start"][seq % 3]!, reason: `r${seq}` },
      ...(seq % 3 > 0 && { cause: `q${seq}` }),
    });
    records.push(sealRecord(entry, records.at(-1), NOW + seq / 8, signer));
  }
  return records;
}

const CHAIN = aChain(24);
const SIGNED = aChain(8, sign);
const anchorOf = (records: readonly AuditRecord[], seq = records.length) => records[seq - 1]!;

describe("a chain of records", () => {
  it("is whole as it was written, empty, signed, or signed from some record on", () => {
    const head = { seq: 24, record_hash: CHAIN[23]!.record_hash };
    assert.deepEqual(verifyChain([]), { kind: "whole", records: 0, signed: 0, head: undefined });
    assert.deepEqual(verifyChain(CHAIN), { kind: "whole", records: 24, signed: 0, head });
    assert.equal(verifyChain(CHAIN, { anchors: [anchorOf(CHAIN, 3), head] }).kind, "whole");
    assert.equal(verifyChain(SIGNED, { publicKeys: [publicKey] }).kind, "whole");
    const partly = aChain(8, sign, aChain(4));
    const verdict = verifyChain(partly, { publicKeys: [publicKey] });
    assert.deepEqual(verdict.kind === "whole" && verdict.signed, 4);
  });

  it("is whole after a change of keys only for who knows both", () => {
    const second = readSigner(newPrivateKey());
    const both = aChain(6, second.sign, aChain(3, sign));
    assert.equal(verifyChain(both, { publicKeys: [publicKey, second.publicKey] }).kind, "whole");
    assert.deepEqual(verifyChain(both, { publicKeys: [publicKey] }), {
      kind: "broken",
      at: 4,
      reason: "its signature is not by a known key",
    });
  });

  it("takes the first digits of a hash for an anchor, as a metric keeps them", () => {
    const hash = CHAIN[9]!.record_hash;
    assert.equal(verifyChain(CHAIN, { anchors: [{ seq: 10, record_hash: hash.slice(0, 12) }] }).kind, "whole");
    const other = hash.startsWith("0") ? "1" : "0";
    const verdict = verifyChain(CHAIN, { anchors: [{ seq: 10, record_hash: other + hash.slice(1, 12) }] });
    assert.deepEqual(verdict, { kind: "broken", at: 10, reason: "it is not the record that an anchor names" });
  });

  it("says that it is short of what an anchor knows", () => {
    const anchors = [anchorOf(CHAIN)];
    assert.deepEqual(verifyChain(CHAIN.slice(0, 20), { anchors }), { kind: "short", records: 20, wanted: 24 });
    assert.deepEqual(verifyChain([], { anchors }), { kind: "short", records: 0, wanted: 24 });
  });

  it("stays with its verdict once it is broken", () => {
    const verifier = createVerifier();
    assert.equal(verifier.add(CHAIN[0]!), undefined);
    const broken = verifier.add(CHAIN[2]!);
    assert.equal(broken?.kind, "broken");
    assert.equal(verifier.add(CHAIN[1]!), broken);
    assert.equal(verifier.end(), broken);
  });

  it("is broken where the newest record is not signed, though a key is known", () => {
    assert.equal(verifyChain(CHAIN, { publicKeys: [publicKey] }).kind, "broken");
    const bare = SIGNED.map(({ signature: _, ...record }, at) => (at < 7 ? SIGNED[at]! : record));
    assert.deepEqual(verifyChain(bare, { publicKeys: [publicKey] }), {
      kind: "broken",
      at: 8,
      reason: "it is not signed, and one before it is",
    });
  });
});

type Tampering = { readonly how: string; readonly records: readonly AuditRecord[]; readonly at: number };

const TEXTS = [
  ...["actor", "platform", "action", "id", "hash", "from", "to", "reason", "cause", "prev", "record_hash"],
] as (keyof AuditRecord)[];

/** One change of one record that makes a difference. */
const changedRecord = (records: readonly AuditRecord[], names: readonly (keyof AuditRecord)[]) =>
  fc
    .record({ at: fc.nat(records.length - 1), name: fc.constantFrom(...names), bit: fc.nat(6), place: fc.nat(200) })
    .map(({ at, name, bit, place }): Tampering => {
      const record = records[at]!;
      const value = record[name];
      const next = typeof value === "number" ? value + 2 ** -bit : flip(String(value ?? ""), place, bit);
      return { how: `flip ${name}`, records: records.with(at, { ...record, [name]: next }), at: at + 1 };
    });

function flip(text: string, place: number, bit: number): string {
  if (text === "") return "x";
  const at = place % text.length;
  const code = text.charCodeAt(at) ^ (1 << bit);
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
}

const deleted = (records: readonly AuditRecord[]) =>
  fc.nat(records.length - 2).map((at): Tampering => ({ how: "delete", records: records.toSpliced(at, 1), at: at + 1 }));

const swapped = (records: readonly AuditRecord[]) =>
  fc
    .tuple(fc.nat(records.length - 1), fc.nat(records.length - 1))
    .filter(([a, b]) => a !== b)
    .map(([a, b]): Tampering => {
      const changed = records.with(a, records[b]!).with(b, records[a]!);
      return { how: "swap", records: changed, at: Math.min(a, b) + 1 };
    });

const repeated = (records: readonly AuditRecord[]) =>
  fc
    .nat(records.length - 1)
    .map((at): Tampering => ({ how: "repeat", records: records.toSpliced(at, 0, records[at]!), at: at + 2 }));

const cut = (records: readonly AuditRecord[]) =>
  fc.nat(records.length - 1).map((at): Tampering => ({ how: "truncate", records: records.slice(0, at), at: at + 1 }));

/** Everything from one record on made anew, as somebody can who knows how the chain is made. */
const rewritten = (records: readonly AuditRecord[], signer?: (text: string) => string) =>
  fc.record({ at: fc.nat(records.length - 1), reason: fc.string() }).map(({ at, reason }): Tampering => {
    const changed = records.slice(0, at);
    for (const record of records.slice(at)) {
      const entry = changed.length === at ? { ...record, reason: `${record.reason} ${reason}`.toWellFormed() } : record;
      changed.push(sealRecord(entry, changed.at(-1), record.at, signer));
    }
    return { how: "rewrite", records: changed, at: at + 1 };
  });

describe("10,000 random tamperings", { timeout: 120_000 }, () => {
  it("are all found at the record they begin at, given the newest anchor", () => {
    const anchors = [anchorOf(CHAIN)];
    const any = fc.oneof(
      changedRecord(CHAIN, ["seq", "at", ...TEXTS]),
      deleted(CHAIN),
      swapped(CHAIN),
      repeated(CHAIN),
      cut(CHAIN),
      rewritten(CHAIN),
    );
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(any, ({ how, records, at }) => {
        const verdict = verifyChain(records, { anchors });
        seen.set(how.split(" ")[0]!, (seen.get(how.split(" ")[0]!) ?? 0) + 1);
        assert.notEqual(verdict.kind, "whole", how);
        // A chain made anew is whole in itself: only the anchored record tells.
        if (verdict.kind === "broken") assert.equal(verdict.at, how === "rewrite" ? 24 : at, how);
        assert.equal(verdict.kind === "short", how === "truncate", how);
      }),
      { numRuns: 9000 },
    );
    for (const how of ["flip", "delete", "swap", "repeat", "truncate", "rewrite"])
      assert.ok((seen.get(how) ?? 0) > 500, `${how}: ${seen.get(how)}`);
  });

  it("are all found without any anchor where records are signed, but for a cut end", () => {
    const any = fc.oneof(
      changedRecord(SIGNED, ["seq", "at", ...TEXTS, "signature"]),
      deleted(SIGNED),
      swapped(SIGNED),
      repeated(SIGNED),
      rewritten(SIGNED),
      rewritten(SIGNED, forge),
    );
    fc.assert(
      fc.property(any, ({ how, records }) => {
        assert.equal(verifyChain(records, { publicKeys: [publicKey] }).kind, "broken", how);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a chain of before records had a cause", () => {
  const before = oldChain();

  it("is whole, and its signatures hold", () => {
    assert.equal(before.records.length, 4);
    const verdict = verifyChain(before.records, { publicKeys: [before.publicKey] });
    assert.deepEqual([verdict.kind, verdict.kind === "whole" && verdict.signed], ["whole", 4]);
  });

  it("goes on with records that have one, none of which can be changed, taken away or added", () => {
    const entry = { ...before.records[0]!, action: "approve", cause: "slack:Ev0123" };
    const next = sealRecord(entry, before.records.at(-1), NOW);
    assert.equal(next.cause, "slack:Ev0123");
    assert.equal(verifyChain([...before.records, next]).kind, "whole");
    const { cause: _, ...bare } = next;
    for (const forged of [bare, { ...next, cause: "slack:Ev0124" }, { ...next, cause: "" }])
      assert.deepEqual(verifyChain([...before.records, forged]), {
        kind: "broken",
        at: 5,
        reason: "its content does not fit its hash",
      });
    const added = before.records.with(1, { ...before.records[1]!, cause: "slack:Ev0123" });
    assert.equal(verifyChain(added).kind, "broken");
  });
});

describe("odd records", () => {
  const first = CHAIN[0]!;
  it.each([
    ["a name that no record has", { ...first, note: "hello" }],
    ["a time that is no number", { ...first, at: String(first.at) as unknown as number }],
    ["a time that is not one", { ...first, at: Number.NaN }],
    ["a text that JSON cannot hold", { ...first, reason: "\uD800" }],
    ["a text that is missing", { ...first, reason: undefined as unknown as string }],
    ["a number that is text", { ...first, seq: "1" as unknown as number }],
  ])("break the chain: %s", (_, record) => {
    assert.deepEqual(verifyChain([record]).kind, "broken");
  });

  it("break it where a signature is spelt in another way for the same bytes", () => {
    const [one] = aChain(1, sign);
    const spelt = one!.signature!.replace(/=+$/, "");
    assert.equal(verifyChain([{ ...one!, signature: spelt }], { publicKeys: [publicKey] }).kind, "broken");
  });
});
