import { randomUUID } from "node:crypto";
import { openStore } from "../app/outside.ts";
import { visitorHere } from "../chat/terminal/visitor.ts";
import type { Config } from "../config.ts";
import { identify } from "../core/people.ts";
import type { Whom } from "../core/personal.ts";
import { OPEN, type Status } from "../core/proposal.ts";
import { rfc3339 } from "../core/zone.ts";
import type { PersonalRows } from "../ports/personal.ts";
import type { Store } from "../ports/store.ts";
import { acquireStart } from "../store/lock.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { readConfig } from "./settings.ts";
import { typed } from "./typed.ts";

const WORD = "forget";

/** `person export|forget ID`: what is stored about a person as JSON; takes who it was out of it. Both are in the audit. */
export async function run(call: Call): Promise<number> {
  const [word, id, ...more] = call.words;
  if ((word !== "export" && word !== "forget") || id === undefined || more.length > 0)
    throw new UsageError(`person wants "export ID" or "forget ID": it is ${JSON.stringify(call.words.join(" "))}.`);
  const config = readConfig(call);
  const whom = whomOf(config, id);
  return word === "export" ? exported(call, config, id, whom) : forgotten(call, config, id, whom);
}

async function exported(call: Call, config: Config, id: string, whom: Whom): Promise<number> {
  return withStore(config, async (store) => {
    const { found } = await known(store, whom);
    const actor = actorIn(found);
    if (actor !== undefined) await store.audit.append([await entryOf(config, store, "export person", actor)]);
    const tables = Object.entries(found).map(([table, rows]) => [table, rows.map(readable)]);
    const document = { person: id, accounts: whom.accounts, at: rfc3339(Date.now() / 1000) };
    call.stdout.write(`${JSON.stringify({ ...document, tables: Object.fromEntries(tables) }, null, 2)}\n`);
    return EXIT.ok;
  });
}

/** Never from a pipe, and there is no flag for it. No bot may run: it would write what it has in memory. */
async function forgotten(call: Call, config: Config, id: string, configured: Whom): Promise<number> {
  if (call.stdin.isTTY !== true) throw new UsageError("person forget asks before it does, so it needs a terminal.");
  const start = acquireStart(config.dataDir);
  try {
    return await withStore(config, async (store) => {
      const { whom, found } = await known(store, configured);
      const count = Object.values(found).reduce((sum, rows) => sum + rows.length, 0);
      if (count === 0) {
        call.stderr.write(`Nothing is stored about ${JSON.stringify(id)}.\n`);
        return EXIT.failed;
      }
      const undecided = (found["proposals"] ?? []).filter(isOpen).map((row) => String(row["id"]));
      if (undecided.length > 0) {
        call.stderr.write(
          `Changes that they asked for or voted on are not over, and cannot be told apart from forged ones without them: ${undecided.join(", ")}. Reject them or wait for their end, then forget again. Nothing was changed.\n`,
        );
        return EXIT.failed;
      }
      call.stdout.write(
        `${count} rows name ${JSON.stringify(id)} (${Object.entries(found)
          .map(([table, rows]) => `${table}: ${rows.length}`)
          .join(", ")}).
What is theirs alone is deleted; elsewhere an id stands in their place, for good. The audit stays whole: it holds such an id already.
Words that people wrote about them, and messages with their name, stay until retention forgets those. Other replicas must be stopped. Backups are
not reached, nor stores that a restore put aside, nor logs.
Type ${WORD} to go on: `,
      );
      if ((await typed(call)) !== WORD) {
        call.stdout.write("Nothing was changed.\n");
        return EXIT.failed;
      }
      const as = actorIn(found) ?? `a-${randomUUID()}`;
      const counts = await store.personal.forget(whom, as, [await entryOf(config, store, "forget person", as)]);
      const rows = Object.values(counts).reduce((sum, one) => sum + one, 0);
      call.stdout.write(
        `Forgotten: ${rows} rows; ${as} stands in their place. Take the person out of the settings too, or they are known again with their next word.\n`,
      );
      return EXIT.ok;
    });
  } finally {
    start.release();
  }
}

/** A person of the configuration by their id, or an account as platform:id. Throws `UsageError`. */
function whomOf({ people }: Config, id: string): Whom {
  const person = people.find((one) => one.id === id);
  const [, platform, account] = /^(\w+)[:/](.+)$/.exec(id) ?? [];
  if (person === undefined && (platform === undefined || account === undefined))
    throw new UsageError(
      `person wants the id of somebody under \`people\`, or an account as platform:id (slack:U0123ABCD): it is ${JSON.stringify(id)}.`,
    );
  const accounts =
    person === undefined
      ? [{ platform: platform as string, id: account as string }]
      : Object.entries(person.accounts).flatMap(([on, ids]) => ids.map((one) => ({ platform: on, id: one })));
  // An account was a person of its own before the settings linked it.
  const alone = accounts.map((one) => `${one.platform}:${one.id.toLowerCase()}`);
  return {
    persons: person === undefined ? alone : [person.id, ...alone],
    accounts,
    names: person ? [person.name] : [],
  };
}

/** All that names them: platforms may call them otherwise than the settings do, and some rows have nothing but that name. */
async function known(store: Store, whom: Whom): Promise<{ readonly whom: Whom; readonly found: PersonalRows }> {
  const { actors = [], turns = [] } = await store.personal.of(whom);
  const users = turns.map((row) => readable(row)["user"]).filter((user) => typeof user === "object" && user !== null);
  const names = [...actors, ...users].flatMap((one) =>
    "name" in one && typeof one.name === "string" ? [one.name] : [],
  );
  const all = { ...whom, names: [...new Set([...whom.names, ...names.filter((name) => name !== "")])] };
  return { whom: all, found: await store.personal.of(all) };
}

function actorIn(found: PersonalRows): string | undefined {
  const id = found["actors"]?.[0]?.["id"];
  return typeof id === "string" ? id : undefined;
}

function isOpen(row: Readonly<Record<string, unknown>>): boolean {
  const status = row["status"] as Status;
  return OPEN.has(status) || status === "verifying";
}

async function entryOf({ people }: Config, { audit }: Store, action: string, id: string) {
  const by = identify(people, visitorHere().user);
  return { actor: await audit.actorOf(by), platform: by.platform, action, id, hash: "", from: "", to: "", reason: "" };
}

/** JSON within a row is read, and bytes are only counted: they hold the numbers of an answer. */
function readable(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, `${value.length} bytes`];
      if (typeof value !== "string" || !/^[[{]/.test(value)) return [name, value];
      try {
        return [name, JSON.parse(value) as unknown];
      } catch {
        return [name, value];
      }
    }),
  );
}

async function withStore(config: Config, work: (store: Store) => Promise<number>): Promise<number> {
  const store = await openStore(config, () => Date.now() / 1000);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
