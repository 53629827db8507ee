import { openJournal } from "../../src/store/journal.ts";

/** Begins changes for ever, and says each on stdout once it is confirmed. */
const journal = await openJournal(process.argv[2]!);
for (let n = 0; ; n++) {
  await journal.began(`k${n}`, "p", n);
  process.stdout.write(`k${n}\n`);
}
