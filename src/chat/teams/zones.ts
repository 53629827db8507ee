import type { Place } from "../../core/chat.ts";
import { newest } from "../../util/newest.ts";

/** The zone of whoever asked last in a place: their answer's words are in it, so its chart has to be too. */
export type Zones = {
  /** `zone` is an IANA name; undefined leaves what was noted before. */
  note(place: Place, zone: string | undefined): void;
  of(place: Place): string | undefined;
};

/** A chart is sent within moments of its question: older places may be forgotten. */
const MOST = 5000;

export function createZones(): Zones {
  const zones = newest<string>(MOST);
  const key = ({ channel, thread }: Place) => `${channel}/${thread}`;
  return {
    note(place, zone) {
      if (zone !== undefined) zones.set(key(place), zone);
    },
    of: (place) => zones.get(key(place)),
  };
}
