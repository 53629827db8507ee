import { quantitiesIn } from "../../../src/core/gate/claims.ts";
import { quantityOf } from "../../../src/core/gate/quantity.ts";
import type { Fact, Known } from "../../../src/core/gate.ts";
import type { Unit } from "../../../src/core/units.ts";
import { randomNumbers } from "../../tools/random.ts";

/**
 * Answers as a model writes them, honest ones and such with an invented figure, each with what its turn knows. Half are
 * written by hand about one incident, the rest are made from shapes of sentences with values by a seed.
 */
export type Case = { readonly text: string; readonly known: Known; readonly how: string };

type Measured = readonly [value: number, unit: Unit, labels: Readonly<Record<string, string>>, query: number];

export function knownOf(
  question: string,
  measured: readonly Measured[],
  computed: readonly (readonly [number, Unit | "factor"])[],
  spans: readonly number[],
  names: readonly string[],
): Known {
  const own = new Set(
    [...names, ...measured.flatMap(([, , labels]) => Object.values(labels))].flatMap((name) => [
      name.toLowerCase(),
      name.toLowerCase().replace(/:\d+$/, ""),
    ]),
  );
  const facts: Fact[] = [
    ...measured.flatMap(([value, unit, labels, query]): Fact[] => {
      const quantity = quantityOf(value, unit);
      return quantity === undefined ? [] : [{ ...quantity, origin: "returned", labels, query }];
    }),
    ...computed.flatMap(([value, unit]): Fact[] => {
      const quantity = unit === "factor" ? ({ value, family: "factor" } as const) : quantityOf(value, unit);
      return quantity === undefined ? [] : [{ ...quantity, origin: "computed" }];
    }),
    ...spans.map((value): Fact => ({ value, family: "time", origin: "span" })),
    ...quantitiesIn(question).map((quantity): Fact => ({ ...quantity, origin: "question" })),
  ];
  return {
    facts,
    hasName: (name) => own.has(name.toLowerCase()) || question.toLowerCase().includes(name.toLowerCase()),
  };
}

const SERVICES = ["ferrydesk", "manifest-api", "tidetable", "lighthouse", "pilot-7", "berth_planner"];
const HOSTS = ["quay-1", "quay-2", "capstan-4", "buoy-7"];

/** A turn with random values: latency, error ratio and traffic of three services, a queue, memory and cpu of two hosts. */
function turn(next: () => number) {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const [a, b, c] = [...SERVICES].sort(() => next() - 0.5) as [string, string, string];
  const [h, i] = [...HOSTS].sort(() => next() - 0.5) as [string, string];
  const latency = [0.03 + next() * 4, 0.03 + next() * 0.9, 0.02 + next() * 0.5] as const;
  const usual = latency[0] / (2.1 + next() * 9);
  const errors = [0.002 + next() * 0.3, 0.001 + next() * 0.05] as const;
  const rate = 0.5 + next() * 900;
  const waiting = 30 + Math.floor(next() * 90_000);
  const memory = (0.5 + next() * 60) * 1024 ** 3;
  const cpu = 0.02 + next() * 0.97;
  const restarts = 2 + Math.floor(next() * 17);
  const hours = pick([2, 3, 6, 12, 24]);
  const known = knownOf(
    `why is ${a} slow in the last ${hours} hours?`,
    [
      [latency[0], "seconds", { service: a }, 0],
      [latency[1], "seconds", { service: b }, 0],
      [latency[2], "seconds", { service: c }, 0],
      [errors[0], "ratio", { service: a }, 1],
      [errors[1], "ratio", { service: b }, 1],
      [rate, "per_s", { service: a }, 2],
      [waiting, "count", { queue: "manifests" }, 3],
      [memory, "bytes", { instance: `${h}:9100` }, 4],
      [cpu, "ratio", { instance: `${i}:9100` }, 5],
      [restarts, "count", { service: a }, 6],
    ],
    [
      [latency[0] / usual, "factor"],
      [usual, "seconds"],
    ],
    [300],
    ["p95", "http_requests_total", "4.12.0", "manifests"],
  );
  return { known, a, b, c, h, i, latency, usual, errors, rate, waiting, memory, cpu, restarts, hours, pick, next };
}

type Turn = ReturnType<typeof turn>;

/** A value as writers write it: one of several precisions, units and spacings, all of them true. */
type Written = { readonly value: number; readonly texts: readonly string[] };

const digits = (value: number, count: number): string => String(Number(value.toPrecision(count)));
const grouped = (value: number): string => Math.round(value).toLocaleString("en-US");

function seconds(value: number): Written {
  const texts = [
    `${digits(value, 3)} s`,
    `${digits(value, 3)} seconds`,
    `${digits(value, 2)}s`,
    `about ${digits(value, 2)} s`,
  ];
  const ms = `${Math.round(value * 1000)}`;
  return {
    value,
    texts:
      value < 1 ? [`${ms} ms`, `${ms}ms`, `${ms} milliseconds`, ...texts] : [...texts, `${grouped(value * 1000)} ms`],
  };
}

function share(value: number): Written {
  const percent = value * 100;
  return {
    value,
    texts: [
      `${digits(percent, 3)} %`,
      `${digits(percent, 3)}%`,
      `${digits(percent, 2)} percent`,
      `roughly ${digits(percent, 2)} %`,
      `${digits(value, 3)} as a ratio`,
    ],
  };
}

function rateOf(value: number): Written {
  return {
    value,
    texts: [
      `${digits(value, 3)} req/s`,
      `${digits(value, 3)} requests per second`,
      `${digits(value, 4)} requests/s`,
      `about ${digits(value, 2)} rps`,
    ],
  };
}

function countOf(value: number): Written {
  return {
    value,
    texts: [
      grouped(value),
      String(value),
      `about ${grouped(Number(value.toPrecision(2)))}`,
      value >= 2000 ? `${digits(value / 1000, 3)}k` : grouped(value),
    ],
  };
}

function bytes(value: number): Written {
  return {
    value,
    texts: [
      `${digits(value / 1024 ** 3, 3)} GiB`,
      `${digits(value / 1e9, 3)} GB`,
      `${Math.round(value / 1024 ** 2)} MiB`,
      `${digits(value / 1024 ** 3, 2)}GiB`,
    ],
  };
}

const WORDS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " ",
  );

function small(value: number): Written {
  return { value, texts: [String(value), WORDS[value] ?? String(value)] };
}

/** How many times as much: written to a tenth. */
function times(value: number): Written {
  const text = value.toFixed(1);
  return { value, texts: [`${text} times`, `${text}×`, `${text}x`, `×${text}`] };
}

/** Sentences around one number, with what the number has to be. */
const SHAPES: readonly ((turn: Turn) => { readonly number: Written; readonly say: (text: string) => string })[] = [
  (t) => ({ number: seconds(t.latency[0]), say: (n) => `The p95 latency of ${t.a} is ${n} right now.` }),
  (t) => ({
    number: seconds(t.latency[0]),
    say: (n) => `${t.a} answers slowly: its 95th percentile stands at ${n}, as of 14:02 UTC.`,
  }),
  (t) => ({
    number: seconds(t.latency[1]),
    say: (n) => `By comparison, ${t.b} takes ${n}, so the problem is not shared.`,
  }),
  (t) => ({ number: seconds(t.latency[2]), say: (n) => `- ${t.c}: ${n}` }),
  (t) => ({ number: share(t.errors[0]), say: (n) => `In the last ${t.hours} hours, errors of ${t.a} reached ${n}.` }),
  (t) => ({ number: share(t.errors[0]), say: (n) => `**${t.a}** fails ${n} of its requests, mostly with 5xx codes.` }),
  (t) => ({ number: share(t.errors[1]), say: (n) => `The error rate of \`${t.b}\` is only ${n}.` }),
  (t) => ({ number: rateOf(t.rate), say: (n) => `Traffic does not explain it: ${t.a} serves ${n}.` }),
  (t) => ({ number: countOf(t.waiting), say: (n) => `There are ${n} messages waiting in manifests.` }),
  (t) => ({
    number: countOf(t.waiting),
    say: (n) => `The backlog (${n} messages) started to grow on Nov 21 at 13:40 UTC.`,
  }),
  (t) => ({ number: bytes(t.memory), say: (n) => `On ${t.h}, ${n} of memory are still available.` }),
  (t) => ({ number: share(t.cpu), say: (n) => `CPU usage of ${t.i} is ${n}.` }),
  (t) => ({ number: small(t.restarts), say: (n) => `${t.a} restarted ${n} times since the deployment of 4.12.0.` }),
  (t) => ({ number: seconds(t.usual), say: (n) => `Usual for ${t.a} at this hour would be ${n}.` }),
  (t) => ({ number: times(t.latency[0] / t.usual), say: (n) => `That is ${n} the usual value.` }),
];

/** Answers that say nothing but what was found. `count` of them by the seed. */
export function honestCases(count: number, seed = 11): readonly Case[] {
  const next = randomNumbers(seed);
  return Array.from({ length: count }, (_, at) => {
    const t = turn(next);
    const { number, say } = SHAPES[at % SHAPES.length]!(t);
    return { text: say(t.pick(number.texts)), known: t.known, how: "from a shape" };
  });
}

type Lie = { readonly how: string; readonly tell: (t: Turn) => string | undefined };

const LIES: readonly Lie[] = [
  { how: "another value", tell: (t) => lied(t, (value) => value * t.pick([0.31, 0.55, 0.8, 1.19, 1.4, 2.7])) },
  { how: "ten times", tell: (t) => lied(t, (value) => value * t.pick([0.1, 10])) },
  { how: "a thousand times", tell: (t) => lied(t, (value) => value * t.pick([0.001, 1000])) },
  { how: "one digit off", tell: (t) => lied(t, (value) => value * t.pick([1.12, 0.88])) },
  {
    how: "another unit",
    tell: (t) => `p95 latency of ${t.a} is ${digits(t.latency[0], 3)} ${t.pick(["ms", "minutes", "hours", "%"])}.`,
  },
  { how: "the value of another thing", tell: (t) => `p95 latency of ${t.b} is ${digits(t.latency[0], 3)} s.` },
  {
    how: "swapped",
    tell: (t) => `${t.a} takes ${digits(t.latency[1], 3)} s and ${t.b} takes ${digits(t.latency[0], 3)} s.`,
  },
  { how: "sign", tell: (t) => `CPU usage of ${t.i} is -${digits(t.cpu * 100, 3)} %.` },
  { how: "zero", tell: (t) => `${t.a} has ${t.pick(["0", "zero", "0.0 %"])} errors.` },
  {
    how: "words",
    tell: (t) =>
      `${t.a} failed ${t.pick(["ninety-seven", "two hundred", "four thousand", "thirty-one", "a dozen"])} times.`,
  },
  {
    how: "factor",
    tell: (t) => {
      const [word, factor] = t.pick([
        ["doubled", 2],
        ["tripled", 3],
        ["quadrupled", 4],
        ["halved", 0.5],
      ] as const);
      const isClose = Math.abs(t.latency[0] / t.usual - factor) < 0.3 * factor;
      return isClose ? undefined : `Errors of ${t.a} have ${word} since then.`;
    },
  },
  {
    how: "part",
    tell: (t) => `${t.pick(["Two thirds", "A third", "Three quarters"])} of all requests to ${t.a} time out.`,
  },
  {
    how: "other digits",
    tell: (t) => `${t.a} has ${t.pick(["９７", "٩٧", "९७", "𝟿𝟽", "⑨⑦", "XCVII IX", "九十七"])} open connections.`,
  },
  {
    how: "hidden inside",
    tell: (t) =>
      `${t.a} has ${t.pick(["9\u200b7", "9\u00ad7", "**9**7", "9_7", "9\ufe0f7", "97k5"])} open connections.`,
  },
  {
    how: "range",
    tell: (t) => `${t.a} takes between ${digits(t.latency[0] * 0.6, 3)} and ${digits(t.latency[0] * 1.7, 3)} s.`,
  },
  {
    how: "window",
    tell: (t) => `This has been so for ${t.pick(["47 minutes", "9 days", "the past week", "5 h 20 min", "31 hours"])}.`,
  },
  { how: "money", tell: (t) => `${t.a} costs ${t.pick(["$", "€"])}${grouped(200 + t.next() * 9000)} a day.` },
  {
    how: "fraction",
    tell: (t) => `${t.pick(["3 out of 8", "7/9", "1 in 6", "5 of 14"])} replicas of ${t.a} are down.`,
  },
  {
    how: "unknown host",
    tell: (t) =>
      `The cause is ${t.pick(["quay-9", "`capstan-12`", "db_primary_3", "the ledger service", "node-5.internal"])}.`,
  },
  {
    how: "unknown version",
    tell: (t) => `${t.a} runs ${t.pick(["v4.13.1", "version 2.0.7", "release 2026.11.3"])} since the deployment.`,
  },
  { how: "code span", tell: (t) => `The limit of ${t.a} is \`${Math.floor(100 + t.next() * 800)}\`.` },
  { how: "list mark", tell: (t) => `1. ${t.a} has 61 restarts` },
  { how: "scientific", tell: (t) => `${t.a} has ${t.pick(["1.2e6", "3.7E+4", "4e-3"])} retries.` },
  {
    how: "bound",
    tell: (t) => `${t.a} takes ${t.pick(["over", "more than", "at least"])} ${digits(t.latency[0] * 1.4, 2)} s.`,
  },
  {
    how: "rounded away",
    tell: (t) =>
      `CPU usage of ${t.i} is about ${t.pick(["100", "0"])} %, errors of ${t.b} are ${digits(t.errors[1] * 130, 3)} %.`,
  },
];

/** A true sentence with another number in it, further from every truth of the turn than any rounding goes. */
function lied(t: Turn, change: (value: number) => number): string | undefined {
  const { number, say } = t.pick(SHAPES)(t);
  const factor = change(1);
  let isLie = false;
  const told = t.pick(number.texts).replace(SOME_NUMBER, (text) => {
    const value = WORDS.includes(text) ? WORDS.indexOf(text) : Number(text.replaceAll(",", ""));
    const other = value * factor;
    const written = Number.isInteger(value) && other > 30 ? grouped(other) : digits(other, 3);
    isLie = isFarFromAll(Number(written.replaceAll(",", "")), t);
    return written;
  });
  return isLie ? say(told) : undefined;
}

const SOME_NUMBER = new RegExp(`\\d[\\d,]*(?:\\.\\d+)?|\\b(?:${WORDS.join("|")})\\b`);

/** In any unit that a value may be written in. */
function isFarFromAll(told: number, t: Turn): boolean {
  const scales = [1, 100, 1000, 1e-3, 1 / 60, 1 / 3600, 1 / 1024 ** 2, 1 / 1024 ** 3, 1e-9];
  return t.known.facts.every(({ value }) =>
    scales.every((scale) => Math.abs(value * scale - told) > 0.11 * Math.abs(value * scale)),
  );
}

/** Answers with an invented figure or name, all of them tellable from what the turn knows. */
export function inventedCases(count: number, seed = 23): readonly Case[] {
  const next = randomNumbers(seed);
  const cases: Case[] = [];
  for (let at = 0; cases.length < count; at++) {
    const t = turn(next);
    const { how, tell } = LIES[at % LIES.length]!;
    const text = tell(t);
    if (text !== undefined) cases.push({ text, known: t.known, how });
  }
  return cases;
}
