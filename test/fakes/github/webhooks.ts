/** Deliveries of GitHub's webhooks, with what the bot reads and some of what it does not: docs.github.com/webhooks/webhook-events-and-payloads. */

const REPOSITORY = { id: 1, full_name: "acme/shop", default_branch: "main", private: true };

export function workflowRun(more: object = {}, run: object = {}): object {
  return {
    action: "completed",
    workflow_run: {
      ...{
        id: 17001,
        run_attempt: 1,
        run_number: 412,
        name: "Tests",
        head_branch: "main",
        head_sha: "3f2a91c0aa7711e5",
      },
      ...{ status: "completed", conclusion: "success", event: "push" },
      ...{
        created_at: "2026-09-21T14:13:10Z",
        run_started_at: "2026-09-21T14:13:20Z",
        updated_at: "2026-09-21T14:18:32Z",
      },
      html_url: "https://github.com/acme/shop/actions/runs/17001",
      head_commit: { id: "3f2a91c0aa7711e5", timestamp: "2026-09-21T16:11:20+02:00", message: "Say hello" },
      head_repository: { full_name: "acme/shop" },
      pull_requests: [],
      ...run,
    },
    workflow: { id: 5, name: "Tests", path: ".github/workflows/test.yml" },
    repository: REPOSITORY,
    sender: { login: "ana" },
    ...more,
  };
}

export function deploymentStatus(status: object = {}): object {
  return {
    action: "created",
    deployment_status: {
      ...{ id: 9, state: "success", created_at: "2026-09-21T14:20:00Z", environment: "production" },
      target_url: "https://github.com/acme/shop/actions/runs/17002",
      ...status,
    },
    deployment: {
      ...{ id: 8, sha: "3f2a91c0aa7711e5", ref: "main", environment: "production", task: "deploy" },
      created_at: "2026-09-21T14:18:40Z",
    },
    repository: REPOSITORY,
  };
}
