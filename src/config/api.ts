import type { Scope } from "../core/access.ts";
import { type Secret, secret } from "../util/secret.ts";
import { nearest } from "./problem.ts";
import type { ConfigFile } from "./schema.ts";
import type { Deps } from "./sources.ts";
import type { SourceConfig } from "./types.ts";
import { show } from "./values.ts";

type Entry = NonNullable<NonNullable<ConfigFile["api"]>["tokens"]>[number];

/** A program that may call the HTTP API. */
export type ApiToken = {
  name: string;
  secret: Secret;
  scopes: readonly Scope[];
  /** Undefined with `environments` too: all sources. */
  sources?: readonly string[];
  environments?: readonly string[];
  perMinute: number;
};

/** So many letters cannot be guessed at the pace that is allowed. */
const SHORTEST = 24;
const PER_MINUTE = 60;

/** Tokens by name: what each may read stands in the file, its secret in API_TOKENS. One without the other is a problem. */
export function readApi(
  { env, file, report }: Deps,
  sources: readonly SourceConfig[],
): { tokens: readonly ApiToken[] } {
  const entries = file.settings.api?.tokens ?? [];
  const secrets = readSecrets(env.secret("API_TOKENS"), report);
  const names = entries.map(({ name }) => name);
  const unknown = [...secrets.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const meant = unknown.map((name) => nearest(name, names)).find((name) => name !== undefined);
    const cure = meant === undefined ? "" : ` Did you mean ${meant}?`;
    report(
      "API_TOKENS",
      `must name tokens that api.tokens in the file lists with their scopes: ${unknown.map(show).join(", ")} ${unknown.length === 1 ? "is" : "are"} not there.${cure}`,
    );
  }
  const tokens = entries.flatMap((entry, index): ApiToken[] => {
    const { name, scopes, per_minute: perMinute = PER_MINUTE } = entry;
    const where = (key: string) => file.where(["api", "tokens", index, key]);
    if (names.indexOf(name) < index)
      report(where("name"), `must not be the name of another token: ${show(name)} is there twice.`);
    insistOnNames(entry, sources, (key, message) => report(where(key), message));
    const own = secrets.get(name);
    if (own === undefined)
      report(
        where("name"),
        `must come with its secret in API_TOKENS, as ${name}=<secret>: there is none. Make one with: openssl rand -hex 24`,
      );
    return own === undefined
      ? []
      : [
          {
            ...{ name, scopes, perMinute, secret: own },
            ...(entry.sources !== undefined && { sources: entry.sources }),
            ...(entry.environments !== undefined && { environments: entry.environments }),
          },
        ];
  });
  return { tokens };
}

/** `grafana=<secret>,ci=<secret>`. */
function readSecrets(written: Secret | undefined, report: Deps["report"]): ReadonlyMap<string, Secret> {
  const found = new Map<string, Secret>();
  for (const pair of written?.reveal().split(",") ?? []) {
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    if (at < 1 || value === "")
      report("API_TOKENS", "must be name=secret, several parted by commas: a part of it is not.");
    else if (found.has(name)) report("API_TOKENS", `must name each token once: ${show(name)} is there twice.`);
    else if (value.length < SHORTEST)
      report(
        "API_TOKENS",
        `must have secrets of at least ${SHORTEST} characters: that of ${show(name)} has ${value.length}. Make one with: openssl rand -hex 24`,
      );
    else if ([...found.values()].some((one) => one.reveal() === value))
      report("API_TOKENS", `must have another secret for each token: ${show(name)} has that of another.`);
    else found.set(name, secret(value));
  }
  return found;
}

function insistOnNames(
  entry: Entry,
  sources: readonly SourceConfig[],
  refuse: (key: string, message: string) => void,
): void {
  const known = {
    sources: sources.map(({ name }) => name),
    environments: sources.flatMap(({ environment }) => environment ?? []),
  };
  for (const key of ["sources", "environments"] as const)
    for (const name of entry[key] ?? [])
      if (!known[key].includes(name))
        refuse(
          key,
          `must name ${key} that are configured: ${show(name)} is none${known[key].length === 0 ? "" : `; there are ${[...new Set(known[key])].join(", ")}`}.`,
        );
}
