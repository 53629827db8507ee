import { ALICE, channel, click } from "../fakes/bot-framework/activities.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { startBot } from "./bot.ts";
import { arrival, type Shown, type Stage, type Step, withoutIds } from "./stage.ts";

const ROOT = "1773224400000";
const GUEST = { id: "29:gus", name: "Gus Guest", aadObjectId: "00000000-0000-0000-0000-00000000905e" };

// biome-ignore lint/suspicious/noExplicitAny: elements of every kind are looked into
type Element = any;

/** The bot on a Bot Framework of our own with its authentication, in the thread of one post in a channel. */
export async function teamsStage(): Promise<Stage> {
  const framework = await startBotFramework();
  framework.roles.set(ALICE.id, "user");
  framework.roles.set(GUEST.id, "guest");
  const { overrides } = framework;
  const bot = await startBot({
    MicrosoftAppId: APP_ID,
    MicrosoftAppPassword: APP_PASSWORD,
    MicrosoftAppTenantId: TENANT,
    TEAMS_SERVICE_URLS: framework.host,
    ToBotFromChannelOpenIdMetadataUrl: overrides.openIdMetadata,
    ToBotFromEmulatorOpenIdMetadataUrl: overrides.emulatorOpenIdMetadata,
    ToBotFromChannelTokenIssuer: overrides.tokenIssuer,
    ToChannelFromBotLoginUrl: overrides.loginUrl,
    ToChannelFromBotOAuthScope: overrides.oauthScope,
    OAuthUrl: overrides.oauthUrl,
  });
  // The bot's clock stands, the SDK's does not: the token is good by both.
  const token = await framework.sign({ nbf: 0 });

  async function post(activity: unknown): Promise<void> {
    const { status } = await fetch(`http://127.0.0.1:${bot.serving.port}/api/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(activity),
    });
    if (status !== 200) throw new Error(`The bot answered Teams with status ${status}.`);
  }

  const cards = (): Element[] => framework.messages().map(({ activity }) => activity.attachments[0].content);

  async function send(step: Step): Promise<void> {
    if ("say" in step) {
      const from = step.by === "guest" ? { from: GUEST } : {};
      return post(channel(framework.url, escaped(step.say), ROOT, from));
    }
    const button = cards()
      .flatMap((card) => card.actions ?? [])
      .findLast(({ title }) => title === step.press);
    if (button === undefined) throw new Error(`There is no button ${step.press}.`);
    const { conversation, channelData } = channel(framework.url, "", ROOT);
    return post(click(framework.url, button.data, { conversation, channelData }));
  }

  return {
    bot,
    async act(step) {
      const before = cards().length;
      await send(step);
      const card = await arrival(() => cards().slice(before)[0], `an answer to ${JSON.stringify(step)}`, bot);
      return shownOf(card, framework.messages()[before]?.activity.summary);
    },
    golden() {
      const sent = framework.messages().map(({ activity }) => {
        const { summary, attachments, channelData } = activity;
        return { summary, channelData, card: attachments[0].content };
      });
      return `${withoutIds(JSON.stringify(sent, null, 2))}\n`;
    },
    async stop() {
      await bot.stop();
      await framework.close();
    },
  };
}

/** What people type arrives as HTML. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const WORD = /^(?:OK|Warning|Problem): /;

function shownOf(card: Element, summary: string): Shown {
  const headline = unescaped(card.body[0].text).replace(WORD, "");
  if (!summary.replace(WORD, "").startsWith(headline))
    throw new Error(`The summary says ${summary}, the card ${headline}.`);
  return {
    headline,
    words: [headline, ...card.body.slice(1).map(wordsOf), ...(card.actions ?? []).map(wordsOf)].join("\n"),
    hasChart: card.body.some(({ type }: Element) => type === "Chart.Line"),
    buttons: (card.actions ?? []).map(({ title }: Element) => title),
    isPrivate: false,
  };
}

/** A title has its markdown escaped. */
function unescaped(text: string): string {
  return text.replace(/\\([\\`*[\]<~_\-+#>.)])/g, "$1");
}

/** What a person reads in one element, its hidden parts included: a click shows them. */
function wordsOf(element: Element): string {
  switch (element.type) {
    case "RichTextBlock":
      return element.inlines.map(({ text }: Element) => text).join("");
    case "Container":
      return element.items.map(wordsOf).join("\n");
    case "Table":
      return element.rows
        .map(({ cells }: Element) => cells.map(({ items }: Element) => items.map(wordsOf).join(" ")).join(" "))
        .join("\n");
    case "Chart.Line":
      return [element.title, ...element.data.map(({ legend }: Element) => legend)].join("\n");
    case "ActionSet":
      return element.actions.map(wordsOf).join("\n");
    default:
      return element.title ?? element.text ?? "";
  }
}
