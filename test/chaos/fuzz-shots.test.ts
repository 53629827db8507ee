import { expect, it } from "vitest";
import { endpointsOf } from "../../src/app/api.ts";
import { loadConfig } from "../../src/config.ts";
import { BASE } from "../../src/http/api/endpoint.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { API_PATHS, apiShot, mangledForm } from "./fuzz-shots.ts";

it("requests of the fuzz are for every call of the API", () => {
  const loaded = loadConfig({ env: {}, cwd: "/nowhere" });
  if (!loaded.ok) throw new Error("no settings");
  const store = createMemoryStore({ retention: RETENTION });
  const ask = () => Promise.reject(new Error("asked"));
  const paths = endpointsOf(loaded.config, { store, sources: [], ask, clock: () => 0 }).map(({ path }) => path);
  const known = API_PATHS.map((path) => path.slice(BASE.length).replace(/inc-0+/, "{id}"));
  expect([...known].sort()).toEqual([...paths, "/openapi.json"].sort());
});

it("requests of the fuzz differ, and a form keeps some of its fields", () => {
  let seed = 1;
  const chance = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const shots = Array.from({ length: 300 }, () => apiShot("secret", chance));
  expect(new Set(shots.map(({ method, path, body }) => `${method} ${path} ${body}`)).size).toBeGreaterThan(200);
  expect(API_PATHS.filter((path) => !shots.some((one) => one.path.startsWith(path)))).toEqual([]);
  const forms = Array.from({ length: 50 }, () => mangledForm({ command: "/ops", text: "status" }, chance));
  expect(forms.filter((form) => form === "command=%2Fops&text=status").length).toBeGreaterThan(5);
  expect(new Set(forms).size).toBeGreaterThan(10);
});
