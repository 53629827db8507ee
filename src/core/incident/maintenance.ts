import { fitsGlob } from "../../util/glob.ts";
import type { AlertEvent, Incident } from "../incident.ts";
import { endOfWindow, isInWindow, type Window } from "../window.ts";
import { environmentOf } from "./subject.ts";

/** A time in which alerts and anomalies about some things are kept back: they are told when it is over, if they still go on. */
export type Maintenance = Window & {
  readonly name: string;
  readonly environments?: readonly string[];
  /** Labels that each has, with one of these values; `*` stands for any letters. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
};

/** The window that an event lies in, and when that ends (unix seconds). */
export type KeptBack = { readonly name: string; readonly until: number };

/** The window that an event is kept back by, of several the one that ends last; undefined where none is on for it. */
export function keptBackBy(windows: readonly Maintenance[], { labels, at }: AlertEvent): KeptBack | undefined {
  return windows
    .filter((one) => isInWindow(one, at) && isFor(one, labels))
    .map((one) => ({ name: one.name, until: endOfWindow(one, at) }))
    .sort((a, b) => b.until - a.until)[0];
}

function isFor({ environments, labels = {} }: Maintenance, of: Readonly<Record<string, string>>): boolean {
  if (environments !== undefined && !environments.includes(environmentOf(of) ?? "")) return false;
  return Object.entries(labels).every(([label, values]) => values.some((value) => fitsGlob(value, of[label] ?? "")));
}

/** What is kept back finds only its like: a key under the window's name. */
export function keyWithin({ name }: Pick<KeptBack, "name">, key: string): string {
  return JSON.stringify(["maintenance", name, key]);
}

/** How an incident begins that is kept back: snoozed by the window, and no worse alert ends that. */
export function snoozedBy({ name, until }: KeptBack, at: number): NonNullable<Incident["snoozed"]> {
  return { person: "maintenance", name: `the maintenance ${name}`, at, until, severity: "critical", window: name };
}

/** Whether it was begun in a window and nobody was told of it. */
export function isKeptBack({ snoozed }: Pick<Incident, "snoozed">): boolean {
  return snoozed?.window !== undefined;
}

/** The keys that it goes by once its window is over. */
export function keysAfter({ keys, snoozed }: Pick<Incident, "keys" | "snoozed">): readonly string[] {
  const { window } = snoozed ?? {};
  if (window === undefined) return keys;
  const after = keys.map((key) => {
    const [kind, name, own] = parsed(key);
    return kind === "maintenance" && name === window && typeof own === "string" ? own : key;
  });
  return [...new Set(after)];
}

function parsed(key: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(key);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
