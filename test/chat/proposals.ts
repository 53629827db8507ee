import { type CardContext, proposalCard } from "../../src/cards/proposal-card.ts";
import type { Card } from "../../src/core/card.ts";
import type { Rule } from "../../src/core/policy.ts";
import { hashOf, type Proposal, type Spec } from "../../src/core/proposal.ts";
import { canonicalJson, type Json } from "../../src/util/canonical.ts";

/** Proposals as surfaces get them: one that is like those people see, and any number of random, hostile ones. */

const NOW = 1_790_000_000;

export const CONTEXT: CardContext = { now: NOW, zone: "Europe/Berlin", mode: "act", isStopped: false };

export const RULE: Rule = {
  approvals: 1,
  approvers: ["oncall"],
  distinctRoles: [],
  fourEyes: true,
  approveWithin: 1800,
  executeWithin: 300,
  executeDelay: 0,
  rejectsToKill: 1,
  reason: "optional",
  typedCode: false,
};

export function proposalOf(spec: Partial<Spec> = {}, more: Partial<Proposal> = {}): Proposal {
  const whole: Spec = {
    v: 1,
    id: "P-7QK4",
    nonce: "nonce",
    action: { type: "restart", target: "checkout", params: { deployment: "checkout" } },
    runbook: { id: "restart-deployment", version: "4f".repeat(32), title: "Restart a deployment", readOnly: false },
    environment: "production",
    source: undefined,
    params: {
      namespace: { value: "shop", origin: "label" },
      name: { value: "checkout", origin: "user" },
    },
    target: { kind: "deployment", name: "shop/checkout", key: "kubernetes:prod/shop/deployment/checkout" },
    conditions: [
      {
        name: "errors are high",
        promql: 'sum(rate(http_errors_total{job="checkout"}[5m])) > 1',
        expect: { op: ">", value: 1 },
        none: "fail",
      },
    ],
    steps: [
      {
        name: "Restart the pods one after the other",
        uses: "kubernetes/restart",
        with: { cluster: "prod", kind: "deployment", name: "checkout", namespace: "shop" },
      },
    ],
    looks: [{ identity: { uid: "6f0c2b1e" }, precondition: { resourceVersion: "1701", replicas: 3 } }],
    rollback: {
      auto: false,
      steps: [
        {
          name: "Go back to revision 41",
          uses: "kubernetes/rollback",
          with: { cluster: "prod", name: "checkout", namespace: "shop", revision: 41 },
        },
      ],
    },
    verify: {
      settle: 30,
      deadline: 300,
      checks: [
        { name: "errors per second", promql: "sum(rate(http_errors_total[5m]))", unit: "per_s", better: "down" },
      ],
    },
    blast: "3 pods of deployment shop/checkout, one at a time; 2 keep serving.",
    backOut: "A rollback to revision 41, which ran until 09:12.",
    risk: "medium",
    rule: RULE,
    policyVersion: "b".repeat(64),
    cooldown: 600,
    cancellable: false,
    stepTimeout: 60,
    requester: { person: "ann", name: "Ann Archer", platform: "slack", account: "U0ANN", isLinked: true },
    cause: { kind: "ask", text: "restart checkout please" },
    createdAt: NOW - 60,
    approveBy: NOW + 1740,
    ...spec,
  };
  return {
    id: whole.id,
    revision: 1,
    spec: whole,
    hash: hashOf(whole),
    status: "pending",
    places: [{ platform: "slack", channel: "C0GENERAL1", thread: "" }],
    facts: ["3 of 3 replicas are ready; the oldest has run for 6 days."],
    evidence: [{ promql: "sum(rate(http_errors_total[5m]))", source: "main" }],
    votes: [],
    fence: 0,
    ...more,
  };
}

export function cardOf(spec: Partial<Spec> = {}, more: Partial<Proposal> = {}): Card {
  return proposalCard(proposalOf(spec, more), CONTEXT);
}

/** Something of high risk: the code is typed, and a reason given. */
export function riskyProposal(): Proposal {
  return proposalOf({ risk: "high", rule: { ...RULE, typedCode: true, reason: "required" } });
}

export function riskyCard(): Card {
  return proposalCard(riskyProposal(), CONTEXT);
}

// ---------------------------------------------------------------- random ones

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What would hide, act or be lost somewhere: mentions, markup, links, marks, reordering, and plain text in between. */
const PIECES = [
  ..."abc019 .,:;/\\|-_*~`'\"<>&@#(){}[]!?$%^=+\n\t",
  ..."\u202e\u2066\u200b\u200d\ufeff\u00ad\u0000\u007f\u0085\u00a0\u2003\u3000é e\u0301\u0301\u0301\u0327ß漢字ﬁÅΩ가각",
  ...[
    "\u1112\u1161\u11ab",
    "\u212b",
    "😀",
    "👨‍👩‍👧",
    "\u{e0041}",
    "  ",
    "   ",
    "checkout",
    "--force",
    "DATE(2020-01-01T00:00:00Z)",
  ],
  ...["<!channel>", "<@U0ALICE001>", "<#C0SECRET>", "<!here|here>", "@everyone", "@here", "<at>x</at>", "</at>"],
  ...[
    "https://evil.example",
    "[ok](https://evil.example)",
    "<https://evil.example|ok>",
    "&lt;!channel&gt;",
    "&amp;",
    "&#60;",
  ],
  ...[
    "```",
    "**b**",
    "~~s~~",
    "# h",
    "> q",
    ":fire:",
    "{{DATE(2020-01-01T00:00:00Z)}}",
    "{{ TIME(x) }}",
    "\\u{202E}",
    "\\u0041",
  ],
  ...["v1|p|c", "Approve", "\u001b[31m", "\u001b]8;;https://evil.example\u0007", "\r\n", "'; DROP TABLE x; --"],
];

export function randomText(random: () => number, most: number): string {
  const count = Math.floor(random() * most);
  return Array.from({ length: count }, () => PIECES[Math.floor(random() * PIECES.length)]).join("");
}

function randomJson(random: () => number, depth: number, most: number): Json {
  const kind = Math.floor(random() * (depth > 0 ? 7 : 5));
  if (kind === 0) return random() < 0.5;
  if (kind === 1) return null;
  if (kind === 2) return Math.round((random() - 0.5) * 1e6) / (random() < 0.5 ? 1 : 1000);
  if (kind < 5) return randomText(random, most);
  const many = Math.floor(random() * 4);
  if (kind === 5) return Array.from({ length: many }, () => randomJson(random, depth - 1, most));
  return randomObject(random, depth - 1, most, many);
}

function randomObject(random: () => number, depth: number, most: number, many: number): { [name: string]: Json } {
  return Object.fromEntries(
    Array.from({ length: many }, (_, i) => [`${randomText(random, 4)}${i}`, randomJson(random, depth, most)]),
  );
}

/** A pending proposal with random parameters and arguments. One in 100 is longer than chat platforms take. */
export function randomProposal(random: () => number): Proposal {
  const most = random() < 0.01 ? 500 : 6;
  const many = () => 1 + Math.floor(random() * 3);
  const step = () => ({
    name: `do ${randomText(random, 6)}`,
    uses: "http/call",
    with: randomObject(random, 3, most, many()),
  });
  const origins = ["user", "alert", "label", "model", "default", "captured"] as const;
  const params = Array.from({ length: many() }, (_, i) => [
    `param${i}`,
    { value: randomText(random, 10), origin: origins[Math.floor(random() * origins.length)]! },
  ]);
  const isRisky = random() < 0.3;
  return proposalOf({
    id: `P-${Math.floor(random() * 1e9).toString(36)}`,
    params: Object.fromEntries(params),
    steps: Array.from({ length: many() }, step),
    rollback: random() < 0.5 ? undefined : { auto: random() < 0.3, steps: [step()] },
    target: { kind: "host", name: randomText(random, 8), key: "k" },
    requester: { person: "x", name: randomText(random, 8), platform: "slack", account: "U1", isLinked: true },
    cause: { kind: "ask", text: randomText(random, 30) },
    blast: randomText(random, 20),
    rule: isRisky ? { ...RULE, typedCode: true, reason: "required" } : RULE,
  });
}

/** What each step's executor gets, as the card has to tell it: "uses {…}". */
export function argumentsOf({ spec }: Proposal): string[] {
  return [...spec.steps, ...(spec.rollback?.steps ?? [])].map(
    ({ uses, with: args }) => `${uses} ${canonicalJson(args)}`,
  );
}

/** The text that a card shows with the escapes in it read back. Two backslashes are one of JSON's own, and stay. */
export function readBack(shown: string): string {
  return shown.replace(/\\\\|\\u\{([0-9A-F]{1,6})\}/g, (all, hex?: string) =>
    hex === undefined ? all : String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

/** Characters that hide, reorder or control, none of which may leave the bot. */
export const RAW =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e01ef}]/u;
