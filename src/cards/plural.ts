/** "1 run", "2 runs". */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
