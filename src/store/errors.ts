/** What kept the store from doing its work. */
export type StoreProblem =
  | "full"
  | "read-only"
  | "corrupt"
  | "not-a-database"
  | "busy"
  | "no-access"
  | "missing"
  | "newer"
  | "older"
  | "in-use"
  | "closed"
  | "unsafe"
  | "io";

/** The store could not read or write. Nothing of what was asked for was stored. `message` says what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly problem: StoreProblem;
  constructor(problem: StoreProblem, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.problem = problem;
  }
}

/**
 * What SQLite or the file system threw, as a sentence with its cure. `path` is the file or folder it was about.
 * Anything that is not about the disk or the file is a mistake of ours and comes back unchanged.
 * Codes: https://sqlite.org/rescode.html
 */
export function storeError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof StoreError) return cause;
  const known = sqliteProblem(path, cause) ?? fileProblem(path, cause);
  return known === undefined ? cause : new StoreError(known[0], known[1], { cause });
}

type Sentence = readonly [StoreProblem, string];

function sqliteProblem(path: string, cause: Error): Sentence | undefined {
  const code = "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode : undefined;
  if (code === undefined) return undefined;
  switch (code & 0xff) {
    case 3:
    case 14:
    case 23:
      return noAccess(path);
    case 5:
    case 6:
      return [
        "busy",
        `${path} is locked by another program for longer than the store waits. Nothing was stored. Close whatever holds it open (a backup, a SQLite shell) and try again.`,
      ];
    case 8:
      return readOnly(path);
    case 10:
      return [
        "io",
        `${path} could not be read or written: the disk reports an error (${cause.message}, SQLite code ${code}). Check the free space and the health of that disk.`,
      ];
    case 11:
      return [
        "corrupt",
        `${path} is damaged (${cause.message}). Stop the bot, move the file and its -wal and -shm files away, and restore a backup or start with an empty store.`,
      ];
    case 13:
      return full(path);
    case 26:
      return [
        "not-a-database",
        `${path} is not a SQLite database. Point SMARTCLOUDOPS_DATA at another folder, or move that file away.`,
      ];
    default:
      return undefined;
  }
}

function fileProblem(path: string, cause: Error): Sentence | undefined {
  switch ("code" in cause ? cause.code : undefined) {
    case "EACCES":
    case "EPERM":
    case "EISDIR":
    case "EEXIST":
    case "ENOTDIR":
      return noAccess(path);
    case "EROFS":
      return readOnly(path);
    case "ENOSPC":
    case "EDQUOT":
      return full(path);
    default:
      return undefined;
  }
}

function full(path: string): Sentence {
  return [
    "full",
    `${path} cannot grow: the disk is full or its quota is used up. Nothing was stored. Free some space, or point SMARTCLOUDOPS_DATA at a larger disk.`,
  ];
}

function readOnly(path: string): Sentence {
  return [
    "read-only",
    `${path} cannot be written: the file or its disk is read-only. Nothing was stored. Make it writable, or point SMARTCLOUDOPS_DATA at a folder that is.`,
  ];
}

function noAccess(path: string): Sentence {
  return [
    "no-access",
    `${path} cannot be opened by this user. It must be a folder (or a file in one) that the bot may read and write: check its owner and mode, or point SMARTCLOUDOPS_DATA at another folder.`,
  ];
}
