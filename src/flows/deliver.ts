import type { Sender } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outbox, Outgoing, Queued } from "../ports/outbox.ts";
import type { Lease, Shared } from "../ports/store.ts";
import { NeverError, NotNowError, reasonOf } from "../util/errors.ts";

export type DeliverDeps = {
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly clock: Clock;
  /** Where others deliver from the same outbox: what is attempted is held, and is another's soon after this process died. */
  readonly shared?: Shared | undefined;
  /** A moment, after which it is worth looking whether something new is due. */
  readonly pause: () => Promise<unknown>;
  /** Between 0 and 1, so that several bots do not come back at the same moment. */
  readonly chance: () => number;
  readonly report: (event: Delivered) => void;
  /**
   * A message can never arrive: stores what is to stand elsewhere instead, before it is noted as given up. So it may be called again for the
   * same one, after a crash in between.
   */
  readonly hopeless?: (message: Outgoing, reason: string) => Promise<void>;
};

/** What became of one attempt. `seconds` is the time it took, or for "later" the time until the next one. */
export type Delivered = {
  readonly id: string;
  readonly platform: string;
  readonly outcome: "sent" | "later" | "given up";
  readonly seconds: number;
  readonly reason?: string;
};

/** Messages of this many channels are on their way at once. */
const AT_ONCE = 20;
const LONGEST_PAUSE = 300;
const LOST = "the store could not be reached while it was sent";
/** An error that the sender has no name for is a mistake of ours: it gets this many tries, some minutes in all. */
const UNKNOWN_TRIES = 8;

/**
 * Outbox -> chat, in order within each channel. The returned function makes one round: it sends until nothing is due any
 * more, and resolves with the seconds after which another round is worth it; undefined when nothing waits. Rejects when
 * the store cannot be read or written. A message counts as begun before it is sent and as sent after: a crash in between
 * sends it again, and the sender is told so.
 */
export function deliver(deps: DeliverDeps): (signal: AbortSignal) => Promise<number | undefined> {
  const { outbox, sender, clock } = deps;
  const { platform } = sender;
  let heldUntil = 0;
  let broken: { readonly problem: unknown } | undefined;
  const flying = new Map<string, Promise<void>>();

  return async (signal) => {
    for (;;) {
      const isHeld = clock() < heldUntil;
      if (!signal.aborted && !isHeld) await takeOff(signal);
      if (flying.size > 0) {
        // A call that hangs holds its own channel: others are looked after meanwhile.
        await Promise.race([...flying.values(), deps.pause()]);
        continue;
      }
      if (broken !== undefined) {
        const { problem } = broken;
        broken = undefined;
        throw problem;
      }
      if (signal.aborted) return undefined;
      if (isHeld) return heldUntil - clock();
      return (await outbox.waiting(platform)).count === 0 ? undefined : 1;
    }
  };

  async function takeOff(signal: AbortSignal): Promise<void> {
    // What is left alone is not begun: it waits where it is, and does not count as attempted.
    const most = Math.min(AT_ONCE, sender.room?.() ?? AT_ONCE);
    if (flying.size >= most) return;
    for (const message of await outbox.due(platform, clock(), most + flying.size)) {
      const { channel } = message.place;
      if (flying.has(channel) || flying.size >= most || broken !== undefined) continue;
      const flight = attempt(message, signal)
        .catch((problem: unknown) => {
          broken = { problem };
        })
        .finally(() => flying.delete(channel));
      flying.set(channel, flight);
    }
  }

  async function attempt(message: Queued, signal: AbortSignal): Promise<void> {
    const { id, edits, under } = message;
    const lease = deps.shared?.lease();
    const attempts = await outbox.begin(id, lease);
    if (attempts === undefined) return;
    const began = clock();
    const hold = holding(id, lease, signal);
    try {
      const edited = edits === undefined ? undefined : await outbox.referenceOf(edits);
      const above = under === undefined ? undefined : await outbox.referenceOf(under);
      const place = above === undefined ? message.place : (sender.under?.(message.place, above) ?? message.place);
      const reference = await sender.send({ ...message, place, attempts }, edited, hold.signal);
      await hold.end();
      await outbox.sent(id, reference, clock());
      deps.report({ id, platform, outcome: "sent", seconds: clock() - began });
    } catch (problem) {
      await hold.end();
      await settle(message, attempts, hold.isLost() ? new NotNowError(LOST, 0, "channel") : problem, signal);
    }
  }

  /** Nobody else attempts it meanwhile, however long it takes: where that cannot be said any more, the attempt is called off before somebody may. */
  function holding(id: string, lease: Lease | undefined, signal: AbortSignal) {
    const { shared } = deps;
    if (shared === undefined || lease === undefined) return { signal, end: async () => {}, isLost: () => false };
    const lost = new AbortController();
    let { until } = lease;
    const end = shared.every(async () => {
      const next = shared.lease();
      const isHeld = await outbox.hold(id, next).then(
        () => true,
        () => false,
      );
      if (isHeld) until = next.until;
      else if (clock() > until - (next.until - next.now) / 3) lost.abort();
    });
    return { signal: AbortSignal.any([signal, lost.signal]), end, isLost: () => lost.signal.aborted };
  }

  async function settle(message: Queued, attempts: number, problem: unknown, signal: AbortSignal): Promise<void> {
    const { id } = message;
    const reason = reasonOf(problem);
    const isHopeless =
      problem instanceof NeverError || (!(problem instanceof NotNowError) && attempts >= UNKNOWN_TRIES);
    if (isHopeless && !signal.aborted) {
      await deps.hopeless?.(message, reason);
      await outbox.gaveUp(id, reason, clock());
      deps.report({ id, platform, outcome: "given up", seconds: 0, reason });
      return;
    }
    const least = problem instanceof NotNowError ? problem.seconds : 0;
    const seconds = Math.max(least, Math.min(LONGEST_PAUSE, 2 ** Math.min(attempts, 10) / 2)) * (1 + deps.chance() / 4);
    const until = clock() + seconds;
    if (problem instanceof NotNowError && problem.scope === "platform") heldUntil = Math.max(heldUntil, until);
    await outbox.postpone(id, until, reason);
    deps.report({ id, platform, outcome: "later", seconds, reason });
  }
}
