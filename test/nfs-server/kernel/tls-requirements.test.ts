import test from "ava";
import { tlsFaults } from "../../../nfs-server/kernel/tls-requirements.ts";

const status = "CapEff:\t00000000a82435fb\nSeccomp:\t0\n";
const able = { release: "6.12.107+deb13-amd64", status };

test("what can speak TLS is not complained of", (t) => {
  t.deepEqual(tlsFaults(able), []);
});

const faults: readonly (readonly [Partial<typeof able>, RegExp])[] = [
  [{ release: "6.1.0-31-amd64" }, /Linux 6\.5 or later.*6\.1\.0-31/],
  [{ status: status.replace("35fb", "25fb") }, /cap_add: \[SYS_ADMIN, NET_ADMIN\]/],
  [{ status: status.replace("Seccomp:\t0", "Seccomp:\t2") }, /seccomp=unconfined/],
];
for (const [change, message] of faults)
  test(`what is missing is said: ${message.source}`, (t) => {
    const found = tlsFaults({ ...able, ...change });
    t.is(found.length, 1);
    t.regex(found[0]?.message ?? "", message);
  });
