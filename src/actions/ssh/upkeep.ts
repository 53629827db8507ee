import { formatValue } from "../../core/units.ts";
import type { Action } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import { argumentsOf, domainName, entryName, fileName, integer } from "../shared/patterns.ts";
import { actionOf, missingRight, type SshWorld } from "./change.ts";
import { HELLO, read } from "./client.ts";
import { readTold, wordOf } from "./once.ts";
import type { SshHost } from "./settings.ts";

/** Words of a look: whether by sudo, and the change's own. */
const LOOK = `
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C; export PATH LC_ALL
echo ${HELLO}
as=$1; shift
when=after
root() { if [ "$as" = sudo ]; then sudo -n -- "$@"; else "$@"; fi; }
fact() { n=$1; shift; echo "sco:after:$n $*"; }
fact machine "$(cat /etc/machine-id 2>/dev/null)"
`;

const asOf = (host: SshHost) => (host.sudo === true ? "sudo" : "self");

const hostFor =
  (world: SshWorld) =>
  ({ host }: { readonly host?: string | undefined }) => {
    const chosen = choose(world.hosts, host, "host");
    return chosen.kind === "entry" ? chosen.entry : chosen.why;
  };

// ---------------------------------------------------------------- ssh/vacuum_journal

const journalSchema = argumentsOf({ host: entryName.optional(), max_bytes: integer(2 ** 24, 2 ** 43) });

const JOURNAL_FACTS = `fact usage "$(root journalctl --disk-usage 2>/dev/null | tr -d -c "[:print:]" | head -c 200)"`;

/** `ssh/vacuum_journal`: deletes archived journal files, oldest first, until the journal takes at most so many bytes. */
export function vacuumJournal(world: SshWorld): Action {
  return actionOf(
    {
      name: "ssh/vacuum_journal",
      schema: journalSchema,
      hostOf: hostFor(world),
      forbids: () => undefined,
      effect: { guard: ":", effect: `rootlimit journalctl --no-pager --vacuum-size="$1"`, facts: JOURNAL_FACTS },
      words: ({ max_bytes }) => [String(max_bytes)],
      async look({ max_bytes }, host, signal) {
        const { after } = readTold(await read(host, LOOK + JOURNAL_FACTS, [asOf(host)], signal));
        const usage = after["usage"] ?? "";
        if (usage === "")
          throw new RefusedError(`ssh ${host.name}`, 403, `${host.user} cannot read how much the journal takes`);
        return {
          identity: { address: host.address, machine: after["machine"] ?? "" },
          precondition: {},
          captured: {},
          facts: [usage, "Deleted journal files cannot be brought back."],
          blast: {
            kind: "known",
            text: `The oldest journal files of ${host.name}, until ${formatValue(max_bytes, "bytes")} are left.`,
          },
        };
      },
      simulate: async (_, host) => ({ kind: "cannot", why: `journalctl on ${host.name} has no dry run.` }),
      judge(_, host, { exit, output, after }) {
        if (exit === 0) return { outcome: "succeeded", text: after["usage"] ?? "journalctl reported no error." };
        if (exit === 124 || exit === 137)
          return { outcome: "partial", text: "journalctl was cut off at the deadline." };
        return {
          outcome: "failed",
          text: missingRight(host, output, "journalctl --no-pager --vacuum-size=*") ?? `journalctl ended with ${exit}.`,
        };
      },
      isSeen: () => false,
    },
    world,
  );
}

// ---------------------------------------------------------------- ssh/rotate_logs

const rotateSchema = argumentsOf({ host: entryName.optional(), config: fileName });

const ROTATE_HELPERS = `
conf() { f=/etc/logrotate.d/$1; [ -f "$f" ] && [ ! -L "$f" ] || return 1; }
digest() { root sha256sum -- "$f" 2>/dev/null | cut -d " " -f 1; }
`;

/** `ssh/rotate_logs`: rotates the logs of one file in /etc/logrotate.d now, as that file says. */
export function rotateLogs(world: SshWorld): Action {
  return actionOf(
    {
      name: "ssh/rotate_logs",
      schema: rotateSchema,
      hostOf: hostFor(world),
      forbids: () => undefined,
      effect: {
        helpers: ROTATE_HELPERS,
        guard: `
conf "$1" || refuse "/etc/logrotate.d/$1 is no regular file"
[ "$(digest)" = "$2" ] || refuse "/etc/logrotate.d/$1 was changed since this was shown"`,
        effect: `rootlimit logrotate --verbose --force "/etc/logrotate.d/$1"`,
        facts: ":",
      },
      words: ({ config }, _, precondition) => [config, wordOf(precondition["sha256"])],
      async look({ config }, host, signal) {
        const text = await read(
          host,
          `${LOOK}${ROTATE_HELPERS}conf "$1" || exit 0\nfact sha256 "$(digest)"\necho sco:output\nhead -c 4000 "$f"`,
          [asOf(host), config],
          signal,
        );
        const { after } = readTold(text);
        const sha256 = after["sha256"] ?? "";
        if (!/^[0-9a-f]{64}$/.test(sha256))
          throw new RefusedError(
            `ssh ${host.name}`,
            404,
            `/etc/logrotate.d/${config} is no regular file there, or ${host.user} may not read it`,
          );
        return {
          identity: { address: host.address, machine: after["machine"] ?? "" },
          precondition: { sha256 },
          captured: {},
          facts: [`/etc/logrotate.d/${config} on ${host.name} has SHA-256 ${sha256.slice(0, 12)}….`],
          blast: {
            kind: "known",
            text: `The logs that /etc/logrotate.d/${config} names on ${host.name}, and the services that it tells to reopen them.`,
          },
        };
      },
      async simulate({ config }, host, _, signal) {
        const text = await read(
          host,
          `${LOOK}echo sco:output\nroot logrotate --debug --force "/etc/logrotate.d/$1" 2>&1 | head -c 20000`,
          [asOf(host), config],
          signal,
        );
        return { kind: "simulated", text: readTold(text).output };
      },
      judge({ config }, host, { exit, output }) {
        if (exit === 0) return { outcome: "succeeded", text: `The logs of ${config} on ${host.name} were rotated.` };
        if (exit === 124 || exit === 137) return { outcome: "unknown", text: "logrotate was cut off at the deadline." };
        return {
          outcome: "failed",
          text:
            missingRight(host, output, `logrotate --verbose --force /etc/logrotate.d/${config}`) ??
            `logrotate ended with ${exit}.`,
        };
      },
      isSeen: () => false,
    },
    world,
  );
}

// ---------------------------------------------------------------- ssh/renew_certificate

const certificateSchema = argumentsOf({ host: entryName.optional(), domain: domainName });

const CERTIFICATE_HELPERS = `certificate() { root certbot certificates --cert-name "$1" 2>/dev/null; }
serial() { certificate "$1" | sed -n "s/^ *Serial Number: *\\([0-9a-fA-F]*\\).*/\\1/p" | head -n 1; }
expiry() { certificate "$1" | sed -n "s/^ *Expiry Date: *//p" | head -n 1; }`;
const CERTIFICATE_FACTS = `fact serial "$(serial "$1")"\nfact expiry "$(expiry "$1")"`;

/** `ssh/renew_certificate`: certbot renews one certificate that it manages, when it is due. */
export function renewCertificate(world: SshWorld): Action {
  return actionOf(
    {
      name: "ssh/renew_certificate",
      schema: certificateSchema,
      hostOf: hostFor(world),
      forbids: () => undefined,
      effect: {
        helpers: CERTIFICATE_HELPERS,
        guard: `[ "$(serial "$1")" = "$2" ] || refuse "the certificate was renewed since this was shown"`,
        effect: `rootlimit certbot renew --non-interactive --cert-name "$1"`,
        facts: CERTIFICATE_FACTS,
      },
      words: ({ domain }, _, precondition) => [domain, wordOf(precondition["serial"])],
      async look({ domain }, host, signal) {
        const { after } = readTold(
          await read(host, `${LOOK}${CERTIFICATE_HELPERS}\n${CERTIFICATE_FACTS}`, [asOf(host), domain], signal),
        );
        const { serial = "", expiry = "", machine = "" } = after;
        if (serial === "")
          throw new RefusedError(
            `ssh ${host.name}`,
            404,
            `certbot there manages no certificate ${domain}, or ${host.user} may not ask it`,
          );
        return {
          identity: { address: host.address, machine },
          precondition: { serial },
          captured: { serial },
          facts: [`The certificate ${domain} on ${host.name} has the serial number ${serial} and expires ${expiry}.`],
          blast: {
            kind: "known",
            text: `The certificate ${domain} on ${host.name}, and the services that certbot's deploy hooks reload.`,
          },
        };
      },
      async simulate({ domain }, host, _, signal) {
        const text = await read(
          host,
          `${LOOK}echo sco:output\nroot certbot renew --dry-run --non-interactive --cert-name "$1" 2>&1 | head -c 20000`,
          [asOf(host), domain],
          signal,
        );
        return { kind: "simulated", text: readTold(text).output };
      },
      judge({ domain }, host, { exit, output, before, after }) {
        if (exit === 124 || exit === 137) return { outcome: "unknown", text: "certbot was cut off at the deadline." };
        if (exit !== 0)
          return {
            outcome: "failed",
            text:
              missingRight(host, output, `certbot renew --non-interactive --cert-name ${domain}`) ??
              `certbot ended with ${exit}.`,
          };
        if (after["serial"] === before["serial"])
          return {
            outcome: "failed",
            text: `certbot reported no error, yet the certificate ${domain} is the same one: it was not due.`,
          };
        return {
          outcome: "succeeded",
          text: `The certificate ${domain} is a new one and expires ${after["expiry"] ?? "later"}.`,
        };
      },
      isSeen: (_, { before, after }) => (after["serial"] ?? "") !== "" && after["serial"] !== before["serial"],
    },
    world,
  );
}
