import test from "ava";
import { separate } from "../../../plugin/benchmark/docker-throw-away.ts";

function piece(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

test("what a container said is taken apart by its streams", (t) => {
  const logs = Buffer.concat([piece(1, '{ "wh'), piece(2, "warning: ö\n"), piece(1, 'at": 1 }')]);
  t.deepEqual(separate(logs), { output: '{ "what": 1 }', errors: "warning: ö\n" });
  t.deepEqual(separate(Buffer.alloc(0)), { output: "", errors: "" });
});
