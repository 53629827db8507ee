import { openStore } from "../../app/outside.ts";
import { visitorHere } from "../../chat/terminal/visitor.ts";
import { identify } from "../../core/people.ts";
import { type Call, EXIT, flag, UsageError } from "../command.ts";
import { readStore } from "../read-store.ts";
import { readConfig } from "../settings.ts";
import { typed } from "../typed.ts";

const WORD = "accept";

/**
 * `audit accept-restored`: a person at a terminal says that the older copy of the store, which was put back, is the right
 * one. Until then nothing is carried out. Never from a pipe, and there is no flag for it. Who it was is the account of the operating
 * system; what `--user` says, where several people share that account, is recorded beside it as a claim.
 */
export async function acceptRestored(call: Call): Promise<number> {
  if (call.stdin.isTTY !== true) throw new UsageError("audit accept-restored asks a person, so it needs a terminal.");
  const config = readConfig(call);
  const reason = await readStore(config, (store) => store.proposals.restored());
  if (reason === undefined) {
    call.stdout.write("No older copy of the store was found, so there is nothing to accept.\n");
    return EXIT.ok;
  }
  call.stdout.write(
    `Nothing is carried out at present: ${reason}.\nChanges that ran after that copy was made may be unknown to it. Look at what runs before you go on.\n`,
  );
  call.stdout.write(`Type ${WORD} to go on with this copy: `);
  if ((await typed(call)) !== WORD) {
    call.stdout.write("Nothing was changed.\n");
    return EXIT.failed;
  }
  const store = await openStore(config, () => Date.now() / 1000);
  try {
    await store.proposals.acceptRestored(identify(config.people, visitorHere().user), flag(call, "user")?.trim());
  } finally {
    await store.close();
  }
  call.stdout.write("Accepted. What was approved before has to be approved again.\n");
  return EXIT.ok;
}
