/** What goes to the model. Names, labels and texts are data that anybody may have written: short, visible, and behind a fence. */

const LONGEST_TEXT = 200;

export type Cleaner = (text: string, longest?: number) => string;

/**
 * Makes the function through which every text goes to the model: control, bidi and invisible characters out, secrets masked, cut at
 * 200 characters. `redact` masks secrets.
 */
export function cleaner(redact: (text: string) => string): Cleaner {
  return (text, longest = LONGEST_TEXT) => {
    const visible = redact(text.normalize("NFC"))
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .replace(/[\p{Cf}\p{Co}\p{Cs}]|[\u{FE00}-\u{FE0F}]|[\u{E0000}-\u{E0FFF}]/gu, "")
      .trim();
    if (visible.length <= longest) return visible;
    return `${visible.slice(0, longest).toWellFormed()}…`;
  };
}

/** Labels as the model sees them. */
export function cleanLabels(labels: Readonly<Record<string, string>>, clean: Cleaner): Record<string, string> {
  const shown = Object.entries(labels).slice(0, 30);
  return Object.fromEntries(shown.map(([name, value]) => [clean(name), clean(value)]));
}

/** JSON between marks that nothing inside can write. */
export function fenced(value: unknown): string {
  return `<data>${JSON.stringify(value).replaceAll("<", "\\u003c")}</data>`;
}
