import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Reach, Visitor } from "../../core/access.ts";
import { ASK_AGAIN, type Card, plainText } from "../../core/card.ts";
import type { Question } from "../../core/chat.ts";
import type { Deal, DealHow, Live, LiveOn, SurfaceDeps } from "../../ports/chat.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { never } from "../../util/never.ts";
import { type Bot, referenceOf, type Target } from "./adapter.ts";
import { type Answers, type InvokeAnswer, toClick } from "./answers.ts";
import type { Decided } from "./decide-action.ts";
import { DRAFT_HINT } from "./drafts.ts";
import { ConnectorError } from "./errors.ts";
import { greetingCard, helpCard } from "./help.ts";
import { channelOf, type Heard, hear, placeOf, visitorOf, wholeOf, zoneOf } from "./intake.ts";
import type { References } from "./places.ts";
import { renderCard } from "./render.ts";
import { type Activity, readActivity } from "./schema.ts";
import type { Zones } from "./zones.ts";

export type ListenerDeps = Omit<SurfaceDeps, "drawChart" | "receive" | "live"> & {
  /** Shows an answer on its way. */
  readonly liveIn: (message: Parameters<LiveOn>[1]) => Live;
  readonly bot: Bot;
  readonly references: References;
  readonly zones: Zones;
  readonly answers: Answers;
  /** Development without identities: nobody is looked up. */
  readonly anonymous: boolean;
  readonly log: Log;
};

export type Listeners = {
  /** Deals with one activity that passed the gate. Throws when the store does. */
  readonly deal: Deal;
};

const PATIENCE_MS = 400;
const GUEST_SECONDS = 600;
/** What is known of an account may be so old when it decides. */
const DECIDING_SECONDS = 60;
const MOST_GUESTS = 10_000;

/** Activities -> questions, and answers -> the outbox. They are noted, and mostly acknowledged, before they come here. */
export function createListeners(deps: ListenerDeps): Listeners {
  const greeting = new Set<string>();
  const kindOf = kindLookup(deps);

  async function say(
    id: string,
    place: Question["place"],
    card: Card,
    more: { readonly answer?: string; readonly edits?: string } = {},
  ): Promise<void> {
    const message = { id, place, card, at: deps.clock(), ...more };
    if (await deps.store.outbox.put(message)) deps.wake();
  }

  async function ask(activity: Activity, { text, kind }: Spoken, { late, signal }: DealHow): Promise<void> {
    const visitor = visitorOf(activity);
    const id = idOf(activity);
    const live = deps.liveIn({ id, place: visitor.place, hint: DRAFT_HINT });
    /** Whatever is said of it stands in the place of its draft. */
    const inItsPlace = async () => {
      const edits = await live.end();
      return edits === undefined ? {} : { edits };
    };
    if (late) return say(id, visitor.place, ASK_AGAIN, await inItsPlace());
    const reach = await reachOf(visitor, activity);
    const refused = (reason: string) =>
      refuse(`${id}-refused`, visitor, reason, isPersonal(activity) ? undefined : text);
    if (!reach.allowed) return refused(reach.reason);
    // Most answers are there before anybody would see the sign.
    const patience = setTimeout(() => typing(activity), PATIENCE_MS);
    const { user, place } = visitor;
    deps.zones.note(place, user.zone);
    const sources = reach.sources === undefined ? {} : { sources: reach.sources };
    const outsider = visitor.isGuest || visitor.isExternal ? { isOutsider: true as const } : {};
    const question = { id, place, user, text, at: deps.clock(), ...sources, ...outsider };
    const said = await deps.ask(question, signal, live.onlooker).finally(() => clearTimeout(patience));
    // What stops now is answered after the restart, in the place of what was shown.
    const draft = await inItsPlace();
    if (signal.aborted) return;
    if (said.repeated === true || said.shownApart === true || said.isPrivate === true) {
      if ("edits" in draft) await say(id, place, said.card, draft);
    }
    if (said.repeated === true || said.shownApart === true) return;
    if (said.isPrivate === true)
      return said.card.blocks.length === 0 || said.failed === true
        ? refused(said.card.title)
        : aside(`${id}-aside`, visitor, said.card, isPersonal(activity), kind === "click");
    await say(id, place, said.card, { ...draft, ...(said.failed !== true && { answer: id }) });
  }

  /** "Stop looking": by anybody who may ask there. */
  async function enough(activity: Activity, question: string, body: unknown): Promise<void> {
    const visitor = visitorOf(activity);
    const reach = await reachOf(visitor, activity);
    const told = reach.allowed
      ? NO_MORE[await deps.enough(question, visitor.place, visitor.user.name || "somebody")]
      : reach.reason;
    deps.answers.give(body, Promise.resolve(toClick(told)));
  }

  /** An answer for one person goes into their own chat with the bot, where there is one. */
  async function aside(
    id: string,
    { user, place }: Visitor,
    card: Card,
    isAlone: boolean,
    isClick: boolean,
  ): Promise<void> {
    const alone = isAlone ? place : await deps.references.personal(user.id);
    // Whoever clicked was answered at the click already; the others in the channel need not read of it.
    if (alone === undefined && isClick) return;
    return alone === undefined ? say(id, place, ONLY_ALONE) : say(id, alone, card);
  }

  /** Where others read along (`asked` was), the reason goes into the person's own chat with the bot, if there is one. */
  async function refuse(
    id: string,
    { user, place }: Visitor,
    reason: string,
    asked: string | undefined,
  ): Promise<void> {
    if (asked === undefined) return say(id, place, refusalCard(reason, undefined));
    const alone = await deps.references.personal(user.id);
    if (alone !== undefined) return say(id, alone, refusalCard(reason, asked));
    await say(id, place, PUBLIC_REFUSAL);
  }

  /** Accounts are looked up only where it makes a difference, because the activity does not say who is a guest. */
  async function reachOf(visitor: Visitor, activity: Activity): Promise<Reach> {
    const asTold = deps.mayRead(visitor);
    if (visitor.isGuest || visitor.isExternal || deps.anonymous) return asTold;
    const others = [{ isGuest: true }, { isExternal: true }].map((more) => deps.mayRead({ ...visitor, ...more }));
    if (others.every((other) => isDeepStrictEqual(other, asTold))) return asTold;
    try {
      return deps.mayRead({ ...visitor, ...(await kindOf(targetOf(activity), activity, visitor, GUEST_SECONDS)) });
    } catch (problem) {
      deps.log.warn(
        { reason: reasonOf(problem) },
        "what kind of account somebody has could not be found out: not answered",
      );
      return { allowed: false, reason: "I could not look up your account in Teams just now. Ask again in a minute." };
    }
  }

  function typing(activity: Activity): void {
    const target = targetOf(activity);
    deps.bot.send(target, { type: "typing" }).catch((problem) => {
      deps.log.debug({ reason: reasonOf(problem) }, "the sign that somebody types could not be sent");
    });
  }

  async function added(activity: Activity): Promise<void> {
    const channel = channelOf(activity.conversation.id);
    // Teams says it twice at once, as a change of members and as an installation, under two ids.
    if (greeting.has(channel)) return;
    greeting.add(channel);
    try {
      const known = await deps.references.get(wholeOf(channel));
      await remember(activity);
      if (known === undefined) await greet(activity, channel);
    } finally {
      greeting.delete(channel);
    }
  }

  function greet(activity: Activity, channel: string): Promise<void> {
    return say(`${idOf(activity)}-hello`, wholeOf(channel), greetingCard(isPersonal(activity)));
  }

  function remember(activity: Activity): Promise<void> {
    const person = isPersonal(activity) ? { person: visitorOf(activity).user.id } : {};
    const reference = { ...referenceOf(activity, zoneOf(activity)), ...person };
    return deps.references.remember(channelOf(activity.conversation.id), reference, deps.clock());
  }

  /** Who it is comes from the verified activity, and what kind of account from the connector. */
  async function decide(activity: Activity, { decided, message }: Heard & { kind: "decide" }): Promise<Card> {
    const told = visitorOf(activity);
    let visitor = told;
    if (!deps.anonymous) {
      try {
        const kind = await kindOf(targetOf(activity), activity, told, DECIDING_SECONDS);
        visitor = {
          ...told,
          isGuest: told.isGuest || kind.isGuest,
          isExternal: told.isExternal || kind.isExternal,
        };
      } catch (problem) {
        deps.log.warn({ reason: reasonOf(problem) }, "what kind of account somebody has is not known: no decision");
        return UNKNOWN;
      }
    }
    await remember(activity);
    return deps.decide({ id: idOf(activity), visitor, message, ...decided });
  }

  async function onDecision(
    activity: Activity,
    heard: Heard & { kind: "decide" },
    body: unknown,
    { late, signal }: DealHow,
  ): Promise<void> {
    if (late) return tellAlone(`${idOf(activity)}-late`, activity, CLICK_AGAIN);
    const outcome = decide(activity, heard);
    const answer = outcome.then(async (card) => decisionAnswer(card, await buttonsOf(heard.decided)));
    const isAwaited = deps.answers.give(body, answer);
    await answer.catch((err: unknown) => deps.log.error({ err }, "a decision from Teams could not be taken"));
    // Who waits for it is told of a failure too, and clicks again: the click is over then.
    if (isAwaited) return;
    const card = await outcome;
    if (!signal.aborted) await tellAlone(`${idOf(activity)}-outcome`, activity, card);
  }

  /** In their own chat with the bot, where that is known: in a channel others read along. */
  async function tellAlone(id: string, activity: Activity, card: Card): Promise<void> {
    const { user, place } = visitorOf(activity);
    const alone = isPersonal(activity) ? place : await deps.references.personal(user.id);
    if (alone === undefined) return deps.log.info("somebody cannot be told alone what became of a click");
    await say(id, alone, card);
  }

  /** Details are shown in place of the card, to that person alone: with its buttons, so that they can go on from there. */
  async function buttonsOf({ decision, proposal }: Decided): Promise<Card["blocks"]> {
    if (decision !== "details") return [];
    const shown = await deps.proposal(proposal).catch(() => undefined);
    return shown?.card.blocks.filter(({ kind }) => kind === "buttons") ?? [];
  }

  async function feedback(activity: Activity, { message, helpful }: Heard & { kind: "feedback" }): Promise<void> {
    const channel = channelOf(activity.conversation.id);
    const answer = await deps.store.outbox.answerOf({ platform: "teams", channel }, message);
    if (answer === undefined) return deps.log.info("somebody judged a message that is no answer, or too old to know");
    await deps.store.feedback.save({ answer, user: visitorOf(activity).user, helpful, at: deps.clock() });
  }

  async function act(activity: Activity, heard: Heard, body: unknown, how: DealHow): Promise<void> {
    switch (heard.kind) {
      case "ask":
      case "click":
        await remember(activity);
        return ask(activity, heard, how);
      case "help":
        await remember(activity);
        return say(idOf(activity), placeOf(activity), helpCard(heard.unknown));
      case "added":
        return added(activity);
      case "removed":
        return deps.references.forget(channelOf(activity.conversation.id), activity.channelData?.team?.id ?? undefined);
      case "decide":
        return onDecision(activity, heard, body, how);
      case "enough":
        return enough(activity, heard.question, body);
      case "feedback":
        return feedback(activity, heard);
      case "unreadable":
      case "nothing":
        return undefined;
      default:
        return never(heard);
    }
  }

  return {
    async deal(body, how) {
      const activity = readActivity(body);
      if ("problem" in activity) throw new Error(`an activity cannot be read any more: ${activity.problem}`);
      await deps.bot.process(body, () => act(activity, hear(activity), body, how));
    },
  };
}

/** What a person typed, or the words of a button. */
type Spoken = Heard & { readonly kind: "ask" | "click" };

/** The same for the same activity, so that what is delivered twice is one message. */
function idOf({ conversation, id }: Activity): string {
  return `teams-${createHash("sha256").update(`${conversation.id}|${id}`).digest("hex").slice(0, 32)}`;
}

function isPersonal({ conversation }: Activity): boolean {
  return (conversation.conversationType ?? "personal") === "personal" && conversation.isGroup !== true;
}

function targetOf(activity: Activity): Target {
  const place = placeOf(activity);
  const conversation = place.thread === place.channel ? place.channel : `${place.channel};messageid=${place.thread}`;
  return { conversation, reference: referenceOf(activity, undefined) };
}

/** What is said to whoever wants that a look ends. */
const NO_MORE = {
  stopping: "Stopping…",
  over: "That look is over already.",
  unknown: "I cannot pass that on just now. Press it again in a moment.",
} as const;

const UNKNOWN: Card = {
  title: "I could not look up your account in Teams just now, so your click does not count. Click again in a minute.",
  tone: "warning",
  blocks: [],
};
/** A decision of long ago is made again by whoever still wants it: the card waits for it. */
const CLICK_AGAIN: Card = {
  title: "Something kept me from taking your decision. Look at the proposal, and click again if it still waits.",
  tone: "warning",
  blocks: [],
};
const ONLY_ALONE: Card = {
  title: "That list is for you alone. Ask me for it in a chat of two.",
  tone: "info",
  blocks: [],
};

/** In a channel others read along: why somebody may not ask is between them and the bot. */
const PUBLIC_REFUSAL: Card = {
  title: "I cannot answer you here. Ask me in a chat of two to learn why.",
  tone: "info",
  blocks: [],
};

/** `asked` is the question when it was asked elsewhere. */
function refusalCard(reason: string, asked: string | undefined): Card {
  const text = asked === undefined ? "" : `${asked.slice(0, 200)}${asked.length > 200 ? "…" : ""}`;
  const blocks = text === "" ? [] : [{ kind: "note" as const, text: `You asked where others read along: ${text}` }];
  return { title: reason, tone: "warning", blocks };
}

/** What came of a click, for the one who clicked: a few words, or a card where there is more to read. */
function decisionAnswer(card: Card, buttons: Card["blocks"]): InvokeAnswer {
  const isLong = card.blocks.some(({ kind }) => kind !== "note" && kind !== "text");
  if (!isLong) return toClick(plainText(card).slice(0, 1000));
  const whole = { ...card, blocks: [...card.blocks, ...buttons] };
  const { content } = renderCard(whole, { now: 0, zone: "UTC", charts: "none" });
  return {
    status: 200,
    body: { statusCode: 200, type: "application/vnd.microsoft.card.adaptive", value: content },
  };
}

type Kind = Pick<Visitor, "isGuest" | "isExternal">;

/** Roles of an organisation's own people. Everybody else, and who is not listed at all, counts as a guest. */
const MEMBERS: ReadonlySet<string | undefined> = new Set(["user", "owner", undefined]);

/** Guest or of another organisation, from the connector, or kept from up to so many seconds ago. Throws when it cannot be asked just now. */
function kindLookup({ bot, clock, log }: ListenerDeps) {
  const known = new Map<string, { readonly kind: Kind; readonly at: number }>();
  return async (target: Target, activity: Activity, { user }: Visitor, forSeconds: number): Promise<Kind> => {
    // Whether somebody is listed is told for each conversation: a member of one may have left another.
    const key = `${channelOf(activity.conversation.id)}|${user.id}`;
    const kept = known.get(key);
    if (kept !== undefined && clock() - kept.at < forSeconds) return kept.kind;
    const home = (activity.conversation.tenantId ?? activity.channelData?.tenant?.id ?? "").toLowerCase();
    const kind = await bot.memberOf(target, activity.from.id).then(
      ({ role, tenant }): Kind => ({
        isGuest: !MEMBERS.has(role),
        isExternal: tenant !== undefined && tenant !== home,
      }),
      (problem: unknown): Kind => {
        if (!(problem instanceof ConnectorError) || problem.status === 429 || problem.status >= 500) throw problem;
        log.info({ reason: reasonOf(problem) }, "Teams does not list that account, so it counts as a guest");
        return { isGuest: true, isExternal: false };
      },
    );
    known.set(key, { kind, at: clock() });
    if (known.size > MOST_GUESTS) known.delete(known.keys().next().value!);
    return kind;
  };
}
