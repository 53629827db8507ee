import { type Case, knownOf } from "./cases.ts";

/** Prose about one incident, as models write it: what follows from the turn's evidence, and what does not. */

const known = knownOf(
  "Why is orders slow since 14:00? Is it worse than 1.5 s, and is pg-1 involved?",
  [
    [2.43, "seconds", { service: "orders" }, 0],
    [0.499, "seconds", { service: "billing" }, 0],
    [0.141, "seconds", { service: "basket" }, 0],
    [0.409, "seconds", { service: "orders" }, 1],
    [0.0731, "ratio", { service: "orders" }, 2],
    [0.00169, "ratio", { service: "suggest" }, 2],
    [0, "ratio", { service: "mailer" }, 2],
    [83, "count", { datname: "orders", state: "idle in transaction" }, 3],
    [1, "count", { datname: "billing", state: "idle in transaction" }, 3],
    [100, "count", { instance: "pg-1:9187" }, 4],
    [4890, "count", { queue: "mail.outgoing" }, 5],
    [8.56, "per_s", { service: "orders" }, 6],
    [0.696, "ratio", { instance: "pg-1:9100" }, 7],
    [23.8 * 1024 ** 3, "bytes", { instance: "rabbit-1:9100", mountpoint: "/" }, 8],
    [11 * 86_400, "seconds", { instance: "rabbit-1:9100" }, 9],
    [3, "count", {}, 10],
    [12, "count", {}, 11],
    [1.25e6, "bytes/s", { instance: "kube-2:9100" }, 12],
    [0.279, "cores", { service: "orders" }, 13],
  ],
  [
    [2.43 / 0.409, "factor"],
    [2.43 - 0.409, "seconds"],
    [0.83, "ratio"],
    [-0.34, "ratio"],
  ],
  [300, 7200],
  [
    "p95",
    "pg_stat_activity_count",
    "4.11.1",
    "4.12.0",
    "v4.12.0",
    "PostgreSQL",
    "ConnectionPoolLow",
    "kube-2",
    "http_requests_total",
    "orders-86d5b7f9c4-z8d5j",
  ],
);

const HONEST = `
The p95 latency of orders is 2.43 s, about 6 times the usual 409 ms.
Yes: at 2.43 s it is well above 1.5 s.
orders rose from 409 ms to 2.43 s, an increase of 2.02 s.
The slowdown of orders began at 14:03 UTC, shortly after version 4.12.0 was deployed.
83 connections of orders are idle in transaction, where billing has one connection.
83 of the 100 connections that pg-1 allows are taken by orders.
That is 83 % of what pg-1 allows.
Error rate on orders: 7.31 %.
Roughly 7 % of the requests to orders fail.
orders fails 7.3% of its requests; suggest only 0.17%.
mailer has no errors at all: its error rate is 0 %.
billing answers in 499 ms and basket in 141 ms, so they are not affected.
In the last 2 hours, nothing else changed.
Queue mail.outgoing holds 4,890 messages.
Nearly 4,900 messages are waiting in mail.outgoing.
About 4.9k messages are queued in mail.outgoing.
orders serves 8.56 requests per second, which is 34 % less than before.
Traffic fell by 34 %.
Memory on pg-1 is at 69.6 %, which is normal.
rabbit-1 has 23.8 GiB free on /, enough for 11 days.
rabbit-1 has about 24 GiB left.
I looked at 12 series; 3 alerts are firing.
Three alerts are firing, among them ConnectionPoolLow.
kube-2 sends 1.25 MB/s.
The pod orders-86d5b7f9c4-z8d5j uses 0.279 cores.
It uses 279 millicores.
The first thing to check is the connection pool of orders.
1. Roll orders back to 4.11.1.
2) Watch the p95 of orders for the next minutes.
- orders: 2.43 s (p95)
Query: \`pg_stat_activity_count\`.
This looks like a leak of connections rather than a lack of capacity.
The 5xx responses come from orders alone.
The 95th percentile rose, while the median did not move.
I could not find evidence for a problem of the network.
On 21 Nov 2026 at 14:03 UTC, orders went from 4.11.1 to 4.12.0.
Between 409 ms and 2.43 s lies the whole difference.
Latency is more than 2.4 s.
Latency is below 2.5 s.
It is under 2.5 s at the moment, so still below the timeout.
It takes 2,430 ms.
orders: p95 2.43s, errors 7.31%, traffic 8.56 req/s.
No other service shows errors worth mentioning.
The rate is computed over 5 minutes.
Twelve series were read.
The factor is 5.9.
×5.9 of the usual.
Compared with usual: 5.9× on orders.
e.g. the pool of orders is exhausted; i.e. 83 connections are held.
One of the services is slow: orders.
A single deployment explains it.
The read-only replica is not involved.
Please confirm with the owner of the orders service before rolling back.
pg-1 is involved: it holds the connections.
For two hours the rate of orders has been stable, at 8.6 req/s.
`;

const INVENTED = `
The p95 latency of orders is 2.34 s.
The p95 latency of orders is 3 s.
orders takes 243 ms.
orders takes 24.3 s.
orders takes 2.43 ms.
orders takes 2.43 minutes.
It rose from 380 ms to 2.43 s.
It rose by 1.8 s.
An increase of 494 %.
It is about 8 times the usual.
It has doubled.
Latency tripled after the deployment.
84 connections of orders are idle in transaction.
83 of the 120 connections are taken.
That is 92 % of the limit.
billing has 83 connections idle in transaction.
Error rate on orders: 73.1 %.
Error rate on orders: 0.731 %.
suggest fails 7.31 % of its requests.
suggest has an error rate of 0.17 and orders of 0.27.
mailer fails 0.5 % of its requests.
orders has zero errors.
About 5,500 messages are waiting in mail.outgoing.
Over 5,000 messages are waiting in mail.outgoing.
mail.outgoing holds 48,900 messages.
The backlog will clear in 45 minutes.
It would fill the disk in 9 days.
rabbit-1 has 238 GiB free.
rabbit-1 has 23.8 MiB free.
pg-1 is at 96.6 % of its memory.
pg-1's memory is at 69.6 GiB.
Half of all requests fail.
A quarter of the requests to orders time out.
Two out of five requests fail.
Ninety-nine percent of users are affected.
Around two hundred users are affected.
Dozens would say so, but 36 users complained.
This cost roughly $12,000 so far.
p99 of orders is 4.1 s.
p95 over the last 45 minutes was worse.
In the past week this happened 4 times.
It has been going on for 3 hours.
The service ledger-api is slow as well.
pg-2 shows the same pattern.
The cause is \`pg_locks_count\`.
The checkout service is down.
Version 4.13.0 introduced it.
v4.12.1 is the culprit.
orders-7c9f8d6b5-x2x4q was killed.
The limit of the pool is 50.
Set max_connections to 200.
HTTP 504 is returned by orders.
It serves 856 requests per second.
It serves 8.56 requests per minute.
It uses 2.79 cores.
The CPU of kube-2 is at 12.5 %.
Memory grew 1.7x.
Traffic grew by 34 messages.
orders has ９７ open files.
orders has 9​7 open files.
orders has ٩٧ open files.
orders has 9*7* open files.
3/4 of the pods are not ready.
¾ of the pods are not ready.
There were XIV restarts.
The temperature is 71 °C.
Latency is 2.43 s on billing.
basket takes 499 ms.
billing takes 2.43 s and orders takes 499 ms.
About 70 GiB of memory is used.
The first 20 requests failed.
1. orders restarted 17 times.
Confidence: 87 %.
I am 90 percent sure that it is the pool.
There is a 1 in 4 chance that it recurs.
The error budget lasts for another 6 h 30 min.
The threshold is 1.8 s.
It needs between 6 and 9 replicas.
It takes -2.43 s.
The change was 0.34 percent.
`;

const cases = (text: string, how: string): readonly Case[] =>
  text
    .trim()
    .split("\n")
    .map((line) => ({ text: line, known, how }));

export const HONEST_BY_HAND = cases(HONEST, "by hand");
export const INVENTED_BY_HAND = cases(INVENTED, "by hand");
