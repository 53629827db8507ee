import type { Place } from "../chat.ts";

/** Id of the message that shows a group of anomalies in a place. Edits of it have more after a further colon. */
export function anomalyMessage(group: string, { platform, channel, thread }: Place): string {
  return `anomaly:${group}:${platform}/${channel}${thread === "" || thread === channel ? "" : `/${thread}`}`;
}
