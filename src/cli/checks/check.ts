/** One thing the doctor looked at. `found` is what it saw; `cure` what to do. `advice`: it works, and would be better otherwise. */
export type Check = {
  readonly name: string;
  readonly found: string;
  /** It is there, and let nobody in with what it was shown. */
  readonly wantsCredentials?: true;
} & ({ readonly state: "ok" | "skipped" } | { readonly state: "failed" | "advice"; readonly cure: string });

export function ok(name: string, found: string): Check {
  return { name, state: "ok", found };
}

export function skipped(name: string, found: string): Check {
  return { name, state: "skipped", found };
}

export function failed(name: string, found: string, cure: string): Check {
  return { name, state: "failed", found, cure };
}
