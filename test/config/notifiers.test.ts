import { describe, expect, it } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { notifierPlace } from "../../src/core/incident/notice.ts";
import { configIn, problemsIn } from "./helpers.ts";

const FILES = { "/bot/key": "k1\n", "/bot/address": "https://hooks.example.com/x?token=t0psecret\n" };
const PAGER = "notifiers:\n  pagerduty:\n    - {name: pager, routing_key_file: key}\n";

const said = (yaml: string) => problemsIn(yaml, {}, FILES).map(({ message }) => message);

describe("notifiers of the file", () => {
  it("are read with their secrets, which no log shows", () => {
    const config = configIn(
      `${PAGER}  webhook:\n    - {name: hook, url_file: address, secret_file: key}\n  email:\n    - {name: mail, host: mail.example.com, tls: implicit, from: a@example.com, to: [b@example.com]}\n`,
      {},
      FILES,
    );
    expect(config.notifiers.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      "email mail",
      "webhook hook",
      "pagerduty pager",
    ]);
    expect(config.notifiers[0]).toMatchObject({ port: 465 });
    expect(config.notifiers[2]).toMatchObject({ url: "https://events.pagerduty.com" });
    const secrets = secretsOf(config).map((one) => one.reveal());
    expect(secrets).toContain("k1");
    expect(secrets).toContain("https://hooks.example.com/x?token=t0psecret");
  });

  it("are named by routes and escalation steps", () => {
    const config = configIn(
      `${PAGER}routes:\n  - {notify: [pager], slack: [C1]}\noncall:\n  escalations:\n    - {name: e, steps: [{notify: [pager]}]}\n`,
      {},
      FILES,
    );
    expect(config.routes[0]?.to).toContainEqual(notifierPlace("pager"));
    expect(config.oncall.escalations[0]?.steps[0]?.to).toEqual([notifierPlace("pager")]);
  });

  it.each([
    [
      `${PAGER}routes:\n  - {notify: [pagr]}\n`,
      /must name one of the notifiers: it is "pagr", and did you mean pager\?/,
    ],
    ["routes:\n  - {notify: [pager]}\n", /none is configured/],
    [`${PAGER}  opsgenie:\n    - {name: pager, api_key_file: key}\n`, /the name of another notifier/],
    ["notifiers:\n  pagerduty:\n    - {name: p, routing_key_file: nowhere}\n", /must name a readable file/],
    [
      "notifiers:\n  webhook:\n    - {name: h, url: 'http://example.com/x', secret_file: key}\n",
      /must begin with https/,
    ],
    ["notifiers:\n  webhook:\n    - {name: h, secret_file: key}\n", /either url or url_file/],
    [
      "notifiers:\n  email:\n    - {name: m, host: mail.example.com, tls: none, from: a@b.c, to: [a@b.c]}\n",
      /on this machine/,
    ],
    [
      'notifiers:\n  email:\n    - {name: m, host: h, from: "a@b.c\\r\\nBcc: x@y.z", to: [a@b.c]}\n',
      /one e-mail address/,
    ],
    ["notifiers:\n  email:\n    - {name: m, host: h, username: u, from: a@b.c, to: [a@b.c]}\n", /must come together/],
  ])("say what is wrong with %j", (yaml, words) => {
    expect(said(yaml).join("\n")).toMatch(words);
  });
});
