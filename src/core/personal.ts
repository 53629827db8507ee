import { isAccount } from "./people.ts";

/** What is stored about a person: where it names them, and how it is taken out. */

/** A person as stored rows name them: ids of persons (see `Identity`), and accounts. */
export type Whom = {
  readonly persons: readonly string[];
  readonly accounts: readonly { readonly platform: string; readonly id: string }[];
  readonly names: readonly string[];
};

/** A row as every store has it, by column; what holds JSON may be text or read already. */
type Row = Readonly<Record<string, unknown>>;

/** Rows that are theirs alone, and go as a whole: by table, whether one is. */
const OWN: Readonly<Record<string, (row: Row, whom: Whom) => boolean>> = {
  turns: (row, whom) => isTheirPlace(row, whom) || isNamed(read(row["user"]), whom),
  answers: isTheirPlace,
  places: isTheirPlace,
  outbox: (row, whom) => row["state"] !== "waiting" && isTheirPlace(placeOf(row), whom),
  feedback: ({ platform, user }, whom) => isAccountOf(platform, user, whom),
  opinions: ({ person, by }, whom) => isJoined(String(person ?? by), whom),
  spending: ({ key }, whom) => isJoined(String(key).replace(/^(?:user|channel) /, ""), whom),
  actors: ({ person, platform, account }, whom) =>
    whom.persons.includes(String(person)) || isAccountOf(platform, account, whom),
};

/** What has come in and is not dealt with goes by itself within minutes. */
const PASSING: ReadonlySet<string> = new Set(["inbox", "seen_events", "audit"]);

/**
 * What becomes of a row of that table when the person is forgotten: it does not name them (undefined), it goes, or it names `as` in their
 * place. Rows that others share stay, so that numbers and histories do; only who it was is taken out.
 */
export function withoutPerson<R extends Row>(table: string, row: R, whom: Whom, as: string): R | "gone" | undefined {
  if (PASSING.has(table)) return undefined;
  if (OWN[table]?.(row, whom) === true) return "gone";
  const columns = Object.entries(row).map(([name, value]) => [name, inColumn(table, name, value, whom, as)] as const);
  return columns.some(([name, value]) => value !== row[name]) ? (Object.fromEntries(columns) as R) : undefined;
}

function inColumn(table: string, name: string, value: unknown, whom: Whom, as: string): unknown {
  // In memory a lesson is whole: what it teaches may be any word, who taught it may not.
  if (table === "lessons" && name === "lesson" && isPlain(value))
    return inColumn(table, "taught_by", value["by"], whom, as) === value["by"] ? value : { ...value, by: as };
  if (table === "lessons" && name === "taught_by")
    return whom.names.includes(String(value)) || whom.accounts.some(({ id }) => id === value) ? as : value;
  if (typeof value !== "string") return isPlain(value) ? replaced(value, whom, as) : value;
  if (!/^[[{]/.test(value)) return value;
  const before = read(value);
  const after = replaced(before, whom, as);
  return after === before ? value : JSON.stringify(after);
}

/** The same value where nothing in it names them. */
function replaced(value: unknown, whom: Whom, as: string): unknown {
  if (typeof value === "string") return isJoined(value, whom) || isCalled(value, whom) ? as : value;
  if (Array.isArray(value)) {
    const items = value.map((one) => replaced(one, whom, as));
    return items.some((one, at) => one !== value[at]) ? items : value;
  }
  if (!isPlain(value)) return value;
  const isThem = isNamed(value, whom);
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    if (isThem && IDENTIFYING.has(name) && typeof inner === "string") return [name, as];
    // Who rehearsed a change or put a version of a watch in force stands there by name alone.
    if (name === "by" && typeof inner === "string" && whom.names.includes(inner)) return [name, as];
    return [name, replaced(inner, whom, as)];
  });
  return entries.some(([name, inner]) => inner !== value[name]) ? Object.fromEntries(entries) : value;
}

/** Values that say who somebody is, in an object that names them. Its place says where something stands, and stays. */
const IDENTIFYING: ReadonlySet<string> = new Set(["person", "id", "account", "name", "directory"]);

/** An object that stands for them: a person, or an account on a platform. A place has a channel, and is none. */
function isNamed(value: unknown, whom: Whom): boolean {
  if (!isPlain(value) || "channel" in value) return false;
  const { person, platform, id, account } = value;
  return whom.persons.includes(String(person)) || isAccountOf(platform, account ?? id, whom);
}

function isTheirPlace({ platform, channel, place }: Row, whom: Whom): boolean {
  const at = isPlain(place) ? place : { platform, channel };
  return isAccountOf(at["platform"], at["channel"], whom);
}

/** In memory a message is whole. */
function placeOf(row: Row): Row {
  return isPlain(row["message"]) ? row["message"] : row;
}

function isAccountOf(platform: unknown, id: unknown, { accounts }: Whom): boolean {
  return typeof id === "string" && accounts.some((one) => one.platform === platform && isAccount(one.id, id));
}

/** "slack/U1", "slack:u1". */
function isJoined(text: string, { accounts }: Whom): boolean {
  const [, platform, id] = /^(\w+)[/:](.+)$/.exec(text) ?? [];
  return id !== undefined && accounts.some((one) => one.platform === platform && isAccount(one.id, id));
}

/** The id of an account alone, where such ids are like nothing else: not at a terminal, where a name may be any word. */
function isCalled(text: string, { accounts }: Whom): boolean {
  return accounts.some(({ platform, id }) => platform !== "terminal" && id.length >= 6 && isAccount(id, text));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** JSON as it reads; text that is none as it stands. */
function read(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
