/** The entries that were set last: as many as `most`, and never fewer than half of that once there were so many. */
export type Newest<V> = {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
};

/**
 * Forgets the oldest half at once instead of one entry at a time: a Map walks over everything that was deleted at its
 * front whenever it is asked for its first key.
 */
export function newest<V>(most: number): Newest<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      young.set(key, value);
      if (young.size < most / 2) return;
      old = young;
      young = new Map();
    },
  };
}
