/** Ids of the messages that show a proposal: whoever keeps messages can tell by them which proposal one belongs to. */

const PREFIX = "proposal:";

/** Id of the message that shows a proposal in its nth place. Edits of it have more after a further colon. */
export function messageId(id: string, at: number): string {
  return `${PREFIX}${id}:${at}`;
}

/** The proposal that a message shows, or undefined for a message of another kind. */
export function proposalOf(message: string): string | undefined {
  return message.startsWith(PREFIX) ? message.slice(PREFIX.length).split(":")[0] : undefined;
}
