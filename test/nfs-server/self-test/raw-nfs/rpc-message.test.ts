import test from "ava";
import {
  RpcRefusal,
  formatCall,
  parseReply,
} from "../../../../nfs-server/self-test/raw-nfs/rpc-message.ts";

const machine = Buffer.from("swarmnfs").toString("hex");

test("a call says by AUTH_SYS who claims to call", (t) => {
  const call = formatCall(0x77, { uid: 2002, gid: 33, groups: [7] }, 1, Buffer.from("feed", "hex"));
  t.is(
    call.toString("hex"),
    [
      // xid, call, RPC 2, program, version 4, COMPOUND
      "00000077 00000000 00000002 000186a3 00000004 00000001",
      // AUTH_SYS, length, stamp, machine, uid, gid, one group
      `00000001 00000020 00000000 00000008 ${machine} 000007d2 00000021 00000001 00000007`,
      // no verifier, and the body
      "00000000 00000000 feed",
    ]
      .join("")
      .replaceAll(" ", ""),
  );
});

test("a reply belongs to a call, and has a body", (t) => {
  const { xid, body } = parseReply(words(0x77, 1, 0, 0, 0, 0, 42));
  t.is(xid, 0x77);
  t.is(body().u32(), 42);
});

const refusals: Readonly<Record<string, readonly number[]>> = {
  "login refused: bad credential": [1, 1, 1, 1],
  "login refused: too weak": [1, 1, 1, 5],
  "login refused: 99": [1, 1, 1, 99],
  "refused: another version of RPC": [1, 1, 0, 2, 2],
  "refused: no such version": [1, 0, 0, 0, 2, 4, 4],
  "refused: server trouble": [1, 0, 0, 0, 5],
};
for (const [message, reply] of Object.entries(refusals))
  test(`a server can say: ${message}`, (t) => {
    const { body } = parseReply(words(1, ...reply));
    t.throws(body, { instanceOf: RpcRefusal, message });
  });

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, index * 4);
  return bytes;
}
