import type { IncidentContext } from "../../cards/incident-card.ts";
import { type Happened, incidentNotice } from "../../cards/incident-notice.ts";
import type { Place } from "../../core/chat.ts";
import { routedSeverity } from "../../core/incident/impact.ts";
import { messageId, noteId } from "../../core/incident/message.ts";
import { graverFirst, type Incident, isLive, SEVERITIES } from "../../core/incident.ts";
import type { Outbox } from "../../ports/outbox.ts";

export type TellDeps = {
  readonly outbox: Pick<Outbox, "put" | "fateOf">;
  readonly now: number;
  /** How long ago a call may be to be worth telling, in seconds. */
  readonly news: number;
};

/** A flapping incident's end is told once it stayed over for this long, in seconds: until then it may go on. */
const STAYS_OVER = 1800;

/**
 * What happened to an incident and a notifier was not told yet -> the outbox. What was told is read from the outbox itself, by ids of
 * what each is about, so that a restart tells nothing twice and forgets nothing. Returns the moment (unix seconds) from which its end
 * may be told, where that has to wait.
 */
export async function tellNotifier(
  { outbox, now, news }: TellDeps,
  incident: Incident,
  place: Place,
  at: number,
  context: IncidentContext,
): Promise<number | undefined> {
  const { id, status, acknowledged, snoozed, more, woken } = incident;
  const severity = routedSeverity(incident);
  const idAs = (one: string) => `${messageId(id, at)}:as-${one}`;
  const isThere = async (one: string) => (await outbox.fateOf(one)) !== undefined;
  // It was opened at the mildest severity that was told: only graver ones are told after it.
  // What was told as grave as that before somebody had it as milder is news once it is open again.
  const back = backSince(incident, severity, now - news);
  const idBack = (one: string) => `${messageId(id, at)}:back-${back}-as-${one}`;
  const which = (idOf: (one: string) => string) =>
    Promise.all(SEVERITIES.map(async (one) => ((await isThere(idOf(one))) ? [one] : []))).then((all) => all.flat());
  const told = await which(idAs);
  const opened = idAs(told[0] ?? severity);
  const toldBack = back === undefined ? [] : await which(idBack);
  const graver = [...told, ...toldBack].every((one) => graverFirst(severity, one) < 0);

  const put = async (happened: Happened) => {
    const notice = incidentNotice(incident, happened, context);
    const [text = "", ...rest] = notice.lines;
    const blocks = [text, ...rest].map((line) => ({ kind: "text" as const, text: line }));
    const tone = happened.kind === "resolved" ? ("good" as const) : ("warning" as const);
    await outbox.put({
      id: happened.id,
      place,
      card: { title: notice.title, tone, blocks },
      hint: JSON.stringify(notice),
      at: now,
      ...(happened.id !== opened && { under: opened }),
    });
  };

  if (told.length === 0) await put({ id: opened, kind: "opened" });
  else if (back !== undefined && toldBack.length === 0) await put({ id: idBack(severity), kind: "worse" });
  else if (graver && isLive(incident)) await put({ id: idAs(severity), kind: "worse" });

  const round = incident.reopened ?? 0;
  if (!isLive(incident)) {
    const from = (incident.endedAt ?? now) + STAYS_OVER;
    if (incident.isFlapping && from > now) return from;
    await put({ id: noteId(id, at, `resolved-${round}`), kind: "resolved" });
    return undefined;
  }
  if (round > 0 && (await isThere(noteId(id, at, `resolved-${round - 1}`))))
    await put({ id: `${messageId(id, at)}:again-${round}`, kind: "again" });
  if (status === "acknowledged" && acknowledged !== undefined)
    await put({ id: noteId(id, at, `acknowledged-${acknowledged.at}`), kind: "acknowledged" });
  if (status === "snoozed" && snoozed !== undefined)
    await put({ id: noteId(id, at, `snoozed-${snoozed.at}`), kind: "acknowledged" });
  // What made it graver is told as that, above.
  if (more !== undefined && more.isGraver === undefined && more.at > now - news)
    await put({ id: `${messageId(id, at)}:more-${more.at}`, kind: "more" });
  if (status !== "open") return undefined;
  for (const call of incident.calls ?? []) {
    if (call.at <= now - news || !call.places.some(({ platform }) => platform === place.platform)) continue;
    const kind = call.because === "idle" ? "again" : "called";
    await put({ id: `${messageId(id, at)}:call-${call.at}`, kind, call });
  }
  // One that got worse is told as that, above.
  if (woken?.because === "time" && woken.at > now - news)
    await put({ id: `${messageId(id, at)}:woken-${woken.snoozed.at}`, kind: "again" });
  return undefined;
}

/** When somebody took what is open again since it got worse, unix seconds; undefined where it is not, or is told as something else. */
function backSince(
  { status, acknowledged, woken, more }: Incident,
  severity: Incident["severity"],
  recent: number,
): number | undefined {
  if (status !== "open") return undefined;
  const isWoken = woken?.because === "worse" && woken.at > recent && woken.snoozed.at > (acknowledged?.at ?? 0);
  if (isWoken) return graverFirst(severity, woken.snoozed.severity ?? severity) < 0 ? woken.snoozed.at : undefined;
  if (acknowledged === undefined) return undefined;
  const isMore = more?.reopens === true && more.isGraver === undefined && more.at >= acknowledged.at;
  return isMore ? undefined : acknowledged.at;
}
