/** The shop that the demo watches: what it is made of. What happens to it is in `incidents.ts`. */

export type Service = {
  readonly name: string;
  /** Requests per second when `shoppers` is 1. */
  readonly rps: number;
  /** Seconds: median of a request when all is well; `spread` is the sigma of the log-normal around it. */
  readonly median: number;
  readonly spread: number;
  /** Share of requests that fail when all is well. */
  readonly errors: number;
  readonly instances: number;
  readonly team: string;
  /** Promised share of good requests. */
  readonly objective: number;
  readonly routes: readonly Route[];
};

/** `share` of the service's requests; `refused` is the share of those answered with `refusedCode`. */
export type Route = {
  readonly method: string;
  readonly path: string;
  readonly share: number;
  readonly ok: string;
  readonly refusedCode?: string;
  readonly refused?: number;
};

export const NAMESPACE = "shop";

export const SERVICES: readonly Service[] = [
  {
    name: "storefront",
    rps: 86,
    median: 0.062,
    spread: 0.55,
    errors: 0.0005,
    instances: 2,
    team: "web",
    objective: 0.999,
    routes: [
      { method: "GET", path: "/", share: 0.4, ok: "200" },
      { method: "GET", path: "/items/{id}", share: 0.6, ok: "200", refusedCode: "404", refused: 0.02 },
    ],
  },
  {
    name: "basket",
    rps: 24,
    median: 0.028,
    spread: 0.5,
    errors: 0.0006,
    instances: 1,
    team: "web",
    objective: 0.999,
    routes: [
      { method: "GET", path: "/basket", share: 0.55, ok: "200" },
      { method: "PUT", path: "/basket/lines", share: 0.45, ok: "200" },
    ],
  },
  {
    name: "orders",
    rps: 11,
    median: 0.115,
    spread: 0.6,
    errors: 0.0008,
    instances: 2,
    team: "orders",
    objective: 0.995,
    routes: [
      { method: "POST", path: "/orders", share: 0.45, ok: "201", refusedCode: "400", refused: 0.01 },
      { method: "GET", path: "/orders/{id}", share: 0.55, ok: "200" },
    ],
  },
  {
    name: "billing",
    rps: 6,
    median: 0.21,
    spread: 0.5,
    errors: 0.001,
    instances: 1,
    team: "orders",
    objective: 0.999,
    routes: [
      { method: "POST", path: "/charges", share: 0.75, ok: "201", refusedCode: "402", refused: 0.025 },
      { method: "GET", path: "/invoices/{id}", share: 0.25, ok: "200" },
    ],
  },
  {
    name: "inventory",
    rps: 33,
    median: 0.036,
    spread: 0.55,
    errors: 0.0005,
    instances: 1,
    team: "warehouse",
    objective: 0.995,
    routes: [
      { method: "GET", path: "/stock/{id}", share: 0.85, ok: "200", refusedCode: "404", refused: 0.01 },
      { method: "POST", path: "/reservations", share: 0.15, ok: "201", refusedCode: "409", refused: 0.015 },
    ],
  },
  {
    name: "accounts",
    rps: 19,
    median: 0.044,
    spread: 0.5,
    errors: 0.0004,
    instances: 1,
    team: "identity",
    objective: 0.999,
    routes: [
      { method: "POST", path: "/sessions", share: 0.35, ok: "201", refusedCode: "401", refused: 0.045 },
      { method: "GET", path: "/me", share: 0.65, ok: "200", refusedCode: "403", refused: 0.004 },
    ],
  },
  {
    name: "mailer",
    rps: 3.2,
    median: 0.055,
    spread: 0.6,
    errors: 0.001,
    instances: 2,
    team: "identity",
    objective: 0.99,
    routes: [{ method: "POST", path: "/messages", share: 1, ok: "202" }],
  },
  {
    name: "suggest",
    rps: 27,
    median: 0.085,
    spread: 0.6,
    errors: 0.0015,
    instances: 1,
    team: "web",
    objective: 0.99,
    routes: [{ method: "GET", path: "/suggestions", share: 1, ok: "200" }],
  },
];

export type Host = {
  readonly name: string;
  /** Share of processor time in use when `shoppers` is 1; `steady` hosts do not follow the shoppers. */
  readonly cpu: number;
  readonly follows: "shoppers" | "office" | "nothing";
  readonly memoryGiB: number;
  readonly memoryUsed: number;
  /** Megabytes a second at `shoppers` 1. */
  readonly receive: number;
  readonly send: number;
  /** Share of time the disk is busy. */
  readonly diskBusy: number;
  readonly disks: readonly Disk[];
};

export type Disk = {
  readonly mount: string;
  readonly device: string;
  readonly gigabytes: number;
  readonly used: number;
};

const root = (gigabytes: number, used: number): Disk => ({ mount: "/", device: "/dev/sda1", gigabytes, used });
const data = (mount: string, gigabytes: number, used: number): Disk => ({ mount, device: "/dev/sdb", gigabytes, used });

export const HOSTS: readonly Host[] = [
  {
    name: "app-1",
    cpu: 0.38,
    follows: "shoppers",
    memoryGiB: 16,
    memoryUsed: 0.55,
    receive: 9,
    send: 26,
    diskBusy: 0.03,
    disks: [root(80, 0.41)],
  },
  {
    name: "app-2",
    cpu: 0.35,
    follows: "shoppers",
    memoryGiB: 16,
    memoryUsed: 0.52,
    receive: 8.5,
    send: 24,
    diskBusy: 0.03,
    disks: [root(80, 0.44)],
  },
  {
    name: "pg-1",
    cpu: 0.42,
    follows: "shoppers",
    memoryGiB: 64,
    memoryUsed: 0.71,
    receive: 7,
    send: 12,
    diskBusy: 0.28,
    disks: [root(60, 0.33), data("/var/lib/postgresql", 400, 0.58)],
  },
  {
    name: "pg-2",
    cpu: 0.17,
    follows: "shoppers",
    memoryGiB: 64,
    memoryUsed: 0.46,
    receive: 6,
    send: 2,
    diskBusy: 0.15,
    disks: [root(60, 0.31), data("/var/lib/postgresql", 400, 0.57)],
  },
  {
    name: "redis-1",
    cpu: 0.14,
    follows: "shoppers",
    memoryGiB: 32,
    memoryUsed: 0.6,
    receive: 5,
    send: 14,
    diskBusy: 0.01,
    disks: [root(40, 0.27)],
  },
  {
    name: "rabbit-1",
    cpu: 0.19,
    follows: "shoppers",
    memoryGiB: 8,
    memoryUsed: 0.49,
    receive: 2.2,
    send: 2.1,
    diskBusy: 0.09,
    disks: [root(40, 0.36)],
  },
  {
    name: "kube-1",
    cpu: 0.46,
    follows: "shoppers",
    memoryGiB: 32,
    memoryUsed: 0.62,
    receive: 12,
    send: 17,
    diskBusy: 0.06,
    disks: [root(120, 0.52)],
  },
  {
    name: "kube-2",
    cpu: 0.43,
    follows: "shoppers",
    memoryGiB: 32,
    memoryUsed: 0.59,
    receive: 11,
    send: 16,
    diskBusy: 0.06,
    disks: [root(120, 0.48)],
  },
  {
    name: "kube-3",
    cpu: 0.4,
    follows: "shoppers",
    memoryGiB: 32,
    memoryUsed: 0.57,
    receive: 10,
    send: 15,
    diskBusy: 0.05,
    disks: [root(120, 0.55)],
  },
  {
    name: "runner-1",
    cpu: 0.55,
    follows: "office",
    memoryGiB: 16,
    memoryUsed: 0.38,
    receive: 4,
    send: 1,
    diskBusy: 0.11,
    disks: [root(200, 0.63)],
  },
];

export const NODES = ["kube-1", "kube-2", "kube-3"] as const;

/** One pod per instance of a service; `cores` in use at `shoppers` 1, memory in MiB. */
export type Pod = {
  readonly name: string;
  readonly service: string;
  readonly index: number;
  readonly node: string;
  readonly cores: number;
  readonly memory: number;
  readonly cpuRequest: number;
  readonly cpuLimit: number;
  readonly memoryLimit: number;
};

const SUFFIXES = ["k7x2m", "p4wqz", "t9c6r", "b2hvn", "z8d5j", "m3gfl", "r6s9x", "c5tkw", "v7n2p", "h4jqd", "x9l3b"];
const HASHES: Record<string, string> = {
  storefront: "5c9d84f7b6",
  basket: "7b6f9d4c58",
  orders: "86d5b7f9c4",
  billing: "6f8c5d9b74",
  inventory: "59b7d6c8f4",
  accounts: "74f6c8b9d5",
  mailer: "6d9f7c5b84",
  suggest: "8b4d6f9c75",
};

export const PODS: readonly Pod[] = SERVICES.flatMap((service) =>
  Array.from({ length: service.instances }, (_, index) => ({ service, index })),
).map(({ service, index }, place) => ({
  name: `${service.name}-${HASHES[service.name]}-${SUFFIXES[place]}`,
  service: service.name,
  index,
  node: NODES[place % NODES.length]!,
  cores: 0.12 + (service.rps / service.instances) * 0.008,
  memory: 180 + ((place * 67) % 240),
  cpuRequest: 0.25,
  cpuLimit: 1,
  memoryLimit: 768,
}));

/** The instance label under which a service's process is scraped: `orders-1:8080`. */
export function instanceOf(service: string, index: number): string {
  return `${service}-${index + 1}:8080`;
}

/** Connections when all is well, per state, and transactions a second. Size in gigabytes. */
export const DATABASES = [
  { name: "orders", active: 9, idle: 34, stuck: 1, transactions: 95, gigabytes: 118 },
  { name: "accounts", active: 4, idle: 18, stuck: 0.6, transactions: 60, gigabytes: 36 },
  { name: "inventory", active: 5, idle: 21, stuck: 0.7, transactions: 110, gigabytes: 52 },
] as const;

export const MAX_CONNECTIONS = 200;

/** Messages a second at `shoppers` 1, and usual depth. */
export const QUEUES = [
  { name: "order-events", rate: 14, depth: 25, consumers: 4 },
  { name: "mail.outgoing", rate: 3.4, depth: 12, consumers: 2 },
  { name: "stock-sync", rate: 6, depth: 40, consumers: 2 },
  { name: "image-resize", rate: 0.8, depth: 6, consumers: 1 },
] as const;

export const SITES = [
  { url: "https://www.larkfield.example", seconds: 0.16, certificateDays: 61 },
  { url: "https://pay.larkfield.example", seconds: 0.24, certificateDays: 5.3 },
  { url: "https://api.larkfield.example", seconds: 0.11, certificateDays: 48 },
  { url: "https://status.larkfield.example", seconds: 0.09, certificateDays: 74 },
] as const;
