/** Ids of the messages that show an incident. */

const PREFIX = "incident:";

/** Id of the message that shows an incident in its nth place. Edits of it have more after a further colon. */
export function messageId(id: string, at: number): string {
  return `${PREFIX}${id}:${at}`;
}

/** Id of a note in the thread of that message. `what` tells it from other notes there. */
export function noteId(id: string, at: number, what: string): string {
  return `${messageId(id, at)}:note:${what}`;
}

/** The place, by its number, whose message of an incident that is, or an edit of it; undefined for notes and others. */
export function placeOf(message: string): number | undefined {
  const [, at, next] = /^incident:[^:]+:(\d{1,4})(?::([^:]+))?/.exec(message) ?? [];
  return at === undefined || next === "note" ? undefined : Number(at);
}

/** The incident that a message shows, or undefined for a message of another kind. */
export function incidentOf(message: string): string | undefined {
  return message.startsWith(PREFIX) ? message.slice(PREFIX.length).split(":")[0] : undefined;
}
