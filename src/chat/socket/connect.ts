import { createConnection, type Socket } from "node:net";

/** A connection to whoever listens at that path, or undefined when nobody does. Throws when this user may not connect. */
export function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const nobody = error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "ENOTSOCK";
      if (nobody) resolve(undefined);
      else
        reject(
          new Error(
            `the socket ${path} cannot be used (${error.code}). It belongs to the user who runs the bot: run the command as that user.`,
            { cause: error },
          ),
        );
    });
  });
}
