import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWholeConfig } from "../../src/app/whole-config.ts";
import { accountHere } from "../../src/chat/terminal/visitor.ts";
import { type Serving, serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/util/log.ts";
import { ALICE, channel, BOT as TEAMS_BOT, click as teamsClick } from "./bot-framework/activities.ts";
import { APP_ID, APP_PASSWORD, type BotFramework, startBotFramework, TENANT } from "./bot-framework/index.ts";
import { HARBOUR, HELPS, TYPES } from "./harbour.ts";
import { fakeMetrics } from "./metrics.ts";
import { clickBody, eventBody, FakeSlack, fresh, mentionEvent, type Stored } from "./slack/index.ts";
import { shippedPacks } from "./world.ts";

export const CHANNEL = "C0GENERAL1";
export const SLACK_ROOT = "1773224400.000001";
export const TEAMS_ROOT = "1773224400000";
export const TEAMS_CHANNEL = "19:general@thread.tacv2";
export const ANN = "U0ALICE001";
export const BEN = "U0BEN00001";
/** Ben's account in Teams. */
export const BEN_TEAMS = { id: "29:ben", name: "Ben Example", aadObjectId: "00000000-0000-4000-8000-00000000be11" };

const TOKEN_MS = 60_000;
/** Ben's account at a terminal: not the one that the tests run under. */
export const BEN_TERMINAL = "ben.elsewhere";

const RUNBOOK = `
id: restart-desk
title: Restart a desk
does: Restarts one desk of the harbour through its endpoint.
not_when: Ships are being moved by hand.
risk: medium
params:
  endpoint: {of: http, about: The harbour's endpoint., example: harbour}
  service: {like: k8s_name, takes: [deployment, name], about: The desk., example: ferrydesk}
target: {kind: service, name: "{{ params.service }}", key: "http/{{ params.endpoint }}/{{ params.service }}"}
preconditions: []
steps:
  - name: restart {{ params.service }}
    uses: http/call
    with: {endpoint: "{{ params.endpoint }}", method: POST, path: "/restart/{{ params.service }}"}
verify:
  settle: 0s
  deadline: 20s
  checks:
    - {name: requests that wait, promql: 'desk_waiting{service="{{ params.service }}"}', unit: count, better: down, until: "< 5"}
rollback:
  steps:
    - name: restart {{ params.service }} as it was
      uses: http/call
      with: {endpoint: "{{ params.endpoint }}", method: POST, path: "/restore/{{ params.service }}"}
cooldown: 0s
per_hour: 1000
cancellable: true
step_timeout: 30s
minutes_by_hand: 5
matches:
  asks: [{verb: restart, kinds: [service, deployment]}]
  alerts: [DeskStuck]
`;

/** A server that does what it is asked, and keeps it. */
export async function effectServer() {
  const effects: { readonly path: string; readonly key: string; readonly at: number }[] = [];
  const state = { delayMs: 0 };
  const server = createServer((request, response) => {
    request.resume();
    effects.push({
      path: request.url ?? "",
      key: String(request.headers["idempotency-key"]),
      at: performance.now(),
    });
    setTimeout(() => response.writeHead(200).end("{}"), state.delayMs).unref();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    effects,
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Ann and Ben, who may approve for each other, and the one runbook of the harbour, as files of that folder. `isPatient`: no question is turned away
 * because this machine is busy.
 */
export function writeDeskSettings(
  folder: string,
  url: string,
  { limits = 3, delay = "0s", fallback = [] as readonly string[], isPatient = false } = {},
): void {
  mkdirSync(join(folder, "runbooks"));
  writeFileSync(join(folder, "runbooks", "restart-desk.yaml"), RUNBOOK);
  const settings = {
    people: {
      ann: { name: "Ann", slack: [ANN], teams: [ALICE.aadObjectId], terminal: [accountHere()] },
      ben: { name: "Ben", slack: [BEN], teams: [BEN_TEAMS.aadObjectId], terminal: ["ben", BEN_TERMINAL] },
    },
    roles: { oncall: { people: ["ann", "ben"] } },
    routes: [{ slack: [CHANNEL] }, ...fallback.map((channel) => ({ slack: [channel], fallback: true }))],
    ...(isPatient && { limits: { event_loop_wait: "1m" } }),
    approvals: {
      default: { approvals: 1, approvers: ["oncall"], execute_delay: delay },
      limits: { open_per_thread: limits, per_channel_hour: 1000, per_target_hour: 1000 },
    },
    runbooks: {
      builtin: false,
      folders: ["./runbooks"],
      modes: { default: "act" },
      executors: {
        http: [{ name: "harbour", base_url: url, hosts: ["127.0.0.1"], allow_private: true, idempotent: false }],
      },
    },
  };
  writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify(settings));
}

/** What a bot needs to speak with that Bot Framework. */
export function teamsEnv({ host, overrides: hosts }: BotFramework): Readonly<Record<string, string>> {
  return {
    MicrosoftAppId: APP_ID,
    MicrosoftAppPassword: APP_PASSWORD,
    MicrosoftAppTenantId: TENANT,
    TEAMS_SERVICE_URLS: host,
    ToBotFromChannelOpenIdMetadataUrl: hosts.openIdMetadata,
    ToBotFromEmulatorOpenIdMetadataUrl: hosts.emulatorOpenIdMetadata,
    ToBotFromChannelTokenIssuer: hosts.tokenIssuer,
    ToChannelFromBotLoginUrl: hosts.loginUrl,
    ToChannelFromBotOAuthScope: hosts.oauthScope,
    OAuthUrl: hosts.oauthUrl,
  };
}

export type RemedyWorld = Awaited<ReturnType<typeof remedyWorld>>;

/** The whole program on Slack, Teams and the socket, with its own store on disk and a server that takes real calls. */
export async function remedyWorld(
  mode: "socket" | "http",
  { limits = 3, delay = "0s", fallback = [] as readonly string[] } = {},
) {
  const slack = await new FakeSlack().start();
  const framework: BotFramework = await startBotFramework();
  framework.roles.set(ALICE.id, "user");
  framework.roles.set(BEN_TEAMS.id, "user");
  const shop = await effectServer();
  const folder = mkdtempSync(join(tmpdir(), "remedy-"));
  writeDeskSettings(folder, shop.url, { limits, delay, fallback });
  const env = {
    SMARTCLOUDOPS_DATA: join(folder, "data"),
    SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml",
    PROMETHEUS_URL: "http://127.0.0.1:1",
    PORT: "0",
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    ...(mode === "socket" ? { SLACK_APP_TOKEN: slack.appToken } : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    ...teamsEnv(framework),
  };
  const loaded = loadConfig({ env, cwd: folder });
  if (!loaded.ok) throw new Error(explain(loaded.problems));
  const clock = () => Date.now() / 1000;
  /** What waits at the desk: 40 until the server was called, or for ever where the restart does not help. */
  const waiting = { helps: true };
  const desk = { metric: "desk_waiting", labels: { service: "ferrydesk" } };
  const isMended = (at: number) => {
    const restart = shop.effects.find(({ path }) => path.startsWith("/restart/"));
    return waiting.helps && restart !== undefined && at >= (performance.timeOrigin + restart.at) / 1000;
  };
  const sources = [
    fakeMetrics({
      types: TYPES,
      helps: HELPS,
      clock,
      series: [...HARBOUR, { ...desk, value: (at) => (isMended(at) ? 1 : 40) }],
    }),
  ];
  const open = async (): Promise<Serving> =>
    serve(loaded.config, {
      log: createLog({ level: "fatal" as "error" }),
      overrides: { sources, packs: await shippedPacks(), limitPerPerson: false },
      reread: () => readWholeConfig({ env, cwd: folder }),
      onBrokenStore: () => undefined,
    });
  let serving = await open();
  /** Tokens are good for minutes; a world may last for hours. */
  const tokens = { held: await framework.sign({}), since: performance.now() };
  const token = async () => {
    if (performance.now() - tokens.since > TOKEN_MS) {
      tokens.since = performance.now();
      tokens.held = await framework.sign({});
    }
    return tokens.held;
  };

  async function toSlack(kind: "event" | "click", body: Record<string, unknown>): Promise<void> {
    if (mode === "socket") return void (await slack.deliver(kind === "event" ? "events_api" : "interactive", body));
    const url = `http://127.0.0.1:${serving.port}/slack/events`;
    const { status } = await fetch(url, { method: "POST", ...slack.signed(body, Math.floor(clock()), kind) });
    if (status !== 200) throw new Error(`The bot answered Slack with status ${status}.`);
  }

  return {
    slack,
    framework,
    shop,
    waiting,
    config: loaded.config,
    folder,
    serving: () => serving,
    async restart() {
      await serving.stop(0);
      serving = await open();
    },
    say: (text: string, user = ANN) =>
      toSlack("event", eventBody(mentionEvent(text, { user, thread_ts: SLACK_ROOT, ts: `${Date.now() / 1000}` }))),
    /** The message in Slack that shows the newest proposal. */
    card: (): Stored | undefined => slack.sent(CHANNEL).findLast(({ text }) => /Restart a desk/.test(text)),
    /** Texts that only one person saw. */
    aside: (): string[] => [
      ...slack.ephemerals.map(({ text }) => text),
      ...slack.responses.map(({ body }) => String(body["text"])),
    ],
    press: (
      message: Pick<Stored, "ts" | "blocks">,
      decision: string,
      user: string,
      where?: Parameters<typeof clickOn>[4],
    ) => toSlack("click", clickOn(slack, message, decision, user, where)),
    /** Somebody says something in Teams; then the bot knows the channel. */
    sayInTeams: (text: string) => post(channel(framework.url, text, TEAMS_ROOT)),
    /** Resolves with what the person who clicked is told at once. */
    pressInTeams(messageId: string, about: string, decision = "approve", from = BEN_TEAMS): Promise<string> {
      const { conversation, channelData } = channel(framework.url, "", TEAMS_ROOT);
      const data = { action: { kind: "decide", decision, about } };
      return post(
        teamsClick(framework.url, data, {
          from,
          recipient: TEAMS_BOT,
          conversation,
          channelData,
          replyToId: messageId,
          value: { action: { type: "Action.Execute", verb: "decide", data }, trigger: "manual" },
        }),
      );
    },
    async stop() {
      await serving.stop(1000);
      await Promise.all([slack.stop(), framework.close(), shop.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };

  async function post(activity: unknown): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${serving.port}/api/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
      body: JSON.stringify(activity),
    });
    const said = await response.text();
    if (response.status !== 200) throw new Error(`The bot answered Teams with status ${response.status}.`);
    return said;
  }
}

/**
 * Ann's wish for a restart, shown in Slack and Teams at once. Resolves when both messages are there and the bot knows them.
 * Somebody has to have spoken in Teams before.
 */
export async function suggestOnBoth(world: RemedyWorld) {
  const { app } = world.serving();
  const before = world.framework.messages().length;
  const made = await app.remedy.suggest(
    {
      action: { type: "restart", target: "ferrydesk", params: {} },
      kinds: ["service"],
      values: { service: { value: "ferrydesk", origin: "user" } },
      environment: undefined,
      source: undefined,
      requester: { person: "ann", name: "Ann", platform: "slack", account: ANN, isLinked: true },
      places: [
        { platform: "slack", channel: CHANNEL, thread: SLACK_ROOT },
        { platform: "teams", channel: TEAMS_CHANNEL, thread: TEAMS_ROOT },
      ],
      cause: { kind: "ask", text: "restart ferrydesk" },
      facts: [],
    },
    AbortSignal.timeout(10_000),
  );
  if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
  const { proposal } = made;
  const isKnown = async (at: number) =>
    (await app.store.outbox.referenceOf(`proposal:${proposal.id}:${at}`)) !== undefined;
  while (!(await isKnown(0)) || !(await isKnown(1))) await new Promise((resolve) => setTimeout(resolve, 10));
  return { proposal, teams: world.framework.messages()[before]! };
}

type SlackButton = { readonly action_id: string; readonly value: string; readonly text: { readonly text: string } };

/** What Slack sends when somebody presses that button of a card: the one with that decision, or of that kind. */
export function clickOn(
  slack: FakeSlack,
  message: Pick<Stored, "ts" | "blocks">,
  decision: string,
  user: string,
  { channel: at = CHANNEL, thread = SLACK_ROOT } = {},
): Record<string, unknown> {
  const button = buttonsIn(message.blocks).find(({ action_id: id }) =>
    [`decide:${decision}:`, `${decision}:`].some((start) => id.startsWith(start)),
  );
  if (button === undefined) throw new Error(`There is no button ${decision}.`);
  return clickBody(
    { action_id: button.action_id, value: button.value },
    {
      user: { id: user, username: user, name: user, team_id: "T0TESTTEAM" },
      container: { type: "message", message_ts: message.ts, channel_id: at, is_ephemeral: false },
      channel: { id: at, name: "general" },
      message: {
        ...{ type: "message", ts: message.ts, app_id: "A0TESTAPP1" },
        ...(thread !== "" && { thread_ts: thread }),
      },
      response_url: `${slack.origin}/response/${fresh("r")}`,
    },
  );
}

/** The buttons of a message in Slack. */
export function buttonsIn(blocks: readonly Record<string, unknown>[]): readonly SlackButton[] {
  return blocks.flatMap((block) => (block["type"] === "actions" ? (block["elements"] as SlackButton[]) : []));
}
