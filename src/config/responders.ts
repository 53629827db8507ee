import { nearest } from "./problem.ts";
import type { Deps } from "./sources.ts";
import { show } from "./values.ts";

/** Roles whose people may silence alerts and change who is on call. Each must be one of `roles`. */
export function readResponders({ file, report }: Deps, roles: Readonly<Record<string, unknown>>): readonly string[] {
  const written = file.settings.responders ?? [];
  const known = Object.keys(roles);
  for (const [index, name] of written.entries()) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const cure =
      meant !== undefined
        ? `did you mean ${meant}?`
        : known.length === 0
          ? "none is configured."
          : `known are ${known.join(", ")}.`;
    report(file.where(["responders", index]), `must name one of the roles: it is ${show(name)}, and ${cure}`);
  }
  return written;
}
