import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import type { Log } from "../../src/util/log.ts";
import { channel } from "../fakes/bot-framework/activities.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { aNight } from "../fakes/digests.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { shippedPacks } from "../fakes/world.ts";
import { arrival } from "../stories/stage.ts";

/** A digest that node-cron sets off by itself, in the whole program on a real store, into Slack and Teams at once. */

const CHANNEL = "C0GENERAL1";
const TEAMS = "19:general@thread.tacv2";
/** Just before 08:00 in Berlin. */
const BEFORE = Date.UTC(2026, 2, 11, 6, 59, 50) / 1000;
const SLOT = Date.UTC(2026, 2, 11, 7) / 1000;
const YAML = `timezone: Europe/Berlin
digests:
  - {name: shift, kind: handover, cron: "0 8,20 * * *", slack: [${CHANNEL}], teams: ["${TEAMS}"]}
`;
const folder = mkdtempSync(join(tmpdir(), "digest-"));
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

const quiet = () => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };

describe("a digest by the calendar", () => {
  it("comes once in Slack and in Teams when its time has come, and not again after a restart", async () => {
    const slack = await new FakeSlack().start();
    closing.push(() => slack.stop());
    const framework = await startBotFramework();
    closing.push(() => framework.close());
    const { overrides } = framework;
    const loaded = loadConfig({
      env: {
        ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken },
        ...{ MicrosoftAppId: APP_ID, MicrosoftAppPassword: APP_PASSWORD, MicrosoftAppTenantId: TENANT },
        TEAMS_SERVICE_URLS: framework.host,
        ToBotFromChannelOpenIdMetadataUrl: overrides.openIdMetadata,
        ToBotFromEmulatorOpenIdMetadataUrl: overrides.emulatorOpenIdMetadata,
        ToBotFromChannelTokenIssuer: overrides.tokenIssuer,
        ToChannelFromBotLoginUrl: overrides.loginUrl,
        ToChannelFromBotOAuthScope: overrides.oauthScope,
        OAuthUrl: overrides.oauthUrl,
        ...{ PORT: "0", SMARTCLOUDOPS_DATA: folder, SMARTCLOUDOPS_CONFIG: "bot.yaml" },
      },
      cwd: folder,
      readFile: () => YAML,
    });
    if (!loaded.ok) throw new Error(explain(loaded.problems));
    let now = BEFORE;
    const clock = () => now;
    const begin = async () => {
      const packs = await shippedPacks();
      return serve(loaded.config, { log, overrides: { sources: [], packs, clock }, onBrokenStore: () => {} });
    };
    let bot = await begin();
    closing.push(() => bot.stop(500));
    await aNight(bot.app.store, SLOT);
    // The bot knows the channel in Teams since somebody spoke to it there.
    const token = await framework.sign({ nbf: 0 });
    const { status } = await fetch(`http://127.0.0.1:${bot.port}/api/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(channel(framework.url, "help", "1773224400000")),
    });
    expect(status).toBe(200);
    await arrival(() => framework.messages()[0], "the help in Teams");
    expect(slack.sent(CHANNEL)).toEqual([]);

    now = SLOT + 1;
    const message = await arrival(() => slack.sent(CHANNEL)[0], "the digest in Slack");
    const card = await arrival(() => framework.messages()[1], "the digest in Teams");
    const { summary, attachments, conversation } = card.activity;
    expect(JSON.stringify([card.conversation ?? conversation?.id])).not.toContain("messageid");
    const { text, blocks, thread_ts } = message;
    expect(thread_ts).toBeUndefined();
    await expect(`${JSON.stringify({ text, blocks }, null, 2)}\n`).toMatchFileSnapshot(
      "../fixtures/cards/slack/digest-handover.json",
    );
    await expect(`${JSON.stringify({ summary, card: attachments[0].content }, null, 2)}\n`).toMatchFileSnapshot(
      "../fixtures/cards/teams/digest-handover.json",
    );

    await bot.stop(500);
    now += 120;
    bot = await begin();
    const asked = await bot.app.ask({
      ...{ id: "q1", text: "digests", at: now },
      place: { platform: "terminal", channel: "ann", thread: "t" },
      user: { platform: "terminal", id: "ann", name: "Ann" },
    });
    expect(asked.reply.reply_text).toContain("shift: handover, next 20:00 CET (0 8,20 * * *, Europe/Berlin)");
    expect((await bot.app.store.digests.find({ limit: 9 })).map(({ id }) => id)).toEqual([`shift@${SLOT}`]);
    expect(slack.sent(CHANNEL)).toHaveLength(1);
    const metrics = await (await fetch(`http://127.0.0.1:${bot.port}/metrics`)).text();
    expect(metrics).toContain("smartcloudops_digests_total");
  }, 60_000);
});
