import type { Block, Button, Card } from "../core/card.ts";
import { type SilenceDraft, sayMatcher } from "../core/silence.ts";
import { formatDuration } from "../core/units.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inert, inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";

type Look = { readonly now: number; readonly zone: string };

/** A silence as its one message: what it matches before it is written, until when once it is, and how it ended. */
export function silenceCard(silence: SilenceDraft, { now, zone }: Look): Card {
  const { matched, reason, incident, asked } = silence;
  const blocks: Block[] = [];
  const length = formatDuration(silence.seconds);
  const count = countOf(matched.total);
  blocks.push({ kind: "text", text: stateOf(silence, { now, zone }) });
  if (matched.names.length > 0 && (silence.status === "asked" || silence.status === "active"))
    blocks.push({
      kind: "list",
      items: [
        ...matched.names.slice(0, SHOWN).map(({ name, total }) => `${inertName(name, { max: 80 })}: ${total}`),
        ...(matched.names.length > SHOWN ? [`… and ${matched.names.length - SHOWN} more names`] : []),
      ],
    });
  blocks.push({
    kind: "facts",
    items: [
      { name: "Matchers", value: silence.matchers.map(sayMatcher).join(", ") },
      ...(reason === "" ? [] : [{ name: "Reason", value: reason }]),
    ],
  });
  const buttons = buttonsOf(silence, length, count);
  if (buttons.length > 0) blocks.push({ kind: "buttons", buttons });
  const about = incident === undefined ? "" : ` For incident ${incident}.`;
  blocks.push({ kind: "note", text: `Silence ${silence.id}, asked for by ${inertName(asked.name)}.${about}` });
  return { title: titleOf(silence, { now, zone }), tone: silence.status === "asked" ? "warning" : "info", blocks };
}

const SHOWN = 12;

function titleOf(silence: SilenceDraft, { now, zone }: Look): string {
  const { status, written, ended, matched } = silence;
  switch (status) {
    case "asked":
      return `Silence ${silence.isForAll ? "EVERYTHING that these match" : countOf(matched.total)} for ${formatDuration(silence.seconds)}?`;
    case "active":
      return `Silenced until ${sayTime(written?.until ?? now, now, zone)} by ${inertName(written?.name ?? "somebody")}`;
    case "ended":
      return ended?.because === "time"
        ? "This silence is over: its time has come."
        : ended?.by === undefined
          ? "This silence is over: somebody ended it in Alertmanager."
          : `${inertName(ended.by.name)} ended this silence.`;
    case "dropped":
      return ended?.by === undefined
        ? "Nothing was silenced: nobody confirmed it in time."
        : `Nothing was silenced: ${inertName(ended.by.name)} dropped it.`;
    default:
      return never(status);
  }
}

function stateOf({ status, matched, written, endedAt, seconds }: SilenceDraft, { now, zone }: Look): string {
  switch (status) {
    case "asked":
      return matched.total === 0
        ? `No alert that fires now is matched. ${anomaliesOf(matched)}Alerts and anomalies that begin later and match would be silent, too.`
        : `Matched now, by Alertmanager: ${countOf(matched.total)}. ${anomaliesOf(matched)}Alerts and anomalies that begin later and match would be silent, too, for everybody whom this Alertmanager tells.`;
    case "active":
      return `It matched ${countOf(matched.total)} when it was shown. Whatever matches is told to nobody until then.`;
    case "ended":
      return `It held ${written === undefined ? "" : `from ${sayTime(written.at, now, zone)} `}until ${sayTime(endedAt ?? now, now, zone)}. What still fires is told again.`;
    case "dropped":
      return `It would have lasted ${formatDuration(seconds)}.`;
    default:
      return never(status);
  }
}

/** Who was told of an anomaly sees its end; what is silenced is the next one. */
function anomaliesOf({ anomalies = 0 }: SilenceDraft["matched"]): string {
  if (anomalies === 0) return "";
  return `${anomalies === 1 ? "1 anomaly that goes on matches" : `${anomalies} anomalies that go on match`}, too. `;
}

function countOf(total: number): string {
  return total === 0 ? "no alert" : total === 1 ? "1 alert" : `${total} alerts`;
}

function buttonsOf({ id, status, isForAll }: SilenceDraft, length: string, count: string): readonly Button[] {
  const button = (
    label: string,
    style: Button["style"],
    decision: "silence_write" | "silence_drop" | "silence_end",
  ): Button => ({
    label,
    style,
    action: {
      kind: "decide",
      decision,
      proposal: id,
      code: "now",
      ...(decision === "silence_write" && {
        confirm: {
          title: isForAll ? "Silence everything?" : `Silence ${count}?`,
          text: `Whatever matches is told to nobody for ${length}.`,
        },
      }),
    },
  });
  if (status === "asked")
    return [button("Silence", "danger", "silence_write"), button("Do not", "plain", "silence_drop")];
  return status === "active" ? [button("End silence", "plain", "silence_end")] : [];
}

/** A note that it ends soon. */
export function endsSoonCard(silence: SilenceDraft, firing: number | undefined, { now, zone }: Look): Card {
  const until = silence.written?.until ?? now;
  const still =
    firing === undefined
      ? "What it matches could not be asked."
      : firing === 0
        ? "Nothing that it matches fires now."
        : `${countOf(firing)} that it matches ${firing === 1 ? "fires" : "fire"} still, and will be told again.`;
  return {
    title: `This silence ends ${sayMoment(until, now, zone)}.`,
    tone: firing === 0 ? "info" : "warning",
    blocks: [
      { kind: "text", text: `${still} To go on: silence ${inert(silence.matchers.map(sayMatcher).join(" "))} for 2h` },
    ],
  };
}
