import * as z from "zod";
import { group, ids, NAME, text } from "./parts.ts";

const key = () => z.string().regex(NAME, "must be 1 to 63 letters, digits, dots, dashes or underscores");

/** `people`: who is who on which platform. */
export const people = () =>
  z
    .record(
      key(),
      group({
        name: text("How cards and the audit call this person. Default: the id.").optional(),
        slack: ids("Slack user ids, such as U0123ABCD."),
        teams: ids("Object ids of Microsoft Entra accounts."),
        terminal: ids("Accounts of the operating system on the bot's machine."),
        emails: ids("E-mail addresses, by which calendars name this person."),
      }),
      "must be a group of people by id",
    )
    .describe("People by id, with their accounts: several accounts of one person count once.");

/** `roles`: who has which role. */
export const roles = () =>
  z
    .record(
      key(),
      group({
        people: ids("Ids of people."),
        slack: ids("Slack user ids, such as U0123ABCD, and ids of user groups, such as S0123ABCD."),
        teams: ids("Object ids of Microsoft Entra accounts."),
        teams_groups: ids("Object ids of Microsoft Entra groups."),
        terminal: ids("Accounts of the operating system on the bot's machine."),
      }),
      "must be a group of roles",
    )
    .describe("Who has which role: people, accounts, and groups.");
