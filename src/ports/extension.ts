import type { ExtensionId } from "../core/extension/extension.ts";
import type { Fields } from "../core/extension/fields.ts";
import type { Notice } from "../core/incident/notice.ts";
import type { Arguments, Look, Probed, Ran, RunContext, Simulated } from "./changes.ts";
import type { Told } from "./notifier.ts";

/**
 * What a module in a folder of `extensions.folders` exports by default: version 1 of the contract, all of it. The words are those of the
 * ports `Action` and `Notifier`, which say what each method promises; the bot checks what comes back, and what is thrown counts as
 * trouble of the other side.
 */
export type Extension = {
  readonly contract: 1;
  /** Carries out steps of runbooks, as actions "x-NAME/ACTION"; its entries stand under runbooks.executors.extension. */
  readonly executor?: Executor;
  /** Is told of incidents; its entries stand under notifiers.extension. */
  readonly notifier?: NotifierMaker;
};

type Configured = {
  /** What people call one that is configured: "switchboard". */
  readonly what: string;
  /** What `settings` of an entry may be. No secrets: they stand in files, which `secrets` of an entry names. */
  readonly settings: Fields;
  /** Names of its secrets, each with whether an entry must have it. */
  readonly secrets?: Readonly<Record<string, { readonly required: boolean }>>;
};

export type Executor = Configured & {
  readonly actions: Readonly<
    Record<
      string,
      {
        /** False for one that only reads: such a one needs no approval. */
        readonly changes: boolean;
        /** Texts have a pattern or an enum, numbers have bounds. `entry` is taken: it names the configured entry. */
        readonly arguments: Fields;
        /** What `look` gives for the way back, as `{{ captured.x }}` in rollback steps. */
        readonly captures?: readonly string[];
      }
    >
  >;
  /** Called once for each entry, when something of it is first needed; again when that failed. Gives the hands for each action. */
  readonly open: (entry: Entry, kit: ExecutorKit) => Opened<Readonly<Record<string, Hands>>>;
};

/** One action on one entry. Arguments fit their fields. Everything is given as a copy, and what comes back is read as JSON. */
export type Hands = {
  /** How the target is now: what tells it from another, what the change insists on, what it touches. Reads only. */
  readonly look: (args: Arguments, signal: AbortSignal) => Promise<Look>;
  /** The dry run. Absent: it cannot be tried without effect. */
  readonly simulate?: (args: Arguments, look: Look, signal: AbortSignal) => Promise<Simulated>;
  /** Makes the effect, at most once for `context.key` where the target can tell. What it throws counts as "unknown". */
  readonly run: (args: Arguments, context: RunContext) => Promise<Pick<Ran, "outcome" | "output">>;
  /** Whether an earlier attempt with that key had its effect. Absent: that cannot be told. */
  readonly probe?: (
    args: Arguments,
    context: Pick<RunContext, "key" | "identity" | "precondition" | "signal">,
  ) => Promise<Probed>;
};

export type NotifierMaker = Configured & {
  /** What is opened there stays until its end is told. */
  readonly hasEnd: boolean;
  /** As for an executor. */
  readonly open: (entry: Entry, kit: NotifierKit) => Opened<NotifierHands>;
};

export type NotifierHands = {
  /**
   * Tells one thing: opens, edits or ends by `notice.kind` and `told.reference`. Gives back what later notices of the incident need, ""
   * for nothing. The same notice twice has the effect of one.
   */
  readonly tell: (notice: Notice, told: Told, signal: AbortSignal) => Promise<string>;
  /** Asks whether it could be told, and sends nothing: what was found, in words after its name. */
  readonly check: (signal: AbortSignal) => Promise<string>;
};

type Opened<T> = T | Promise<T>;

/** An entry of the configuration. `settings` fit their fields. */
export type Entry = {
  readonly name: string;
  readonly environment?: string;
  readonly settings: Arguments;
  readonly secrets: Readonly<Record<string, { readonly reveal: () => string }>>;
};

/** What `open` of an executor gets. The errors are to be thrown by `look` and `simulate`. */
export type ExecutorKit = {
  /** Unix seconds. */
  readonly clock: () => number;
  /** Remembers what is to be closed when the bot stops. */
  readonly onStop: (close: () => void | Promise<void>) => void;
  /** It could not be reached: asking again later may help. */
  readonly unreachable: (reason: string) => Error;
  /** It answered, and said no. */
  readonly refused: (status: number, reason: string) => Error;
};

/** What `open` of a notifier gets: errors to be thrown by `tell` and `check`. */
export type NotifierKit = {
  /** Try again after so many seconds, 0 for as the bot likes. `answered`: it is there, and asks to wait or refuses the credentials. */
  readonly notNow: (reason: string, seconds?: number, answered?: boolean) => Error;
  /** Trying again is of no use. */
  readonly never: (reason: string) => Error;
};

/** One that was loaded, with the file that it came from. */
export type LoadedExtension = ExtensionId & Omit<Extension, "contract"> & { readonly file: string };
