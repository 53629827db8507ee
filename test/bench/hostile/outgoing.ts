/** What in the bytes that leave for a chat would act there: call somebody, link somewhere, or hide and reorder text. */

type Json = Readonly<Record<string, unknown>>;
export type Finding = { readonly what: "ping" | "link" | "bidi" | "control" | "not NFC"; readonly text: string };

const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
// Zero-width characters, tags and half characters hide text as well.
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200d\u2028\u2029\u2060\ufeff\u{e0000}-\u{e007f}\p{Cs}]/u;

function unseen(text: string): Finding[] {
  return [
    ...(BIDI.test(text) ? [{ what: "bidi" as const, text }] : []),
    ...(CONTROL.test(text) ? [{ what: "control" as const, text }] : []),
    ...(text.normalize("NFC") === text ? [] : [{ what: "not NFC" as const, text }]),
  ];
}

/** Text that Slack reads as markup: `<!here>`, `<https://…|words>`, and bare addresses unless `isVerbatim`. */
function markup(text: string, isVerbatim: boolean): Finding[] {
  const pings = [...text.matchAll(/<[!@#][^>]*>/g)].map(([token]) => ({ what: "ping" as const, text: token }));
  const links = [...text.matchAll(/<([a-z][a-z0-9+.-]*:[^|>]*)(?:\|[^>]*)?>/gi)].map((one) => one[1]!);
  const bare = isVerbatim ? [] : [...text.replace(/<[^>]*>/g, " ").matchAll(/\bhttps?:\/\/[^\s<>|]+/gi)];
  return [...pings, ...[...links, ...bare.map(([url]) => url)].map((url) => ({ what: "link" as const, text: url }))];
}

/** One message to Slack: the arguments of a Web API call, or a body for a response_url. Links to `known` hosts are ours. */
export function inSlack(message: Json, known: ReadonlySet<string>): Finding[] {
  const top = typeof message["text"] === "string" ? markup(message["text"], false) : [];
  const blocks = typeof message["blocks"] === "string" ? JSON.parse(message["blocks"]) : message["blocks"];
  const unfurled = ["unfurl_links", "unfurl_media"].filter((key) => String(message[key]) !== "false");
  return [
    ...top,
    ...unfurled.map((key) => ({ what: "link" as const, text: `${key} is not off` })),
    ...objectsIn(blocks).flatMap((one): Finding[] => {
      if (one["type"] === "mrkdwn") return markup(String(one["text"]), one["verbatim"] === true);
      if (one["type"] === "plain_text") return [];
      // Labels and cells: whether Slack reads markup there is not documented.
      const strings = Object.entries(one).filter(([key]) => !["value", "action_id", "type"].includes(key));
      return strings.flatMap(([, value]) => (typeof value === "string" ? markup(value, true) : []));
    }),
    ...stringsIn({ text: message["text"], blocks }).flatMap(unseen),
  ].filter((one) => one.what !== "link" || !isKnown(one.text, known));
}

/** One activity to Teams. */
export function inTeams(activity: Json, known: ReadonlySet<string>): Finding[] {
  const entities = Array.isArray(activity["entities"]) ? (activity["entities"] as Json[]) : [];
  const objects = objectsIn(activity["attachments"]);
  return [
    ...entities
      .filter(({ type }) => type === "mention")
      .map((one) => ({ what: "ping" as const, text: String(one["text"]) })),
    ...objects.flatMap((one): Finding[] => {
      if (one["type"] === "TextBlock") return markdown(String(one["text"]));
      const url = one["type"] === "Action.OpenUrl" || one["type"] === "Image" ? String(one["url"]) : "data:";
      return url.startsWith("data:image/png;") || url === "data:" ? [] : [{ what: "link", text: url }];
    }),
    ...(activity["textFormat"] === "plain" || activity["text"] === undefined ? [] : markdown(String(activity["text"]))),
    ...stringsIn(activity).flatMap(unseen),
  ].filter((one) => one.what !== "link" || !isKnown(one.text, known));
}

/** Markdown that is not escaped: links, pictures, tags. */
function markdown(text: string): Finding[] {
  const read = text.replace(/\\./g, "");
  const links = [...read.matchAll(/\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\]|:\s*\S+)|<(?:https?|mailto|tel):[^>]*>/gi)];
  const tags = [...read.matchAll(/<at\b[^>]*>/gi)];
  return [
    ...links.map(([found]) => ({ what: "link" as const, text: found })),
    ...tags.map(([found]) => ({ what: "ping" as const, text: found })),
  ];
}

function isKnown(url: string, known: ReadonlySet<string>): boolean {
  const parsed = URL.parse(url.replaceAll("&amp;", "&"));
  return parsed !== null && /^https?:$/.test(parsed.protocol) && known.has(parsed.host);
}

function objectsIn(value: unknown): Json[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== "object" || value === null) return [];
  return [value as Json, ...Object.values(value).flatMap(objectsIn)];
}

/** Every string in it, those that programs read included. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
