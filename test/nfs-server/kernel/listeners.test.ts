import test from "ava";
import { parseListeners } from "../../../nfs-server/kernel/listeners.ts";

test("who listens on TCP, by the kernel's own list", (t) => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 01004E0A:0801 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7081 1
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7082 1
   2: 01004E0A:0801 0B004E0A:03FF 01 00000000:00000000 00:00000000 00000000     0        0 7083 1
`;
  t.deepEqual(parseListeners(tcp), [
    { address: "10.78.0.1", port: 2049 },
    { address: "0.0.0.0", port: 22 },
  ]);
  const tcp6 = `   0: 000000FD000000000000000005000000:0801 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0`;
  t.deepEqual(parseListeners(tcp6), [
    { address: "fd00::5", port: 2049 },
    { address: "::", port: 22 },
  ]);
});
