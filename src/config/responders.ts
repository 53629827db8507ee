import { checkNames } from "./routes.ts";
import type { Deps } from "./sources.ts";

/** Roles whose people may silence alerts and change who is on call. Each must be one of `roles`. */
export function readResponders({ file, report }: Deps, roles: Readonly<Record<string, unknown>>): readonly string[] {
  const written = file.settings.responders ?? [];
  const known = Object.keys(roles);
  checkNames(written, known, "roles", (at, problem) => report(file.where(["responders", at]), problem));
  return written;
}
