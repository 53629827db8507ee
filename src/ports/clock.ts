/** Unix seconds, possibly with a fraction. */
export type Clock = () => number;
