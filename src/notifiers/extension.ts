import type { ExtendedSettings } from "../core/incident/notifier-settings.ts";
import type { LoadedExtension, NotifierHands } from "../ports/extension.ts";
import type { Notifier } from "../ports/notifier.ts";
import { NeverError, NotNowError, wholeReasonOf } from "../util/errors.ts";
import { redactor } from "../util/redact.ts";

/** Milliseconds that opening one may take: less than the sender gives for telling one thing. */
const OPEN_MS = 10_000;
const LONGEST = 4096;

/**
 * A notifier whose code is an extension's. It works on copies, what it throws means that it could not be told now, and no secret of its
 * entry comes out in what it says.
 */
export function extensionNotifier(settings: ExtendedSettings, extensions: readonly LoadedExtension[]): Notifier {
  const { name, uses, secrets } = settings;
  const maker = extensions.find((one) => one.name === uses)?.notifier;
  if (maker === undefined) throw new Error(`The notifier ${name} needs the extension ${uses}, which is not loaded.`);
  const service = `${maker.what} ${name}`;
  const redact = redactor(Object.values(secrets).map((one) => one.reveal()));
  const clean = (text: string) => String(redact(text)).slice(0, LONGEST);
  const kit = {
    clock: () => Date.now() / 1000,
    notNow: (reason: string, seconds = 0, answered = false) =>
      new NotNowError(`${service}: ${clean(String(reason))}`, Math.max(0, Number(seconds) || 0), "channel", {
        answered,
      }),
    never: (reason: string) => new NeverError(`${service}: ${clean(String(reason))}`),
  };
  let opening: Promise<NotifierHands> | undefined;
  const open = (): Promise<NotifierHands> => {
    const mine = opening ?? opened();
    opening = mine;
    return mine.catch((problem: unknown) => {
      if (opening === mine) opening = undefined;
      throw problem;
    });
  };

  async function opened(): Promise<NotifierHands> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`it did not open within ${OPEN_MS / 1000} s`)), OPEN_MS);
    const given = { name, settings: structuredClone(settings.settings), secrets };
    return Promise.race([(async () => maker!.open(given, kit))(), late.promise]).finally(() => clearTimeout(timer));
  }

  async function asked<T>(call: (hands: NotifierHands) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    try {
      return await orAborted(open().then(call), signal);
    } catch (problem) {
      if (signal.aborted) throw signal.reason;
      if (problem instanceof NotNowError || problem instanceof NeverError) throw problem;
      throw new NotNowError(
        `${service}: the extension ${uses} failed: ${clean(wholeReasonOf(problem))}`,
        0,
        "channel",
        {
          cause: problem,
        },
      );
    }
  }

  /** It did something, and what cannot be told: done again, it might be there twice. */
  function text(answer: unknown, what: string): string {
    if (typeof answer === "string" && answer.length <= LONGEST && answer.isWellFormed()) return answer;
    throw new NeverError(
      `${service}: the extension ${uses} gave back no ${what}: it is to be text of at most ${LONGEST} characters`,
    );
  }

  return {
    name,
    kind: maker.what,
    hasEnd: maker.hasEnd,
    tell: (notice, told, signal) =>
      asked(
        async (hands) => text(await hands.tell(structuredClone(notice), structuredClone(told), signal), "reference"),
        signal,
      ),
    check: (signal) => asked(async (hands) => clean(text(await hands.check(signal), "finding")), signal),
  };
}

/** Stops waiting when the signal fires. What was begun goes on. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
