import { reasonOf } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import { readSecretFile } from "./environment.ts";
import type { Deps } from "./sources.ts";

/** What reading one entry of a list needs: where its settings stand, and the files they name. */
export type EntryAt = {
  readonly where: (...rest: readonly PropertyKey[]) => string;
  readonly refuse: (key: string, message: string) => void;
  /** Of a file that a key, or a key inside of one, names. */
  readonly secret: (...keys: readonly string[]) => Secret | undefined;
  /** The absolute path of a readable file. */
  readonly path: (key: string) => string | undefined;
  /** The text of that file. */
  readonly text: (key: string) => string | undefined;
  readonly named: { name: string; environment?: string };
  readonly notice: (text: string) => void;
};

/** `base` is where the entry stands in the file, and `kind` what notices call it. */
export function entryAt(
  { file, readFile, report, notices }: Deps,
  base: readonly PropertyKey[],
  kind: string,
  entry: { readonly name: string; readonly environment?: string | undefined; readonly [key: string]: unknown },
): EntryAt {
  const where = (...rest: readonly PropertyKey[]) => file.where([...base, ...rest]);
  const pathOf = (...keys: readonly string[]) => {
    const inside = (value: unknown, key: string) => (value as Readonly<Record<string, unknown>> | undefined)?.[key];
    const value = keys.reduce<unknown>(inside, entry);
    return typeof value === "string" ? file.resolvePath([...base, ...keys], value) : undefined;
  };
  const text = (key: string) => {
    const path = pathOf(key);
    try {
      return path === undefined ? undefined : readFile(path);
    } catch (cause) {
      report(where(key), `must name a readable file: ${reasonOf(cause)}. Check the path and its permissions.`);
      return undefined;
    }
  };
  const { name, environment } = entry;
  return {
    where,
    text,
    refuse: (key, message) => report(where(key), message),
    secret: (...keys) => {
      const path = pathOf(...keys);
      return path === undefined ? undefined : readSecretFile(path, where(...keys), readFile, report);
    },
    path: (key) => {
      text(key);
      return pathOf(key);
    },
    named: { name, ...(environment !== undefined && { environment }) },
    notice: (words) => notices.push(`${kind} ${name}: ${words}`),
  };
}

/** `{ key: value }`, or nothing when there is no value. */
export function some<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };
}

/** Whether an address leads to this machine. */
export function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
