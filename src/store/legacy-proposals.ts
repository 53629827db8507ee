import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { hashOf, type Proposal, type Spec } from "../core/proposal.ts";
import { sameKey } from "./same.ts";

/**
 * A step of migrations.ts: proposals were wishes that nothing could carry out, and become changes with a life. The old ones
 * stay to be looked up, closed, with a note that says why.
 */
export function reshapeProposals(db: DatabaseSync): void {
  db.exec(`
  ALTER TABLE proposals RENAME TO old_proposals;
  DROP INDEX proposals_status;
  DROP INDEX proposals_at;
  CREATE TABLE proposals (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at REAL NOT NULL, revision INTEGER NOT NULL, hash TEXT NOT NULL,
    status TEXT NOT NULL, same TEXT NOT NULL, target TEXT NOT NULL, runbook TEXT, changed INTEGER NOT NULL,
    shown INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX proposals_same ON proposals (same)
    WHERE status IN ('pending', 'approved', 'claimed', 'started', 'unknown');
  CREATE UNIQUE INDEX proposals_held ON proposals (target) WHERE status IN ('claimed', 'started', 'unknown');
  CREATE INDEX proposals_unshown ON proposals (changed, seq) WHERE shown < revision;
  CREATE INDEX proposals_status ON proposals (status, at);
  CREATE INDEX proposals_target ON proposals (target, at);
  CREATE INDEX proposals_at ON proposals (at);

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, platform TEXT NOT NULL, action TEXT NOT NULL,
    id TEXT NOT NULL, hash TEXT NOT NULL, "from" TEXT NOT NULL, "to" TEXT NOT NULL, reason TEXT NOT NULL,
    prev TEXT NOT NULL, record_hash TEXT NOT NULL, signature TEXT) STRICT;
  CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
  CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit records are never deleted'); END;

  CREATE TABLE actors (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, person TEXT NOT NULL, platform TEXT NOT NULL, account TEXT NOT NULL,
    name TEXT NOT NULL, is_linked INTEGER NOT NULL, UNIQUE (person, platform, account)) STRICT;
  CREATE INDEX actors_id ON actors (id);

  INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(16))));
  `);
  const insert = db.prepare(
    `INSERT INTO proposals (id, at, revision, hash, status, same, target, runbook, changed, shown, body)
     VALUES (?, ?, 1, ?, 'expired', ?, ?, NULL, 0, 1, ?) ON CONFLICT DO NOTHING`,
  );
  const Row = z.object({ seq: z.number(), id: z.string(), at: z.number(), body: z.string() });
  for (const row of db.prepare("SELECT seq, id, at, body FROM old_proposals ORDER BY seq").all()) {
    const { id, at, body } = Row.parse(row);
    const proposal = closed(id, at, readOld(body));
    insert.run(id, at, proposal.hash, sameKey(proposal), proposal.spec.target.key, JSON.stringify(proposal));
  }
  db.exec("DROP TABLE old_proposals");
}

const Old = z.object({
  action: z.object({
    type: z.string(),
    target: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  requester: z.object({ platform: z.string(), id: z.string(), name: z.string() }),
  place: z.object({ platform: z.string(), channel: z.string(), thread: z.string() }),
});

/** Undefined for one that was spoilt: it is kept by its id all the same, and must not keep the bot from starting. */
function readOld(body: string): z.infer<typeof Old> | undefined {
  try {
    return Old.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function closed(id: string, at: number, old: z.infer<typeof Old> | undefined): Proposal {
  const action = old?.action ?? { type: "unknown", target: "", params: {} };
  const requester = old && {
    person: `${old.requester.platform}:${old.requester.id}`,
    name: old.requester.name,
    platform: old.requester.platform,
    account: old.requester.id,
    isLinked: false,
  };
  const spec: Spec = {
    v: 1,
    id,
    nonce: "",
    action: { ...action, target: action.target.toWellFormed() },
    runbook: undefined,
    environment: undefined,
    params: Object.fromEntries(
      Object.entries(action.params).map(([name, value]) => [name, { value, origin: "user" as const }]),
    ),
    target: { kind: "", name: action.target, key: `wish:${action.target}` },
    conditions: [],
    steps: [],
    looks: [],
    rollback: undefined,
    verify: undefined,
    source: undefined,
    blast: "",
    backOut: "",
    risk: "low",
    rule: {
      ...{ approvals: 1, approvers: [], distinctRoles: [], fourEyes: true, approveWithin: 0, executeWithin: 0 },
      ...{ executeDelay: 0, rejectsToKill: 1, reason: "optional", typedCode: false },
    },
    policyVersion: "",
    cooldown: 0,
    cancellable: false,
    stepTimeout: 0,
    requester,
    cause: { kind: "ask", text: "" },
    createdAt: at,
    approveBy: at,
  };
  const readable = JSON.parse(JSON.stringify(spec).toWellFormed()) as Spec;
  return {
    id,
    revision: 1,
    spec: readable,
    hash: hashOf(readable),
    status: "expired",
    places: old === undefined ? [] : [old.place],
    facts: [],
    evidence: [],
    votes: [],
    fence: 0,
    endedAt: at,
    note: "It was asked for in an older version, which could not carry out changes. Ask for it again.",
  };
}
