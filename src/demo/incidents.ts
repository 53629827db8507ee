/** What happened to the shop in two weeks, and what is happening now. All times are seconds before the world's end. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** How an incident changes one signal while it lasts. */
export type Effect = {
  /** Name of the signal, as in `signals.ts`. */
  readonly signal: string;
  /** Multiplies the signal at full strength. */
  readonly times?: number;
  /** Added at full strength. */
  readonly plus?: number;
  /** Added for each hour since the start. Falls back to nothing over `fall`. */
  readonly perHour?: number;
  /** Seconds until full strength, and from the end back to normal. */
  readonly rise?: number;
  readonly fall?: number;
  /** Seconds after the incident's start. */
  readonly delay?: number;
};

/** An alert that fired meanwhile: its rule, the labels that the rule's expression leaves, and when its condition held. */
export type Fired = {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly delay: number;
  readonly linger?: number;
};

export type Incident = {
  readonly id: string;
  readonly title: string;
  readonly begin: number;
  /** Undefined while it lasts. */
  readonly end?: number;
  readonly effects: readonly Effect[];
  readonly alerts: readonly Fired[];
};

export const CRASHING_POD = "mailer-6d9f7c5b84-h4jqd";
export const DOWN_TARGET = { job: "node", instance: "runner-1:9100" } as const;
export const DEPLOY_AGO = 40 * MINUTE;
export const BAD_VERSION = "4.12.0";

const PRESENT: readonly Incident[] = [
  {
    id: "orders-slow",
    title: "orders 4.12.0 keeps database connections open; it became slow and fails",
    begin: DEPLOY_AGO,
    effects: [
      { signal: "latency/orders", times: 6.5, rise: 6 * MINUTE, delay: 2 * MINUTE },
      { signal: "errors/orders", plus: 0.072, rise: 12 * MINUTE, delay: 4 * MINUTE },
      { signal: "latency/storefront", times: 1.5, rise: 10 * MINUTE, delay: 4 * MINUTE },
      { signal: "stuck/orders", plus: 82, rise: 14 * MINUTE, delay: 2 * MINUTE },
      { signal: "connections/orders", plus: 18, rise: 14 * MINUTE, delay: 2 * MINUTE },
      { signal: "longest/orders", plus: 46, rise: 10 * MINUTE, delay: 2 * MINUTE },
      { signal: "commits/orders", times: 0.7, rise: 14 * MINUTE, delay: 2 * MINUTE },
      { signal: "placed", times: 0.8, rise: 14 * MINUTE, delay: 4 * MINUTE },
      { signal: "cpu/pg-1", plus: 0.11, rise: 10 * MINUTE, delay: 2 * MINUTE },
    ],
    alerts: [
      { alert: "LatencyHigh", labels: { service: "orders" }, delay: 6 * MINUTE },
      { alert: "ErrorRatioHigh", labels: { service: "orders" }, delay: 9 * MINUTE },
      { alert: "DatabaseConnectionsHigh", labels: { instance: "pg-1:9187" }, delay: 15 * MINUTE },
    ],
  },
  {
    id: "pg-1-filling",
    title: "The data disk of pg-1 fills: a backup left its archive behind and write-ahead log piles up",
    begin: 7 * HOUR,
    effects: [
      { signal: "disk/pg-1:/var/lib/postgresql", perHour: 0.0264 },
      { signal: "diskbusy/pg-1", plus: 0.12, rise: 20 * MINUTE },
    ],
    alerts: [
      {
        alert: "DiskFullSoon",
        labels: { instance: "pg-1:9100", mountpoint: "/var/lib/postgresql" },
        delay: 62 * MINUTE,
      },
    ],
  },
  {
    id: "mailer-crashing",
    title: "One mailer pod runs out of memory while starting, again and again; mail waits",
    begin: 96 * MINUTE,
    effects: [
      { signal: `crashing/${CRASHING_POD}`, plus: 1 },
      { signal: `podmemory/${CRASHING_POD}`, times: 2.4, rise: 4 * MINUTE },
      { signal: "queue/mail.outgoing", perHour: 2900 },
      { signal: "consumers/mail.outgoing", plus: -1 },
      { signal: "latency/mailer", times: 1.6, rise: 10 * MINUTE },
    ],
    alerts: [
      { alert: "PodCrashLooping", labels: { namespace: "shop", pod: CRASHING_POD }, delay: 4 * MINUTE },
      { alert: "QueueBacklog", labels: { queue: "mail.outgoing" }, delay: 22 * MINUTE },
    ],
  },
  {
    id: "runner-1-gone",
    title: "runner-1 does not answer",
    begin: 56 * MINUTE,
    effects: [{ signal: "down/node:runner-1:9100", plus: 1 }],
    alerts: [{ alert: "TargetDown", labels: { job: DOWN_TARGET.job, instance: DOWN_TARGET.instance }, delay: MINUTE }],
  },
  {
    id: "pay-certificate",
    title: "The certificate of pay.larkfield.example was not renewed",
    begin: 8.7 * DAY,
    effects: [],
    alerts: [
      { alert: "CertificateExpiresSoon", labels: { instance: "https://pay.larkfield.example" }, delay: 2 * MINUTE },
    ],
  },
];

const PAST: readonly Incident[] = [
  {
    id: "shoppers-gone",
    title: "A wrong DNS record sent two thirds of the shoppers nowhere",
    begin: 12.2 * DAY,
    end: 12.2 * DAY - 28 * MINUTE,
    effects: [
      { signal: "traffic/storefront", times: 0.32, rise: 4 * MINUTE, fall: 6 * MINUTE },
      { signal: "traffic/suggest", times: 0.32, rise: 4 * MINUTE, fall: 6 * MINUTE },
      { signal: "placed", times: 0.4, rise: 4 * MINUTE, fall: 6 * MINUTE },
    ],
    alerts: [{ alert: "TrafficDrop", labels: { service: "storefront" }, delay: 4 * MINUTE }],
  },
  {
    id: "provider-errors",
    title: "The card provider answered with errors",
    begin: 10.6 * DAY,
    end: 10.6 * DAY - 44 * MINUTE,
    effects: [
      { signal: "errors/billing", plus: 0.21, rise: 4 * MINUTE, fall: 6 * MINUTE },
      { signal: "provider/cardex", times: 7, rise: 4 * MINUTE, fall: 6 * MINUTE },
      { signal: "latency/billing", times: 3.2, rise: 4 * MINUTE, fall: 6 * MINUTE },
    ],
    alerts: [{ alert: "ErrorRatioHigh", labels: { service: "billing" }, delay: 3 * MINUTE, linger: 4 * MINUTE }],
  },
  {
    id: "app-1-hot",
    title: "A log shipper on app-1 went into an endless loop",
    begin: 9.35 * DAY,
    end: 9.35 * DAY - 76 * MINUTE,
    effects: [{ signal: "cpu/app-1", plus: 0.58, rise: 4 * MINUTE, fall: 2 * MINUTE }],
    alerts: [{ alert: "HostCpuHigh", labels: { instance: "app-1:9100" }, delay: 6 * MINUTE, linger: 4 * MINUTE }],
  },
  {
    id: "redis-full",
    title: "A campaign filled redis-1; keys were evicted",
    begin: 8.1 * DAY,
    end: 8.1 * DAY - 2.2 * HOUR,
    effects: [
      { signal: "redis/memory", plus: 0.34, rise: 30 * MINUTE, fall: 20 * MINUTE },
      { signal: "redis/evictions", plus: 140, rise: 40 * MINUTE, fall: 10 * MINUTE },
      { signal: "redis/hits", plus: -0.22, rise: 30 * MINUTE, fall: 20 * MINUTE },
      { signal: "latency/basket", times: 2.4, rise: 30 * MINUTE, fall: 20 * MINUTE },
    ],
    alerts: [{ alert: "RedisMemoryHigh", labels: { instance: "redis-1:9121" }, delay: 30 * MINUTE }],
  },
  {
    id: "password-guessing",
    title: "Somebody tried stolen passwords on accounts",
    begin: 6.45 * DAY,
    end: 6.45 * DAY - 52 * MINUTE,
    effects: [
      { signal: "logins/wrong-password", plus: 26, rise: 6 * MINUTE, fall: 6 * MINUTE },
      { signal: "refused/accounts", times: 9, rise: 6 * MINUTE, fall: 6 * MINUTE },
      { signal: "cpu/app-2", plus: 0.12, rise: 6 * MINUTE, fall: 6 * MINUTE },
    ],
    alerts: [{ alert: "LoginFailureBurst", labels: {}, delay: 4 * MINUTE }],
  },
  {
    id: "inventory-leak",
    title: "inventory 2.30.1 leaked memory until it was rolled back",
    begin: 5.2 * DAY,
    end: 5.2 * DAY - 8 * HOUR,
    effects: [
      { signal: "podmemory/inventory-59b7d6c8f4-r6s9x", times: 2.1, rise: 7.6 * HOUR, fall: 2 * MINUTE },
      { signal: "latency/inventory", times: 1.7, rise: 7.6 * HOUR, fall: 4 * MINUTE },
    ],
    alerts: [],
  },
  {
    id: "order-backlog",
    title: "A consumer of order-events hung on a poisoned message",
    begin: 3.3 * DAY,
    end: 3.3 * DAY - 95 * MINUTE,
    effects: [
      { signal: "queue/order-events", perHour: 9400, fall: 20 * MINUTE },
      { signal: "consumers/order-events", plus: -3 },
    ],
    alerts: [{ alert: "QueueBacklog", labels: { queue: "order-events" }, delay: 7 * MINUTE, linger: 16 * MINUTE }],
  },
  {
    id: "kube-2-lost",
    title: "kube-2 lost its network card's driver",
    begin: 2.15 * DAY,
    end: 2.15 * DAY - 22 * MINUTE,
    effects: [
      { signal: "notready/kube-2", plus: 1 },
      { signal: "down/node:kube-2:9100", plus: 1 },
      { signal: "errors/suggest", plus: 0.035, rise: 2 * MINUTE, fall: 4 * MINUTE },
    ],
    alerts: [
      { alert: "NodeNotReady", labels: { node: "kube-2" }, delay: MINUTE },
      { alert: "TargetDown", labels: { job: "node", instance: "kube-2:9100" }, delay: MINUTE },
    ],
  },
  {
    id: "replica-behind",
    title: "A nightly report made pg-2 fall behind",
    begin: 1.1 * DAY,
    end: 1.1 * DAY - 48 * MINUTE,
    effects: [
      { signal: "lag/pg-2", perHour: 210, fall: 12 * MINUTE },
      { signal: "diskbusy/pg-2", plus: 0.4, rise: 4 * MINUTE, fall: 8 * MINUTE },
    ],
    alerts: [
      { alert: "ReplicationLagHigh", labels: { instance: "pg-2:9187" }, delay: 10 * MINUTE, linger: 8 * MINUTE },
    ],
  },
];

/** What restarting a service puts right: the service, the incident that ends then, and how soon its effects are gone, in seconds. */
export const MENDED_BY_RESTART: readonly {
  readonly service: string;
  readonly incident: string;
  readonly fall: number;
}[] = [
  { service: "orders", incident: "orders-slow", fall: 15 },
  { service: "mailer", incident: "mailer-crashing", fall: 15 },
];

export const INCIDENTS: readonly Incident[] = [...PAST, ...PRESENT];

/** A release: when (seconds before the end), of what, and its version. Ordered by time. */
export type Deploy = { readonly ago: number; readonly service: string; readonly version: string };

export const DEPLOYS: readonly Deploy[] = [
  { ago: 12.9 * DAY, service: "storefront", version: "11.3.0" },
  { ago: 11.7 * DAY, service: "accounts", version: "3.9.2" },
  { ago: 10.9 * DAY, service: "orders", version: "4.10.3" },
  { ago: 9.8 * DAY, service: "suggest", version: "0.22.0" },
  { ago: 8.8 * DAY, service: "basket", version: "6.1.0" },
  { ago: 7.9 * DAY, service: "storefront", version: "11.4.0" },
  { ago: 6.8 * DAY, service: "billing", version: "5.7.1" },
  { ago: 5.2 * DAY, service: "inventory", version: "2.30.1" },
  { ago: 5.2 * DAY - 8 * HOUR, service: "inventory", version: "2.30.0" },
  { ago: 4.1 * DAY, service: "mailer", version: "1.18.0" },
  { ago: 3.9 * DAY, service: "orders", version: "4.11.1" },
  { ago: 2.7 * DAY, service: "suggest", version: "0.23.1" },
  { ago: 1.8 * DAY, service: "storefront", version: "11.5.1" },
  { ago: 0.9 * DAY, service: "basket", version: "6.2.0" },
  { ago: DEPLOY_AGO, service: "orders", version: BAD_VERSION },
];

/** What ran before the first release above. */
export const FIRST_VERSIONS: Readonly<Record<string, string>> = {
  storefront: "11.2.4",
  basket: "6.0.5",
  orders: "4.10.2",
  billing: "5.7.0",
  inventory: "2.30.0",
  accounts: "3.9.1",
  mailer: "1.17.3",
  suggest: "0.21.6",
};

/** How strongly an effect acts at `ago` seconds before the end: 0 to 1, or hours for a slope. */
export function strength(effect: Effect, incident: Incident, ago: number): number {
  const begin = incident.begin - (effect.delay ?? 0);
  if (ago >= begin) return 0;
  const since = begin - ago;
  const after = incident.end === undefined ? 0 : Math.max(0, incident.end - ago);
  const lasted = since - after;
  const grown = effect.perHour === undefined ? Math.min(1, lasted / Math.max(1, effect.rise ?? 1)) : lasted / HOUR;
  return grown * Math.max(0, 1 - after / Math.max(1, effect.fall ?? 1));
}
