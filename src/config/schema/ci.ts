import * as z from "zod";
import { flag, group, text, url } from "./parts.ts";

/** Pipelines that tell of their runs. */
export function ci() {
  return z
    .strictObject(
      {
        deploys: z
          .array(
            group({
              project: text("The project, as the pipeline names it; * stands for any letters."),
              pipeline: text("The pipeline (of GitHub: the workflow); * stands for any letters."),
              branch: text("The branch or tag; * stands for any letters. Default: the main branch.").optional(),
              service: text("The service that a run of it deploys."),
              environment: text("Where they deploy it to."),
            }),
            "must be a list",
          )
          .max(500, "must have at most 500 entries")
          .optional()
          .describe("Which runs deploy what, where they do not say so themselves. The first that fits counts."),
        numbers: z
          .record(z.string(), z.enum(["up", "down", "both"], "must be up, down or both"))
          .optional()
          .describe("Which way a number of a run is trouble, by its name: up, down or both. Default both."),
        teams: z
          .record(z.string(), text("Name of the team."))
          .optional()
          .describe("The team of each project, for the four figures of delivery."),
        github: group({
          token_file: text("File with a token (Pull requests: write; for status also Commit statuses: write)."),
          projects: z
            .array(text("owner/name; * stands for any letters."), "must be a list")
            .min(1, "must name at least one project")
            .max(500, "must have at most 500 entries")
            .describe("Whose pull requests are told, owner/name; * stands for any letters."),
          api_url: url("Address of GitHub's API. Default https://api.github.com.").optional(),
          comment: flag("One comment on a pull request once a pipeline of it is unlike earlier runs. Default true."),
          status: flag("A state of each commit, as smartcloudops/PIPELINE. Default false."),
        })
          .optional()
          .describe("Pull requests on GitHub that are told whether their pipelines are as usual. Default: none."),
      },
      "must be a group of settings",
    )
    .describe("Pipelines that tell of their runs by /webhooks/ci.");
}
