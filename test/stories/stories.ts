import type { Step } from "./stage.ts";

export type Surface = "terminal" | "slack" | "teams";

export type Story = {
  /** Name of its golden files. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Prometheus is away. */
  readonly isDown?: true;
  /** Of the last answer, from here on. The verdict, where it is the same everywhere, or for each surface. */
  readonly headline: string | Readonly<Record<Surface, string>>;
  /** What else has to be there to read, on every surface. */
  readonly says?: readonly string[];
  readonly queries?: readonly string[];
  /** How the chart reads where it has words beside it. Undefined: there is no chart. */
  readonly chart?: string;
  readonly buttons?: readonly string[];
  /** For the person alone, where the platform can do that. */
  readonly isPrivate?: true;
};

const P95 = (service: string) =>
  `histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket${service}[5m])))`;

export const STORIES: readonly Story[] = [
  {
    name: "measure",
    steps: [{ say: "p95 latency of ferrydesk" }],
    headline: "p95 latency of ferrydesk is 1.75 s now.",
    says: ["above the usual"],
    queries: [P95('{service="ferrydesk"}')],
    chart:
      "p95 latency of ferrydesk, last 24 h: now 1.75 s, lowest 340 ms yesterday 18:55 CET, highest 1.75 s at 10:40 CET; usual 298 to 443 ms",
    buttons: ["Why? (ferrydesk)", "Compared to yesterday", "How is ferrydesk?"],
  },
  {
    name: "ranking",
    steps: [{ say: "top 3 services by latency" }],
    headline: "Highest 3 by p95 latency now:",
    says: ["1. ferrydesk: 1.75 s", "2. lighthouse: 240 ms", "3. tidetable: 31 ms"],
    queries: [P95("")],
    buttons: ["Why? (ferrydesk)", "What is unusual right now?"],
  },
  {
    name: "follow-up",
    steps: [{ say: "p95 latency of ferrydesk" }, { say: "and traffic?" }],
    headline: "Request rate of ferrydesk is 35 req/s now.",
    says: ["That is what it usually is at this hour."],
    queries: ['sum by (service) (rate(http_requests_total{service="ferrydesk"}[5m]))'],
  },
  {
    name: "button",
    steps: [{ say: "p95 latency of ferrydesk" }, { press: "Compared to yesterday" }],
    headline: "p95 latency of ferrydesk is up ×4.87, from 359 ms to 1.75 s, against 1 d earlier (yesterday 11:20 CET).",
    queries: [P95('{service="ferrydesk"}')],
  },
  {
    name: "past-moment",
    steps: [{ say: "p95 latency of ferrydesk yesterday at 15:00" }],
    headline: "p95 latency of ferrydesk is 397 ms yesterday 15:00 CET.",
    queries: [P95('{service="ferrydesk"}')],
    chart:
      "p95 latency of ferrydesk, last 24 h: 397 ms yesterday 15:00 CET, lowest 340 ms yesterday 09:20 CET, highest 420 ms yesterday 14:10 CET; usual 301 to 457 ms",
  },
  {
    name: "comparison",
    steps: [{ say: "compare the latency of ferrydesk and lighthouse" }],
    headline: "ferrydesk has the higher p95 latency: 1.75 s against 240 ms of lighthouse, 7.3 times as much now.",
    queries: [P95('{service=~"ferrydesk|lighthouse"}')],
  },
  {
    name: "alerts",
    steps: [{ say: "which alerts are firing?" }],
    headline: "2 alerts are firing (1 critical, 1 warning).",
    says: [
      "FerrydeskSlow (critical): ferrydesk, since 10:50 CET",
      "CraneIdle (warning): winch-3, since 09:50 CET",
      "1 more pending, not firing yet.",
    ],
    queries: ["ALERTS"],
  },
  {
    name: "overview",
    steps: [{ say: "what is wrong?" }],
    headline: "5 things need attention, 1 of them serious.",
    says: ["FerrydeskSlow fires for ferrydesk", "CPU usage of quay-2 is 87 %"],
  },
  {
    name: "command",
    steps: [{ say: "top services by errors", as: "command" }],
    headline: "ferrydesk, lighthouse, tidetable share the highest error rate: 2 % now.",
    queries: ['rate(http_requests_total{code=~"5.."}[5m])'],
  },
  {
    name: "help",
    steps: [{ say: "help", as: "command" }],
    // Each surface tells how to speak to the bot there.
    headline: {
      terminal:
        "Ask me about your systems in plain words; I answer with a number from Prometheus and the query behind it.",
      slack: "What you can ask me",
      teams: "Ask about your systems in plain words",
    },
    says: ["status", "alerts"],
    isPrivate: true,
  },
  {
    name: "closed-source",
    steps: [{ say: "cpu of vault-1 in customs" }],
    // The terminal belongs to whoever sits there. A channel in Teams has no words for one person.
    headline: {
      terminal: "CPU usage of vault-1 is 66 % now.",
      slack: "I may not look into customs for you here.",
      teams: "I cannot answer you here. Ask me in a chat of two to learn why.",
    },
    isPrivate: true,
  },
  {
    name: "guest",
    steps: [{ say: "cpu of quay-1", by: "guest" }],
    headline: {
      terminal: "CPU usage of quay-1 is 42 % now.",
      slack: "Guests may not ask me here. The bot's owner can change that.",
      teams: "I cannot answer you here. Ask me in a chat of two to learn why.",
    },
    isPrivate: true,
  },
  {
    name: "unknown-name",
    steps: [{ say: "cpu of quay-9" }],
    headline: "I know nothing called “quay-9”: no such service, host or label value in Prometheus.",
    says: ["Did you mean quay-1 (host), quay-2 (host)?"],
    queries: [],
    buttons: ["quay-1", "quay-2"],
  },
  {
    name: "unknown-metric",
    steps: [{ say: "`nonexistent_metric`" }],
    headline: "The query is valid, and no series matches: the result is empty.",
    queries: ["nonexistent_metric"],
  },
  {
    name: "could-not-ask",
    steps: [{ say: "cpu of quay-1" }],
    isDown: true,
    headline: "I could not ask Prometheus for CPU usage of quay-1.",
    says: ["harbour: connection refused (fake)", "This says nothing about the system itself."],
    queries: ['rate(node_cpu_seconds_total{mode="idle",instance="quay-1:9100"}[5m])'],
  },
  {
    name: "proposal",
    steps: [{ say: "restart ferrydesk" }],
    // In a chat it is a message of its own, which is edited as the proposal goes on.
    headline: {
      terminal: "Noted, and nothing will run: restart ferrydesk.",
      slack: "Noted, and nothing will run: restart ferrydesk",
      teams: "Noted, and nothing will run: restart ferrydesk",
    },
    says: ["no Kubernetes cluster is configured", "Nothing"],
  },
  {
    name: "long-list",
    steps: [{ say: "messages in all queues" }],
    headline: "Queue depth is 9,670 messages in total now.",
    says: ["manifests: 640 messages", "… and 51 more; narrow the question to see them."],
    queries: ["rabbitmq_queue_messages"],
  },
  {
    name: "hostile-name",
    steps: [{ say: "top 3 queues by messages" }],
    headline: "Highest 3 by queue depth now:",
    // What would call somebody, link or turn the line around is shown as what it is.
    says: [
      "\\u{3C}!channel> \\u{3C}at>everyone",
      "[here]\\u{28}https\\u{3A}//evil.example)",
      "\\u{202E}gnp: 7,200 messages",
    ],
    queries: ["rabbitmq_queue_messages"],
  },
];
