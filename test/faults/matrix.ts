import type { Fault } from "../fakes/fault-server.ts";
import type { WORLDS } from "./worlds.ts";

/**
 * What is documented of each dependency and each fault. `fate`: what becomes of what was wanted. `told`: what people or the log read, "…" for
 * what varies. `counts`: whether it counts as a failure towards the breaker; absent where there is none. `not`: why a cell has no test here.
 */
export type Cell =
  | { readonly fate: string; readonly told: string; readonly counts?: boolean }
  | { readonly not: string };

export type Row = {
  readonly title: string;
  readonly asked: string;
  readonly cells: { readonly [F in Fault]: Cell };
};

/** What each fault is, as it is brought about. */
export const FAULT_NAMES: { readonly [F in Fault]: string } = {
  refused: "connection refused",
  hang: "hangs: takes the request, says nothing",
  slow: "slow: one byte every 30 ms",
  throttled: "asks to wait (429 with Retry-After)",
  broken: "fails (500)",
  garbage: "garbage: a page of some proxy",
  half: "half an answer, then cut off",
  auth: "credentials refused (401)",
  name: "name not resolved (.invalid)",
  expired: "certificate expired",
};

export const MATRIX: { readonly [D in keyof typeof WORLDS]: Row } = {
  prometheus: {
    title: "Prometheus",
    asked: "a query; other sources are asked on",
    cells: {
      refused: {
        fate: "not reached",
        told: "Prometheus (main): the connection to … was refused. Is it running, and is the port right?",
        counts: true,
      },
      hang: {
        fate: "not reached",
        told: "Prometheus (main): no complete answer within … s. It may be overloaded or the query too heavy: ask for less, or try again.",
        counts: true,
      },
      slow: {
        fate: "not reached",
        told: "Prometheus (main): no complete answer within … s. It may be overloaded or the query too heavy: ask for less, or try again.",
        counts: true,
      },
      throttled: {
        fate: "refused",
        told: "Prometheus (main): it says that we ask too often (429). Try again shortly. It asks to wait … s.",
        counts: false,
      },
      broken: {
        fate: "refused",
        told: "Prometheus (main): it, or a proxy before it, failed (500). Its own log says why.",
        counts: true,
      },
      garbage: {
        fate: "not reached",
        told: "Prometheus (main): a web page came back instead of data. The address probably leads to a login page or a proxy.",
        counts: true,
      },
      half: {
        fate: "not reached",
        told: "Prometheus (main): the connection to … was closed before the answer was complete (ECONNRESET).",
        counts: true,
      },
      auth: {
        fate: "refused",
        told: "Prometheus (main): it does not let us in (401). Check the token, user or tenant that is configured for it.",
        counts: false,
      },
      name: {
        fate: "not reached",
        told: "Prometheus (main): the name in … could not be resolved. Check the spelling of the address and DNS.",
        counts: true,
      },
      expired: {
        fate: "not reached",
        told: "Prometheus (main): the secure connection to … failed (…). Check its certificate, or name your authority's file.",
        counts: true,
      },
    },
  },
  alertmanager: {
    title: "Alertmanager",
    asked: "its alerts are read",
    cells: {
      refused: {
        fate: "not reached",
        told: "Alertmanager: the connection to … was refused. Is it running, and is the port right?",
        counts: true,
      },
      hang: {
        fate: "not reached",
        told: "Alertmanager: no complete answer within … s. It may be overloaded or the query too heavy: ask for less, or try again.",
        counts: true,
      },
      slow: {
        fate: "not reached",
        told: "Alertmanager: no complete answer within … s. It may be overloaded or the query too heavy: ask for less, or try again.",
        counts: true,
      },
      throttled: {
        fate: "refused",
        told: "Alertmanager: it says that we ask too often (429). Try again shortly. It asks to wait … s.",
        counts: false,
      },
      broken: {
        fate: "refused",
        told: "Alertmanager: it, or a proxy before it, failed (500). Its own log says why.",
        counts: true,
      },
      garbage: {
        fate: "not reached",
        told: "Alertmanager: a web page came back instead of data. The address probably leads to a login page or a proxy.",
        counts: true,
      },
      half: {
        fate: "not reached",
        told: "Alertmanager: the connection to … was closed before the answer was complete (ECONNRESET).",
        counts: true,
      },
      auth: {
        fate: "refused",
        told: "Alertmanager: it does not let us in (401). Check the token, user or tenant that is configured for it.",
        counts: false,
      },
      name: {
        fate: "not reached",
        told: "Alertmanager: the name in … could not be resolved. Check the spelling of the address and DNS.",
        counts: true,
      },
      expired: {
        fate: "not reached",
        told: "Alertmanager: the secure connection to … failed (…). Check its certificate, or name your authority's file.",
        counts: true,
      },
    },
  },
  "alertmanager, writing": {
    title: "Alertmanager, writing",
    asked: "a silence is written, once: nobody is told that it is, unless it said so",
    cells: {
      refused: {
        fate: "not reached",
        told: "Alertmanager: the connection to … was refused. Is it running, and is the port right?",
        counts: true,
      },
      hang: {
        fate: "not reached",
        told: "Alertmanager: no complete answer within … s. It may be overloaded or the query too heavy: ask for less, or try again.",
        counts: true,
      },
      slow: {
        fate: "not reached",
        told: "Alertmanager: no complete answer within … s. It may be overloaded or the query too heavy: ask for less, or try again.",
        counts: true,
      },
      throttled: {
        fate: "refused",
        told: "Alertmanager: it says that we ask too often (429). Try again shortly. It asks to wait … s.",
        counts: false,
      },
      broken: {
        fate: "refused",
        told: "Alertmanager: it, or a proxy before it, failed (500). Its own log says why.",
        counts: true,
      },
      garbage: {
        fate: "not reached",
        told: "Alertmanager: a web page came back instead of data. The address probably leads to a login page or a proxy.",
        counts: true,
      },
      half: {
        fate: "not reached",
        told: "Alertmanager: the connection to … was closed before the answer was complete (ECONNRESET).",
        counts: true,
      },
      auth: {
        fate: "refused",
        told: "Alertmanager: it does not let us in (401). Check the token, user or tenant that is configured for it.",
        counts: false,
      },
      name: {
        fate: "not reached",
        told: "Alertmanager: the name in … could not be resolved. Check the spelling of the address and DNS.",
        counts: true,
      },
      expired: {
        fate: "not reached",
        told: "Alertmanager: the secure connection to … failed (…). Check its certificate, or name your authority's file.",
        counts: true,
      },
    },
  },
  model: {
    title: "Language model",
    asked: "a small call; the question is answered without it",
    cells: {
      refused: {
        fate: "not reached",
        told: "The language model: no connection (nothing listens at that address)",
        counts: true,
      },
      hang: { fate: "not reached", told: "The language model: it did not answer in time", counts: true },
      slow: { fate: "not reached", told: "The language model: it took too long", counts: true },
      throttled: {
        fate: "refused",
        told: "The language model: it takes no more requests for now (HTTP 429)",
        counts: false,
      },
      broken: { fate: "refused", told: "The language model: it failed (HTTP 500)", counts: true },
      garbage: {
        fate: "not reached",
        told: "The language model: a web page came back instead of an answer: is a proxy or a login page in between?",
        counts: true,
      },
      half: { fate: "not reached", told: "The language model: its answer could not be read (TypeError)", counts: true },
      auth: { fate: "refused", told: "The language model: it does not accept the key (HTTP 401)", counts: false },
      name: {
        fate: "not reached",
        told: "The language model: no connection (its name is not known to DNS)",
        counts: true,
      },
      expired: {
        fate: "not reached",
        told: "The language model: no connection (its certificate has expired)",
        counts: true,
      },
    },
  },
  slack: {
    title: "Slack",
    asked: "a message is posted",
    cells: {
      refused: { fate: "waits", told: "Slack cannot be reached: nothing listens at that address", counts: true },
      hang: { fate: "waits", told: "… no answer within …", counts: true },
      slow: { fate: "waits", told: "… no answer within …", counts: true },
      throttled: { fate: "waits", told: "Slack asks to wait", counts: false },
      broken: {
        fate: "waits",
        told: "Slack cannot be reached: An HTTP protocol error occurred: statusCode = 500",
        counts: true,
      },
      garbage: {
        fate: "waits",
        told: "Slack cannot be reached: a web page came back instead of an answer: is a proxy or a login page in between?",
        counts: true,
      },
      half: { fate: "waits", told: "Slack cannot be reached: the connection was cut", counts: true },
      auth: {
        fate: "waits",
        told: "Slack: the app was removed from the workspace (token_revoked). Install it again and set SLACK_BOT_TOKEN to its new bot token.",
        counts: false,
      },
      name: {
        fate: "waits",
        told: "Slack is not connected: Slack cannot be reached: its name is not known to DNS",
        counts: false,
      },
      expired: { fate: "waits", told: "Slack cannot be reached: its certificate has expired", counts: true },
    },
  },
  teams: {
    title: "Microsoft Teams",
    asked: "a message is posted",
    cells: {
      refused: { fate: "waits", told: "Teams cannot be reached: nothing listens at that address", counts: true },
      hang: { fate: "waits", told: "Microsoft Teams: no answer within … s", counts: true },
      slow: { fate: "waits", told: "Microsoft Teams: no answer within … s", counts: true },
      throttled: { fate: "waits", told: "Teams answered with status 429", counts: false },
      broken: { fate: "waits", told: "Teams answered with status 500", counts: true },
      garbage: {
        fate: "waits",
        told: "Teams cannot be reached: a web page came back instead of an answer: is a proxy or a login page in between?",
        counts: true,
      },
      half: { fate: "waits", told: "Teams cannot be reached: the connection was cut", counts: true },
      auth: { fate: "waits", told: "Teams answered with status 401", counts: false },
      name: { fate: "waits", told: "Teams cannot be reached: its name is not known to DNS", counts: true },
      expired: { fate: "waits", told: "Teams cannot be reached: its certificate has expired", counts: true },
    },
  },
  kubernetes: {
    title: "Kubernetes",
    asked: "a target is looked at, before a change is proposed and again before it begins",
    cells: {
      refused: { fate: "not reached", told: "Kubernetes prod: nothing listens at that address", counts: true },
      hang: { fate: "not reached", told: "Kubernetes cluster prod: no answer in time", counts: true },
      slow: { fate: "not reached", told: "Kubernetes cluster prod: no answer in time", counts: true },
      throttled: {
        fate: "refused",
        told: "Kubernetes prod: it refused to get the deployment api in namespace shop (429): ",
        counts: false,
      },
      broken: { fate: "not reached", told: "Kubernetes prod: it answered 500: ", counts: true },
      garbage: { fate: "not reached", told: "Kubernetes prod: its answer is no JSON", counts: true },
      half: { fate: "not reached", told: "Kubernetes prod: the connection was cut", counts: true },
      auth: {
        fate: "refused",
        told: "Kubernetes prod: it does not accept the token: it is wrong or has expired.",
        counts: false,
      },
      name: { fate: "not reached", told: "Kubernetes prod: its name is not known to DNS", counts: true },
      expired: { fate: "not reached", told: "Kubernetes prod: its certificate has expired", counts: true },
    },
  },
  github: {
    title: "GitHub",
    asked: "a target is looked at",
    cells: {
      refused: { fate: "not reached", told: "GitHub org/shop: nothing listens at that address", counts: true },
      hang: { fate: "not reached", told: "GitHub repository shop: no answer in time", counts: true },
      slow: { fate: "not reached", told: "GitHub repository shop: no answer in time", counts: true },
      throttled: {
        fate: "refused",
        told: "GitHub org/shop: its rate limit is used up. (no reason given)",
        counts: false,
      },
      broken: { fate: "not reached", told: "GitHub org/shop: it answered 500", counts: true },
      garbage: {
        fate: "not reached",
        told: "GitHub org/shop: its answer is not as expected:  Invalid input: expected object, received undefined",
        counts: true,
      },
      half: { fate: "not reached", told: "GitHub org/shop: the connection was cut", counts: true },
      auth: {
        fate: "refused",
        told: "GitHub org/shop: it does not accept the token: it is wrong, has expired or was revoked. (no reason given)",
        counts: false,
      },
      name: { fate: "not reached", told: "GitHub org/shop: its name is not known to DNS", counts: true },
      expired: { fate: "not reached", told: "GitHub org/shop: its certificate has expired", counts: true },
    },
  },
  http: {
    title: "HTTP endpoint, reading",
    asked: "a page is read and shown as it is",
    cells: {
      refused: { fate: "not reached", told: "flags: nothing listens at that address", counts: true },
      hang: { fate: "not reached", told: "HTTP endpoint flags: no answer in time", counts: true },
      slow: { fate: "not reached", told: "HTTP endpoint flags: no answer in time", counts: true },
      throttled: { fate: "refused", told: "flags: it answered 429: {}", counts: false },
      broken: { fate: "refused", told: "flags: it answered 500: {}", counts: true },
      garbage: { fate: "answered", told: "", counts: false },
      half: { fate: "not reached", told: "flags: the connection was cut", counts: true },
      auth: {
        fate: "refused",
        told: "flags: it does not let us in (401): the token lacks the right for that call. it answered 401: {}",
        counts: false,
      },
      name: {
        fate: "not reached",
        told: "flags: the name nowhere.invalid cannot be resolved: getaddrinfo ENOTFOUND nowhere.invalid",
        counts: true,
      },
      expired: { fate: "not reached", told: "flags: its certificate has expired", counts: true },
    },
  },
  "http, changing": {
    title: "HTTP endpoint, changing",
    asked: "a change is sent, once, by an endpoint that is not idempotent; no breaker stands before it",
    cells: {
      refused: {
        fate: "failed",
        told: "POST https://…/flags/new-checkout: nothing listens at that address. Nothing was done.",
      },
      hang: { fate: "unknown", told: "… The operation was aborted due to timeout. Whether it was done is not known." },
      slow: { fate: "unknown", told: "… The operation was aborted due to timeout. Whether it was done is not known." },
      throttled: { fate: "failed", told: "POST https://…/flags/new-checkout: it answered 429: {} Nothing was done." },
      broken: {
        fate: "unknown",
        told: "POST https://…/flags/new-checkout: it answered 500: {} Whether it was done is not known.",
      },
      garbage: {
        fate: "succeeded",
        told: "POST https://…/flags/new-checkout: it answered 200: <html><h1>Welcome, guest</h1></html>",
      },
      half: {
        fate: "unknown",
        told: "POST https://…/flags/new-checkout: the connection was cut. Whether it was done is not known.",
      },
      auth: {
        fate: "failed",
        told: "POST https://…/flags/new-checkout: it does not let us in (401): the token lacks the right for that call. it answered 401: {} Nothing was done.",
      },
      name: {
        fate: "failed",
        told: "POST https://…/flags/new-checkout: the name nowhere.invalid cannot be resolved: getaddrinfo ENOTFOUND nowhere.invalid. Nothing was done.",
      },
      expired: {
        fate: "failed",
        told: "POST https://…/flags/new-checkout: its certificate has expired. Nothing was done.",
      },
    },
  },
  ssh: {
    title: "SSH host",
    asked: "a target is looked at",
    cells: {
      refused: {
        fate: "not reached",
        told: "ssh web-1: web-1 could not be reached: ssh: connect to host …: Connection refused",
        counts: true,
      },
      hang: { fate: "not reached", told: "ssh web-1: web-1 did not let us in before the time was up.", counts: true },
      slow: { fate: "not reached", told: "ssh web-1: web-1 did not let us in before the time was up.", counts: true },
      throttled: { not: "SSH has no such answer" },
      broken: { not: "SSH has no such answer: a host that cannot serve hangs up, as in half" },
      garbage: {
        fate: "not reached",
        told: "ssh web-1: web-1 did not let us in before the time was up.",
        counts: true,
      },
      half: {
        fate: "not reached",
        told: "ssh web-1: web-1 could not be reached: Connection closed by …",
        counts: true,
      },
      auth: { not: "the dialogue with a real sshd is in test/actions/ssh/systemctl.test.ts" },
      name: {
        fate: "not reached",
        told: "ssh web-1: web-1 could not be reached: ssh: Could not resolve hostname nowhere.invalid: Name or service not known",
        counts: true,
      },
      expired: { not: "SSH has no certificates here: host keys are pinned" },
    },
  },
  postgres: {
    title: "PostgreSQL",
    asked: "a target is looked at",
    cells: {
      refused: { fate: "not reached", told: "postgres orders: connect ECONNREFUSED …", counts: true },
      hang: { fate: "not reached", told: "postgres orders: The operation was aborted due to timeout", counts: true },
      slow: { fate: "not reached", told: "postgres orders: The operation was aborted due to timeout", counts: true },
      throttled: { fate: "not reached", told: "postgres orders: sorry, too many clients already", counts: true },
      broken: { fate: "not reached", told: "postgres orders: the database system is starting up", counts: true },
      garbage: { fate: "not reached", told: "postgres orders: The operation was aborted due to timeout", counts: true },
      half: { fate: "not reached", told: "postgres orders: Connection terminated unexpectedly", counts: true },
      auth: { fate: "refused", told: "postgres orders: it does not let ops in", counts: false },
      name: { fate: "not reached", told: "postgres orders: getaddrinfo ENOTFOUND nowhere.invalid", counts: true },
      expired: { not: "it asks for TLS within its own protocol; the check is Node's, as with the others" },
    },
  },
  redis: {
    title: "Redis, acted on",
    asked: "a target is looked at",
    cells: {
      refused: { fate: "not reached", told: "redis cache: connect ECONNREFUSED …", counts: true },
      hang: { fate: "not reached", told: "redis cache: no answer in time", counts: true },
      slow: { fate: "not reached", told: "redis cache: no answer in time", counts: true },
      throttled: { not: "Redis has no such answer" },
      broken: { fate: "not reached", told: "redis cache: no answer in time", counts: true },
      garbage: {
        fate: "not reached",
        told: 'redis cache: Unknown RESP type 72 "H". Please report this.',
        counts: true,
      },
      half: { fate: "not reached", told: "redis cache: Connection is closed.", counts: true },
      auth: { not: "with a real Redis in test/actions/redis/redis.test.ts" },
      name: { fate: "not reached", told: "redis cache: getaddrinfo ENOTFOUND nowhere.invalid", counts: true },
      expired: { fate: "not reached", told: "redis cache: certificate has expired", counts: true },
    },
  },
  notifier: {
    title: "Notifier with an API",
    asked: "an incident is told, here as an annotation of Grafana",
    cells: {
      refused: { fate: "waits", told: "Grafana (charts): nothing listens at that address", counts: true },
      hang: { fate: "waits", told: "Notifier charts (Grafana annotations): no answer within … s", counts: true },
      slow: { fate: "waits", told: "Notifier charts (Grafana annotations): no answer within … s", counts: true },
      throttled: { fate: "waits", told: "Grafana (charts): it asks for fewer requests (429)", counts: false },
      broken: { fate: "waits", told: "Grafana (charts): it failed (500)", counts: true },
      garbage: {
        fate: "waits",
        told: "Grafana (charts): a web page came back instead of an answer: is a proxy or a login page in between?",
        counts: true,
      },
      half: { fate: "waits", told: "Grafana (charts): the connection was cut", counts: true },
      auth: { fate: "waits", told: "Grafana (charts): it refuses the credentials (401)", counts: false },
      name: { fate: "waits", told: "Grafana (charts): its name is not known to DNS", counts: true },
      expired: { fate: "waits", told: "Grafana (charts): its certificate has expired", counts: true },
    },
  },
  webhook: {
    title: "Notifier, webhook",
    asked: "an incident is told; the target says by its status alone that it took it",
    cells: {
      refused: { fate: "waits", told: "the webhook pager: nothing listens at that address", counts: true },
      hang: { fate: "waits", told: "Notifier pager (webhook): no answer within … s", counts: true },
      slow: { fate: "waits", told: "Notifier pager (webhook): no answer within … s", counts: true },
      throttled: { fate: "waits", told: "the webhook pager: it asks for fewer requests (429)", counts: false },
      broken: { fate: "waits", told: "the webhook pager: it failed (500)", counts: true },
      garbage: { fate: "sent", told: "", counts: false },
      half: { fate: "waits", told: "the webhook pager: the connection was cut", counts: true },
      auth: { fate: "waits", told: "the webhook pager: it refuses the credentials (401)", counts: false },
      name: { fate: "waits", told: "the webhook pager: its name is not known to DNS", counts: true },
      expired: { fate: "waits", told: "the webhook pager: its certificate has expired", counts: true },
    },
  },
  email: {
    title: "Notifier, e-mail",
    asked: "an incident is told",
    cells: {
      refused: { fate: "waits", told: "the mail server localhost: connect ECONNREFUSED …", counts: true },
      hang: { fate: "waits", told: "Notifier mail (e-mail): no answer within … s", counts: true },
      slow: { fate: "waits", told: "Notifier mail (e-mail): no answer within … s", counts: true },
      throttled: {
        fate: "waits",
        told: "the mail server localhost: Invalid greeting. response=421 4.7.0 too many connections, try again later: 421 4.7.0 too many connections, try again later",
        counts: true,
      },
      broken: {
        fate: "waits",
        told: "the mail server localhost: Invalid greeting. response=554 5.3.0 no service here: 554 5.3.0 no service here",
        counts: true,
      },
      garbage: {
        fate: "waits",
        told: "the mail server localhost: Invalid greeting. response=HTTP/1.1 400 Bad Request: HTTP/1.1 400 Bad Request",
        counts: true,
      },
      half: { fate: "waits", told: "the mail server localhost: Connection closed unexpectedly", counts: true },
      auth: { not: "within the dialogue of a real SMTP server in test/notifiers/contract.test.ts" },
      name: {
        fate: "waits",
        told: "the mail server nowhere.invalid: getaddrinfo ENOTFOUND nowhere.invalid",
        counts: true,
      },
      expired: { fate: "waits", told: "the mail server localhost: certificate has expired", counts: true },
    },
  },
  calendar: {
    title: "Calendar",
    asked: "who is on call is read",
    cells: {
      refused: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: nothing listens at that address.",
        counts: true,
      },
      hang: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: no answer within … s.",
        counts: true,
      },
      slow: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: no answer within … s.",
        counts: true,
      },
      throttled: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: the server answered 429.",
        counts: false,
      },
      broken: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: the server answered 500.",
        counts: true,
      },
      garbage: {
        fate: "the last copy counts",
        told: 'The calendar of primary cannot be read: it is no calendar: invalid line (no token ";" or ":") "<html><h1>Welcome, guest</h1></html>".',
        counts: false,
      },
      half: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: the connection was cut.",
        counts: true,
      },
      auth: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: the server answered 401.",
        counts: false,
      },
      name: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: its name is not known to DNS.",
        counts: true,
      },
      expired: {
        fate: "the last copy counts",
        told: "The calendar of primary cannot be read: its certificate has expired.",
        counts: true,
      },
    },
  },
  store: {
    title: "Store in Redis",
    asked: "the bot starts; no breaker stands before it",
    cells: {
      refused: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (connect ECONNREFUSED …). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
      hang: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (Command timed out). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
      slow: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (Command timed out). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
      throttled: { not: "Redis has no such answer" },
      broken: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (LOADING Redis is loading the dataset in memory). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
      garbage: {
        fate: "does not start",
        told: 'the store in Redis at … cannot be reached. Nothing was stored (Unknown RESP type 72 "H". Please report this.). Check that Redis runs and can be reached, and see REDIS_URL.',
      },
      half: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (it did not answer). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
      auth: {
        fate: "does not start",
        told: "the store in Redis at … lets the bot in no further: WRONGPASS invalid username-password pair or user is disabled.. Put the right user and password into REDIS_URL; the user needs all commands on keys that begin with {smartcloudops}:, and INFO.",
      },
      name: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (getaddrinfo ENOTFOUND nowhere.invalid). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
      expired: {
        fate: "does not start",
        told: "the store in Redis at … cannot be reached. Nothing was stored (certificate has expired). Check that Redis runs and can be reached, and see REDIS_URL.",
      },
    },
  },
};
