/** FNV-1a with 64 bits, whose prime is 2^40 + 435, in two halves of 32 bits: a BigInt per byte would take ten times as long. */
const OFFSET = { high: 0xcbf29ce4, low: 0x84222325 };
const PRIME_LOW = 435;
const SEPARATOR = 255;
const HALF = 2 ** 32;

/**
 * What Alertmanager knows an alert by: `LabelSet.Fingerprint` of prometheus/common, over the names in order of their bytes, each followed by
 * its value and both by a byte that UTF-8 does not have. 16 hexadecimal digits.
 * https://github.com/prometheus/common/blob/main/model/signature.go
 */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  let { high, low } = OFFSET;
  const add = (byte: number) => {
    low = (low ^ byte) >>> 0;
    const product = low * PRIME_LOW;
    high = (Math.imul(high, PRIME_LOW) + Math.floor(product / HALF) + (low << 8)) >>> 0;
    low = product % HALF;
  };
  const named = Object.keys(labels).map((name) => [Buffer.from(name), Buffer.from(labels[name] ?? "")] as const);
  for (const parts of named.sort(([a], [b]) => Buffer.compare(a, b)))
    for (const part of parts) {
      for (const byte of part) add(byte);
      add(SEPARATOR);
    }
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return half.toString(16).padStart(8, "0");
}
