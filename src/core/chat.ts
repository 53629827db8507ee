/** Where a message lives. `address` belongs to the platform; only its adapter reads it. */
export type Place = {
  readonly platform: "terminal" | "slack" | "teams" | (string & {});
  /** The channel, or the person for a direct message. */
  readonly channel: string;
  /** The conversation inside the channel. Follow-ups share it. */
  readonly thread: string;
};

/** A channel itself, in none of its threads: of Teams, the thread of a conversation as a whole has its id. */
export function topOf(platform: string, channel: string): Place {
  return { platform, channel, thread: platform === "teams" ? channel : "" };
}

/** An account on one platform. `zone` is the person's IANA time zone where the platform tells it. */
export type User = {
  readonly platform: string;
  readonly id: string;
  readonly name: string;
  readonly zone?: string;
  /** The workspace whose account it is, where the bot serves several of a platform whose ids do not tell. */
  readonly directory?: string;
};

/** Something a person asked, in their words. `at` is unix seconds. */
export type Question = {
  readonly id: string;
  readonly place: Place;
  readonly user: User;
  readonly text: string;
  readonly at: number;
  /** Names of the sources it may be answered from; undefined for all. */
  readonly sources?: readonly string[];
  /** A guest, or somebody of another organisation: they never decide about changes. */
  readonly isOutsider?: true;
};

/** The platform of programs, which ask over the HTTP API. */
export const PROGRAMS = "api";

/** Asked by a program: it presses no button, has no channel, and only reads. */
export function isOfProgram({ place }: Pick<Question, "place">): boolean {
  return place.platform === PROGRAMS;
}
