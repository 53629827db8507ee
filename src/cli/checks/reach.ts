import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok, skipped } from "./check.ts";

const PATIENCE_MS = 5000;

/**
 * The way to a server, one step after the other: its name, its port, its certificate, its clock. Stops at the first that
 * fails, since the next ones could only repeat it.
 */
export async function checkWay(name: string, address: string, caFile: string | undefined): Promise<Check[]> {
  const url = new URL(address);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const done: Check[] = [];
  const steps = [
    () => checkName(`${name}: name`, host),
    () => checkTcp(`${name}: connection`, host, port),
    ...(url.protocol === "https:" ? [() => checkTls(`${name}: certificate`, host, port, caFile)] : []),
    () => checkSkew(`${name}: clock`, url, caFile),
  ];
  for (const step of steps) {
    const check = await step();
    done.push(check);
    if (check.state === "failed") break;
  }
  return done;
}

async function checkName(name: string, host: string): Promise<Check> {
  try {
    const found = await lookup(host, { all: true });
    return ok(name, `${host} is ${found.map(({ address }) => address).join(", ")}`);
  } catch (problem) {
    return failed(
      name,
      `${host} cannot be resolved (${reasonOf(problem)})`,
      "Check the spelling of the address, and the DNS of this machine or container.",
    );
  }
}

function checkTcp(name: string, host: string, port: number): Promise<Check> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: PATIENCE_MS });
    const settle = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    socket.once("connect", () => settle(ok(name, `${host}:${port} accepts connections`)));
    socket.once("timeout", () =>
      settle(
        failed(
          name,
          `${host}:${port} did not answer within ${PATIENCE_MS / 1000} s`,
          "Look for a firewall or a network policy in between.",
        ),
      ),
    );
    socket.once("error", (problem: NodeJS.ErrnoException) => {
      const cure =
        problem.code === "ECONNREFUSED"
          ? "Check that it runs and that the port is right. In a container, localhost is the container itself."
          : "Check address, route and firewall.";
      settle(failed(name, `${host}:${port} cannot be connected to (${problem.code ?? problem.message})`, cure));
    });
  });
}

function checkTls(name: string, host: string, port: number, caFile: string | undefined): Promise<Check> {
  return new Promise((resolve) => {
    const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
    const servername = /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {};
    const socket = connectTls({ host, port, timeout: PATIENCE_MS, ...ca, ...servername });
    const settle = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    socket.once("secureConnect", () => {
      const days = Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / 86_400_000);
      settle(ok(name, `valid for ${days} more days`));
    });
    socket.once("timeout", () => settle(failed(name, "no TLS answer", "Check that the port speaks https.")));
    socket.once("error", (problem: NodeJS.ErrnoException) =>
      settle(failed(name, `not trusted (${problem.code ?? problem.message})`, tlsCure(problem.code ?? ""))),
    );
  });
}

function tlsCure(code: string): string {
  if (code === "CERT_HAS_EXPIRED") return "Renew the certificate of that server.";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "Use the name that the certificate is for.";
  if (/SELF_SIGNED|UNABLE_TO/.test(code))
    return "Name the PEM file of your own authority in PROMETHEUS_CA_FILE (ca_file of the source).";
  return "Check that the port speaks https.";
}

/** From here on answers about "now" would look at the wrong minute. The header has whole seconds. */
const MOST_SKEW_SECONDS = 10;

/** Compares the clocks by the Date header, which comes with a refusal too. */
function checkSkew(name: string, url: URL, caFile: string | undefined): Promise<Check> {
  return new Promise((resolve) => {
    const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(url, { method: "HEAD", timeout: PATIENCE_MS, ...ca }, (response) => {
      response.resume();
      const theirs = Date.parse(response.headers.date ?? "");
      if (Number.isNaN(theirs)) return resolve(skipped(name, "the server does not tell its time"));
      const skew = Math.round((Date.now() - theirs) / 1000);
      if (Math.abs(skew) <= MOST_SKEW_SECONDS) return resolve(ok(name, "agrees with the clock here"));
      const found = `this machine is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} it`;
      return resolve(failed(name, found, "Let both take their time from NTP."));
    });
    request.once("timeout", () => request.destroy(new Error(`no HTTP answer within ${PATIENCE_MS / 1000} s`)));
    request.once("error", (problem) =>
      resolve(failed(name, `no HTTP answer (${problem.message})`, "Check that the port speaks http, and its proxy.")),
    );
    request.end();
  });
}
