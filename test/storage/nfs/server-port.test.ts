import { once } from "node:events";
import { createServer } from "node:net";
import test from "ava";
import { firstOpen, knock, type PortAnswer } from "../../../storage/nfs/server-port.ts";

test("a port that answers is open, and refused when nobody listens any more", async (t) => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  t.is(await knock("127.0.0.1", port), "open");
  server.close();
  await once(server, "close");
  t.is(await knock("127.0.0.1", port), "refused");
});

test("of several addresses the first that answers is taken; if none does, the first one's answer", async (t) => {
  const answers: Record<string, PortAnswer> = { a: "silent", b: "open", c: "open", d: "refused" };
  const asked = async (address: string): Promise<PortAnswer> => answers[address] ?? "silent";
  t.deepEqual(await firstOpen(["a", "b", "c"], 2049, asked), { address: "b", answer: "open" });
  t.deepEqual(await firstOpen(["d", "a"], 2049, asked), { address: "d", answer: "refused" });
});
