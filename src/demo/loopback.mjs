// Loaded before a program that listens on every address of the machine and cannot be told otherwise: it then listens on
// this machine's own only.
import net from "node:net";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function onLoopback(first, ...rest) {
  if (typeof first === "object" && first?.port !== undefined)
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...rest);
  if (typeof first !== "number") return listen.call(this, first, ...rest);
  const others = typeof rest[0] === "string" ? rest.slice(1) : rest;
  return listen.call(this, first, "127.0.0.1", ...others);
};
