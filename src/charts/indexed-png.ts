import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";

const MOST_COLOURS = 256;

/**
 * An opaque picture as PNG with a palette: a third of the bytes of full colour, and the work of packing is not done on the
 * event loop. `rgba` holds four bytes a pixel, row by row. Beyond 256 colours the rarest become the nearest of the others.
 * Format: https://www.w3.org/TR/png-3/.
 */
export async function indexedPng(rgba: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  if (rgba.length !== width * height * 4)
    throw new RangeError(`${width} x ${height} pixels are not ${rgba.length} bytes`);
  const { rows, palette } = indexed(rgba, width, height);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // eight bits, by palette, and the only packing, filtering and order there is
  const packed = await promisify(deflate)(rows, { level: 6 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", packed),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(data.length + 12);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, "latin1");
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8);
  return whole;
}

/** Rows of palette indices, each after a zero that says "not filtered"; and the palette, three bytes a colour. */
function indexed(rgba: Uint8Array, width: number, height: number): { rows: Buffer; palette: Buffer } {
  const pixels = pixelsOf(rgba);
  const { kept, indexOf } = paletteOf(pixels);
  const rows = Buffer.alloc((width + 1) * height);
  let last: number | undefined;
  let index = 0;
  for (let row = 0, from = 0, to = 1; row < height; row++, to++) {
    for (const end = from + width; from < end; from++, to++) {
      const colour = pixels[from]!;
      if (colour !== last) {
        last = colour;
        index = indexOf.get(colour)!;
      }
      rows[to] = index;
    }
  }
  return { rows, palette: Buffer.from(kept.flatMap(channels)) };
}

/** One number a pixel. Signed: a number of 32 bits with a sign is a small one to V8, and twice as fast to look up. */
function pixelsOf(rgba: Uint8Array): Int32Array {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Uint8Array.from(rgba);
  return new Int32Array(aligned.buffer, aligned.byteOffset, rgba.length / 4);
}

function paletteOf(pixels: Int32Array): { kept: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>();
  for (let from = 0; from < pixels.length; ) {
    const colour = pixels[from]!;
    let to = from + 1;
    while (to < pixels.length && pixels[to] === colour) to++; // most pixels are like the one before
    counts.set(colour, (counts.get(colour) ?? 0) + to - from);
    from = to;
  }
  const sorted = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!);
  const kept = sorted.slice(0, MOST_COLOURS);
  const indexOf = new Map(kept.map((colour, index) => [colour, index]));
  for (const rare of sorted.slice(MOST_COLOURS)) indexOf.set(rare, nearest(rare, kept));
  return { kept, indexOf };
}

function nearest(colour: number, kept: readonly number[]): number {
  const [r, g, b] = channels(colour);
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [index, other] of kept.entries()) {
    const distance = ((other & 0xff) - r) ** 2 + (((other >>> 8) & 0xff) - g) ** 2 + (((other >>> 16) & 0xff) - b) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

/** Every machine that Node runs on keeps the first byte lowest. */
function channels(colour: number): [r: number, g: number, b: number] {
  return [colour & 0xff, (colour >>> 8) & 0xff, (colour >>> 16) & 0xff];
}
