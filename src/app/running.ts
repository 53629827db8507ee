import type { Question } from "../core/chat.ts";
import type { Enough, Onlooker } from "../ports.ts";

/** Questions that are being answered for somebody who looks on, so that others can end the further look into one. */
export function createRunning() {
  const running = new Map<string, { readonly question: Question; readonly ended: AbortController }>();
  const enough: Enough = (id, channel, by) => {
    const one = running.get(id);
    if (one === undefined || one.ended.signal.aborted) return false;
    const { place } = one.question;
    if (place.platform !== channel.platform || place.channel !== channel.channel) return false;
    one.ended.abort(new Error(`Stopped by ${by}`));
    return true;
  };
  return {
    enough,
    /** Does the work with an onlooker who may also be ended by `enough`. */
    async during<T>(
      question: Question,
      onlooker: Onlooker | undefined,
      work: (watched: Onlooker | undefined) => Promise<T>,
    ): Promise<T> {
      if (onlooker === undefined) return work(undefined);
      const ended = new AbortController();
      running.set(question.id, { question, ended });
      const own = onlooker.enough;
      try {
        return await work({
          show: onlooker.show,
          enough: own === undefined ? ended.signal : AbortSignal.any([own, ended.signal]),
        });
      } finally {
        if (running.get(question.id)?.ended === ended) running.delete(question.id);
      }
    },
  };
}
