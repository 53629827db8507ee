/** Alerts that exist to fire for ever, as a sign of life, or to inhibit others: no trouble, and no incident. */
const HEARTBEAT = /^(?:watchdog|deadmans?switch|heartbeat|alwaysfiring|infoinhibitor)$/i;

/** Whether an alert of that name is a sign of life. */
export function isHeartbeat(name: string | undefined): boolean {
  return HEARTBEAT.test(name ?? "");
}
