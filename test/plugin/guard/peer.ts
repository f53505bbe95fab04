// One end of a connection: `serve`, or `tcp ADDRESS PORT` and `udp ADDRESS PORT`, which say what they met.
import { createSocket } from "node:dgram";
import { createServer, isIPv6 } from "node:net";
import process from "node:process";
import { knock } from "../../../storage/nfs/server-port.ts";

const [what, address = "", port = ""] = process.argv.slice(2);

if (what === "serve") serve();
if (what === "tcp") process.stdout.write(await knock(address, Number(port), 5_000));
if (what === "udp") process.stdout.write(await exchange());

function serve(): void {
  for (const each of [2049, 2050]) createServer().listen(each, "::");
  const socket = createSocket("udp6");
  socket.on("message", (message, from) => socket.send(message, from.port, from.address));
  socket.bind(2049, "::");
}

/** A datagram to there and back. */
function exchange(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  setTimeout(() => resolve("silent"), 3_000).unref();
  socket.on("message", () => resolve("open"));
  // Connected, so that the kernel tells what came back by ICMP.
  socket.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  socket.connect(Number(port), address, () => socket.send("?"));
  return promise.finally(() => socket.close());
}
