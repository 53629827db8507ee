import { click, personal } from "../../fakes/bot-framework/activities.ts";
import { BOT_USER, clickBody, eventBody, fresh } from "../../fakes/slack/index.ts";
import { type Entry, statusesOf } from "./entry.ts";
import { stringsIn } from "./outgoing.ts";
import type { ToldAlert, ToldSeries } from "./prometheus.ts";
import { playSlack } from "./slack.ts";
import { playTeams } from "./teams.ts";
import { CHANNEL, NOT_MEMBER, type Reply, type Said, type World } from "./world.ts";

/** What came of playing an entry, before it is judged. */
export type Played =
  | { readonly skipped: string }
  | {
      /** Statuses of the requests that the entry is about. */
      readonly statuses: readonly number[];
      readonly bodies?: readonly string[];
      /** Of other requests meanwhile. */
      readonly slowestMs?: number;
      readonly problems?: readonly string[];
      /** What must be seen on both platforms, so that nothing passes because nothing was said. */
      readonly shows?: string;
    };

export type Outcome =
  | { readonly kind: "as expected" }
  | { readonly kind: "not played"; readonly why: string }
  | { readonly kind: "not as expected"; readonly why: readonly string[] };

/** Plays one entry and compares what happened with what must not, and with what is expected. */
export async function play(entry: Entry, index: number, world: World): Promise<Outcome> {
  world.taken();
  world.bot.resetPeak();
  const before = world.bot.rss();
  const reachedBefore = world.reached.length;
  const cpuBefore = world.bot.cpu();
  let played: Played;
  try {
    played = await playInput(entry, index, world);
    if ("skipped" in played) return { kind: "not played", why: played.skipped };
    await world.settled();
  } catch (problem) {
    return {
      kind: "not as expected",
      why: [`it could not be played to its end: ${problem instanceof Error ? problem.message : String(problem)}`],
    };
  }
  const facts = {
    ...played,
    said: world.taken(),
    cpuMs: world.bot.cpu() - cpuBefore,
    grownMb: world.bot.peak() - before,
    reached: world.reached.slice(reachedBefore),
  };
  const why = [...(played.problems ?? []), ...judge(entry, facts, world)];
  return why.length === 0 ? { kind: "as expected" } : { kind: "not as expected", why: [...new Set(why)] };
}

async function playInput({ id, input, where }: Entry, index: number, world: World): Promise<Played> {
  const scene = (typeof input === "object" && input !== null ? input : {}) as Record<string, Record<string, unknown>>;
  if (scene["$slack"] !== undefined) return await playSlack(scene["$slack"], world);
  if (scene["$teams"] !== undefined) return await playTeams(scene["$teams"], world);
  const [operator] = Object.keys(scene).filter((key) => key.startsWith("$"));
  if (operator !== undefined) return await playMany(operator, scene[operator], index, world);
  if (typeof input !== "string") return { skipped: "its input is no text and no scene" };
  return id.startsWith("OVR") && /incoming/.test(where)
    ? await askedWith(input, index, world)
    : await shownEverywhere(input, index, world);
}

// ---------------------------------------------------------------- text

/** The series that an entry needs, told to Prometheus before the bot reads what exists. */
export function seriesOf({ input }: Entry, index: number): [metric: string, series: ToldSeries[]][] {
  const bytes = (input as { $card_bytes?: number } | null)?.$card_bytes;
  const rows = Array.from({ length: Math.ceil((bytes ?? 0) / 120) }, (_, i) => ({
    service: `${"z".repeat(100)}-${i}`,
  }));
  const labels = typeof input === "string" ? [{ service: input, instance: "host-1:9100" }] : rows;
  return labels.length === 0 ? [] : [[metricOf(index), labels.map((one) => ({ labels: one, value: 7.25 }))]];
}

const metricOf = (index: number) => `hostile_${index}`;

/** As a label, in an alert, in a question, as a person's name, on a button: in a channel, by a command, and in Teams. */
async function shownEverywhere(text: string, index: number, world: World): Promise<Played> {
  world.prometheus.fire([{ labels: { alertname: "Hostile", service: text, severity: "critical" }, summary: text }]);
  const statuses = await askBoth(
    [`\`${metricOf(index)}\``, "which alerts are firing?", `status of ${text}`],
    text,
    index,
    world,
  );
  await world.settled();
  world.prometheus.fire([]);
  return { statuses, shows: "7.25" };
}

async function askedWith(text: string, index: number, world: World): Promise<Played> {
  return { statuses: await askBoth([`what about ${text}?`], "Ann", index, world) };
}

/** Each question as a mention, as a command where the bot is and where it is not, as a click, and in Teams. */
async function askBoth(questions: readonly string[], calledSo: string, index: number, world: World): Promise<number[]> {
  const name = calledSo.slice(0, 500); // longer ones no platform lets anybody have
  const statuses: number[] = [];
  const note = ({ status }: Reply) => void statuses.push(status);
  for (const [i, question] of questions.entries()) {
    const user = world.person(`UH${index}X${i}`, name);
    const typed = question.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const mention = {
      type: "app_mention",
      channel: CHANNEL,
      user,
      text: `<@${BOT_USER}> ${typed}`,
      ts: fresh("1780000000."),
    };
    note(await world.slackPost(eventBody(mention)));
    // A command's text comes as it was typed.
    note(await world.slackPost(world.command(question, user), "command"));
    note(await world.slackPost(world.command(question, user, { channel_id: NOT_MEMBER }), "command"));
    const value = JSON.stringify({ kind: "ask", text: question });
    note(
      await world.slackPost(
        clickBody({ action_id: "ask:0", value }, { user: { id: user, name }, channel: { id: CHANNEL } }),
        "click",
      ),
    );
    const from = { id: `29:${index}-${i}`, name, aadObjectId: crypto.randomUUID() };
    world.framework.roles.set(from.id, "user");
    note(await world.teamsPost(personal(world.framework.url, question, { from })));
    note(await world.teamsPost(click(world.framework.url, { action: { kind: "ask", text: question } }, { from })));
  }
  return statuses;
}

// ---------------------------------------------------------------- many and large

async function playMany(operator: string, of: unknown, index: number, world: World): Promise<Played> {
  const count = (key: string, otherwise: number) => Number((of as Record<string, unknown>)[key] ?? otherwise);
  switch (operator) {
    case "$alerts": {
      const labels = Object.fromEntries(
        Array.from({ length: count("labels", 5) }, (_, i) => [`label_${i}`, "x".repeat(20)]),
      );
      const summary = "y".repeat(count("annotation_len", 100));
      world.prometheus.fire(
        Array.from({ length: count("count", 100) }, (_, i): ToldAlert => {
          return {
            labels: { ...labels, alertname: `Alert${i}`, service: `service-${i}`, severity: "warning" },
            summary,
          };
        }),
      );
      const statuses = await askBoth(["which alerts are firing?"], "Ann", index, world);
      await world.settled();
      world.prometheus.fire([]);
      return { statuses };
    }
    case "$card_bytes":
      return { statuses: await askBoth([`\`${metricOf(index)}\``], "Ann", index, world), shows: "7.25" };
    case "$params": {
      const words = Array.from({ length: count("count", 10) }, (_, i) => `p${i}=${"v".repeat(count("len", 10))}`);
      return { statuses: await askBoth([`restart storefront with ${words.join(" ")}`], "Ann", index, world) };
    }
    case "$messages": {
      const user = world.person(`UH${index}M`, "Ann");
      const event = () => ({
        type: "app_mention",
        channel: CHANNEL,
        user,
        text: `<@${BOT_USER}> status`,
        ts: fresh("1780000000."),
      });
      const sent = Array.from({ length: count("count", 100) }, () => world.slackPost(eventBody(event())));
      return { statuses: (await Promise.all(sent)).map(({ status }) => status) };
    }
    default:
      return { skipped: `it uses ${operator}` };
  }
}

// ---------------------------------------------------------------- judging

type Facts = Exclude<Played, { skipped: string }> & {
  readonly said: readonly Said[];
  /** Processor time of the bot: other programs of the machine do not make it longer. */
  readonly cpuMs: number;
  readonly grownMb: number;
  readonly reached: readonly string[];
};

/** Reasons why that is not as expected. */
function judge(entry: Entry, facts: Facts, world: World): string[] {
  const { statuses, said } = facts;
  const isAllowed = statusesOf(entry.expected);
  const findings = said.flatMap((one) => world.findingsIn(one));
  const silent = (["slack", "teams"] as const).filter((platform) => {
    const own = said.filter((one) => one.platform === platform);
    return facts.shows !== undefined && !own.some(({ body }) => JSON.stringify(body).includes(facts.shows ?? ""));
  });
  return [
    ...silent.map((platform) => `the text was not shown in ${platform}`),
    ...(world.bot.exitCode() === null ? [] : ["crash"]),
    ...statuses.filter((status) => status >= 500 && status !== 503).map((status) => `5xx: ${status}`),
    ...(isAllowed === undefined
      ? []
      : statuses.filter((one) => !isAllowed(one)).map((one) => `status ${one}, expected ${entry.expected}`)),
    ...findings.map(({ what, text }) => `${what} in what was said: ${text.slice(0, 80)}`),
    ...entry.must_not.flatMap((rule) => brokenRule(rule, entry, facts, world)),
  ];
}

function brokenRule(rule: string, { input }: Entry, facts: Facts, world: World): string[] {
  const { said, bodies = [] } = facts;
  const [name = "", limit = ""] = rule.split(/:>?/);
  switch (name) {
    case "accept":
    case "vote":
      return rule === "vote" || said.length === 0 ? [] : [`accept: ${said.length} messages were said`];
    case "double":
      return said.length === 1 ? [] : [`double: said ${said.length} times`];
    case "slow": {
      const ms = Math.round(facts.slowestMs ?? facts.cpuMs);
      return ms <= Number(limit) ? [] : [`slow: ${ms} ms`];
    }
    case "rss":
      return facts.grownMb <= Number(limit) ? [] : [`rss: ${facts.grownMb.toFixed(0)} MB more at its peak`];
    case "fetch":
      return facts.reached.filter((host) => host === limit).map((host) => `fetch: ${host} was reached for`);
    case "leak":
      return bodies
        .filter((body) => /\n\s+at |node_modules|\bBearer\b/.test(body))
        .map((body) => `leak: ${body.slice(0, 80)}`);
    case "messages":
      return said.length <= Number(limit) ? [] : [`messages: ${said.length}`];
    case "truncate_silent":
      return cutSilently(input, said, world);
    case "execute":
      return said.some(({ body }) => /"executed":true/.test(JSON.stringify(body))) ? ["execute"] : [];
    default:
      // What is left (ping, link, raw, crash, 5xx) is looked for always, or has no counterpart in this version.
      return [];
  }
}

/** Every message is one that the platform takes, and either whole or with a word about what is missing. */
function cutSilently(input: unknown, said: readonly Said[], world: World): string[] {
  const refused = world.bot.log.filter((line) => /could not read a message|refused this form/.test(line));
  const text = typeof input === "string" ? input : "";
  const shown = said.map(({ body }) => stringsIn({ ...body, blocks: parsed(body["blocks"]) }).join("\n"));
  const silent = shown.filter((words) => {
    const isWhole = text !== "" && words.replace(/\s/g, "").includes(text.replace(/\s/g, ""));
    return !isWhole && !/…|\bmore\b|too long|not shown|left out|cut|could not/i.test(words) && mentions(words, text);
  });
  return [
    ...refused.slice(0, 1).map((line) => `refused by the platform: ${line.slice(0, 200)}`),
    ...silent.map((words) => `truncate_silent: ${words.slice(0, 80)}`),
  ];
}

/** Whether the message shows any of it at all. */
function mentions(words: string, text: string): boolean {
  return text !== "" && words.includes(text.slice(0, 50));
}

function parsed(blocks: unknown): unknown {
  return typeof blocks === "string" ? JSON.parse(blocks) : blocks;
}
