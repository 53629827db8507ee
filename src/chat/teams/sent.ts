/** Which answer a message shows: Teams names the message alone when people say what they think of it. */
export type Sent = {
  remember(message: string, answer: string): void;
  answerOf(message: string): string | undefined;
};

/** People judge what they have just read: older messages may be forgotten. */
const MOST = 10_000;

export function createSent(): Sent {
  const answers = new Map<string, string>();
  return {
    remember(message, answer) {
      if (message === "") return;
      answers.set(message, answer);
      if (answers.size > MOST) answers.delete(answers.keys().next().value!);
    },
    answerOf: (message) => answers.get(message),
  };
}
