import { mayReadProposal } from "../../core/access.ts";
import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { MOST_NAMESPACES, namespaceQueries } from "../../core/change/namespaces.ts";
import { ANY_KIND, sayVerb, TARGET_KINDS } from "../../core/change/targets.ts";
import type { Need, Suggested } from "../../core/need.ts";
import type { Proposal, ProposedAction } from "../../core/proposal.ts";
import { formatDuration } from "../../core/units.ts";
import { inertName } from "../../util/inert.ts";
import type { Turn } from "./turn.ts";

/** One change as understood, before it is stored. `facts` are sentences about how things are now or how it was read. */
export type Wish = {
  /** A certain runbook, by its id. */
  readonly runbook?: string;
  /** Nothing is kept where nothing here can do it. */
  readonly isOnlyIfRunnable?: true;
  readonly type: string;
  readonly target: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly facts?: readonly string[];
  /** Numbers that the facts state. */
  readonly values?: readonly Value[];
};

/** What an approver should know about a change that cannot be taken back, or that hurts while it happens. */
const RISKS: Readonly<Record<string, string>> = {
  purge_queue: "Purging deletes the messages that wait in it; they cannot be brought back.",
  flush_cache: "Flushing makes every reader miss the cache until it is warm again.",
  drop_replication_slot: "A consumer that still uses the slot would have to start over.",
  kill_queries: "The database undoes what those queries changed so far.",
  failover: "Connections break while the primary changes.",
  drain: "Draining evicts every pod on the node.",
  delete_pod: "Its controller, if it has one, starts another in its place.",
  free_disk: "Which files would be removed is decided by the runbook, not by this message.",
  resize_volume: "Most volumes can grow but never shrink.",
};

/** Parameters that only repeat another one for machines. */
const SILENT = new Set(["seconds", "zone", "longer_than_seconds", "unit"]);

/** Turns wishes into proposals and says so. Nothing runs, and the words never claim that anything did. */
export async function propose(turn: Turn, wishes: readonly Wish[]): Promise<Answer> {
  const made: { readonly action: ProposedAction; readonly suggested: Suggested }[] = [];
  for (const wish of wishes) {
    const { type, target, params } = wish;
    const action: ProposedAction = { type, target, params, status: "pending", executed: false };
    made.push({ action, suggested: await turn.suggest(await needOf(turn, wish), turn.signal) });
  }
  const said = (kind: ReturnType<typeof kindOf>) =>
    made.filter(({ suggested }) => kindOf(suggested) === kind).map(({ action }) => sayAction(action));
  const proposals = made.flatMap(({ suggested }) => (suggested.kind === "proposed" ? [suggested] : []));
  const wordsOf = (list: readonly string[]) => list.join("; ");
  const [proposed, noted, refused, observed] = [said("proposed"), said("noted"), said("refused"), said("observed")];
  const read = said("read");
  const reasons = made.flatMap(({ suggested }) => (suggested.kind === "refused" ? [suggested.reason] : []));
  const verdict =
    proposed.length > 0
      ? proposed.length === 1
        ? `Proposed: ${proposed[0]}. It waits for approval.`
        : `Proposed ${proposed.length} changes: ${wordsOf(proposed)}. They wait for approval.`
      : read.length > 0
        ? `Reading: ${wordsOf(read)}. It changes nothing and needs no approval.`
        : noted.length > 0
          ? `Noted, and nothing will run: ${wordsOf(noted)}.`
          : observed.length > 0
            ? `Noted only: ${wordsOf(observed)}. The bot observes there and proposes nothing (mode observe).`
            : `Not proposed: ${wordsOf(refused)}.`;
  const facts = wishes.flatMap((one) => one.facts ?? []);
  const ids = proposals.map(({ proposal }) => proposal.id);
  const again = proposals.filter(({ isNew }) => !isNew).map(({ proposal }) => proposal.id);
  const inChat = !LOCAL.has(turn.question.place.platform);
  return answerOf(verdict, {
    tone: proposed.length + noted.length + read.length > 0 ? "info" : "warning",
    details: [
      ...facts,
      ...risksOf(made.map(({ action }) => action)),
      ...(proposed.length > 0 && noted.length > 0 ? [`Noted only, and nothing will run: ${wordsOf(noted)}.`] : []),
      ...(proposed.length + noted.length > 0 && refused.length > 0 ? [`Not proposed: ${wordsOf(refused)}.`] : []),
      ...reasons,
      ...new Set(proposals.flatMap(({ because = [] }) => because)),
      ...proposals
        .flatMap(({ proposal }) => (proposal.spec.runbook === undefined ? proposal.facts : []))
        .filter((fact) => !facts.includes(fact)),
      proposed.length > 0 ? "Nothing was changed. No text in the chat approves it." : "Nothing was changed.",
      ...(again.length > 0 ? [`It was asked for before and is still open: ${again.join(", ")}.`] : []),
      ...(proposals.some(({ alsoHere }) => alsoHere) ? ["Its card is shown here from now on too."] : []),
      ...(ids.length > again.length
        ? [
            `${noted.length > 0 ? "Kept as" : ids.length === 1 ? "Proposal" : "Proposals"} ${ids.join(", ")}${inChat ? "" : "; see `smartcloudops proposals show`"}.`,
          ]
        : []),
    ],
    proposals: made.flatMap(({ action, suggested }) => (suggested.kind === "proposed" ? [action] : [])),
    values: wishes.flatMap((one) => one.values ?? []),
    next: [
      askButton("Show pending approvals"),
      ...wishes
        .slice(0, 1)
        .filter(({ target }) => turn.catalogue.named(target).length > 0)
        .map(({ target }) => askButton(`How is ${target}?`, `how is ${target} doing`)),
    ],
    // Each new one has a card, on which all of this stands.
    ...(inChat && proposals.length === made.length && again.length === 0 && { shownApart: true as const }),
  });
}

/** A wish that no runbook can fulfil is proposed to nobody: it is noted. */
function kindOf(suggested: Suggested): Suggested["kind"] | "noted" | "read" {
  if (suggested.kind !== "proposed") return suggested.kind;
  if (suggested.proposal.isFree === true) return "read";
  return suggested.proposal.spec.runbook === undefined ? "noted" : "proposed";
}

/** Platforms where nobody posts by themselves: the answer is all there is. */
const LOCAL: ReadonlySet<string> = new Set(["terminal"]);

function risksOf(actions: readonly ProposedAction[]): readonly string[] {
  const risks = actions.flatMap((action) =>
    action.type === "scale" && action.params["replicas"] === 0
      ? ["With 0 replicas it serves nothing."]
      : (RISKS[action.type] ?? []),
  );
  return [...new Set(risks)];
}

/** Parameters of spoken requests under the names that runbooks use. */
const RENAMED: Readonly<Record<string, string>> = {
  longer_than_seconds: "older_than_seconds",
  on: "database",
  version: "revision",
};

/** The wish with everything a runbook may want to know about its target, and where each value came from. */
async function needOf(
  turn: Turn,
  { type, target, params, facts = [], runbook, isOnlyIfRunnable }: Wish,
): Promise<Need> {
  const entities = turn.catalogue.named(target);
  const wanted = TARGET_KINDS[type] ?? ANY_KIND;
  const known = wanted.filter((kind) => entities.some((entity) => entity.kind === kind));
  const kinds = known.length > 0 ? known : wanted;
  const { source } = turn.ask;
  const values: Record<string, Need["values"][string]> = {};
  // For a certain runbook, its parameters are named one by one.
  if (runbook === undefined) for (const name of ["name", ...kinds]) values[name] = { value: target, origin: "user" };
  if (source.cluster !== undefined) values["cluster"] = { value: source.cluster, origin: "label" };
  const named = turn.read.mentions
    .flatMap(({ entities: all }) => all.find(({ kind }) => kind === "namespace") ?? [])
    .find(({ name }) => name !== target);
  const spaces = named === undefined ? await namespacesOf(turn, entities, kinds) : [];
  const [space] = spaces;
  if (named !== undefined) values["namespace"] = { value: named.name, origin: "user" };
  else if (space !== undefined && spaces.length === 1) values["namespace"] = { value: space, origin: "label" };
  for (const [name, value] of Object.entries(params)) {
    values[name] = { value, origin: "user" };
    const other = RENAMED[name];
    if (other !== undefined) values[other] ??= { value, origin: "user" };
  }
  const risks = risksOf([{ type, target, params, status: "pending", executed: false }]);
  const several =
    spaces.length > 1
      ? [`It exists in several namespaces: ${spaces.map((one) => inertName(one)).join(", ")}. Please name one.`]
      : [];
  return {
    action: { type, target, params },
    kinds,
    values,
    environment: source.environment,
    source: source.name,
    requester: turn.person,
    places: [turn.question.place],
    cause: { kind: "ask", text: turn.read.plain },
    facts: [...facts, ...risks, ...several],
    ...(runbook !== undefined && { runbook }),
    ...(isOnlyIfRunnable === true && { isOnlyIfRunnable }),
  };
}

/** Namespaces in which Prometheus knows it. Not knowing is none. */
async function namespacesOf(
  { ask, catalogue }: Turn,
  entities: readonly Entity[],
  kinds: readonly string[],
): Promise<readonly string[]> {
  for (const promql of namespaceQueries(catalogue, entities, kinds)) {
    const found = await ask.instant(promql, { background: true });
    const spaces = found.ok ? found.data.flatMap(({ labels }) => labels["namespace"] ?? []) : [];
    if (spaces.length > 0) return spaces.slice(0, MOST_NAMESPACES);
  }
  return [];
}

/** "scale cart (replicas 4)". Names in it are inert. */
export function sayAction({ type, target, params }: Pick<ProposedAction, "type" | "target" | "params">): string {
  const parts = Object.entries(params)
    .filter(([name]) => !SILENT.has(name) && !(type === "set_limit" && name === "resource"))
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${inertName(String(value))}`);
  const older = params["longer_than_seconds"];
  if (older !== undefined) parts.push(`older than ${formatDuration(Number(older))}`);
  const verb = type === "set_limit" ? `set the ${params["resource"]} limit of` : sayVerb(type);
  return `${verb} ${inertName(target)}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

/** Somebody to whom not all sources are open sees the proposals of this channel only. */
export function maySee({ question }: Turn, proposal: Proposal): boolean {
  return mayReadProposal(question, proposal);
}
