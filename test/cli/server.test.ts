import test from "ava";
import { Refusal } from "./fake-plugin.ts";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";

test("no nodes: what to do", says, {
  line: "server nodes",
  server: { nodes: () => ({ nodes: [] }) },
  out: "No nodes yet. To let one join: swarmnfs server token NODE\n",
});

test("a token in a pipe is the token alone, so that it can be written into a file", async (t) => {
  const said = await speak(t, [
    "server",
    "token",
    "node9",
    "--from",
    "10.0.0.0/24",
    "--valid",
    "10m",
  ]);
  t.is(said.out, "swarmnfs-join-1.eyJ2IjoxfQ\n");
  t.deepEqual(said.server.requests, [
    'POST /v1/tokens {"node":"node9","cidr":"10.0.0.0/24","validMs":600000,"replace":false}',
  ]);
});

test("a token can be for the node on which backups are made, and for no other role", async (t) => {
  const said = await speak(t, ["server", "token", "node9", "--role", "backup"]);
  t.regex(said.server.requests[0] ?? "", /"replace":false,"role":"backup"\}$/);
  const wrong = await speak(t, ["server", "token", "node9", "--role", "admin"]);
  t.is(wrong.exit, 2);
  t.regex(wrong.err, /--role is "node" or "backup".*SWARMNFS_ADMIN_NODES/s);
  t.deepEqual(wrong.server.requests, []);
});

test("what the server says is said", says, {
  line: "server token node1",
  server: {
    token: () => {
      throw new Refusal("conflict", 'a node called "node1" has joined already', 409);
    },
  },
  exit: 1,
  err: 'swarmnfs: a node called "node1" has joined already\n',
});

test("revoking asks first, and takes no for an answer", says, {
  line: "server revoke node1",
  ...terminal,
  typed: "no",
  exit: 1,
  out: "Nothing was revoked.\n",
});

test("revoking where nobody can be asked needs --yes", says, {
  line: "server revoke node1",
  exit: 2,
  err: "swarmnfs: revoking cuts a node off from its data (node1 has 2 leases), and nobody can be asked here. If it is meant, add --yes\n",
});

test("a node is revoked by its name, whatever the case, or by its id", async (t) => {
  for (const word of ["NODE3", "7b0c1a52-1111-4000-8000-000000000003"]) {
    const { exit, server } = await speak(t, ["server", "revoke", word, "--yes"]);
    t.is(exit, 0);
    t.is(server.requests.at(-1), "DELETE /v1/nodes/7b0c1a52-1111-4000-8000-000000000003");
  }
});

test("a node that nobody knows: the nearest one is named", says, {
  line: "server unfence elephant",
  exit: 1,
  err: 'swarmnfs: no node called "elephant" has joined. See: swarmnfs server nodes\n',
});

test("outside the server's container the command says where it works", async (t) => {
  const { exit, err } = await speak(t, ["server", "nodes"], {
    surroundings: { serverSocket: "/nowhere/server.sock" },
  });
  t.is(exit, 1);
  t.regex(
    err,
    /no storage server answers at \/nowhere\/server\.sock: there is no such socket\..*docker compose -f nfs-server\.compose\.yml exec nfs-server/,
  );
});

for (const words of [
  "nodes",
  "leases",
  "token node1",
  "unfence node2",
  "print-config",
  "revoke node1 --yes",
]) {
  test(`server ${words} --json is JSON`, async (t) => {
    const { exit, out, err } = await speak(t, ["server", ...words.split(" "), "--json"]);
    t.is(exit, 0);
    t.is(err, "");
    t.is(typeof JSON.parse(out), "object");
  });
}
