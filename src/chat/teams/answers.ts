/** What an invoke is answered with, inside its own HTTP response. */
export type InvokeAnswer = { readonly status: number; readonly body: unknown };

/** From where invokes are dealt with to the requests that wait for what came of them. */
export type Answers = {
  /** What comes of this very body. Rejects when dealing with it failed. */
  of(body: unknown): Promise<InvokeAnswer>;
  /** Hands the answer, or its failure, to the request that waits for it. False when none does, as after a restart. */
  give(body: unknown, answer: Promise<InvokeAnswer>): boolean;
};

export function createAnswers(): Answers {
  const awaited = new WeakMap<object, PromiseWithResolvers<InvokeAnswer>>();
  return {
    of(body) {
      const waiting = Promise.withResolvers<InvokeAnswer>();
      awaited.set(body as object, waiting);
      return waiting.promise;
    },
    give(body, answer) {
      const waiting = awaited.get(body as object);
      waiting?.resolve(answer);
      return waiting !== undefined;
    },
  };
}

/** A few words in answer to a click, seen by the one who clicked alone. */
export function toClick(value: string): InvokeAnswer {
  return { status: 200, body: { statusCode: 200, type: "application/vnd.microsoft.activity.message", value } };
}
