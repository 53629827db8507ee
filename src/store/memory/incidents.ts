import { type AlertRecord, type Incident, isLive } from "../../core/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Ledger } from "../seal.ts";
import { copy } from "./copy.ts";

export type KeptIncident = { readonly incident: Incident; readonly shown: number };

/** `Incidents` in memory. Both maps keep the order in which things came in; `use` is the store's own door. */
export function memoryIncidents(
  all: Map<string, KeptIncident>,
  alerts: Map<string, AlertRecord>,
  ledger: Ledger,
  use: <T>(work: () => T) => Promise<T>,
): Incidents {
  let saved = 0;
  return {
    generation: () => use(() => saved),
    get: (id) =>
      use(() => {
        const found = all.get(id);
        return found && copy(found.incident);
      }),
    find: ({ status, since, until = Number.POSITIVE_INFINITY, limit }) =>
      use(() =>
        [...all.values()]
          .map(({ incident }) => incident)
          .filter((one) => status?.includes(one.status) ?? true)
          .filter(({ openedAt }) => openedAt <= until)
          .filter(({ openedAt, endedAt = 0 }) => since === undefined || Math.max(openedAt, endedAt) >= since)
          .reverse()
          .sort((a, b) => b.openedAt - a.openedAt)
          .slice(0, Math.max(0, limit))
          .map(copy),
      ),
    earliest: () =>
      use(() => {
        const opened = [...all.values()].map(({ incident }) => incident.openedAt);
        return opened.length === 0 ? undefined : Math.min(...opened);
      }),
    live: () =>
      use(() =>
        [...all.values()]
          .map(({ incident }) => incident)
          .filter(isLive)
          .sort((a, b) => a.openedAt - b.openedAt)
          .map(copy),
      ),
    alerts: (fingerprints) =>
      use(() => {
        const wanted = new Set(fingerprints);
        return [...alerts.values()].filter(({ fingerprint }) => wanted.has(fingerprint)).map(copy);
      }),
    alertsOf: (incident, { skip, limit }) =>
      use(() =>
        [...alerts.values()]
          .filter((one) => one.incident === incident)
          .sort(
            (a, b) =>
              Number(a.endsAt !== undefined) - Number(b.endsAt !== undefined) ||
              b.startsAt - a.startsAt ||
              (a.fingerprint < b.fingerprint ? -1 : 1),
          )
          .slice(Math.max(0, skip), Math.max(0, skip) + Math.max(0, limit))
          .map(copy),
      ),
    unseenSince: (at, limit) =>
      use(() =>
        [...alerts.values()]
          .filter((one) => one.endsAt === undefined && one.incident !== undefined && one.seenAt < at)
          .sort((a, b) => a.seenAt - b.seenAt)
          .slice(0, Math.max(0, limit))
          .map(copy),
      ),
    save: (change) =>
      use(() => {
        const { incidents, alerts: told, entries } = copy(change);
        if (change.generation !== undefined && change.generation !== saved) return false;
        if (incidents.some(({ id, revision }) => revision !== (all.get(id)?.incident.revision ?? 0) + 1)) return false;
        return ledger.together(() => {
          if (entries.length > 0) ledger.seal(entries);
          for (const incident of incidents) all.set(incident.id, { incident, shown: all.get(incident.id)?.shown ?? 0 });
          for (const alert of told) alerts.set(alert.fingerprint, alert);
          saved += 1;
          return true;
        });
      }),
    unshown: (limit) =>
      use(() =>
        [...all.values()]
          .filter(({ incident, shown }) => shown < incident.revision)
          .sort((a, b) => a.incident.changedAt - b.incident.changedAt)
          .slice(0, Math.max(0, limit))
          .map(({ incident }) => copy(incident)),
      ),
    shown: (id, revision) =>
      use(() => {
        const found = all.get(id);
        if (found !== undefined && (revision === 0 || found.shown < revision))
          all.set(id, { ...found, shown: revision });
      }),
  };
}
