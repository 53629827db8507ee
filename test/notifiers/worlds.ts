import nock from "nock";
import type { Notice } from "../../src/core/incident/notice.ts";
import { createNotifier } from "../../src/notifiers/index.ts";
import type { Notifier } from "../../src/ports/notifier.ts";
import { secret } from "../../src/util/secret.ts";
import { exampleExtensions } from "../extensions/folder.ts";
import { statusPage, TOKEN } from "../fakes/extensions/services.ts";
import * as clouds from "../fakes/notifiers/clouds.ts";
import { mailServer } from "../fakes/notifiers/mailbox.ts";
import { receiver } from "../fakes/notifiers/receiver.ts";

/** Each notifier with its target, for the contract that all of them keep. */
export type World = {
  readonly notifier: Notifier;
  /** What stands there, all its texts together; `isOpen` undefined where nothing is ever closed. */
  readonly things: () => readonly { readonly isOpen: boolean | undefined; readonly text: string }[];
  /** Messages within all things: a request that is repeated adds none. */
  readonly count: () => number;
  /** Requests that reached the target and that write. */
  readonly writes: () => number;
  readonly fail: (how: "busy" | "broken" | "credentials" | "malformed") => void;
  /** Does what is asked next, without an answer that says so. Absent where that cannot be told from the outside. */
  readonly cut?: () => void;
  readonly close: () => Promise<void>;
};

const KEY = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr";

export const SECRET = KEY;

export const WORLDS: Readonly<Record<string, () => Promise<World>>> = {
  email: async () => {
    const server = await mailServer({ hideSTARTTLS: true });
    const settings = { kind: "email", name: "mail", host: "127.0.0.1", port: server.port, tls: "none" } as const;
    const people = { from: "Bot <bot@example.com>", to: ["ops@example.com"] };
    const auth = { user: "bot", password: secret("right") };
    const notifier = await createNotifier({ ...settings, ...people });
    const wrong = await createNotifier({ ...settings, ...people, ...auth, password: secret(KEY) });
    let current = notifier;
    const threads = () =>
      Map.groupBy(
        // A mailbox drops a second mail of one Message-ID.
        new Map(server.mails.map((mail) => [mail.headers.get("message-id"), mail])).values(),
        ({ headers }) => headers.get("references") ?? headers.get("message-id"),
      );
    return {
      notifier: {
        ...notifier,
        tell: (notice, told, signal) => current.tell(notice, told, signal),
        check: (signal) => current.check(signal),
      },
      things: () =>
        [...threads().values()].map((mails) => ({
          isOpen: undefined,
          text: mails.map(({ raw, text }) => raw + text).join("\n"),
        })),
      count: () => [...threads().values()].flat().length,
      writes: () => server.mails.length,
      fail: (how) => {
        if (how === "credentials") current = wrong;
        else if (how === "malformed") server.state.refuse = { code: 553, text: "mailbox name not allowed" };
        else server.state.refuse = { code: how === "busy" ? 450 : 421, text: "try again later" };
      },
      close: server.close,
    };
  },
  webhook: async () => {
    const server = await receiver("shared");
    const notifier = await createNotifier({
      ...{ kind: "webhook", name: "hook", url: server.url, secret: secret("shared"), token: secret(KEY) },
    });
    const statuses = { busy: 429, broken: 503, credentials: 401, malformed: 400 };
    return {
      notifier,
      things: () =>
        [...Map.groupBy(server.posts, ({ body }) => (body["incident"] as { id: string }).id).values()].map((posts) => ({
          isOpen: undefined,
          text: posts.map(({ text }) => text).join("\n"),
        })),
      count: () => server.posts.length,
      writes: () => server.posts.length,
      fail: (how) => {
        server.state.status = statuses[how];
        if (how === "busy") server.state.headers = { "retry-after": "77" };
      },
      close: server.close,
    };
  },
  pagerduty: () =>
    inCloud("https://events.pagerduty.com", clouds.pagerduty, {
      ...{ kind: "pagerduty", name: "pager", url: "https://events.pagerduty.com", routingKey: secret(KEY) },
    }),
  opsgenie: () =>
    inCloud("https://api.opsgenie.com", clouds.opsgenie, {
      ...{ kind: "opsgenie", name: "genie", url: "https://api.opsgenie.com", apiKey: secret(KEY) },
    }),
  jira: () =>
    inCloud("https://acme.atlassian.net", clouds.jira, {
      ...{
        kind: "jira",
        name: "tickets",
        url: "https://acme.atlassian.net",
        user: "bot@example.com",
        token: secret(KEY),
      },
      ...{ project: "OPS", issueType: "Task", resolveTransition: "done" },
    }),
  servicenow: () =>
    inCloud("https://acme.service-now.com", clouds.servicenow, {
      ...{ kind: "servicenow", name: "snow", url: "https://acme.service-now.com", user: "bot", password: secret(KEY) },
      closeCode: "Solved (Permanently)",
    }),
  github: () =>
    inCloud("https://api.github.com", clouds.github, {
      ...{ kind: "github", name: "issues", url: "https://api.github.com", repository: "acme/ops", token: secret(KEY) },
      labels: ["smartcloudops"],
    }),
  grafana: () =>
    inCloud("https://grafana.example.com", clouds.grafana, {
      ...{ kind: "grafana", name: "charts", url: "https://grafana.example.com", token: secret(KEY), tags: ["shop"] },
    }),
  extension: extended,
};

/** The example in docker/config/extensions. */
async function extended(): Promise<World> {
  const page = await statusPage();
  const settings = { url: page.url };
  const notifier = await createNotifier(
    { kind: "extension", name: "public", uses: "status-page", settings, secrets: { token: secret(TOKEN) } },
    await exampleExtensions(),
  );
  const writes = () => page.asked.filter(({ method }) => method !== "GET");
  return {
    notifier,
    things: () =>
      [...page.incidents.values()].map(({ open, updates }) => ({
        isOpen: open,
        text: [...updates.values()].join("\n"),
      })),
    count: () => [...page.incidents.values()].reduce((sum, { updates }) => sum + updates.size, 0),
    writes: () => writes().length,
    fail: (how) => {
      const [status, body, headers = {}] = FAILURES[how];
      // As careless services do, it says the token back.
      const said = { ...(body as object), ...(how === "credentials" && { token: TOKEN }) };
      page.hooks.before = () => ({ status, body: said, headers });
    },
    cut: () => {
      page.hooks.after = () => {
        page.hooks.after = () => undefined;
        return "cut";
      };
    },
    close: page.close,
  };
}

const FAILURES: Readonly<Record<"busy" | "broken" | "credentials" | "malformed", clouds.Reply>> = {
  busy: [429, { message: "slow down" }, { "retry-after": "77" }],
  broken: [503, { message: "unavailable" }],
  credentials: [401, { message: "Unauthorized" }],
  malformed: [400, { message: "that is malformed" }],
};

async function inCloud(
  origin: string,
  handle: Parameters<typeof clouds.cloud>[1],
  settings: Parameters<typeof createNotifier>[0],
): Promise<World> {
  nock.disableNetConnect();
  const cloud = clouds.cloud(origin, handle);
  return {
    notifier: await createNotifier(settings),
    things: () => cloud.things.map(({ isOpen, texts }) => ({ isOpen, text: texts.join("\n") })),
    count: () => cloud.things.reduce((sum, { texts }) => sum + texts.length, 0),
    writes: () => cloud.requests.filter(({ method }) => method !== "GET").length,
    fail: (how) => {
      cloud.fail = FAILURES[how];
    },
    cut: () => {
      cloud.cut = 1;
    },
    close: async () => {
      nock.cleanAll();
      nock.enableNetConnect();
    },
  };
}

export const AT = 1_790_000_000;

export function aNotice(kind: Notice["kind"], more: Partial<Notice> = {}): Notice {
  return {
    id: `incident:inc-1:0:${kind}`,
    kind,
    at: AT,
    title: `Critical: checkout: HighErrorRate (production), ${kind}`,
    lines: ["Since 14:02 UTC. 1 of 1 alerts fire.", `${kind} it was.`],
    incident: {
      ...{
        id: "inc-1",
        status: kind === "resolved" ? "resolved" : "open",
        severity: "critical",
        subject: "service checkout",
      },
      ...{ environment: "production", startedAt: AT - 60, total: 1, firing: 1, alerts: ["HighErrorRate"] },
      ...(kind === "resolved" && { endedAt: AT }),
    },
    ...more,
  };
}
