/**
 * A change that somebody asked for. Only the first state exists so far: nothing executes proposals yet, and a
 * stored one changes nothing by itself.
 */
export type ProposedAction = {
  /** Standard verb: restart, scale, rollback, cordon, uncordon, drain, free_disk, silence, ack, schedule, … */
  readonly type: string;
  readonly target: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly status: "pending";
  readonly executed: false;
};

export type Proposal = {
  readonly id: string;
  readonly action: ProposedAction;
  readonly requester: { readonly platform: string; readonly id: string; readonly name: string };
  /** The conversation it was asked in. */
  readonly place: { readonly platform: string; readonly channel: string; readonly thread: string };
  /** Unix seconds. */
  readonly at: number;
};
