import type { ModelAccount } from "../core/answer.ts";
import type { Place } from "../core/chat.ts";
import type { Run } from "../core/ci/run.ts";
import type { KeptDigest } from "../core/digest/digest.ts";
import { incidentOf } from "../core/incident/message.ts";
import { type AlertRecord, isLive } from "../core/incident.ts";
import type { KeptOverride } from "../core/oncall/kept.ts";
import { proposalOf } from "../core/proposal-message.ts";
import type { Evidence } from "../core/reading.ts";
import type { Recording } from "../core/recording.ts";
import type { Rollout } from "../core/rollout/rollout.ts";
import type { SilenceDraft } from "../core/silence.ts";
import type { Waste } from "../core/waste.ts";
import type { WatchModel } from "../core/watch/model.ts";
import type { FurtherLook } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outgoing } from "../ports/outbox.ts";
import type { Held, Lease, Lesson, Store, Turn } from "../ports/store.ts";
import { memoryAudit } from "./memory/audit.ts";
import { copy } from "./memory/copy.ts";
import { memoryDetection } from "./memory/detection.ts";
import { memoryDigests } from "./memory/digests.ts";
import { type KeptScored, memoryForecasts } from "./memory/forecasts.ts";
import { type KeptIncident, memoryIncidents } from "./memory/incidents.ts";
import { memoryPersonal, tableOf } from "./memory/personal.ts";
import { type Kept, memoryProposals } from "./memory/proposals.ts";
import { memoryRuns } from "./memory/runs.ts";
import { memoryShelf, type Shelved } from "./memory/shelf.ts";
import { cutoff, isUndecided, type Retention, TABLES, type Table, wordKey } from "./retention.ts";
import { type SealSettings, shared } from "./seal.ts";
import { createStop } from "./stop.ts";

type Answer = {
  id: string;
  place: Place;
  at: number;
  text: string;
  evidence: readonly Evidence[];
  model?: ModelAccount;
  recording?: Recording;
};

/** In whose hand something is. */
type Hand = Pick<Lease, "owner" | "until"> | undefined;

type Waiting = {
  readonly message: Outgoing;
  readonly state: "waiting" | "sent" | "given up";
  readonly attempts: number;
  readonly until: number;
  readonly held?: Hand;
  readonly at: number;
  readonly reference?: string;
  readonly reason?: string | undefined;
};

/**
 * The store in memory: the reference that every other store is compared with, and what tests run on. Values are
 * copied as JSON on their way in and out, as a file would do, so nobody can change a stored fact by accident.
 * Turns stay in the order they were appended in: clocks may jump back, and `ask --now` asks about the past.
 */
export function createMemoryStore(
  settings: { readonly retention: Retention; readonly now?: Clock } & Omit<SealSettings, "now">,
): Store {
  const conversations = new Map<string, Map<string, Turn>>();
  const places = new Map<string, { place: Place; reference: unknown; at: number }>();
  const seen = new Map<string, { at: number }>();
  const inbox = new Map<string, Held & { platform: string; held?: Hand }>();
  const answers = new Map<string, Answer>();
  const lessons = new Map<string, { channel: string; lesson: Lesson }>();
  const proposals = new Map<string, Kept>();
  const incidents = new Map<string, KeptIncident>();
  const alerts = new Map<string, AlertRecord>();
  const outbox = new Map<string, Waiting>();
  const feedback = new Map<string, { answer: string; helpful: boolean; at: number }>();
  const spending = new Map<string, { at: number; tokens: number; cost: number }>();
  const forecasts = new Map<string, KeptScored>();
  const shelves = new Map<string, Shelved>();
  const digests = new Map<string, KeptDigest>();
  const runs = new Map<string, Run>();
  let closed = false;
  let checkedAt = 0;

  /** Every call goes through here: it is asynchronous like a real store, and fails after `close`. */
  async function use<T>(work: () => T): Promise<T> {
    if (closed) throw new Error("the store was used after it had been closed");
    return work();
  }

  const { ledger, audit, actors, latest } = memoryAudit(
    { ...settings, now: settings.now ?? (() => Date.now() / 1000) },
    use,
  );
  const { detection, tables: watched } = memoryDetection(use);
  /** What is done needs its hint no more. */
  function withoutHint({ hint: _, ...message }: Outgoing): Outgoing {
    return message;
  }

  /** Only what waits can change. */
  function change(id: string, by: (one: Waiting) => Partial<Waiting>): void {
    const one = outbox.get(id);
    if (one?.state === "waiting") outbox.set(id, { ...one, ...by(one) });
  }

  const [platformAndChannel, ofFeedback] = [
    ([platform, channel]: readonly string[]) => ({ platform, channel }),
    ([answer, platform, user]: readonly string[]) => ({ answer, platform, user }),
  ];
  const ofPeople = () => [
    ...[...conversations].map(([place, turns]) =>
      tableOf("turns", turns, () => platformAndChannel(JSON.parse(place) as readonly string[])),
    ),
    tableOf("places", places),
    tableOf("answers", answers),
    tableOf("lessons", lessons),
    tableOf("proposals", proposals),
    tableOf("incidents", incidents),
    tableOf("alerts", alerts),
    tableOf("shelves", shelves),
    tableOf("digests", digests),
    tableOf("outbox", outbox),
    tableOf("feedback", feedback, ofFeedback),
    tableOf("spending", spending, ([key]) => ({ key })),
    tableOf("forecasts", forecasts),
    tableOf("anomalies", watched.anomalies),
    tableOf("opinions", watched.opinions),
    tableOf("runs", runs),
  ];

  return {
    personal: memoryPersonal(ofPeople, actors, ledger, use),
    conversations: {
      append: (place, turn) =>
        use(() => {
          const turns = conversations.get(placeKey(place)) ?? new Map<string, Turn>();
          conversations.set(placeKey(place), turns);
          return insert(turns, turn.id, turn);
        }),
      recent: (place, limit) =>
        use(() => {
          const turns = [...(conversations.get(placeKey(place))?.values() ?? [])];
          return copy(turns.slice(Math.max(0, turns.length - limit))).map(withOptional);
        }),
    },
    places: {
      save: (place, reference, at) =>
        use(() => {
          places.set(placeKey(place), copy({ place, reference, at }));
        }),
      get: (place) =>
        use(() => {
          const found = places.get(placeKey(place));
          return found && copy({ reference: found.reference, at: found.at });
        }),
      all: (platform) =>
        use(() =>
          copy(
            [...places.values()]
              .filter((entry) => entry.place.platform === platform)
              .map(({ place, reference }) => ({ place, reference })),
          ),
        ),
      remove: (place) =>
        use(() => {
          places.delete(placeKey(place));
        }),
    },
    inbox: {
      take: (platform, { id, body, at }, held) =>
        use(() => {
          const isNew = insert(seen, key(platform, id), { at });
          if (isNew) inbox.set(key(platform, id), { platform, id, body, at, attempts: 1, held });
          return isNew;
        }),
      done: (platform, id) =>
        use(() => {
          inbox.delete(key(platform, id));
        }),
      left: (platform, now = Number.POSITIVE_INFINITY) =>
        use(() =>
          [...inbox.values()]
            .filter((one) => one.platform === platform && (one.held?.until ?? 0) <= now)
            .map(({ id, body, at, attempts }) => ({ id, body, at, attempts })),
        ),
      begin: (platform, id, lease) =>
        use(() => {
          const one = inbox.get(key(platform, id));
          if (one === undefined || isAnothers(one.held, lease)) return false;
          inbox.set(key(platform, id), { ...one, attempts: one.attempts + 1, held: lease });
          return true;
        }),
      hold: (platform, ids, lease) =>
        use(() => {
          for (const one of ids.map((id) => inbox.get(key(platform, id))))
            if (one?.held?.owner === lease.owner) inbox.set(key(platform, one.id), { ...one, held: lease });
        }),
    },
    evidence: {
      save: (answer) =>
        use(() => {
          insert(answers, answer.id, { ...answer });
        }),
      get: (answerId) =>
        use(() => {
          const found = answers.get(answerId);
          if (found === undefined) return undefined;
          const { at, text, evidence, model, recording } = found;
          return copy({ at, text, evidence, ...(model && { model }), ...(recording && { recording }) });
        }),
      since: (at, limit) =>
        use(() =>
          [...answers.values()]
            .filter((answer) => answer.at >= at)
            .reverse()
            .sort((a, b) => b.at - a.at)
            .slice(0, Math.max(0, limit))
            .map((answer) => ({ id: answer.id, at: answer.at, text: answer.text, queries: answer.evidence.length })),
        ),
    },
    lessons: {
      teach: (channel, lesson) =>
        use(() => {
          const at = key(channel.platform, channel.channel, wordKey(lesson.word));
          const replaced = lessons.get(at);
          lessons.delete(at); // so that the new one is the youngest
          lessons.set(at, copy({ channel: key(channel.platform, channel.channel), lesson }));
          return replaced && copy(replaced.lesson);
        }),
      of: (channel) =>
        use(() => {
          const here = key(channel.platform, channel.channel);
          const found = [...lessons.values()].filter((entry) => entry.channel === here).map((entry) => entry.lesson);
          return copy(found.sort((a, b) => a.at - b.at));
        }),
      forget: (channel, word) => use(() => lessons.delete(key(channel.platform, channel.channel, wordKey(word)))),
    },
    proposals: memoryProposals(proposals, ledger, use),
    incidents: memoryIncidents(incidents, alerts, ledger, use),
    silences: memoryShelf<SilenceDraft>("silence", shelves, ledger, use),
    overrides: memoryShelf<KeptOverride>("override", shelves, ledger, use),
    rollouts: memoryShelf<Rollout>("rollout", shelves, ledger, use),
    models: memoryShelf<WatchModel>("model", shelves, ledger, use),
    waste: memoryShelf<Waste>("waste", shelves, ledger, use),
    looks: memoryShelf<FurtherLook>("look", shelves, ledger, use),
    digests: memoryDigests(digests, ledger, use),
    runs: memoryRuns(runs, use),
    audit,
    stop: createStop(shared(ledger), undefined),
    outbox: {
      put: (message) =>
        use(() => {
          const { id, edits, revision, at } = message;
          const edited = edits === undefined || revision === undefined ? undefined : outbox.get(edits);
          if (outbox.has(id) || (edited?.message.revision ?? 0) > (revision ?? 0)) return false;
          if (edited !== undefined)
            outbox.set(edited.message.id, { ...edited, message: { ...edited.message, revision: revision! } });
          return insert(outbox, id, { message, state: "waiting", attempts: 0, until: 0, at });
        }),
      due: (platform, now, limit) =>
        use(() => {
          const first = new Map<string, Waiting>();
          for (const one of outbox.values()) {
            const { place } = one.message;
            if (one.state === "waiting" && place.platform === platform && !first.has(place.channel))
              first.set(place.channel, one);
          }
          return [...first.values()]
            .filter(({ until, held }) => until <= now && (held?.until ?? 0) <= now)
            .slice(0, Math.max(0, limit))
            .map(({ message, attempts }) => copy({ ...message, attempts }));
        }),
      begin: (id, lease) =>
        use(() => {
          const one = outbox.get(id);
          if (one?.state !== "waiting" || isAnothers(one.held, lease)) return undefined;
          change(id, ({ attempts }) => ({ attempts: attempts + 1, held: lease }));
          return one.attempts + 1;
        }),
      hold: (id, lease) => use(() => change(id, ({ held }) => ({ held: held?.owner === lease.owner ? lease : held }))),
      hint: (id, hint) => use(() => change(id, ({ message }) => ({ message: { ...message, hint } }))),
      postpone: (id, until, reason) => use(() => change(id, () => ({ until, reason, held: undefined }))),
      sent: (id, reference) =>
        use(() =>
          change(id, ({ message }) => ({ state: "sent", reference, reason: undefined, message: withoutHint(message) })),
        ),
      gaveUp: (id, reason) =>
        use(() => change(id, ({ message }) => ({ state: "given up", reason, message: withoutHint(message) }))),
      fateOf: (id) =>
        use(() => {
          const found = outbox.get(id);
          return found && { state: found.state, ...(found.reason !== undefined && { reason: found.reason }) };
        }),
      referenceOf: (id) => use(() => outbox.get(id)?.reference),
      answerOf: ({ platform, channel }, reference) =>
        use(() => {
          const isThat = (one: Waiting) =>
            one.reference === reference &&
            one.message.place.platform === platform &&
            one.message.place.channel === channel;
          return [...outbox.values()].findLast(isThat)?.message.answer;
        }),
      waiting: (platform) =>
        use(() => {
          const all = [...outbox.values()].filter(
            ({ state, message }) => state === "waiting" && message.place.platform === platform,
          );
          return { count: all.length, oldest: all.length === 0 ? undefined : Math.min(...all.map(({ at }) => at)) };
        }),
    },
    feedback: {
      save: ({ answer, user, helpful, at }) =>
        use(() => {
          feedback.set(key(answer, user.platform, user.id), { answer, helpful, at });
        }),
      count: (answer) =>
        use(() => {
          const said = [...feedback.values()].filter((one) => one.answer === answer).map(({ helpful }) => helpful);
          const helpful = said.filter(Boolean).length;
          return { helpful, unhelpful: said.length - helpful };
        }),
    },
    spending: {
      add: (day, keys, { tokens, cost }) =>
        use(() => {
          for (const name of keys) {
            const before = spending.get(key(name, String(day)));
            spending.set(key(name, String(day)), {
              at: day * DAY,
              tokens: (before?.tokens ?? 0) + tokens,
              cost: (before?.cost ?? 0) + cost,
            });
          }
        }),
      of: (day, keys) =>
        use(() =>
          keys.map((name) => {
            const { tokens, cost } = spending.get(key(name, String(day))) ?? { tokens: 0, cost: 0 };
            return { tokens, cost };
          }),
        ),
    },
    forecasts: memoryForecasts(forecasts, use),
    detection,
    prune: (now) =>
      use(() => {
        const ages: Record<Table, () => number> = {
          turns: pruneTurns,
          answers: () => forgetWhere(answers, "answers", (entry) => entry.at),
          seen_events: () => forgetWhere(seen, "seen_events", (entry) => entry.at),
          inbox: () => forgetWhere(inbox, "inbox", (entry) => entry.at),
          proposals: () =>
            forgetWhere(proposals, "proposals", ({ proposal }) =>
              isUndecided(proposal.status)
                ? Number.POSITIVE_INFINITY
                : Math.max(proposal.endedAt ?? 0, proposal.spec.createdAt),
            ),
          places: () => forgetWhere(places, "places", (entry) => entry.at),
          lessons: () => forgetWhere(lessons, "lessons", (entry) => entry.lesson.at),
          outbox: () =>
            forgetWhere(outbox, "outbox", (entry) =>
              isOfProposal(entry) || isOfIncident(entry) ? Number.POSITIVE_INFINITY : entry.at,
            ),
          feedback: () => forgetWhere(feedback, "feedback", (entry) => entry.at),
          spending: () => forgetWhere(spending, "spending", (entry) => entry.at),
          alerts: () =>
            forgetWhere(alerts, "alerts", ({ incident = "", seenAt }) =>
              isLiveOne(incident) ? Number.POSITIVE_INFINITY : seenAt,
            ),
          incidents: () =>
            forgetWhere(incidents, "incidents", ({ incident }) =>
              isLive(incident) ? Number.POSITIVE_INFINITY : (incident.endedAt ?? incident.openedAt),
            ),
          forecasts: () => forgetWhere(forecasts, "forecasts", (entry) => entry.forecast.at),
          watched_series: () => forgetWhere(watched.series, "watched_series", (entry) => entry.at),
          watch_rounds: () => forgetWhere(watched.rounds, "watch_rounds", (entry) => entry.at),
          anomalies: () =>
            forgetWhere(watched.anomalies, "anomalies", ({ anomaly }) =>
              anomaly.status === "open" ? Number.POSITIVE_INFINITY : anomaly.openedAt,
            ),
          shelves: () => forgetWhere(shelves, "shelves", ({ item }) => item.endedAt ?? Number.POSITIVE_INFINITY),
          digests: () => forgetWhere(digests, "digests", (entry) => entry.slot),
          runs: () => forgetWhere(runs, "runs", (entry) => entry.endedAt),
          opinions: () => forgetWhere(watched.opinions, "opinions", (entry) => entry.at),
        };
        return Object.fromEntries(TABLES.map((table) => [table, ages[table]()]));

        /** The message that shows a proposal, for as long as there is one: its buttons count by it, and its end is written into it. */
        function isOfProposal({ message, state }: Waiting): boolean {
          const shown = proposalOf(message.id);
          return shown !== undefined && proposals.has(shown) && (state === "waiting" || message.edits === undefined);
        }

        function isOfIncident({ message, state }: Waiting): boolean {
          const shown = incidentOf(message.id);
          return shown !== undefined && incidents.has(shown) && (state === "waiting" || message.edits === undefined);
        }

        function isLiveOne(id: string): boolean {
          const found = incidents.get(id);
          return found !== undefined && isLive(found.incident);
        }

        function pruneTurns(): number {
          let gone = 0;
          for (const [place, turns] of conversations) {
            gone += forgetWhere(turns, "turns", (turn) => turn.at);
            if (turns.size === 0) conversations.delete(place);
          }
          return gone;
        }

        function forgetWhere<T>(entries: Map<string, T>, table: Table, atOf: (entry: T) => number): number {
          const before = cutoff(table, settings.retention, now);
          if (before === undefined) return 0;
          const old = [...entries].filter(([, entry]) => atOf(entry) < before);
          for (const [id] of old) entries.delete(id);
          return old.length;
        }
      }),
    check: () =>
      use(() => {
        checkedAt = Math.max(checkedAt, ledger.now());
      }),
    latest: () => use(() => latest(checkedAt)),
    close: async () => {
      closed = true;
    },
  };
}

/** Whether somebody else has it in hand. */
function isAnothers(held: Hand, lease: Lease | undefined): boolean {
  return held !== undefined && lease !== undefined && held.owner !== lease.owner && held.until > lease.now;
}

/** The first one stays. */
function insert<T>(entries: Map<string, T>, id: string, entry: T): boolean {
  if (entries.has(id)) return false;
  entries.set(id, copy(entry));
  return true;
}

/** JSON leaves out what is undefined; the shape of a turn has these two all the same. */
function withOptional(turn: Turn): Turn {
  return { ...turn, user: turn.user, memory: turn.memory };
}

const DAY = 86_400;

function key(...parts: string[]): string {
  return JSON.stringify(parts);
}

function placeKey(place: Place): string {
  return key(place.platform, place.channel, place.thread);
}
