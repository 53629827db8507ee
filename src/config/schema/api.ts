import * as z from "zod";
import { SCOPES } from "../../core/access.ts";
import { group, ids, name, whole } from "./parts.ts";

/** Programs that may read by the HTTP API. */
export const api = () =>
  group({
    tokens: z
      .array(
        group({
          name: name("How API_TOKENS calls it: name=secret."),
          scopes: z
            .array(z.enum(SCOPES, `must be of ${SCOPES.join(", ")}`), "must be a list")
            .min(1, "must name at least one")
            .describe("What it may read: each is a group of calls."),
          sources: ids("Opens these sources to it. Default: all, or those of environments."),
          environments: ids("Opens the sources of these environments to it."),
          per_minute: whole(1, 6000, "Calls in a minute, counted by all replicas together. Default 60."),
        }),
        "must be a list",
      )
      .max(100, "must have at most 100 entries")
      .optional()
      .describe(
        "Programs that may read, and what. The secret of each stands in API_TOKENS. Without any there is no API.",
      ),
  }).describe("The HTTP API for other programs, which only reads.");
