import { randomUUID } from "node:crypto";
import { accountHere } from "../chat/terminal/visitor.ts";
import { type Config, secretsOf } from "../config.ts";
import { reachOf, type Visitor } from "../core/access.ts";
import type { Card } from "../core/card.ts";
import type { ListWish } from "../core/change/lists.ts";
import type { Place, Question, User } from "../core/chat.ts";
import { type Identity, identify, identifyAsker, rolesOf, type Voter } from "../core/people.ts";
import { modeOf } from "../core/policy/rules.ts";
import type { Proposal, Spec, Status } from "../core/proposal.ts";
import type { RemedyDeps } from "../flows/remedy/deps.ts";
import { ruleToSettle } from "../flows/remedy/rule.ts";
import type { ShowDeps } from "../flows/remedy/show.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type { Actions, Runbooks } from "../ports/changes.ts";
import type { Decider, ProposalLists, ProposalView, Suggester, Surface } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { LoadedExtension } from "../ports/extension.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Journal, Store } from "../ports/store.ts";
import type { Dependencies } from "../util/dependencies.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { steadyClock } from "../util/steady-clock.ts";

/** What changes systems, put together: runbooks, executors, and the flows between a wish and its verdict. */
export type Remedy = {
  readonly suggest: Suggester;
  readonly decide: Decider;
  readonly identify: (user: User) => Identity;
  /** Who says which groups of a platform an account is in: asked at each click. */
  readonly askGroupsOf: (platform: string, groupsOf: NonNullable<Surface["groupsOf"]>) => void;
  /** Who says whether an account is in a channel of a platform: asked at each click. */
  readonly askWhoIsIn: (platform: string, isIn: NonNullable<Surface["isIn"]>) => void;
  /** A proposal as it is now. */
  readonly view: (id: string) => Promise<ProposalView | undefined>;
  /** Shows a proposal's card in that place, too, as long as it is not decided. False where it is, or is not known. */
  readonly showIn: (id: string, place: Place) => Promise<boolean>;
  /** What one person has to do with proposals. */
  readonly listsFor: (visitor: Visitor) => Promise<ProposalLists>;
  /** A list about changes, of what is open to whoever asks, for them alone. */
  readonly listFor: (question: Question, wish: ListWish) => Promise<Card>;
  /** The emergency stop, and the wish to end it, of one person. Neither throws. */
  readonly stop: (user: User, reason: string) => Promise<Card>;
  readonly resume: (visitor: Visitor) => Promise<Card>;
  /** Why somebody may not read the channel that they clicked in, now: a sentence. */
  readonly whyClosed: (visitor: Visitor) => Promise<string | undefined>;
  /** Who clicked or asked, with the roles they have now. */
  readonly voterOf: (visitor: Visitor) => Promise<Voter>;
  readonly askerOf: (question: Question) => Promise<Voter>;
  readonly runbooks: () => Promise<Runbooks>;
  /** Reads the runbooks again; what it resolves with puts them in the place of the others, and gives what takes that back. Throws `CatalogueError`. */
  readonly readAnew: (settings: Config["runbooks"]) => Promise<() => () => void>;
  readonly actions: () => Promise<Actions>;
  /**
   * Begins to carry out, verify and show; only one process of a data folder may. `posted`: a message stands in the outbox.
   * Resolves with what ends it, which lets runs under way finish within `graceMs`.
   */
  readonly start: (posted: () => void) => Promise<(graceMs: number) => Promise<void>>;
};

export type RemedyOptions = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  readonly clock: Clock;
  /** Seconds from anywhere that nobody can set, where the clock is the machine's own. */
  readonly elapsed?: Clock;
  readonly newId: () => string;
  readonly log: Log;
  /** What the bot calls, each with its breaker. */
  readonly dependencies?: Dependencies;
  /** False where nobody else is kept waiting: clicks are not counted then. */
  readonly limitPerPerson?: boolean | undefined;
  /** Code of others that carries out steps, loaded when first asked for. */
  readonly extensions?: () => Promise<readonly LoadedExtension[]>;
  /** Parts that tests bring themselves. */
  readonly runbooks?: Runbooks;
  readonly actions?: Actions;
  readonly journal?: Journal;
  readonly point?: NonNullable<RemedyDeps["point"]>;
  readonly moved?: NonNullable<RemedyDeps["moved"]>;
};

/** States that go on by themselves. */
const MOVING: ReadonlySet<Status> = new Set(["approved", "claimed", "started", "verifying"]);

/** States whose card says that the runbook is suspended. */
const TOLD_OF: ReadonlySet<Status> = new Set(["pending", "failed", "no_effect", "worse"]);

/** Seconds between looks at whether an emergency stop changed. */
const STOP_EVERY = 1;

/** Nothing is loaded before it is first needed: a question does not wait for the catalogue of runbooks. */
export function createRemedy(config: Config, options: RemedyOptions): Remedy {
  const { store, sources, newId, log } = options;
  const steady = steadyClock({
    wall: options.clock,
    elapsed: options.elapsed ?? options.clock,
    stepped: (seconds) =>
      log.warn(
        { seconds: Math.round(seconds) },
        seconds > 0
          ? "the clock jumped forward, as after a sleep: changes whose time ran out meanwhile expire"
          : "the clock is behind the latest time that was seen: changes go by that time, until the clock has caught up. Set the clock right",
      ),
  });
  const clock = steady.now;
  const wakes = new Set<() => void>();
  const owner = randomUUID();
  const askers = new Map<string, NonNullable<Surface["groupsOf"]>>();
  const insiders = new Map<string, NonNullable<Surface["isIn"]>>();
  let isStopped = false;
  let isRestored = false;
  /** The last stop, or older copy of the store, that was shown; and what is to be shown because of one. */
  let lastHalt = "";
  let anew: ShowDeps["anew"];
  const extensions = options.extensions ?? (async () => []);
  const wakeAll = (): void => {
    for (const wake of wakes) wake();
  };

  const actions = once(async () => {
    if (options.actions !== undefined) return options.actions;
    const { createActions } = await import("../actions/index.ts");
    const { dependencies } = options;
    const given = {
      clock,
      secrets: secretsOf(config),
      dataDir: config.dataDir,
      dependencies,
      extensions: await extensions(),
    };
    return createActions(config.runbooks.executors, given);
  });
  let catalogue: Runbooks | undefined;
  const read = async (settings: Config["runbooks"]): Promise<Runbooks> => {
    if (options.runbooks !== undefined) return options.runbooks;
    const { loadRunbooks } = await import("../actions/catalogue.ts");
    const { knownActions } = await import("../actions/extension/shapes.ts");
    return loadRunbooks({ ...settings, dataDir: config.dataDir }, knownActions(await extensions()));
  };
  const runbooks = once(async (): Promise<Runbooks> => {
    const first = await read(config.runbooks);
    catalogue = first;
    // Whoever holds it has the newest.
    const newest = () => catalogue ?? first;
    return { all: () => newest().all(), get: (id) => newest().get(id) };
  });
  const flows = once(async () => {
    const [propose, decide, again, pace] = await Promise.all([
      import("../flows/remedy/propose.ts"),
      import("../flows/remedy/decide.ts"),
      import("../flows/remedy/again.ts"),
      import("../flows/remedy/pace.ts"),
    ]);
    return { propose: propose.propose, decide: decide.decide, again: again.again, slow: pace.pace({ store, clock }) };
  });
  const deps = once(async (): Promise<RemedyDeps> => {
    const [known, hands, journal, latest] = await Promise.all([
      ...([runbooks(), actions(), options.journal ?? openNoJournal()] as const),
      store.latest(),
    ]);
    // Before a restart it may have been later than the clock says now. A clock that somebody chose is believed.
    if (options.elapsed !== undefined) steady.atLeast(latest);
    return {
      store,
      runbooks: known,
      actions: hands,
      policy: () => config.policy,
      today,
      sources,
      stop: store.stop,
      journal,
      clock,
      wall: options.clock,
      leapt: steady.leapt,
      newId,
      owner,
      changed: wakeAll,
      report: (level, message, data) => log[level](data, message),
      ...(options.point !== undefined && { point: options.point }),
      ...(options.moved !== undefined && { moved: options.moved }),
    };
  });

  const whoIs = (user: User) => identify(config.people, user);

  /** Groups are looked up at the click only: a role that one gives is kept until then. */
  function today({ platform, account, name, directory }: Identity, had: readonly string[], as: "voter" | "asker") {
    const user = { platform, id: account, name, ...(directory !== undefined && { directory }) };
    // Anybody may ask under any name at a terminal; who voted there was known by the account.
    const known = as === "voter" ? whoIs(user) : identifyAsker(config.people, user, accountHere());
    const { person, isLinked, ...identity } = known;
    const { people, roles } = config;
    const byGroup = had.filter((role) => (roles[role]?.groups[platform] ?? []).length > 0);
    const own = rolesOf(roles, people, { person, platform, account }, []);
    return { ...identity, person, isLinked, roles: [...new Set([...own, ...byGroup])] };
  }

  async function voterOf(visitor: Visitor): Promise<Voter> {
    const identity = whoIs(visitor.user);
    const { platform, id } = visitor.user;
    const named = Object.values(config.roles).flatMap(({ groups }) => groups[platform] ?? []);
    const groups = named.length === 0 ? [] : ((await askers.get(platform)?.(id, [...new Set(named)])) ?? []);
    const { isGuest, isExternal } = visitor;
    return { ...identity, roles: rolesOf(config.roles, config.people, identity, groups), isGuest, isExternal };
  }

  async function askerOf(question: Question): Promise<Voter> {
    const isGuest = question.isOutsider === true;
    const asker = identifyAsker(config.people, question.user, accountHere());
    // At a terminal anybody may call themselves what they like: only those of its own account have roles.
    const isClaim = question.user.platform === "terminal" && !asker.isLinked;
    const { roles } = isClaim ? { roles: [] } : await voterOf({ ...question, isGuest, isExternal: false });
    return { ...asker, roles, isGuest, isExternal: false };
  }

  /**
   * A change is decided by those who may read where it stands, as it is at the click: the rules of `access`, and the members of the
   * channel where the platform tells. Whoever works at this machine's terminal may read everything.
   */
  async function whyClosed(visitor: Visitor, spec?: Pick<Spec, "source">): Promise<string | undefined> {
    const { user, place } = visitor;
    if (place.platform === "terminal") return undefined;
    const reach = reachOf(config.access, visitor, sources);
    if (!reach.allowed) return reach.reason;
    const asked = spec && (spec.source ?? sources[0]?.name);
    if (asked !== undefined && reach.sources?.includes(asked) === false)
      return "What it is about is read from a source that is not open to you here, so you cannot decide about it.";
    const isIn = await insiders.get(place.platform)?.(user.id, place.channel);
    return isIn === false ? "You are not in the channel of this card, so you cannot decide about it." : undefined;
  }

  const contextOf = async ({ spec, status }: Proposal) => {
    const { suspension } = await import("../flows/remedy/record.ts");
    const suspended = TOLD_OF.has(status) ? await suspension({ store }, spec) : undefined;
    return {
      now: clock(),
      zone: config.timezone,
      mode: modeOf(config.policy, spec.environment),
      isStopped,
      isRestored,
      settling: ruleToSettle(config.policy, spec),
      ...(suspended !== undefined && { suspended: suspended.reason }),
    };
  };

  return {
    identify: (user) => identifyAsker(config.people, user, accountHere()),
    whyClosed,
    voterOf,
    askerOf,
    runbooks,
    readAnew: async (settings) => {
      const next = await read(settings);
      const put = (one: Runbooks | undefined) => {
        catalogue = one;
        wakeAll();
      };
      return () => {
        const before = catalogue;
        put(next);
        return () => put(before);
      };
    },
    actions,
    suggest: async (need, signal) => {
      try {
        return await (await flows()).propose(await deps(), need, signal);
      } catch (err) {
        log.error({ err }, "a change could not be proposed");
        return { kind: "refused", reason: `It could not be proposed: ${reasonOf(err)}` };
      }
    },
    decide: async (click) => {
      const { refusalCard } = await import("../cards/proposal-card.ts");
      try {
        const all = await deps();
        const { decide, again, slow } = await flows();
        const tooFast = options.limitPerPerson === false ? undefined : await slow(click, whoIs(click.visitor.user));
        if (tooFast !== undefined) return tooFast;
        return await decide(
          {
            ...all,
            cardOf: contextOf,
            voterOf,
            whyClosed,
            again: (proposal, how, by, signal) => again(all, proposal, how, by, signal),
          },
          click,
        );
      } catch (err) {
        log.error({ err, click: click.id }, "a click could not be decided");
        return refusalCard("That could not be done just now. Please try again.");
      }
    },
    askGroupsOf: (platform, groupsOf) => void askers.set(platform, groupsOf),
    askWhoIsIn: (platform, isIn) => void insiders.set(platform, isIn),
    view: async (id) => {
      const proposal = await store.proposals.get(id);
      if (proposal === undefined) return undefined;
      const { proposalCard } = await import("../cards/proposal-card.ts");
      return { card: proposalCard(proposal, await contextOf(proposal)), isMoving: MOVING.has(proposal.status) };
    },
    showIn: async (id, place) => {
      const { showIn } = await import("../flows/remedy/place.ts");
      return showIn(await deps(), id, place);
    },
    listsFor: async (visitor) => {
      const { listsOf } = await import("../flows/remedy/lists.ts");
      const reach = reachOf(config.access, visitor, sources);
      if (!reach.allowed) return { waiting: [], own: [], decided: [] };
      const open = { place: visitor.place, ...(reach.sources !== undefined && { sources: reach.sources }) };
      return listsOf({ store, policy: () => config.policy, clock }, await voterOf(visitor), open);
    },
    listFor: async (question, wish) => {
      const { approvalsCard, auditCard } = await import("../flows/remedy/recent.ts");
      const voter = await askerOf(question);
      const here = { store, policy: () => config.policy, clock, zone: question.user.zone ?? config.timezone };
      if (wish.kind === "approvals") return approvalsCard(here, voter, question, wish);
      const { auditVerdict } = await import("./audit.ts");
      return auditCard(here, voter, question, () => auditVerdict(store, config));
    },
    stop: async (user, reason) => {
      const { press } = await import("../flows/remedy/stopping.ts");
      return press({ stop: store.stop, changed: wakeAll }, identifyAsker(config.people, user, accountHere()), reason);
    },
    resume: async (visitor) => {
      const { release } = await import("../flows/remedy/stopping.ts");
      const voter = await voterOf(visitor);
      return release({ stop: store.stop, changed: wakeAll, policy: () => config.policy }, voter);
    },
    async start(posted) {
      const [{ recall }, { execute }, { sweep }, { verify }, { show }, { undoByItself }, { openJournal }] =
        await Promise.all([
          import("../flows/remedy/recall.ts"),
          import("../flows/remedy/execute.ts"),
          import("../flows/remedy/sweep.ts"),
          import("../flows/remedy/verify.ts"),
          import("../flows/remedy/show.ts"),
          import("../flows/remedy/again.ts"),
          import("../store/journal.ts"),
        ]);
      // First what may be wrong with the configuration: then there is no journal to close.
      const base = await deps();
      const opened = options.journal === undefined ? await openJournal(config.dataDir, { now: clock }) : undefined;
      const all = { ...base, journal: options.journal ?? opened! };
      await recall(all);
      const executing = execute(all);
      const sweeping = sweep(all, executing.running);
      const verifying = verify({ ...all, undo: (proposal, signal) => undoByItself(all, proposal, signal) });
      const rounds: Readonly<Record<string, (signal: AbortSignal) => Promise<number>>> = {
        execute: executing.round,
        sweep: sweeping,
        verify: verifying,
        show: async () => {
          const stop = await store.stop.read();
          const restored = await store.proposals.restored();
          if ((stop !== undefined) !== isStopped || (restored !== undefined) !== isRestored) {
            [isStopped, isRestored] = [stop !== undefined, restored !== undefined];
            // Every replica calls a stop, or the end of it, by the same name.
            const halt = isStopped || isRestored ? `${isStopped} ${stop?.at} ${restored}` : undefined;
            anew = { ids: await showAnew(store), occasion: halt ?? `after ${lastHalt}` };
            lastHalt = halt ?? lastHalt;
          }
          await show({ ...all, cardOf: contextOf, wake: posted, ...(anew !== undefined && { anew }) });
          return STOP_EVERY;
        },
      };
      const loops: Loop[] = Object.entries(rounds).map(([name, round]) =>
        startLoop(round, (err) => log.error({ err, round: name }, "a round of looking after changes failed"), 2),
      );
      for (const loop of loops) {
        wakes.add(loop.wake);
        loop.wake();
      }
      return async (graceMs) => {
        executing.close();
        for (const loop of loops) wakes.delete(loop.wake);
        await Promise.all(loops.map((loop) => loop.stop(graceMs)));
        await Promise.race([executing.idle(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
        await show({ ...all, cardOf: contextOf, wake: posted }).catch(() => {});
        await opened?.close();
        await (await actions()).stop();
      };
    },
  };
}

/** Cards of what is still to be decided, and of what runs, say whether the stop is on. */
async function showAnew(store: Store): Promise<Set<string>> {
  const { every } = await import("../flows/remedy/walk.ts");
  const ids = new Set<string>();
  for (const { id } of await every(store, ["pending", "approved", "claimed", "started"])) {
    await store.proposals.shown(id, 0);
    ids.add(id);
  }
  return ids;
}

/** For a process that proposes and runs nothing. */
async function openNoJournal(): Promise<Journal> {
  const never = () => Promise.reject(new Error("this process runs no changes"));
  return { began: never, ended: never, get: never, all: async () => [] };
}

/** Made when first asked for; what failed is tried anew. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((problem: unknown) => {
      made = undefined;
      throw problem;
    });
    return made;
  };
}
