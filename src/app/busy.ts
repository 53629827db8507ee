import type { Question } from "../core/chat.ts";
import { budget } from "../util/budget.ts";
import type { EventLoop } from "../util/event-loop.ts";
import { type Asked, failure } from "./replies.ts";

/** Says when a question is not taken because the process cannot keep up; undefined while it can. */
export type Guard = (question: Pick<Question, "user" | "place">, now: number) => Asked | undefined;

export type GuardDeps = {
  readonly loop: Pick<EventLoop, "wait">;
  /** What may wait for so long at most, in milliseconds. */
  readonly limitMs: number;
  /** A question was turned away. */
  readonly refused: (platform: string) => void;
};

const MINUTE = 60;

/** Questions last: while the event loop lags, new ones are turned away, so that clicks, the emergency stop and alerts have it for themselves. */
export function createGuard({ loop, limitMs, refused }: GuardDeps): Guard {
  const told = budget(1, MINUTE);
  return ({ user, place }, now) => {
    if (loop.wait() * 1000 <= limitMs) return undefined;
    refused(place.platform);
    const isFirst = told(`${user.platform}/${user.id}`, now).kind === "go";
    return isFirst ? TOO_BUSY : { ...TOO_BUSY, repeated: true };
  };
}

const TOO_BUSY: Asked = {
  ...failure({
    title: "I am too busy just now: please ask again in a minute.",
    tone: "warning",
    blocks: [{ kind: "note", text: "Approvals and other clicks, the emergency stop and alerts go on." }],
  }),
  isTooBusy: true,
};
