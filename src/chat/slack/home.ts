import type { ProposalLine, ProposalLists } from "../../ports/chat.ts";
import { exact } from "../../util/inert.ts";
import { commandLines, exampleButtons } from "./cards.ts";
import { renderCard, type SlackBlock } from "./render.ts";

/** Lines in each list. More would push the rest of the tab out of sight. */
const LINES = 10;
const LONGEST = 300;

/**
 * The home tab of the app, as the argument `view` of views.publish. `lists` are the proposals of the person who looks at
 * it, undefined when they cannot be told; `site` is the workspace's own address, for links to their cards.
 */
export function homeView(
  command: string,
  lists: ProposalLists | undefined,
  site: string | undefined,
): { readonly type: "home"; readonly blocks: readonly SlackBlock[] } {
  const { blocks } = renderCard(
    {
      title: "What is going on?",
      tone: "info",
      blocks: [
        {
          kind: "text",
          text: "Ask me about your services and hosts in plain words: in a direct message, by mentioning me in a channel, or with the commands below. Each answer shows the query behind it.",
        },
        { kind: "list", items: commandLines(command) },
        { kind: "note", text: "A button asks its question in our direct messages." },
        { kind: "buttons", buttons: exampleButtons() },
      ],
    },
    { zone: "UTC", now: 0, native: false },
  );
  return { type: "home", blocks: [...proposalBlocks(lists, site), ...blocks] };
}

function proposalBlocks(lists: ProposalLists | undefined, site: string | undefined): SlackBlock[] {
  if (lists === undefined) return [note("I could not look up the changes that wait for you. Open this tab again.")];
  return [
    ...listed("Waiting for your decision", lists.waiting, "Nothing waits for you.", site),
    ...listed("Your proposals", lists.own, "You asked for no change lately.", site),
    ...listed("Lately decided", lists.decided, "Nothing was decided lately.", site),
    { type: "divider" },
  ];
}

function listed(
  title: string,
  lines: readonly ProposalLine[],
  whenEmpty: string,
  site: string | undefined,
): SlackBlock[] {
  const header = { type: "header", text: { type: "plain_text", text: title, emoji: false } };
  if (lines.length === 0) return [header, note(whenEmpty)];
  const items = lines.slice(0, LINES).map((line) => ({ type: "rich_text_section", elements: elementsOf(line, site) }));
  const list = { type: "rich_text", elements: [{ type: "rich_text_list", style: "bullet", elements: items }] };
  const left = lines.length - items.length;
  return [header, list, ...(left > 0 ? [note(`${left} more: ask me for “approvals”.`)] : [])];
}

/** Rich text reads no markup: a link leads where we say, whatever the title holds. */
function elementsOf({ title, text, message }: ProposalLine, site: string | undefined): object[] {
  const url = linkTo(message, site);
  const name = cut(title);
  const named = url === undefined ? { type: "text", text: name } : { type: "link", url, text: name };
  return text === "" ? [named] : [named, { type: "text", text: ` · ${cut(text)}` }];
}

/** Where a message can be read: https://docs.slack.dev/reference/methods/chat.getPermalink gives the same for each. */
function linkTo(message: string | undefined, site: string | undefined): string | undefined {
  const [, channel, seconds, fraction] = /^([A-Z0-9]{1,30})\/(\d{1,12})\.(\d{1,9})$/.exec(message ?? "") ?? [];
  if (channel === undefined || site === undefined) return undefined;
  return new URL(`archives/${channel}/p${seconds}${fraction}`, site).href;
}

function cut(text: string): string {
  const whole = exact(text) || "–";
  return whole.length <= LONGEST ? whole : `${whole.slice(0, LONGEST)}…`;
}

function note(text: string): SlackBlock {
  return { type: "context", elements: [{ type: "plain_text", text, emoji: false }] };
}
