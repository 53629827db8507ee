import { html } from "./text.ts";

/** One line of a channel as the page shows it. `body` is HTML. */
export type Line = {
  readonly ts: string;
  /** The message that a reply to this one hangs on. */
  readonly root: string;
  readonly author: string;
  readonly isBot: boolean;
  readonly body: string;
  readonly isEdited: boolean;
  /** Whose eyes alone it is for. */
  readonly only: string | undefined;
  readonly replies: readonly Line[];
};

export type Room = { readonly id: string; readonly name: string };

export const CAPTION = "A local stand-in for Slack, drawn by SmartCloudOps' tests. This is not Slack.";

/** The page around the view, which it fetches by itself. */
export function page(rooms: readonly Room[], people: readonly Room[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Local stand-in for Slack</title>
<link rel="stylesheet" href="/window/page.css">
<header>${html(CAPTION)}</header>
<nav aria-label="Channels">${rooms.map(({ id, name }) => `<a href="#${html(id)}" data-room="${html(id)}">${html(name)}</a>`).join("")}
<p><label>You are<select id="who">${people.map(({ id, name }) => `<option value="${html(id)}">${html(name)}</option>`).join("")}</select></label></p></nav>
<main>
<section id="view" aria-live="polite"></section>
<p id="notice" role="status"></p>
<form id="composer">
<p id="replying" hidden>Replying in a thread. <button type="button" id="unthread">Leave the thread</button></p>
<input id="text" autocomplete="off" aria-label="Message" placeholder="@ops cpu of web-1, or /ops help">
<button type="submit" class="primary">Send</button>
</form>
</main>
<dialog id="confirm"><form method="dialog"><h3></h3><p></p><button value="yes"></button><button value="no"></button></form></dialog>
<dialog id="form"></dialog>
<script src="/window/page.js"></script>
</html>
`;
}

/** The lines of a channel, oldest first, threads opened below their first message. */
export function view(lines: readonly Line[], zone: string): string {
  if (lines.length === 0) return '<p class="context">Nothing was said here yet.</p>';
  return lines.map((line) => `${lineHtml(line, zone)}${thread(line, zone)}`).join("\n");
}

function thread({ replies }: Line, zone: string): string {
  if (replies.length === 0) return "";
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  return `<section class="thread" aria-label="Thread"><p class="context">${count} in the thread</p>${replies.map((one) => lineHtml(one, zone)).join("\n")}</section>`;
}

function lineHtml({ ts, root, author, isBot, body, isEdited, only }: Line, zone: string): string {
  const at = new Date(Number(ts) * 1000);
  const said = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  return `<article data-ts="${html(ts)}"${only === undefined ? "" : ' class="private"'}>
<span class="${isBot ? "bot avatar" : "avatar"}" aria-hidden="true">${html(author.slice(0, 1).toUpperCase())}</span>
<div><p class="who"><b>${html(author)}</b>${isBot ? ' <span class="app">APP</span>' : ""} <time datetime="${at.toISOString()}">${said}</time>${isEdited ? ' <span class="context">(edited)</span>' : ""}${only === undefined ? ` <button type="button" class="quiet" data-reply="${html(root)}">Reply in thread</button>` : ""}</p>
${only === undefined ? "" : `<p class="context">Only visible to ${html(only)}</p>`}
${body}</div>
</article>`;
}
