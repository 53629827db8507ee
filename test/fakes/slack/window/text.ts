/** Slack's text as HTML: what it would show, and nothing else. https://docs.slack.dev/messaging/formatting-message-text */

/** Text for HTML, in content and in attributes. */
export function html(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** The three entities in which Slack's own syntax is escaped. */
function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** `plain_text`: no markup. */
export function plainText(text: string): string {
  return html(decoded(text)).replaceAll("\n", "<br>");
}

const PARTS = /(```[\s\S]*?```|`[^`\n]+`|<[^<>\n]+>)/;

/** `mrkdwn`. `nameOf` tells the name behind an id. */
export function mrkdwn(text: string, nameOf: (id: string) => string): string {
  return text
    .split(PARTS)
    .map((part) => {
      if (part.startsWith("```") && part.length > 6) return `<pre>${html(decoded(part.slice(3, -3).trim()))}</pre>`;
      if (part.startsWith("`") && part.length > 2) return `<code>${html(decoded(part.slice(1, -1)))}</code>`;
      if (part.startsWith("<") && part.endsWith(">")) return pointed(part.slice(1, -1), nameOf);
      return emphasised(plainText(part));
    })
    .join("");
}

/** What stands in pointed brackets: somebody, everybody, a channel, or an address. */
function pointed(inner: string, nameOf: (id: string) => string): string {
  const [target = "", label] = inner.split("|", 2);
  const mention = (name: string) => `<span class="mention">${html(decoded(name))}</span>`;
  if (target.startsWith("@")) return mention(`@${label ?? nameOf(target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${label ?? nameOf(target.slice(1))}`);
  if (target.startsWith("!")) return mention(`@${label ?? target.slice(1)}`);
  return link(target, label ?? target);
}

/** A link to a page; other schemes are text. Both come with Slack's entities. */
function link(target: string, label: string): string {
  const address = URL.parse(decoded(target));
  const words = plainText(label);
  if (address?.protocol !== "https:" && address?.protocol !== "http:") return words;
  return `<a href="${html(address.href)}" target="_blank" rel="noreferrer noopener">${words}</a>`;
}

/** Bold, italic and struck through, around whole words. */
function emphasised(text: string): string {
  const around = (sign: string, tag: string) => (value: string) =>
    value.replace(
      new RegExp(`(?<![\\w${sign}])${sign}(?=\\S)([^${sign}\\n]*?\\S)${sign}(?![\\w${sign}])`, "g"),
      `<${tag}>$1</${tag}>`,
    );
  return around("~", "s")(around("_", "em")(around("\\*", "strong")(text)));
}
