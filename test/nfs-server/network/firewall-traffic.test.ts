import process from "node:process";
import test from "ava";
import { execa } from "execa";
import { firewallTable } from "../../../nfs-server/network/firewall-rules.ts";

/** A machine with the server's address, and beside it one with two addresses; in name spaces that go with the shell. */
const machines = `set -e
unshare --net sleep 100 & peer=$!
trap 'kill $peer' EXIT
while [ "$(readlink /proc/$peer/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set lo up
ip link add server type veth peer name client netns $peer
ip addr add 10.9.0.5/24 dev server
ip link set server up
nsenter --target $peer --net sh -c 'ip addr add 10.9.0.1/24 dev client; ip addr add 10.9.0.2/24 dev client; ip link set client up'
/usr/sbin/nft "$1"
"$2" -e "$3" & server=$!
trap 'kill $peer $server' EXIT
nsenter --target $peer --net "$2" -e "$4"
`;
const server = `for (const port of [2050, 2051]) require("net").createServer((socket) => socket.end("x")).listen(port, "10.9.0.5")`;
/** Says how each attempt ended; the first ones wait until the server listens. */
const client = `
const { connect } = require("net");
const attempt = (localAddress, port) => new Promise((resolve) => {
  const socket = connect({ host: "10.9.0.5", port, localAddress });
  socket.on("data", () => resolve("in")).on("error", (error) => resolve(error.code));
});
(async () => {
  while ((await attempt("10.9.0.1", 2051)) !== "in") await new Promise((go) => setTimeout(go, 200));
  for (const [from, port] of [["10.9.0.1", 2050], ["10.9.0.2", 2050], ["10.9.0.2", 2051]])
    console.log(from, port, await attempt(from, port));
})()`;

test("who is not allowed is refused at once on the server's ports, and nowhere else", async (t) => {
  t.timeout(110_000);
  const table = firewallTable({ address: "10.9.0.5", ports: [2049, 2050], allowed: ["10.9.0.1"] });
  const words = ["sh", table, process.execPath, server, client];
  const { stdout } = await execa("unshare", ["-rn", "sh", "-c", machines, ...words], {
    timeout: 100_000,
    killDescendants: true,
  });
  t.deepEqual(stdout.split("\n"), [
    "10.9.0.1 2050 in",
    "10.9.0.2 2050 ECONNREFUSED",
    "10.9.0.2 2051 in",
  ]);
});
