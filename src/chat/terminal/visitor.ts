import { userInfo } from "node:os";
import type { Visitor } from "../../core/access.ts";

/**
 * Whoever works under the account of the operating system that this process runs as. Its name comes from the system's own
 * list of accounts, never from a variable or a flag that anybody may set.
 *
 * The bot asks this about itself for what comes through its socket. Node offers no SO_PEERCRED, so it cannot ask who is at
 * the other end; but the socket has mode 0600 and stands in a folder of mode 0700, so only processes of the very same
 * account can connect (and root, who can act as anybody on the machine anyway).
 */
export function visitorHere(thread = "terminal"): Visitor {
  const name = accountHere();
  return {
    user: { platform: "terminal", id: name, name },
    place: { platform: "terminal", channel: name, thread },
    isGuest: false,
    isExternal: false,
  };
}

/** The account's name, or "uid-1000" for a number without one, as in some containers. */
export function accountHere(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
