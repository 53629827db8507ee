import { existsSync } from "node:fs";
import { join } from "node:path";
import { createActions } from "../../actions/index.ts";
import { loadedExtensions } from "../../app/extensions.ts";
import { openStore } from "../../app/outside.ts";
import { approversText } from "../../cards/proposal-card.ts";
import { accountHere } from "../../chat/terminal/visitor.ts";
import { type Config, secretsOf } from "../../config.ts";
import type { Block, Card } from "../../core/card.ts";
import { identify } from "../../core/people.ts";
import type { Rule } from "../../core/policy.ts";
import { formatValue, type Unit } from "../../core/units.ts";
import { type SimulateDeps, type Simulation, simulate as simulateFlow } from "../../flows/remedy/simulate.ts";
import type { Store } from "../../ports/store.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { type Call, EXIT, flag } from "../command.ts";
import { catalogueOf, givenTo, listed, now, one, openTo, print, sayStep, withSources } from "./shared.ts";

/**
 * `runbooks simulate ID NAME=VALUE …`: what running it now would come to, by live reads and without the effect. Exit code 1
 * when something would keep it from running.
 */
export async function simulate(call: Call, config: Config, [id, ...pairs]: readonly string[]): Promise<number> {
  const runbook = one(await catalogueOf(config), id === undefined ? [] : [id], "simulate");
  const values = Object.fromEntries(
    Object.entries(givenTo(runbook, pairs)).map(([name, value]) => [name, { value, origin: "user" as const }]),
  );
  const dataDir = config.dataDir;
  const extensions = await loadedExtensions(config);
  const given = { clock: now, secrets: secretsOf(config), dataDir, extensions };
  const actions = await createActions(config.runbooks.executors, given);
  const store = await storeBeside(config);
  try {
    const found = await withSources(config, (sources) => {
      const deps: SimulateDeps = { store, actions, policy: () => config.policy, sources, stop: store.stop, clock: now };
      return simulateFlow(deps, openTo(runbook), values, flag(call, "source"), AbortSignal.timeout(60_000));
    });
    if ("reason" in found) {
      if (call.flags.json === true)
        call.stdout.write(`${JSON.stringify({ id: runbook.id, version: runbook.version, refused: found.reason })}\n`);
      else call.stdout.write(`${found.reason}\n`);
      return EXIT.failed;
    }
    print(call, cardOf(runbook, found, config), jsonOf(runbook, found, config));
    return found.blockers.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await Promise.all([actions.stop(), store.close()]);
  }
}

/** The bot's own store, read only; an empty one where there is none yet. */
async function storeBeside(config: Config): Promise<Store> {
  return config.redis !== undefined || existsSync(join(config.dataDir, "smartcloudops.db"))
    ? openStore(config, now, { readOnly: true })
    : createMemoryStore({ retention: config.limits.retentionSeconds, now });
}

type Named = Pick<ReturnType<typeof one>, "id" | "title" | "version">;

function cardOf({ id, title }: Named, found: Simulation, config: Config): Card {
  const { params, target, environment, steps, conditions, checks, blockers, rule, risk, because, mode, record } = found;
  const block = (head: string, items: readonly string[]): Block[] => listed(head, items);
  return {
    title:
      blockers.length === 0
        ? `${title}: ${target.name}. It could be proposed and run; nothing was changed.`
        : `${title}: ${target.name}. It would not run now; nothing was changed.`,
    tone: blockers.length === 0 ? "good" : "warning",
    blocks: [
      ...block("Would stop it: ", blockers),
      ...block(
        "",
        Object.entries(params).map(([name, { value, origin }]) => `${name} = ${value} (${origin})`),
      ),
      ...block(
        "",
        steps.flatMap((step) => [
          sayStep(step),
          ...(step.blast === undefined ? [] : [`touches: ${step.blast}`]),
          ...step.facts,
          step.would === undefined ? `cannot be simulated: ${step.cannot}` : `would: ${step.would}`,
        ]),
      ),
      ...block(
        "Before: ",
        conditions.map(
          ({ name, holds, found: said }) =>
            `${name}: ${holds === true ? "holds" : `${holds === undefined ? "could not be asked" : "does not hold"} (${said})`}`,
        ),
      ),
      ...block(
        "Checked after it: ",
        checks.map(({ name, now: value, unit, found: said }) =>
          value === undefined ? `${name}: ${said}` : `${name}: ${formatValue(value, unit as Unit)} now`,
        ),
      ),
      ...block("", [
        `way back: ${found.backOut}`,
        `risk ${risk}${because.length > 0 ? `, raised by the policy: ${because.join("; ")}` : ""}`,
        `who may approve: ${approversText({ rule, requester: undefined })}${rule.fourEyes ? "; not whoever asks (four eyes)" : ""}`,
        `people in these roles: ${peopleIn(rule, config).join(", ") || "none that the configuration names"}`,
        `mode ${mode} in ${environment ?? "every environment"}`,
        `on targets of the kind ${target.kind} ${id} ${record}`,
      ]),
    ],
  };
}

/** People and accounts that the configuration gives one of the rule's roles. Members of groups only the platform knows. */
function peopleIn(rule: Rule, { people, roles }: Config): readonly string[] {
  const named = rule.approvers.flatMap((name) => {
    const role = roles[name];
    if (role === undefined) return [];
    const accounts = Object.entries(role.accounts).flatMap(([platform, ids]) =>
      ids.map((id) => identify(people, { platform, id, name: `${platform} ${id}` }).name),
    );
    const groups = Object.entries(role.groups).flatMap(([platform, ids]) =>
      ids.map((id) => `the ${platform} group ${id}`),
    );
    return [...role.people.map((id) => people.find((one) => one.id === id)?.name ?? id), ...accounts, ...groups];
  });
  const me = identify(people, { platform: "terminal", id: accountHere(), name: accountHere() });
  return [...new Set(named)].map((name) => (me.isLinked && name === me.name ? `${name} (you)` : name));
}

/** A contract, as the README has it. */
function jsonOf({ id, version }: Named, found: Simulation, config: Config) {
  const { rule } = found;
  return {
    id,
    version,
    target: found.target,
    environment: found.environment ?? null,
    params: found.params,
    steps: found.steps.map(({ name, uses, with: args, blast, facts, would, cannot }) => ({
      name,
      uses,
      with: args,
      touches: blast ?? null,
      facts,
      would: would ?? null,
      cannot_simulate: cannot ?? null,
    })),
    conditions: found.conditions.map((one) => ({ ...one, holds: one.holds ?? null })),
    checks: found.checks.map((one) => ({ ...one, now: one.now ?? null })),
    back_out: found.backOut,
    risk: found.risk,
    raised_because: found.because,
    approvals: {
      needed: Math.max(rule.approvals, rule.distinctRoles.length),
      roles: rule.approvers,
      distinct_roles: rule.distinctRoles,
      people: peopleIn(rule, config),
      four_eyes: rule.fourEyes,
      typed_code: rule.typedCode,
      reason: rule.reason,
      break_glass: rule.breakGlass?.roles ?? [],
    },
    mode: found.mode,
    record: found.record,
    blockers: found.blockers,
    would_run_once_approved: found.blockers.length === 0,
  };
}
