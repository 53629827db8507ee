import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const PRELOAD = fileURLToPath(new URL("../../src/demo/loopback.mjs", import.meta.url));

/** The addresses that a program's servers come to listen on. */
function addresses(program: string): string[] {
  const args = ["--import", PRELOAD, "--input-type=module", "--eval", program];
  return execFileSync(process.execPath, args, { encoding: "utf8" }).trim().split("\n");
}

it("keeps a program that would listen on every address to this machine's own", () => {
  const program = `
    import http from "node:http"; import net from "node:net";
    const ways = [(s) => s.listen(0, () => {}), (s) => s.listen(0), (s) => s.listen(0, "0.0.0.0"), (s) => s.listen(0, "::", 10), (s) => s.listen({ port: 0 })];
    for (const make of [() => http.createServer(), () => net.createServer()])
      for (const way of ways) {
        const server = make(); way(server);
        server.once("listening", () => { console.log(server.address().address); server.close(); });
      }`;
  expect(addresses(program)).toEqual(Array.from({ length: 10 }, () => "127.0.0.1"));
});
