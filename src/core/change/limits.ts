import { formatDuration } from "../units.ts";

/** Bounds of what may be proposed. What lies outside is more likely a slip than a wish. */
export const MOST_REPLICAS = 1000;
export const LONGEST_SILENCE = 30 * 86_400;

/** Why that number of replicas is not proposed, as a sentence, or undefined. */
export function whyNotReplicas(count: number): string | undefined {
  if (!Number.isFinite(count) || !Number.isInteger(count))
    return `A number of replicas must be a whole number: ${count} is none.`;
  if (count < 0) return `A number of replicas must be at least 0: this would be ${count}.`;
  return count > MOST_REPLICAS
    ? `I propose at most ${MOST_REPLICAS} replicas: ${count.toLocaleString("en-US")} is more.`
    : undefined;
}

/** Why a silence of that many seconds is not proposed, as a sentence, or undefined. */
export function whyNotDuration(seconds: number): string | undefined {
  if (!Number.isFinite(seconds) || seconds < 60) return "A silence must last at least 1 minute.";
  return seconds > LONGEST_SILENCE
    ? `A silence may last at most 30 days: ${formatDuration(seconds)} is more.`
    : undefined;
}

/** Why that size (bytes or cores) is not proposed, as a sentence, or undefined. */
export function whyNotQuantity(amount: {
  readonly kind: "memory" | "cpu" | "storage";
  readonly amount: number;
  readonly text: string;
}): string | undefined {
  const most = { memory: 4 * 1024 ** 4, cpu: 512, storage: 1024 ** 5 }[amount.kind];
  const said = { memory: "4Ti of memory", cpu: "512 cores", storage: "1Pi of storage" }[amount.kind];
  if (!(amount.amount > 0)) return `A limit must be more than 0: ${amount.text} is not.`;
  return amount.amount > most ? `I propose at most ${said}: ${amount.text} is more.` : undefined;
}
