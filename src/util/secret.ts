/** A value that may be used but never shown. Printing it in any usual way gives `<hidden>`. */
export type Secret = {
  /** The value itself: only where it is sent to the service it belongs to. */
  readonly reveal: () => string;
  readonly toString: () => string;
  readonly toJSON: () => string;
};

export const HIDDEN = "<hidden>";

/** Wraps a secret. `String`, template literals, JSON, `util.inspect` and `console.log` of it all give `<hidden>`. */
export function secret(value: string): Secret {
  const hide = () => HIDDEN;
  // The value lives in a closure, so that no walk over properties, no clone and no debugger dump of the object finds it.
  const wrapped = { reveal: () => value, toString: hide, toJSON: hide };
  Object.defineProperty(wrapped, Symbol.for("nodejs.util.inspect.custom"), { value: hide });
  Object.defineProperty(wrapped, Symbol.toPrimitive, { value: hide });
  return Object.freeze(wrapped);
}
