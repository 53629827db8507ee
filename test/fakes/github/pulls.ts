/**
 * Comments of pull requests and states of commits as GitHub's documentation has them (docs.github.com/rest/issues/comments,
 * docs.github.com/rest/commits/statuses): what is asked of it and what it answers.
 */

export type Comment = { readonly id: number; body: string };
export type Status = { readonly sha: string; readonly state: string; readonly context: string; description: string };

export class FakePulls {
  readonly comments = new Map<string, Comment[]>();
  readonly statuses: Status[] = [];
  /** What was asked: "POST /repos/…". */
  readonly asked: string[] = [];
  /** Does what is asked next, and then fails, so often. */
  cut = 0;
  #made = 1_000_000_000;

  of(pull: string): Comment[] {
    const its = this.comments.get(pull) ?? [];
    this.comments.set(pull, its);
    return its;
  }

  /** What somebody else says there. */
  say(pull: string, body: string): void {
    this.of(pull).push({ id: this.#made++, body });
  }

  answer(method: string, target: string, text: string): readonly [status: number, body: unknown] {
    const { pathname, searchParams } = new URL(target, "https://api.github.com");
    this.asked.push(`${method} ${pathname}`);
    const [status, body] = this.#answer(method, pathname, searchParams, text === "" ? {} : JSON.parse(text));
    if (method === "GET" || this.cut === 0) return [status, body];
    this.cut--;
    return [502, { message: "Server Error" }];
  }

  #answer(method: string, path: string, query: URLSearchParams, body: Readonly<Record<string, string>>) {
    const [, , owner, name, kind, one, last] = path.split("/");
    const missing = [404, { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" }];
    if (path === "/rate_limit") return [200, { resources: { core: { limit: 5000, remaining: 4999 } } }] as const;
    if (kind === "statuses" && method === "POST") {
      const { state = "", context = "default", description = "" } = body;
      this.statuses.push({ sha: one ?? "", state, context, description });
      return [201, { id: this.#made++, state, context, description, target_url: body["target_url"] ?? null }] as const;
    }
    if (kind === "issues" && last === "comments") {
      const its = this.of(`${owner}/${name}#${one}`);
      if (method === "POST") {
        this.say(`${owner}/${name}#${one}`, body["body"] ?? "");
        return [201, its.at(-1)] as const;
      }
      const [size, page] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
      return [200, its.slice((page - 1) * size, page * size)] as const;
    }
    const known = [...this.comments.values()].flat().find(({ id }) => `${id}` === last);
    if (kind !== "issues" || one !== "comments" || method !== "PATCH" || known === undefined)
      return missing as unknown as readonly [number, unknown];
    known.body = body["body"] ?? "";
    return [200, known] as const;
  }
}
