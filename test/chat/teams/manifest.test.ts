import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fillManifest, packApp } from "../../../src/chat/teams/package.ts";
import { CHAT_COMMANDS } from "../../../src/core/command-table.ts";

const VALUES = { botId: "11111111-2222-3333-4444-555555555555", version: "0.1.0", website: "https://ops.example.org" };
const file = (name: string) => fileURLToPath(new URL(`../../../manifests/teams/${name}`, import.meta.url));

describe("the Teams app", () => {
  it("lists nine of the commands that the bot understands, and help, in their order", () => {
    const [bot] = fillManifest(VALUES).bots;
    for (const list of bot!.commandLists) {
      expect(list.commands.slice(0, -1)).toEqual(
        CHAT_COMMANDS.filter(({ isUnlisted }) => isUnlisted !== true).map(({ name, summary }) => ({
          title: name,
          description: summary,
        })),
      );
      expect(list.commands.at(-1)?.title).toBe("help");
    }
    expect(bot!.commandLists.flatMap(({ scopes }) => scopes)).toEqual(bot!.scopes);
  });

  it("asks for no permissions, no domains and no way into files", () => {
    const manifest = JSON.parse(readFileSync(file("manifest.json"), "utf8"));
    for (const key of ["permissions", "authorization", "devicePermissions", "webApplicationInfo"])
      expect(manifest).not.toHaveProperty(key);
    expect(manifest.validDomains).toEqual([]);
    expect(manifest.bots[0].supportsFiles).toBe(false);
  });

  it("is filled in with the bot's own id, and refused where a value is not as Teams wants it", () => {
    expect(fillManifest(VALUES)).toMatchObject({ id: VALUES.botId, bots: [{ botId: VALUES.botId }] });
    expect(() => fillManifest({ ...VALUES, botId: "not-a-guid" })).toThrow(/id is not as Teams wants it/);
    expect(() => fillManifest({ ...VALUES, website: "http://ops.example.org" })).toThrow(/websiteUrl/);
    expect(() => fillManifest({ ...VALUES, developer: 'x" }, "permissions": ["identity"]'.padEnd(40) })).toThrow(
      /developer/,
    );
  });

  it.each([
    ["color.png", 192],
    ["outline.png", 32],
  ])("has the icon %s in the size that Teams asks for", (name, size) => {
    const png = readFileSync(file(name));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
  });

  it("is packed as a zip whose directory, sizes and checksums say what is in it", () => {
    const files = unzip(packApp(VALUES));
    expect([...files.keys()]).toEqual(["manifest.json", "color.png", "outline.png"]);
    expect(JSON.parse(String(files.get("manifest.json")))).toEqual(fillManifest(VALUES));
    expect(files.get("color.png")).toEqual(readFileSync(file("color.png")));
    expect(packApp(VALUES)).toEqual(packApp(VALUES));
  });
});

/** Reads an archive from its end, as programs do: end record, directory, local headers. */
function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.length - 22;
  expect(archive.readUInt32LE(end)).toBe(0x06054b50);
  let at = archive.readUInt32LE(end + 16);
  const files = new Map<string, Buffer>();
  for (let i = 0; i < archive.readUInt16LE(end + 10); i++) {
    expect(archive.readUInt32LE(at)).toBe(0x02014b50);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    expect(archive.readUInt32LE(local)).toBe(0x04034b50);
    expect(archive.subarray(local + 4, local + 30)).toEqual(archive.subarray(at + 6, at + 32));
    const begin = local + 30 + nameLength;
    const data = inflateRawSync(archive.subarray(begin, begin + archive.readUInt32LE(at + 20)));
    expect([data.length, crc32(data)]).toEqual([archive.readUInt32LE(at + 24), archive.readUInt32LE(at + 16)]);
    files.set(name, data);
    at += 46 + nameLength;
  }
  expect(at).toBe(end);
  return files;
}
