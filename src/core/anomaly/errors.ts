/** A stored memory of the detector cannot be used: damaged, or of another version. Drop it, learn anew from history, and say so. */
export class CorruptStateError extends Error {
  override readonly name = "CorruptStateError";
  constructor(reason: string) {
    super(`The stored state of a detector cannot be used: ${reason}.`);
  }
}
