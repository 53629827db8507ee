import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import type { Resolve } from "./settings.ts";

/**
 * Addresses that are no business of a webhook: IANA's special-purpose registries for IPv4 (RFC 6890) and IPv6, among them
 * loopback, private networks, link-local with the clouds' metadata service 169.254.169.254, and what embeds an IPv4 address.
 */
const SPECIAL_4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;
const SPECIAL_6 = [
  ["::", 96],
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const;
// Two lists: one list would take every IPv4 address for one of ::ffff:0:0/96.
const SPECIAL = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [address, bits] of SPECIAL_4) SPECIAL.ipv4.addSubnet(address, bits, "ipv4");
for (const [address, bits] of SPECIAL_6) SPECIAL.ipv6.addSubnet(address, bits, "ipv6");

/** Never allowed, not even with `allow_private`: they hand out the machine's own credentials. */
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("fd20:ce::254", "ipv6");

export type Resolved =
  | { readonly kind: "addresses"; readonly addresses: readonly LookupAddress[] }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** Every address that a host has now, when all of them are allowed. One bad one among them refuses all: the next could be it. */
export async function resolveChecked(host: string, allowPrivate: boolean, resolve: Resolve): Promise<Resolved> {
  const literal = host.replace(/^\[|\]$/g, "");
  const family = isIP(literal);
  let addresses: readonly LookupAddress[];
  try {
    addresses = family === 0 ? await resolve(literal) : [{ address: literal, family }];
  } catch (cause) {
    return { kind: "unknown", why: `the name ${host} cannot be resolved: ${(cause as Error).message}` };
  }
  if (addresses.length === 0) return { kind: "unknown", why: `the name ${host} has no address` };
  for (const { address } of addresses) {
    const why = whyNotAddress(address, allowPrivate);
    if (why !== undefined) return { kind: "refused", why: `${host} is at ${address}, ${why}` };
  }
  return { kind: "addresses", addresses };
}

/** Asks the system, as any program does: hosts file and DNS. */
export const systemResolve: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Why a connection to that address is refused; undefined when it is allowed. */
export function whyNotAddress(address: string, allowPrivate: boolean): string | undefined {
  const plain = embedded(address);
  const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
  if (isIP(plain) === 0) return "which is no address";
  if (METADATA.check(plain, family)) return "where clouds hand out credentials";
  if (allowPrivate || !SPECIAL[family].check(plain, family)) return undefined;
  return "which is no public address; allow_private: true on that endpoint allows it";
}

/** An IPv4 address inside an IPv6 one (mapped, RFC 4291 2.5.5.2), as IPv4. Zone ids are cut. */
function embedded(address: string): string {
  const bare = address.replace(/%.*$/, "");
  const dotted = /^(?:::ffff:|::)(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(bare)?.[1];
  if (dotted !== undefined) return dotted;
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare);
  if (hex === null) return bare;
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
