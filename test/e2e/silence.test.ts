import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { buttonsIn } from "../fakes/remedy-world.ts";
import {
  clickBody,
  commandBody,
  eventBody,
  FakeSlack,
  formBody,
  mentionEvent,
  type Stored,
} from "../fakes/slack/index.ts";
import { alertmanagers, fire, TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program, a Slack of our own and a real Alertmanager: from the button on an incident to a silence that holds, and back. */

const CHANNEL = "C0GENERAL1";
const ANN = "U0ALICE001";
const BEN = "U0BEN00001";
const { newHome, launch, clean } = programs();
const { start: startAlertmanager, stop: stopAlertmanagers } = alertmanagers();
let slack: FakeSlack | undefined;
afterAll(clean);
afterEach(async () => {
  stopAlertmanagers();
  await slack?.stop();
});

type Kept = { readonly comment: string; readonly createdBy: string; readonly status: { readonly state: string } };

describe("a silence from chat", () => {
  it("shows what a real Alertmanager matches, is written by those who may, and ended again", {
    timeout: 120_000,
  }, async ({ skip }) => {
    const fake = await new FakeSlack().start();
    slack = fake;
    const home = newHome();
    const [botPort, amPort] = await freePorts(2);
    const alertmanager = await startAlertmanager(home, amPort!, botPort!, skip);
    writeFileSync(
      join(home, "smartcloudops.yaml"),
      `people: {ann: {name: Ann, slack: [${ANN}]}, ben: {name: Ben, slack: [${BEN}]}}
roles: {sre: {people: [ann]}}
responders: [sre]
routes: [{slack: [${CHANNEL}]}]
`,
    );
    const bot = launch(["start"], {
      home,
      env: {
        ALERTMANAGER_URL: alertmanager,
        ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
        PORT: `${botPort}`,
        SLACK_API_URL: fake.apiUrl,
        SLACK_BOT_TOKEN: fake.botToken,
        SLACK_APP_TOKEN: fake.appToken,
      },
    });
    await bot.says('"ready"');
    const silences = async () => (await (await fetch(`${alertmanager}/api/v2/silences`)).json()) as Kept[];
    const active = async () => (await silences()).filter(({ status }) => status.state === "active");
    const press = (message: Stored, decision: string, user = ANN) => {
      const found = buttonsIn(message.blocks).find(({ action_id: id }) => id.startsWith(`decide:${decision}:`));
      return fake.deliver(
        "interactive",
        clickBody(
          { action_id: found?.action_id, value: found?.value },
          {
            user: { id: user, username: user, name: user, team_id: "T0TESTTEAM" },
            container: { type: "message", message_ts: message.ts, channel_id: CHANNEL, is_ephemeral: false },
            message: { type: "message", ts: message.ts, text: "it" },
          },
        ),
      );
    };
    const aside = () => fake.ephemerals.map(({ text }) => text).join("\n");
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    const ofShop = (alertname: string) => ({ labels: { alertname, service: "shop", severity: "critical" }, startsAt });
    await fire(alertmanager, ofShop("DiskFull"), { labels: { alertname: "DiskFull", service: "other" }, startsAt });
    const incident = await until(() => fake.sent(CHANNEL).find(({ text }) => text.startsWith("Critical: shop")), "it");

    await press(incident, "silence");
    const form = await until(() => fake.forms.at(-1), "the form");
    expect(JSON.stringify(form)).toContain('alertname=\\"DiskFull\\", service=\\"shop\\"');
    const values = { matchers: 'alertname="DiskFull", service="shop"', time: "45m", reason: "disk <!channel>" };
    await fake.deliver("interactive", formBody(form, values));
    const shown = () => fake.sent(CHANNEL).find(({ text }) => text.includes("Silence 1 alert for 45 min?"));
    const draft = await until(shown, "the draft");
    expect(draft.thread_ts).toBe(incident.ts);
    expect(JSON.stringify(draft)).not.toContain("<!channel>");
    expect(await silences()).toEqual([]);

    await press(draft, "silence_write", BEN);
    await until(() => aside().includes("Only people with one of these roles"), "the refusal");
    expect(await silences()).toEqual([]);
    await press(draft, "silence_write");
    await until(() => aside().includes("Silenced."), "the word that it is written");
    expect(await active()).toMatchObject([
      { createdBy: "Ann", comment: expect.stringMatching(/^disk <!channel> \(SmartCloudOps sil-/) },
    ]);
    const now = () => fake.sent(CHANNEL).find(({ ts }) => ts === draft.ts);
    await until(() => now()?.text.startsWith("Silenced until"), "the message of it");

    await fake.deliver("events_api", eventBody(mentionEvent("silences", { user: BEN })));
    await until(() => fake.sent(CHANNEL).some(({ text }) => text.includes("1 silence hold")), "the list");
    await press(now()!, "silence_end");
    await until(() => aside().includes("Ended"), "the end");
    expect(await active()).toEqual([]);

    await fake.deliver("slash_commands", commandBody('silence alertname=~".+" for 1h'));
    await until(
      () => JSON.stringify([fake.responses, fake.ephemerals]).includes("nearly every alert"),
      "the refusal of everything",
    );
    await fake.deliver(
      "events_api",
      eventBody(mentionEvent('silence alertname=~"Disk.*" for 1h: swap', { user: ANN })),
    );
    const asked = await until(
      () => fake.sent(CHANNEL).find(({ text }) => text.includes("Silence 2 alerts for 1 h?")),
      "it",
    );
    await press(asked, "silence_write");
    await until(
      () => fake.sent(CHANNEL).find(({ ts, text }) => ts === asked.ts && text.startsWith("Silenced until")),
      "it",
    );
    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(0);
  });
});
