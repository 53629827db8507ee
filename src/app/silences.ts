import { randomUUID } from "node:crypto";
import { silenceCard } from "../cards/silence-card.ts";
import type { Config } from "../config.ts";
import type { Visitor } from "../core/access.ts";
import type { Card } from "../core/card.ts";
import { isOfProgram, type Question } from "../core/chat.ts";
import { messageId } from "../core/incident/message.ts";
import type { Incident } from "../core/incident.ts";
import type { Voter } from "../core/people.ts";
import { whyNoResponder } from "../core/responders.ts";
import { markOf, type SilenceWish } from "../core/silence.ts";
import type { SilenceDeps } from "../flows/silence.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type { Click } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { AlertRouter } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

/** Silences of Alertmanager by chat: from an incident's message or by command, put together. */
export type Silences = {
  readonly isThere: boolean;
  /** `isPrivate`: a refusal. `isApart`: its message is posted and edited by itself. */
  readonly ask: (
    question: Question,
    wish: SilenceWish,
    signal?: AbortSignal,
  ) => Promise<{ readonly card: Card; readonly isApart?: true; readonly isPrivate?: true }>;
  /** A form that was opened from an incident's message. */
  readonly fromIncident: (incident: Incident, click: Click) => Promise<Card>;
  /** A click on a silence's own message. */
  readonly decide: (click: Click) => Promise<Card>;
  /** Begins to look after them; `posted`: a message stands in the outbox. Returns what ends it. */
  readonly start: (posted: () => void) => Promise<(graceMs: number) => Promise<void>>;
};

export type SilencesOptions = {
  readonly store: Store;
  readonly alertmanager: AlertRouter | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly voterOf: (visitor: Visitor) => Promise<Voter>;
  readonly askerOf: (question: Question) => Promise<Voter>;
  readonly whyClosed: (visitor: Visitor) => Promise<string | undefined>;
  /** People who are on call now. */
  readonly onCall: () => Promise<readonly string[]>;
};

/** Between two looks at them, in seconds. */
const LOOK_EVERY = 30;

export function createSilences(config: Config, options: SilencesOptions): Silences {
  const { store, clock, log, alertmanager } = options;
  let loop: Loop | undefined;

  async function deps(): Promise<SilenceDeps> {
    const onCall = await options.onCall();
    return {
      store,
      router: alertmanager,
      clock,
      newId: () => `sil-${randomUUID().slice(0, 8)}`,
      whyNot: (by) => whyNoResponder(by, config.responders, onCall, "silence alerts"),
      changed: () => loop?.wake(),
    };
  }

  async function end(id: string, by: Voter): Promise<Card> {
    const { endSilence } = await import("../flows/silence.ts");
    const all = await deps();
    const why = all.whyNot(by);
    if (why !== undefined) return { title: why, tone: "warning", blocks: [] };
    const there = await alertmanager?.silences().catch(() => []);
    const found = there?.find((one) => one.id === id || one.comment.includes(markOf(id)));
    const own = (await store.silences.open()).find(
      (one) => one.id === id || (found !== undefined && one.written?.alertmanagerId === found.id),
    );
    if (own !== undefined) return endSilence(all, own, by);
    if (found === undefined || alertmanager === undefined)
      return {
        title: "I know no silence of that id.",
        tone: "warning",
        blocks: [{ kind: "note", text: "`silences` lists those that hold." }],
      };
    await alertmanager.unsilence(found.id);
    const actor = await store.audit.actorOf(by);
    const entry = {
      actor,
      platform: by.platform,
      action: "end silence",
      id: found.id,
      hash: "",
      from: "active",
      to: "ended",
    };
    await store.audit.append([{ ...entry, reason: found.comment }]);
    return { title: "Ended: what still fires is told again.", tone: "good", blocks: [] };
  }

  return {
    isThere: alertmanager !== undefined,
    async ask(question, wish, signal) {
      const zone = question.user.zone ?? config.timezone;
      if (question.sources !== undefined)
        return {
          card: {
            title: "Silences are not divided by source, and not all sources are open to you.",
            tone: "warning",
            blocks: [],
          },
        };
      if (wish.kind === "list") {
        const { silencesCard } = await import("../flows/silence/list.ts");
        return { card: await silencesCard({ router: alertmanager, clock, zone }, signal, !isOfProgram(question)) };
      }
      const by = await options.askerOf(question);
      if (wish.kind === "end") return { card: await end(wish.id, by) };
      const { askSilence } = await import("../flows/silence.ts");
      const asked = await askSilence(await deps(), { ...wish, place: question.place, by, zone }, signal);
      if ("blocks" in asked) return { card: asked, isPrivate: true };
      return { card: silenceCard(asked, { now: clock(), zone }), isApart: true };
    },
    async fromIncident(incident, click) {
      const { askSilence } = await import("../flows/silence.ts");
      const { visitor, fields } = click;
      const by = await options.voterOf(visitor);
      const at = incident.places.findIndex(
        ({ platform, channel }) => platform === visitor.place.platform && channel === visitor.place.channel,
      );
      const asked = await askSilence(await deps(), {
        matchers: fields["matchers"] ?? "",
        time: fields["time"] ?? "",
        reason: fields["reason"] ?? "",
        isForAll: false,
        incident: incident.id,
        place: incident.places[at] ?? visitor.place,
        ...(at >= 0 && { under: messageId(incident.id, at) }),
        by,
        zone: visitor.user.zone ?? config.timezone,
      });
      if ("blocks" in asked) return asked;
      return {
        title: "Nothing is silenced yet: the thread shows what would be, with the button.",
        tone: "info",
        blocks: [],
      };
    },
    async decide(click) {
      const { decideSilence } = await import("../flows/silence.ts");
      return decideSilence(await deps(), click, await options.voterOf(click.visitor), () =>
        options.whyClosed(click.visitor),
      );
    },
    async start(posted) {
      if (alertmanager === undefined) return async () => {};
      const { lookAfterSilences } = await import("../flows/silence.ts");
      const look = { store, router: alertmanager, clock, zone: config.timezone, posted };
      loop = startLoop(
        async () => {
          await lookAfterSilences(look);
          return LOOK_EVERY;
        },
        (err) => log.warn({ err }, `silences could not be looked after: ${reasonOf(err)}`),
        LOOK_EVERY,
      );
      loop.wake();
      return async (graceMs) => loop?.stop(graceMs);
    },
  };
}
