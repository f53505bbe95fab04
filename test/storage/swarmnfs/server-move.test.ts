import test from "ava";
import type { Transport } from "../../../storage/nfs/transports.ts";
import { ServerMove } from "../../../storage/swarmnfs/server-move.ts";

const server = { url: "swarmnfs://storage1", host: "storage1", address: "10.0.0.6", port: 2049 };

function transport(address: string, moves: string[], fails = false): Transport {
  return {
    address,
    port: 2049,
    move: async (to) => {
      if (fails) throw new Error("the kernel does not");
      moves.push(`${address} → ${to}`);
    },
  };
}

test("what is mounted from where the storage node was goes on where it is", async (t) => {
  const moves: string[] = [];
  const all = [transport("10.0.0.5", moves), transport("10.9.9.9", moves)];
  const move = new ServerMove(
    { withTransports: (work) => work(all) },
    async () => "silent",
    async () => t.fail("parted"),
  );
  await move.follow(server);
  t.deepEqual(moves, []);
  move.leave("10.0.0.5");
  t.deepEqual(move.left, ["10.0.0.5"]);
  await Promise.all([move.follow(server), move.follow(server)]);
  t.deepEqual(moves, ["10.0.0.5 → 10.0.0.6"]);
  t.deepEqual(move.left, []);
});

test("where mounts cannot follow, new ones part from them by name, once", async (t) => {
  let parted = 0;
  const move = new ServerMove(
    { withTransports: (work) => work([transport("10.0.0.5", [], true)]) },
    async () => "silent",
    async () => {
      parted += 1;
    },
  );
  move.leave("10.0.0.5");
  await move.follow(server);
  await move.follow(server);
  t.is(parted, 1);
  t.deepEqual(move.left, ["10.0.0.5"]);
  // It is back where it was.
  await move.follow({ ...server, address: "10.0.0.5" });
  t.deepEqual(move.left, []);
});
