import { endsSoonCard, silenceCard } from "../cards/silence-card.ts";
import type { AuditEntry } from "../core/audit.ts";
import type { Card } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import type { Responder } from "../core/incident.ts";
import type { Voter } from "../core/people.ts";
import { isPosted, postOrEdit } from "../core/posted.ts";
import {
  isForEverything,
  markOf,
  readMatchers,
  type SilenceDraft,
  sayMatcher,
  silenceMessage,
  silenceSeconds,
} from "../core/silence.ts";
import type { Click } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { AlertRouter } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import { matchedNow } from "./silence/matched.ts";
import { note, refused } from "./silence/words.ts";

export type SilenceDeps = {
  readonly store: Pick<Store, "silences" | "outbox" | "audit" | "incidents">;
  /** Undefined where none is configured. */
  readonly router: AlertRouter | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Why somebody may not silence alerts: a sentence. */
  readonly whyNot: (by: Voter) => string | undefined;
  /** A silence changed: it is to be shown. */
  readonly changed: () => void;
};

/** What somebody wants silenced. `time` and `matchers` as they wrote them. */
export type SilenceAsked = {
  readonly matchers: string;
  readonly time: string;
  readonly reason: string;
  readonly isForAll: boolean;
  readonly incident?: string;
  readonly place: Place;
  /** Id of the message in whose thread it belongs. */
  readonly under?: string;
  readonly by: Voter;
  /** Of times without one. */
  readonly zone: string;
};

/** A draft that nobody confirms is dropped after this long, in seconds: by then other alerts fire. */
const CONFIRM_SECONDS = 900;
/** That a silence ends is said so long before, in seconds, where it lasted four times as long. */
const SOON_SECONDS = 600;
const LONGEST_REASON = 500;

/**
 * A wish for a silence -> a message that shows what the matchers match now, with the button that writes it. Nothing is written. Gives
 * back the draft, or the card that says why there is none.
 */
export async function askSilence(
  deps: SilenceDeps,
  asked: SilenceAsked,
  signal?: AbortSignal,
): Promise<SilenceDraft | Card> {
  const { router, clock } = deps;
  if (router === undefined)
    return refused("There is no Alertmanager to write a silence into.", "Set ALERTMANAGER_URL to its address.");
  const why = deps.whyNot(asked.by);
  if (why !== undefined) return refused(why);
  const matchers = readMatchers(asked.matchers);
  if (typeof matchers === "string") return refused(matchers);
  if (isForEverything(matchers) && !asked.isForAll)
    return refused(
      "That would match nearly every alert, so I do not even show it.",
      `Name an alert or a thing; or say so: silence everything where ${matchers.map(sayMatcher).join(", ")} for 30m`,
    );
  const seconds = silenceSeconds(asked.time, clock(), asked.zone);
  if (typeof seconds === "string") return refused(seconds);
  try {
    const matched = await matchedNow(deps.store, router, matchers, signal);
    const draft: SilenceDraft = {
      id: deps.newId(),
      revision: 1,
      status: "asked",
      matchers,
      seconds,
      reason: asked.reason.slice(0, LONGEST_REASON),
      isForAll: asked.isForAll,
      matched,
      asked: responderOf(asked.by, clock()),
      madeAt: clock(),
      ...(asked.incident !== undefined && { incident: asked.incident }),
      places: [asked.place],
      ...(asked.under !== undefined && { under: asked.under }),
    };
    const entry = await entryOf(deps, asked.by, "ask silence", draft, "", draft.matchers.map(sayMatcher).join(", "));
    await deps.store.silences.save([draft], [entry]);
    deps.changed();
    return draft;
  } catch (problem) {
    return refused("Alertmanager could not be asked what that matches, so nothing was made.", reasonOf(problem));
  }
}

/** A click on a silence's message. Returns what the person is told alone. */
export async function decideSilence(
  deps: SilenceDeps,
  click: Click,
  by: Voter,
  whyClosed: () => Promise<string | undefined>,
): Promise<Card> {
  const silence = await deps.store.silences.get(click.proposal);
  if (silence === undefined) return note("I no longer know this silence.");
  const clicked = { place: click.visitor.place, message: click.message, user: click.visitor.user.id };
  if (!(await isPosted(silence.places, clicked, (at) => deps.store.outbox.referenceOf(silenceMessage(silence.id, at)))))
    return note("That message is not the one in which I showed this silence. Use its own message.");
  const why = (await whyClosed()) ?? deps.whyNot(by);
  if (why !== undefined) return note(why);
  switch (click.decision) {
    case "silence_write":
      return write(deps, silence, by);
    case "silence_drop":
      return drop(deps, silence, by);
    default:
      return endSilence(deps, silence, by);
  }
}

async function write(deps: SilenceDeps, silence: SilenceDraft, by: Voter): Promise<Card> {
  const { router, clock, store } = deps;
  if (silence.status !== "asked") return note(`It is ${silence.status} already.`);
  if (router === undefined) return note("There is no Alertmanager any more to write it into.");
  if (clock() - silence.madeAt > CONFIRM_SECONDS) return note("It was shown too long ago: ask for it again.");
  const at = clock();
  try {
    const matched = await matchedNow(store, router, silence.matchers);
    const shown = new Set(silence.matched.names.map(({ name }) => name));
    if (matched.names.some(({ name }) => !shown.has(name))) {
      await save(deps, { ...silence, matched }, await entryOf(deps, by, "show silence again", silence, "asked", ""));
      return note(
        "Other alerts match it by now, so I wrote nothing. The message shows them: click again if you mean those, too.",
      );
    }
    const wanted = {
      matchers: silence.matchers,
      startsAt: at,
      endsAt: at + silence.seconds,
      createdBy: by.name,
      comment: `${silence.reason} ${markOf(silence.id)}`.trim(),
    };
    // Somebody may have clicked just before a crash: then it stands there already.
    const there = await findWritten(router, silence.id);
    const alertmanagerId = there?.id ?? (await router.silence(wanted));
    const until = there?.endsAt ?? wanted.endsAt;
    const next = {
      ...silence,
      status: "active",
      matched,
      written: { ...responderOf(by, at), until, alertmanagerId },
    } as const;
    const entry = await entryOf(
      deps,
      by,
      "write silence",
      next,
      "asked",
      `${silence.matchers.map(sayMatcher).join(", ")} as ${alertmanagerId}`,
    );
    if (await save(deps, next, entry)) return note("Silenced. The message says until when.", "good");
    const now = await store.silences.get(silence.id);
    // Two clicks at once: the one that was noted stays.
    if (now?.written?.alertmanagerId !== alertmanagerId) await router.unsilence(alertmanagerId);
    return note(
      now?.status === "active"
        ? "Somebody else silenced it at the same moment."
        : "Somebody else dropped it at the same moment: nothing is silenced.",
    );
  } catch (problem) {
    return note(
      `Alertmanager did not take it: ${reasonOf(problem)} Nothing is noted as silenced; click again, it is never written twice.`,
    );
  }
}

async function drop(deps: SilenceDeps, silence: SilenceDraft, by: Voter): Promise<Card> {
  if (silence.status !== "asked") return note(`It is ${silence.status} already.`);
  const at = deps.clock();
  const next = {
    ...silence,
    status: "dropped",
    endedAt: at,
    ended: { because: "person", by: responderOf(by, at) },
  } as const;
  return (await save(deps, next, await entryOf(deps, by, "drop silence", next, "asked", "")))
    ? note("Dropped: nothing was written.", "good")
    : note("Somebody else was faster. Look at the message.");
}

/** Ends a silence that was written here, at once, by somebody who may. */
export async function endSilence(deps: SilenceDeps, silence: SilenceDraft, by: Voter): Promise<Card> {
  const { router, clock } = deps;
  if (silence.status !== "active" || silence.written === undefined) return note("It is not active.");
  if (router === undefined) return note("There is no Alertmanager any more to end it in.");
  const at = clock();
  try {
    await router.unsilence(silence.written.alertmanagerId);
  } catch (problem) {
    return note(`Alertmanager could not be told: ${reasonOf(problem)} The silence goes on.`);
  }
  const next = {
    ...silence,
    status: "ended",
    endedAt: at,
    ended: { because: "person", by: responderOf(by, at) },
  } as const;
  await save(deps, next, await entryOf(deps, by, "end silence", next, "active", silence.written.alertmanagerId));
  return note("Ended: what still fires is told again.", "good");
}

export type LookDeps = Pick<SilenceDeps, "store" | "clock"> & {
  readonly router: AlertRouter;
  readonly zone: string;
  /** A message stands in the outbox. */
  readonly posted: () => void;
};

/**
 * One round over the silences of this bot: drops drafts that nobody confirmed, finds those that were written just before a crash, notes what
 * ended, says once that one ends soon, and lets their messages catch up. Rejects when Alertmanager or the store cannot be asked; nothing is lost then.
 */
export async function lookAfterSilences(deps: LookDeps): Promise<void> {
  const { store, router, clock } = deps;
  await showSilences(deps);
  const open = await store.silences.open();
  if (open.length === 0) return;
  const now = clock();
  const there = await router.silences();
  for (const silence of open) {
    if (silence.status === "asked") {
      if (now - silence.madeAt <= CONFIRM_SECONDS) continue;
      const found = there.find(({ comment }) => comment.includes(markOf(silence.id)));
      const next: SilenceDraft =
        found === undefined
          ? { ...silence, status: "dropped", endedAt: now, ended: { because: "time" } }
          : {
              ...silence,
              status: "active",
              written: { ...silence.asked, until: found.endsAt, alertmanagerId: found.id },
            };
      await save({ store, changed: () => {} }, next, botEntry(silence, next.status));
      continue;
    }
    const { written } = silence;
    if (written === undefined) continue;
    const found = there.find(({ id }) => id === written.alertmanagerId);
    if (found === undefined && now > written.at + 5) {
      const because = now >= written.until - 5 ? "time" : "elsewhere";
      await save(
        { store, changed: () => {} },
        { ...silence, status: "ended", endedAt: now, ended: { because } },
        botEntry(silence, "ended"),
      );
    } else if (found !== undefined && isDue(silence, found.endsAt, now)) await announce(deps, silence);
  }
  await showSilences(deps);
}

function isDue({ announced, written, seconds }: SilenceDraft, endsAt: number, now: number): boolean {
  return (
    announced === undefined && written !== undefined && seconds >= 4 * SOON_SECONDS && endsAt - now <= SOON_SECONDS
  );
}

async function announce({ store, router, clock, zone, posted }: LookDeps, silence: SilenceDraft): Promise<void> {
  const firing = await router.matching(silence.matchers).then(
    (alerts) => alerts.length,
    () => undefined,
  );
  const card = endsSoonCard(silence, firing, { now: clock(), zone });
  // The id makes it one message, whoever says it and however often.
  for (const [at, place] of silence.places.entries()) {
    if (place.platform === "terminal") continue;
    const under = silenceMessage(silence.id, at);
    await store.outbox.put({ id: `${under}:soon`, place, card, at: clock(), under });
  }
  await store.silences.save([{ ...silence, revision: silence.revision + 1, announced: true }], []);
  posted();
}

async function showSilences({ store, clock, zone, posted }: Omit<LookDeps, "router">): Promise<void> {
  for (const silence of await store.silences.unshown(100)) {
    const card = silenceCard(silence, { now: clock(), zone });
    for (const [at, place] of silence.places.entries()) {
      if (place.platform === "terminal") continue;
      const id = silenceMessage(silence.id, at);
      const { under } = silence;
      const message = {
        id,
        place,
        card,
        at: clock(),
        revision: silence.revision,
        ...(under !== undefined && { under }),
      };
      await postOrEdit(store.outbox.put, message, `${silence.revision}`);
    }
    await store.silences.shown(silence.id, silence.revision);
    posted();
  }
}

async function findWritten(router: AlertRouter, id: string) {
  return (await router.silences()).find(({ comment }) => comment.includes(markOf(id)));
}

async function save(
  { store, changed }: { readonly store: Pick<Store, "silences">; readonly changed: () => void },
  silence: SilenceDraft,
  entry: AuditEntry,
): Promise<boolean> {
  const done = await store.silences.save([{ ...silence, revision: silence.revision + 1 }], [entry]);
  changed();
  return done;
}

async function entryOf(
  { store }: Pick<SilenceDeps, "store">,
  by: Voter,
  action: string,
  { id, status }: SilenceDraft,
  from: string,
  reason: string,
): Promise<AuditEntry> {
  const actor = await store.audit.actorOf(by);
  return { actor, platform: by.platform, action, id, hash: "", from, to: status, reason };
}

function botEntry({ id, status }: SilenceDraft, to: string): AuditEntry {
  return { actor: "bot:silences", platform: "bot", action: "note silence", id, hash: "", from: status, to, reason: "" };
}

function responderOf({ person, name, platform, account }: Voter, at: number): Responder {
  return { person, name, at, account: { platform, id: account } };
}
