import type { AlertEvent, AlertRecord, Incident } from "../incident.ts";
import { formatDuration } from "../units.ts";
import { sentStartOf } from "./alert.ts";

/** Alerts that exist to fire for ever, as a sign of life, or to inhibit others: no trouble, and no incident. */
const HEARTBEAT = /^(?:watchdog|deadmans?switch|heartbeat|alwaysfiring|infoinhibitor)$/i;
/** Fires while something else does: that it is there or not says nothing of the way that alerts take. */
const INHIBITOR = /^infoinhibitor$/i;

/** Whether an alert of that name is a sign of life. */
export function isHeartbeat(name: string | undefined): boolean {
  return HEARTBEAT.test(name ?? "");
}

/** Of our own alert, which says that no sign of life came any more. While it does not fire, its end is when the last one came. */
export const NO_SIGN_OF_LIFE = "smartcloudops-no-sign-of-life";
const NAME = "NoSignOfLife";
const LABELS = { alertname: NAME, severity: "critical" };

/** Whether an incident is about nothing but signs of life that do not come. */
export function isAboutSilence({ names }: Pick<Incident, "names">): boolean {
  return names.length > 0 && names.every(({ name }) => name === NAME);
}

/** Whether that is a sign of life that came. */
export function isSignOfLife({ labels, status }: AlertEvent): boolean {
  const { alertname = "" } = labels;
  return status === "firing" && isHeartbeat(alertname) && !INHIBITOR.test(alertname);
}

/** A sign of life came then (unix seconds): our alert is over. */
export function signOfLife(at: number): AlertEvent {
  return {
    ...{ fingerprint: NO_SIGN_OF_LIFE, status: "resolved", labels: LABELS, startsAt: at, endsAt: at, at },
    annotations: { summary: "Signs of life come." },
  };
}

/** With the beginning that it ends, where it fires: nobody who says that it is over knows when it began. */
export function endingOf(event: AlertEvent, known: AlertRecord | undefined): AlertEvent {
  const isOurs = event.fingerprint === NO_SIGN_OF_LIFE && event.status === "resolved";
  if (!isOurs || known === undefined || known.endsAt !== undefined) return event;
  return { ...event, startsAt: sentStartOf(known), annotations: { summary: known.summary } };
}

/** When the last sign of life came, unix seconds, by the record of our alert; undefined while it fires, and where none ever came. */
export function lastSignOf(record: AlertRecord | undefined): number | undefined {
  return record?.endsAt;
}

/** Our alert: no sign of life came within so many seconds, which were over at `due`. Times are unix seconds. */
export function noSignOfLife(within: number, due: number, at: number): AlertEvent {
  const summary = `No sign of life (Watchdog) came within ${formatDuration(within)}: alerts may not arrive here. Look whether Prometheus and Alertmanager run, and whether the route of Watchdog still leads here.`;
  return {
    ...{ fingerprint: NO_SIGN_OF_LIFE, status: "firing", labels: LABELS, startsAt: due, at },
    annotations: { summary },
  };
}
