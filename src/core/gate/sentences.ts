/** Takes a text apart into sentences as it arrives. A line end always ends one; so each item of a list is one. */
export class Sentences {
  #rest = "";
  #isLineStart = true;

  /** More of the text. Returns the sentences that are complete now, each with the space and line ends after it. */
  push(chunk: string): readonly string[] {
    this.#rest += chunk;
    const done: string[] = [];
    for (;;) {
      const end = endOf(this.#rest, this.#isLineStart);
      if (end === undefined) break;
      const sentence = this.#rest.slice(0, end);
      done.push(sentence);
      this.#isLineStart = sentence.endsWith("\n");
      this.#rest = this.#rest.slice(end);
    }
    return done;
  }

  /** What is left when the text is over. */
  end(): readonly string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest.trim() === "" ? [] : [rest];
  }
}

/** The sentences of a whole text; joined they are the text, but for space at its end. */
export function sentencesOf(text: string): readonly string[] {
  const sentences = new Sentences();
  return [...sentences.push(text), ...sentences.end()];
}

const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|vs|approx|ca|etc|incl|excl|resp|no|min|max|avg|cf|fig|dr|mr|mrs|st)\.$/i;

/** No sentence is longer; a longer one is cut here, and what checks it can refuse it. */
export const LONGEST_SENTENCE = 2000;

/** Where the first sentence of the text ends, when what comes after it has begun. */
function endOf(text: string, isLineStart: boolean): number | undefined {
  let inCode = false;
  const last = Math.min(text.length, LONGEST_SENTENCE);
  for (let at = 0; at < last; at++) {
    const char = text[at];
    if (char === "`") inCode = !inCode;
    if (char === "\n") {
      let end = at;
      while (text[end] === "\n") end++;
      return end < text.length ? end : undefined;
    }
    if (inCode || (char !== "." && char !== "!" && char !== "?")) continue;
    AFTER_STOP.lastIndex = at + 1;
    const after = AFTER_STOP.exec(text);
    if (after === null) continue;
    const end = AFTER_STOP.lastIndex;
    if (isLineStart && LIST_MARK.test(text.slice(0, at + 1))) continue;
    if (char === "." && ABBREVIATION.test(text.slice(Math.max(0, at - 10), at + 1))) continue;
    if (char === "." && /\p{Ll}/u.test(text[end] ?? "")) continue;
    return end;
  }
  return text.length > LONGEST_SENTENCE ? LONGEST_SENTENCE : undefined;
}

/** "1." at the start of a line, which says nothing by itself. Anywhere else such a number is a sentence of its own. */
const LIST_MARK = /^ *(?:[-•] )?(?:1?\d|20)\.$/;

const AFTER_STOP = /["')\]*_]{0,5} {1,20}(?=\S)/y;
