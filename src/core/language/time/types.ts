/** `start` and `end` are offsets in the text asked about, `end` exclusive; `words` is that piece of it. */
type Span = { readonly start: number; readonly end: number; readonly words: string };

/** One mention of time in a question. All moments are unix seconds. */
export type TimeExpression = Span &
  (
    | {
        /** A stretch of the past: `from` < `to` <= now. `tooLong` when it is longer than the 31 days a query may span. */
        readonly kind: "window";
        readonly from: number;
        readonly to: number;
        readonly seconds: number;
        readonly tooLong?: true;
      }
    /** A moment of the past. */
    | { readonly kind: "at"; readonly at: number }
    /** "compared to …": the same thing that long before. `calendar` when it was said as a day, a week or a month. */
    | { readonly kind: "offset"; readonly seconds: number; readonly calendar?: "day" | "week" | "month" }
    /** A moment ahead, or how far to look ahead: `to` = now + `seconds`. */
    | { readonly kind: "future"; readonly seconds: number; readonly to: number }
    /** Again and again: five cron fields. `zone` when one was named. */
    | { readonly kind: "schedule"; readonly cron: string; readonly zone?: string }
  );

/** What an expression means, before its place in the text is put to it. */
export type Meaning = TimeExpression extends infer T ? (T extends unknown ? Omit<T, keyof Span> : never) : never;

/** Where and when a question is asked. `future` when its words look ahead ("will", "wird", "va a"). */
export type Context = { readonly now: number; readonly zone: string; readonly future: boolean; readonly text: string };

/** A pattern and what a match of it means; undefined when it means no time after all. */
export type Rule = {
  /** The source of a regular expression. */
  readonly pattern: string;
  /** Short patterns that all stand somewhere in a text this one matches: compiling the long ones takes 0.1 s. */
  readonly signs?: readonly RegExp[];
  readonly read: (match: RegExpExecArray, context: Context) => Meaning | undefined;
};
