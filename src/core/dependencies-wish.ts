import { fold } from "./language/normalise.ts";

const WISH =
  /^(?:status (?:of )?(?:the |all |my )?dependencies|(?:show |list )?(?:the |all |my )?dependencies|(?:status of the bot|bot status|status of your dependencies)|(?:circuit )?breakers)$/;

/** Whether somebody asks how what the bot itself calls stands: "status dependencies", "bot status". */
export function asksForDependencies(text: string): boolean {
  return WISH.test(
    fold(text.trim().slice(0, 100))
      .replace(/\s+/g, " ")
      .replace(/[?.!]$/, ""),
  );
}
