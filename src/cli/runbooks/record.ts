import type { Config } from "../../config.ts";
import type { Card } from "../../core/card.ts";
import { sayRecord, suspendedBy, TOLD, triedOn } from "../../core/runbook/record.ts";
import type { Runbook } from "../../core/runbook.ts";
import { type Call, UsageError } from "../command.ts";
import { readStore } from "../read-store.ts";
import { catalogueOf, one, print } from "./shared.ts";

const MOST = 5000;

/** How a runbook did on one kind of target. */
type KindRecord = {
  readonly kind: string;
  readonly helped: number;
  readonly of: number;
  readonly said: string;
  /** The newest of the runs for which it is suspended there. */
  readonly suspendedBy: string | undefined;
};

/** How each runbook did, by its id: as far back as proposals are kept. */
async function recordsOf(config: Config): Promise<(id: string) => readonly KindRecord[]> {
  const ended = (await readStore(config, (store) => store.proposals.find({ status: TOLD, limit: MOST }))) ?? [];
  return (id) => {
    const own = ended.filter(({ spec }) => spec.runbook?.id === id);
    return [...new Set(own.map(({ spec }) => spec.target.kind))].sort().flatMap((kind) => {
      const tried = triedOn(own, id, kind);
      if (tried.length === 0) return [];
      const helped = tried.filter((run) => run.helped).length;
      return [
        { kind, helped, of: tried.length, said: sayRecord(tried), suspendedBy: suspendedBy(tried)?.[0]?.proposal },
      ];
    });
  };
}

const COLUMNS = ["id", "what", "risk", "state", "version"];

/** `runbooks list`: each with how it did, and where it is suspended. */
export async function list(call: Call, config: Config): Promise<number> {
  const recorded = await recordsOf(config);
  const all = (await catalogueOf(config)).all().map((runbook) => ({ ...runbook, records: recorded(runbook.id) }));
  const isTried = all.some(({ records }) => records.length > 0);
  const rows = all.map((runbook) => {
    const { id, title, risk, state, version, readOnly, records } = runbook;
    const out = records.filter((record) => record.suspendedBy !== undefined).map(({ kind }) => kind);
    return [
      id,
      title,
      readOnly ? "reads only" : risk,
      out.length === 0 ? state : `suspended for ${out.join(", ")}`,
      version.slice(0, 8),
      ...(isTried ? [records.map(({ kind, said }) => `${kind}: ${said}`).join("; ")] : []),
    ];
  });
  const suspended = all.flatMap(({ id, records }) =>
    records.flatMap((record) => (record.suspendedBy === undefined ? [] : [`${id} ${record.kind}`])),
  );
  const card: Card = {
    title: `${all.length} runbooks${suspended.length === 0 ? "" : `, ${suspended.length} suspended somewhere`}.`,
    tone: suspended.length === 0 ? "info" : "warning",
    blocks: [
      { kind: "table", columns: [...COLUMNS, ...(isTried ? ["how it did"] : [])], rows },
      ...(suspended.length === 0
        ? []
        : [
            {
              kind: "note" as const,
              text: `Suspended: its last three runs there did not help. A person lets it go on: ${suspended.map((what) => `smartcloudops runbooks re-enable ${what}`).join("; ")}.`,
            },
          ]),
    ],
  };
  return print(
    call,
    card,
    all.map(({ id, title, risk, state, version, readOnly, records }) => ({
      id,
      title,
      risk,
      state,
      version,
      read_only: readOnly,
      record: records.map(({ kind, helped, of, suspendedBy: by }) => ({ kind, helped, of, suspended_by: by ?? null })),
    })),
  );
}

/** `runbooks re-enable ID [KIND]`: decided by a person, through the running bot, on the proposal for which it is suspended. */
export async function reEnable(call: Call, config: Config, [id, kind, ...more]: readonly string[]): Promise<number> {
  const runbook: Runbook = one(await catalogueOf(config), id === undefined ? [] : [id], "re-enable");
  if (more.length > 0) throw new UsageError("runbooks re-enable wants ID [KIND].");
  const out = (await recordsOf(config))(runbook.id).filter((record) => record.suspendedBy !== undefined);
  const fit = kind === undefined ? out : out.filter((record) => record.kind === kind);
  const [only] = fit;
  if (only?.suspendedBy === undefined) {
    const where = kind === undefined ? "" : ` for targets of the kind ${kind}`;
    throw new UsageError(`${runbook.id} is not suspended${where}.`);
  }
  if (fit.length > 1)
    throw new UsageError(
      `${runbook.id} is suspended for ${fit.map((record) => record.kind).join(", ")}: name one of them.`,
    );
  const { run } = await import("../decide.ts");
  return run({ ...call, words: ["re-enable", only.suspendedBy] });
}
