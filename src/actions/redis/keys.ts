import { z } from "zod";

const WHAT =
  "must be the beginning of a key: letters, digits and ._:@{}/- , beginning with none of .:/- and without .. or //";

/** A key of Redis, or the beginning of one, with no character that its patterns read. */
export const keyText = z.string(WHAT).regex(/^(?!.*(?:\.\.|\/\/))[A-Za-z0-9_{@][A-Za-z0-9._:@{}/-]{0,199}$/, WHAT);
