/** Messages that are written while one person reads them, as Microsoft's page "Stream bot messages" tells of them. */

// biome-ignore lint/suspicious/noExplicitAny: activities as they come
type Activity = any;

type Stream = { sequence: number; text: string; isOver: boolean };

export type Refusal = { readonly status: number; readonly code: string; readonly message: string };

/** Why that connector takes no such activity, or what its message is called. Undefined for one that is no part of a stream. */
export function createStreams(newId: () => string) {
  const streams = new Map<string, Stream>();
  /** `canceled`: the reader stopped them. */
  const state: { streams: "taken" | "refused" | "canceled" } = { streams: "taken" };
  const refused = (status: number, code: string, message: string): Refusal => ({ status, code, message });

  function take(activity: Activity): Refusal | { readonly id: string } | undefined {
    const info = activity?.entities?.find((one: Activity) => one.type === "streaminfo");
    if (info === undefined) return undefined;
    const { streamType, streamId, streamSequence } = info;
    if (activity.type === "typing" && streamType !== "informative" && streamType !== "streaming")
      return refused(
        400,
        "BadRequest",
        "Only start streaming and continue streaming types are allowed as a typing activity",
      );
    if (state.streams === "refused") return refused(403, "ContentStreamNotAllowed", "Content stream is not allowed");
    if (streamId === undefined) {
      if (typeof activity.text !== "string" || activity.text === "")
        return refused(400, "BadRequest", "Start streaming activities should include text");
      if (streamSequence !== 1) return refused(400, "BadRequest", "a stream begins with 1");
      const id = newId();
      streams.set(id, { sequence: 1, text: streamType === "streaming" ? activity.text : "", isOver: false });
      return { id };
    }
    const stream = streams.get(streamId);
    if (stream === undefined) return refused(404, "NotFound", "no such stream");
    if (state.streams === "canceled") stream.isOver = true;
    if (stream.isOver)
      return refused(
        403,
        "ContentStreamNotAllowed",
        state.streams === "canceled" ? "Content stream was canceled by user" : "Content stream was already completed",
      );
    if (streamType === "final") {
      stream.isOver = true;
      return { id: streamId };
    }
    if (streamSequence <= stream.sequence)
      return refused(202, "ContentStreamSequenceOrderPreConditionFailed", "PreCondition failed exception");
    if (streamType === "streaming" && !String(activity.text).startsWith(stream.text))
      return refused(400, "BadRequest", "Streamed content should contain the previously streamed content");
    stream.sequence = streamSequence;
    if (streamType === "streaming") stream.text = activity.text;
    return { id: streamId };
  }

  return { state, take };
}
