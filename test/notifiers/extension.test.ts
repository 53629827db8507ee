import { expect, it } from "vitest";
import { notifierPlace } from "../../src/core/incident/notice.ts";
import { createNotifier } from "../../src/notifiers/index.ts";
import { notifierSender } from "../../src/notifiers/sender.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import { NeverError, NotNowError } from "../../src/util/errors.ts";
import { secret } from "../../src/util/secret.ts";
import { loaded } from "../extensions/folder.ts";
import { AT, aNotice } from "./worlds.ts";

/** Notifiers that do what none should. What holds for all of them stands in contract.test.ts, where the example is one. */

const SECRET = "notifier-s3cret";
const soon = () => AbortSignal.timeout(5000);

async function notifierOf(hands: string, more = "") {
  const text = `export default { contract: 1, notifier: { what: "page", hasEnd: false, settings: { properties: {} },
    open: (entry, kit) => ({ tell: async () => "", check: async () => "it answers", ${hands} }), ${more} } };`;
  const settings = {
    kind: "extension",
    name: "one",
    uses: "evil",
    settings: {},
    secrets: { token: secret(SECRET) },
  } as const;
  return createNotifier(settings, await loaded({ "evil.mjs": text }));
}
const told = { reference: undefined, attempts: 1 };

it("says which extension is missing", async () => {
  const settings = { kind: "extension", name: "one", uses: "none", settings: {}, secrets: {} } as const;
  await expect(createNotifier(settings)).rejects.toThrow(
    "The notifier one needs the extension none, which is not loaded.",
  );
});

it.each([
  ["throws", `tell() { throw new Error("boom"); }`, NotNowError, /page one: the extension evil failed: boom/],
  ["rejects with what is no error", "tell: () => Promise.reject(null)", NotNowError, /failed: null/],
  [
    "says its secret",
    `tell: async () => { throw new Error(entry.secrets.token.reveal()); }`,
    NotNowError,
    /failed: <hidden>/,
  ],
  ["never opens", "", NotNowError, /shut/],
  ["says to wait", `tell: async () => { throw kit.notNow("busy", 30, true); }`, NotNowError, /page one: busy/],
  [
    "says never, with its secret",
    `tell: async () => { throw kit.never("no " + entry.secrets.token.reveal()); }`,
    NeverError,
    /page one: no <hidden>/,
  ],
  ["gives back nothing", "tell: async () => {}", NeverError, /gave back no reference/],
  ["gives back garbage", "tell: async () => ({ toString: () => 'x' })", NeverError, /gave back no reference/],
  ["gives back megabytes", `tell: async () => "x".repeat(1e6)`, NeverError, /gave back no reference/],
])("one that %s is tried again, or given up where that would tell it twice", async (what, hands, kind, wanted) => {
  const notifier =
    what === "never opens"
      ? await notifierOf("", `open: async () => { throw new Error("shut"); },`)
      : await notifierOf(hands);
  const problem = await notifier.tell(aNotice("opened"), told, soon()).catch((thrown: unknown) => thrown);
  expect(problem).toBeInstanceOf(kind);
  expect(String(problem)).toMatch(wanted);
  expect(String(problem)).not.toContain(SECRET);
  if (what === "says to wait") expect(problem).toMatchObject({ seconds: 30, answered: true });
});

it("that changes the notice changes nothing of what others are told", async () => {
  const notifier = await notifierOf(
    `tell: async (notice, told) => { notice.incident.id = "x"; notice.lines.push("y"); told.attempts = 9; return ""; }`,
  );
  const [notice, how] = [aNotice("opened"), { ...told }];
  await notifier.tell(notice, how, soon());
  expect([notice, how]).toEqual([aNotice("opened"), told]);
});

it("that never answers leaves the outbox and its breaker as any other does", async () => {
  const notifier = await notifierOf("tell: () => new Promise(() => {})");
  const sender = notifierSender(notifier, { clock: () => AT, late: () => {} });
  const notice = aNotice("opened");
  const message: Queued = {
    ...{ id: "n1", place: notifierPlace("one"), card: { title: "", tone: "info", blocks: [] }, at: AT, attempts: 1 },
    hint: JSON.stringify(notice),
  };
  const cut = new AbortController();
  const sending = sender.send(message, undefined, cut.signal).catch((thrown: unknown) => thrown);
  setTimeout(() => cut.abort(new Error("the bot stops")), 20);
  expect(await sending).toBeInstanceOf(NotNowError);
});

it("hides its secret in what a check finds, and says a failure of it", async () => {
  const says = await notifierOf("check: async () => entry.secrets.token.reveal()");
  expect(await says.check(soon())).toBe("<hidden>");
  const fails = await notifierOf(`check: async () => { throw new Error("away"); }`);
  await expect(fails.check(soon())).rejects.toThrow(/away/);
});
