import { NOTICE_KINDS, type Notice, notifierPlace } from "../core/incident/notice.ts";
import type { Sender } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Queued } from "../ports/outbox.ts";
import { createDependencies, type Dependencies, RestingError, type Verdict, verdictOf } from "../util/dependencies.ts";
import { NeverError, NotNowError, reasonOf, UnreachableError } from "../util/errors.ts";

/** What carries notices from the outbox to one notifier, and knows how it stands. */
export type NotifierSender = Sender & {
  /** Why it could not be told the last time; undefined where it could, or nothing was told yet. */
  readonly trouble: () => string | undefined;
};

export type SenderDeps = {
  readonly clock: Clock;
  /** A notice could not be told for five minutes: somebody else has to know, while it is tried on. Called for each further try. */
  readonly late: (message: string, reason: string) => void;
  /** What the bot calls, each with its breaker. One of its own unless given. */
  readonly dependencies?: Dependencies | undefined;
};

/** One notice, with all that it takes to look whether an earlier attempt arrived, in milliseconds. */
const TELL_MS = 40_000;
/** Seconds after which a notice counts as late, and after which nobody wants it any more. */
const LATE = 300;
const TOO_OLD = 86_400;

/** Each notifier has a line of its own in the outbox: one that hangs keeps nobody else waiting. */
export function notifierSender(notifier: Notifier, { clock, late, dependencies }: SenderDeps): NotifierSender {
  let trouble: string | undefined;
  const dependency = (dependencies ?? createDependencies()).of(`notifier/${notifier.name}`, {
    service: `Notifier ${notifier.name} (${notifier.kind})`,
    verdict,
  });

  async function send(message: Queued, signal: AbortSignal): Promise<string> {
    const notice = noticeOf(message.hint);
    const reference = message.place.thread === "" ? undefined : message.place.thread;
    const told = { reference, attempts: message.attempts };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TELL_MS)]);
    const tell = (one: Notice, how = told) => orAborted(notifier.tell(one, how, limit), limit);
    if (notice.kind !== "test" || !notifier.hasEnd) return tell(notice);
    // What is opened for a test is closed again.
    const opened = await tell({ ...notice, kind: "opened" });
    const end = { ...notice.incident, status: "resolved" as const, endedAt: notice.at };
    return tell(
      { ...notice, id: `${notice.id}:end`, kind: "resolved", incident: end },
      { reference: opened === "" ? undefined : opened, attempts: told.attempts },
    );
  }

  return {
    platform: notifierPlace(notifier.name).platform,
    trouble: () => trouble,
    room: dependency.room,
    under: (place, reference) => ({ ...place, thread: reference }),
    async send(message, _edited, signal) {
      try {
        const reference = await dependency.ask(() => send(message, signal));
        trouble = undefined;
        return reference;
      } catch (problem) {
        if (signal.aborted) throw problem;
        trouble = reasonOf(problem);
        if (problem instanceof NeverError) throw problem;
        const age = clock() - message.at;
        if (age > TOO_OLD) throw new NeverError(`it could not be told within a day: ${trouble}`, { cause: problem });
        if (age > LATE) late(message.id, `not for ${Math.floor(age / 60)} minutes, and it is tried on: ${trouble}`);
        // Not asked, or no answer in time: it waits, as with any other trouble of theirs.
        if (!(problem instanceof UnreachableError)) throw problem;
        const seconds = problem instanceof RestingError ? problem.seconds : 0;
        throw new NotNowError(trouble, seconds, "channel", { cause: problem });
      }
    },
  };
}

/** A target that calls a notice malformed is there, and so is one that asks for fewer. */
function verdict(thrown: unknown): Verdict {
  return thrown instanceof NeverError ? "alive" : verdictOf(thrown);
}

/** As it was put into the outbox by this bot. */
function noticeOf(hint: string | undefined): Notice {
  const notice: unknown = JSON.parse(hint ?? "null");
  const kind = (notice as Partial<Notice> | null)?.kind;
  if (kind === undefined || !NOTICE_KINDS.includes(kind))
    throw new NeverError("it was written by another version of the bot");
  return notice as Notice;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () =>
      reject(new NotNowError(`no answer within ${TELL_MS / 1000} s`, 0, "channel", { cause: signal.reason }));
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
