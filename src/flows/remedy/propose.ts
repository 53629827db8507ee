import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Chart, EvidenceLine } from "../../core/card.ts";
import type { Need, Suggested } from "../../core/need.ts";
import { overLimit, overWishes } from "../../core/policy/limits.ts";
import { modeOf, ruleFor } from "../../core/policy/rules.ts";
import { hashOf, OPEN, type Proposal, type Spec } from "../../core/proposal.ts";
import { compareRecords, sayRecord, suspendedBy } from "../../core/runbook/record.ts";
import { type Condition, type Runbook, type RunbookStep, resolve } from "../../core/runbook.ts";
import type { Look } from "../../ports/changes.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import { change } from "./change.ts";
import { BOT, type RemedyDeps } from "./deps.ts";
import { extensionsOf } from "./extensions.ts";
import { mayReadFreely } from "./free.ts";
import { heldBack } from "./held.ts";
import { recordOf } from "./record.ts";
import { factsOf } from "./rule.ts";

const LOOK_MS = 15_000;
const HOUR = 3600;

/**
 * From a need to a frozen proposal: finds the runbook, checks each parameter, looks at the targets, raises the risk as the
 * policy says, and stores it, with its audit record, unless the same is open already. Makes no effect. Never throws for what the world says: that is a refusal in words.
 */
export async function propose(deps: RemedyDeps, need: Need, signal: AbortSignal): Promise<Suggested> {
  const chosen = await runbookFor(deps, need);
  if ("reason" in chosen) return { kind: "refused", reason: chosen.reason };
  const { runbook } = chosen;
  const now = deps.clock();
  const drafted =
    runbook === undefined
      ? { spec: wish(deps, need, now), facts: [neededFor(need)] }
      : await draft(deps, need, runbook, now, signal);
  if ("reason" in drafted) return { kind: "refused", reason: drafted.reason };
  if (drafted.spec.runbook === undefined && need.isOnlyIfRunnable === true)
    return { kind: "refused", reason: drafted.facts[0] ?? "No runbook here can do it." };
  const { spec } = drafted;
  // A wish says nothing of how the runbook did that cannot run here.
  const because = spec.runbook === undefined ? [] : chosen.because;
  if (runbook !== undefined && modeOf(deps.policy(), spec.environment) === "observe") return observe(deps, need, spec);
  const refusal = async (): Promise<(Suggested & { readonly kind: "refused" }) | undefined> => {
    const reason =
      (await isTooMuch(deps, need.places, spec, now)) ??
      (runbook === undefined ? undefined : await heldBack(deps, spec, runbook, now));
    return reason === undefined ? undefined : { kind: "refused", reason };
  };
  const early = await refusal();
  if (early !== undefined) return early;
  const made = await drawn(
    deps,
    spec,
    { places: need.places, facts: [...need.facts, ...drafted.facts, ...because] },
    signal,
  );
  const suggested = await inTurn(deps, async () => (await refusal()) ?? (await put(deps, made)));
  if (suggested.kind !== "proposed") return suggested;
  const known = { ...suggested, ...(because.length > 0 && { because }) };
  return suggested.isNew ? known : showAlso(deps, known, need);
}

/**
 * What was asked for again in another channel is shown there too, on a card that is edited with the first. Only where it is
 * about the same source: what one channel may read, another may not.
 */
async function showAlso(
  deps: RemedyDeps,
  suggested: Suggested & { readonly kind: "proposed" },
  { places, source, requester }: Need,
): Promise<Suggested> {
  let found: Suggested & { readonly kind: "proposed" } = suggested;
  if (suggested.proposal.spec.source !== source) return found;
  for (const place of places.filter(({ platform }) => platform !== "terminal")) {
    const done = await change(deps, found.proposal.id, { kind: "place", place }, requester);
    if (done.ok) found = { ...found, proposal: done.proposal, alsoHere: true };
  }
  return found;
}

/** What waits for its turn, by store: proposals that are made at once must not each count without the others. */
const turns = new WeakMap<RemedyDeps["store"], Promise<unknown>>();

function inTurn<T>({ store }: RemedyDeps, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(store) ?? Promise.resolve()).then(work);
  turns.set(
    store,
    turn.catch(() => {}),
  );
  return turn;
}

/** Writes a new pending proposal of that spec, with what its card shows besides. */
export async function store(
  deps: RemedyDeps,
  spec: Spec,
  shown: Pick<Proposal, "places" | "facts">,
  signal: AbortSignal,
): Promise<Suggested & { readonly kind: "proposed" }> {
  return put(deps, await drawn(deps, spec, shown, signal));
}

async function drawn(
  deps: RemedyDeps,
  spec: Spec,
  { places, facts }: Pick<Proposal, "places" | "facts">,
  signal: AbortSignal,
): Promise<Proposal> {
  const now = deps.clock();
  return {
    id: spec.id,
    revision: 1,
    spec,
    hash: hashOf(spec),
    status: "pending",
    places,
    facts,
    evidence: evidenceOf(deps, spec, now),
    votes: [],
    fence: 0,
    ...(spec.runbook !== undefined && (await pictured(deps, spec, now, signal))),
  };
}

async function put(deps: RemedyDeps, drawn: Proposal): Promise<Suggested & { readonly kind: "proposed" }> {
  const { spec } = drawn;
  const proposal = mayReadFreely(deps, spec) ? await freed(deps, drawn) : drawn;
  const by = spec.requester ?? BOT;
  const entry = {
    actor: by === BOT ? "bot" : await deps.store.audit.actorOf(by),
    platform: by.platform,
    action: "propose",
    id: proposal.id,
    hash: proposal.hash,
    from: "",
    to: proposal.status,
    reason: spec.cause.text.slice(0, 500),
  };
  const stored = await deps.store.proposals.insert(proposal, [entry]);
  if (stored.kind !== "inserted") return { kind: "proposed", proposal: stored.proposal, isNew: false };
  deps.moved?.(proposal);
  deps.changed();
  return { kind: "proposed", proposal, isNew: true };
}

type Chosen = {
  /** Undefined when none fits. */
  readonly runbook: Runbook | undefined;
  /** How it did before, and against which others it was chosen: sentences for the card. */
  readonly because: readonly string[];
};

/** What only reads, for whom the policy lets read: nobody is asked, and everything else goes its usual way. */
async function freed({ store, clock }: RemedyDeps, proposal: Proposal): Promise<Proposal> {
  const now = clock();
  const executeBy = now + proposal.spec.rule.executeWithin;
  return {
    ...proposal,
    status: "approved",
    isFree: true,
    approvedAt: now,
    executeBy,
    epoch: await store.proposals.epoch(),
  };
}

/** The active runbook that fits and has helped most, or why there is none. */
async function runbookFor(
  deps: RemedyDeps,
  { runbook: id, action, kinds, among }: Need,
): Promise<Chosen | { readonly reason: string }> {
  if (id !== undefined) {
    const found = deps.runbooks.get(id);
    if (found === undefined) return { reason: `There is no runbook ${id}.` };
    if (found.state !== "active") return { reason: `The runbook ${id} is ${found.state}, so it cannot be proposed.` };
    return { runbook: found, because: (await ranked(deps, [found])).because };
  }
  if (among !== undefined) {
    const named = deps.runbooks.all().filter((one) => one.state === "active" && among.includes(one.id));
    const most = Math.max(...named.map((one) => usable(deps, one)));
    return ranked(
      deps,
      named.filter((one) => usable(deps, one) === most),
    );
  }
  const fit = deps.runbooks
    .all()
    .filter(({ state }) => state === "active")
    .flatMap((runbook) => {
      const ranks = runbook.matches.asks
        .filter(({ verb }) => verb === action.type)
        .flatMap((ask) => ask.kinds.map((kind) => kinds.indexOf(kind)))
        .filter((rank) => rank >= 0);
      return ranks.length === 0 ? [] : [{ runbook, rank: Math.min(...ranks), usable: usable(deps, runbook) }];
    })
    // Nearest kind first; among those the ones whose actions are there to be used.
    .sort((a, b) => b.usable - a.usable || a.rank - b.rank);
  const [first] = fit;
  if (first === undefined) return { runbook: undefined, because: [] };
  return ranked(
    deps,
    fit.filter(({ usable: is, rank }) => is === first.usable && rank === first.rank).map(({ runbook }) => runbook),
  );
}

/** Of runbooks that fit equally well, the one that helped most on that kind of target, and is not suspended there. */
async function ranked(deps: RemedyDeps, fit: readonly Runbook[]): Promise<Chosen> {
  const tried = await Promise.all(
    fit.map(async (runbook) => {
      const runs = runbook.readOnly ? [] : await recordOf(deps, runbook.id, runbook.target.kind);
      return { runbook, runs, isSuspended: suspendedBy(runs) !== undefined };
    }),
  );
  const [best, ...others] = tried.sort(
    (a, b) => Number(a.isSuspended) - Number(b.isSuspended) || compareRecords(a.runs, b.runs),
  );
  if (best === undefined) return { runbook: undefined, because: [] };
  const { runbook, runs } = best;
  // Where none was ever tried there, nothing is told by it.
  const isTried = tried.some((one) => one.runs.length > 0);
  const kind = runbook.target.kind;
  return {
    runbook,
    because: [
      ...(isTried ? [`On targets of the kind ${kind}, the runbook ${runbook.id} ${sayRecord(runs)}.`] : []),
      ...(isTried && others.length > 0
        ? [
            `It comes before ${others
              .slice(0, 3)
              .map((one) => `${one.runbook.id} (${one.isSuspended ? "suspended, " : ""}${sayRecord(one.runs)})`)
              .join(" and ")}.`,
          ]
        : []),
    ],
  };
}

function usable({ actions }: RemedyDeps, { steps }: Runbook): number {
  return steps.every(({ uses }) => actions.get(uses) !== undefined) ? 1 : 0;
}

/** The frozen spec of a runbook with these values, its targets looked at. */
async function draft(
  deps: RemedyDeps,
  need: Need,
  runbook: Runbook,
  now: number,
  signal: AbortSignal,
): Promise<{ readonly spec: Spec; readonly facts: readonly string[] } | { readonly reason: string }> {
  const missing = runbook.steps.find(({ uses }) => deps.actions.get(uses) === undefined);
  if (missing !== undefined) {
    // Nothing here can carry it out: it is written down as a wish, with the reason.
    const why = `The runbook ${runbook.id} would do it, but ${deps.actions.whyMissing(missing.uses)}.`;
    return { spec: wish(deps, need, now), facts: [why] };
  }
  const resolved = resolve(runbook, need.values);
  if ("reason" in resolved) return resolved;
  const looked = await lookAt(deps, resolved.steps, signal);
  if ("reason" in looked) return { reason: `${runbook.title} cannot be proposed: ${looked.reason}` };
  const { looks } = looked;
  const back = rollbackOf(deps, resolved, looks);
  const base = {
    v: 1 as const,
    id: deps.newId(),
    nonce: randomBytes(12).toString("base64url"),
    action: need.action,
    runbook: {
      id: runbook.id,
      version: runbook.version,
      title: runbook.title,
      readOnly: runbook.readOnly,
      minutesByHand: runbook.minutesByHand,
    },
    environment: resolved.environment ?? need.environment,
    source: need.source,
    params: resolved.params,
    target: resolved.target,
    conditions: resolved.conditions,
    steps: resolved.steps,
    looks: looks.map(({ identity, precondition }) => ({ identity, precondition })),
    rollback: back.rollback,
    ...extensionsOf(deps, [...resolved.steps, ...(back.rollback?.steps ?? [])]),
    verify: resolved.verify,
    blast: blastOf(looks),
    backOut: back.text,
    cooldown: runbook.cooldown,
    cancellable: runbook.cancellable,
    stepTimeout: runbook.stepTimeout,
    requester: need.requester,
    cause: need.cause,
    createdAt: now,
  };
  const { spec, because } = seal(deps, base, runbook.risk);
  return { spec, facts: [...looks.flatMap(({ facts }) => facts), ...because] };
}

/** Freezes a spec: with the risk and the rule that the policy gives it now. */
export function seal(
  deps: RemedyDeps,
  base: Omit<Spec, "risk" | "rule" | "policyVersion" | "approveBy">,
  stated: Spec["risk"],
): {
  readonly spec: Spec /** Why its risk is higher than stated, as sentences. */;
  readonly because: readonly string[];
} {
  const policy = deps.policy();
  const { rule, risk, because } = ruleFor(policy, factsOf({ ...base, risk: stated }));
  return {
    spec: { ...base, risk, rule, policyVersion: policy.version, approveBy: base.createdAt + rule.approveWithin },
    because: because.length > 0 ? [`The policy raises its risk from ${stated} to ${risk}: ${because.join("; ")}.`] : [],
  };
}

/** How the target of each step is now; or why that cannot be told. */
export async function lookAt(
  { actions }: RemedyDeps,
  steps: readonly RunbookStep[],
  signal: AbortSignal,
): Promise<{ readonly looks: readonly Look[] } | { readonly reason: string }> {
  const looks: Look[] = [];
  for (const { uses, with: args } of steps) {
    const action = actions.get(uses);
    if (action === undefined) return { reason: actions.whyMissing(uses) };
    const wrong = action.check(args);
    if (wrong !== undefined) return { reason: wrong };
    try {
      looks.push(await action.look(args, AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)])));
    } catch (problem) {
      return { reason: reasonOf(problem) };
    }
  }
  return { looks };
}

export function blastOf(looks: readonly Look[]): string {
  return looks.map(({ blast }) => (blast.kind === "known" ? blast.text : `unknown: ${blast.text}`)).join(" ");
}

/** The steps back, filled with what was read from the targets; and in words. */
function rollbackOf(
  { actions }: RemedyDeps,
  resolved: Exclude<ReturnType<typeof resolve>, { reason: string }>,
  looks: readonly Look[],
): { readonly rollback: Spec["rollback"]; readonly text: string } {
  const captured: Record<string, unknown> = {};
  for (const look of looks.toReversed())
    for (const [name, value] of Object.entries(look.captured)) captured[name] = value;
  const made = resolved.rollback(captured);
  if (made === undefined) return { rollback: undefined, text: "none: this cannot be taken back by a runbook." };
  if ("reason" in made) return { rollback: undefined, text: `none: ${made.reason}` };
  const wrong = made.steps
    .map(
      (step) =>
        actions.get(step.uses)?.check(step.with) ??
        (actions.get(step.uses) ? undefined : actions.whyMissing(step.uses)),
    )
    .find((one) => one !== undefined);
  if (wrong !== undefined) return { rollback: undefined, text: `none: ${wrong}` };
  return { rollback: made, text: made.steps.map(({ name }) => name).join("; ") };
}

/** What this version does not do by itself, whatever the runbooks. */
const NO_RUNBOOKS: Readonly<Record<string, string>> = {
  silence:
    "A silence needs no proposal: use Silence… on the incident, or write for example: silence alertname=NAME for 2h. It is shown before it is written.",
  unsilence: "To end a silence write: unsilence ID. `silences` lists them with their ids.",
  ack: "An acknowledgement needs no proposal: press Acknowledge on the incident's message. `incidents` lists those that are open.",
  schedule:
    "This note posts nothing. For a digest by schedule write for example: digest add morning daily at 08:00. Reminders of other things are not kept.",
  watch:
    "This note watches nothing. A watch is an entry under `watches` in smartcloudops.yaml; `watches` lists those that there are.",
  test: "It is a test: nothing can carry it out, whoever approves.",
};

/** What would have to be there for it to run, as a sentence. */
function neededFor({ action, kinds }: Need): string {
  const verb = action.type.replaceAll("_", " ");
  const kind = kinds[0] === undefined ? "" : ` of a ${kinds[0]}`;
  return (
    (Object.hasOwn(NO_RUNBOOKS, action.type) ? NO_RUNBOOKS[action.type] : undefined) ??
    `It would take a runbook for ${verb}${kind} (\`matches: {asks: [{verb: ${action.type}, kinds: [${kinds[0] ?? "service"}]}]}\`): see "Writing a runbook" in the README.`
  );
}

/** A change that no runbook here can make: written down, never run. */
function wish(deps: RemedyDeps, need: Need, now: number): Spec {
  const target = { kind: need.kinds[0] ?? "thing", name: need.action.target, key: `wish/${need.action.target}` };
  const policy = deps.policy();
  const base = { risk: "low" as const, params: {}, environment: need.environment, target, runbook: undefined };
  const { rule } = ruleFor(policy, factsOf(base));
  return {
    v: 1,
    id: deps.newId(),
    nonce: randomBytes(12).toString("base64url"),
    action: need.action,
    runbook: undefined,
    environment: need.environment,
    source: need.source,
    params: {},
    target,
    conditions: [],
    steps: [],
    looks: [],
    rollback: undefined,
    verify: undefined,
    blast: "",
    backOut: "",
    risk: "low",
    rule,
    policyVersion: policy.version,
    cooldown: 0,
    cancellable: false,
    stepTimeout: 0,
    requester: need.requester,
    cause: need.cause,
    createdAt: now,
    approveBy: now + rule.approveWithin,
  };
}

async function observe(deps: RemedyDeps, need: Need, spec: Spec): Promise<Suggested> {
  const text = `${spec.runbook?.title}: ${spec.target.name}`;
  await deps.store.audit.append([
    {
      actor: need.requester === undefined ? "bot" : await deps.store.audit.actorOf(need.requester),
      platform: need.requester?.platform ?? "bot",
      action: "observe",
      id: spec.id,
      hash: hashOf(spec),
      from: "",
      to: "",
      reason: `would have been proposed: ${text}`.slice(0, 500),
    },
  ]);
  return { kind: "observed", text };
}

/** Flood protection: by thread, channel and target; wishes that nothing can fulfil by person. What is open already is merged instead, so it is never too much. */
async function isTooMuch(
  deps: RemedyDeps,
  places: Need["places"],
  spec: Spec,
  now: number,
): Promise<string | undefined> {
  const [open, young] = await Promise.all([
    deps.store.proposals.find({ status: [...OPEN], limit: 1000 }),
    deps.store.proposals.find({ since: now - HOUR, limit: 1000 }),
  ]);
  if (open.some((one) => isSame(one.spec, spec))) return undefined;
  const all = [...new Map([...open, ...young].map((one) => [one.id, one])).values()];
  const isWish = (one: Pick<Proposal, "spec">) => one.spec.runbook === undefined;
  if (isWish({ spec })) {
    const mine = all.filter((one) => isWish(one) && one.spec.requester?.person === spec.requester?.person);
    return overWishes(
      mine.map((one) => one.spec.createdAt),
      now,
    );
  }
  // What only reads uses up nothing of what changes may, and the other way round.
  const isRead = (one: Pick<Spec, "runbook">) => one.runbook?.readOnly === true;
  const counted = all
    .filter((one) => !isWish(one) && isRead(one.spec) === isRead(spec))
    .map(({ spec: { createdAt, target }, places, status }) => ({
      createdAt,
      target: target.key,
      places,
      isOpen: OPEN.has(status),
    }));
  return overLimit(deps.policy().limits, counted, places[0], spec.target.key, now);
}

function isSame(a: Spec, b: Spec): boolean {
  return (
    a.runbook?.id === b.runbook?.id &&
    a.runbook?.version === b.runbook?.version &&
    a.source === b.source &&
    a.target.key === b.target.key &&
    a.action.type === b.action.type &&
    isDeepStrictEqual(a.params, b.params) &&
    isDeepStrictEqual(a.action.params, b.action.params)
  );
}

function evidenceOf({ sources }: RemedyDeps, spec: Spec, now: number): readonly EvidenceLine[] {
  const source = sourceOf(sources, spec);
  if (source === undefined) return [];
  const asked = [spec.cause.trigger, ...spec.conditions].filter((one): one is Condition => one !== undefined);
  return [...asked, ...(spec.verify?.checks ?? [])].slice(0, 4).map(({ promql }) => {
    const url = source.linkTo(promql, { start: now - HOUR, end: now, step: 15 });
    return { promql, source: source.name, ...(url !== undefined && { url }) };
  });
}

/** The first check over the last hour, to see what is to be mended. A picture is a comfort: without it the card stands. */
async function pictured(
  { sources }: RemedyDeps,
  spec: Spec,
  now: number,
  signal: AbortSignal,
): Promise<{ readonly chart?: Chart }> {
  const check = spec.verify?.checks[0];
  const source = sourceOf(sources, spec);
  if (check === undefined || source === undefined) return {};
  try {
    const window = { start: now - HOUR, end: now, step: 60 };
    const found = await source.range(check.promql, window, AbortSignal.any([signal, AbortSignal.timeout(5000)]));
    const series = found.slice(0, 4).map(({ labels, points }) => ({ name: nameOf(labels, check.name), points }));
    if (!series.some(({ points }) => points.length > 2)) return {};
    const threshold = check.until === undefined ? {} : { threshold: check.until.value };
    return { chart: { title: `${check.name}, last hour`, unit: check.unit, series, ...threshold } };
  } catch {
    return {};
  }
}

function nameOf(labels: Readonly<Record<string, string>>, name: string): string {
  const parts = Object.entries(labels).filter(([label]) => label !== "__name__");
  return parts.length === 0 ? name : parts.map(([, value]) => value).join(" ");
}

function sourceOf(sources: readonly Metrics[], { source }: Pick<Spec, "source">): Metrics | undefined {
  return sources.find(({ name }) => name === source) ?? sources[0];
}
