import test from "ava";
import { canSignHandles, pseudoRootFlags, volumeFlags } from "../../../nfs-server/exports/flags.ts";

test("a volume is never shown without subtree_check, asynchronously, or to unprivileged ports", (t) => {
  for (const readOnly of [true, false])
    for (const squash of [null, { uid: 1, gid: 1 }]) {
      const flags = volumeFlags({ readOnly, squash });
      t.is(flags & (0x400 | 0x10 | 0x2), 0);
      t.is(flags & 0x2000, 0x2000);
      t.is((flags & 1) !== 0, readOnly);
      t.is((flags & 8) !== 0, squash !== null);
    }
});

test("the pseudo-root has the flags that the kernel accepts for one", (t) => {
  t.is(pseudoRootFlags, 0x1 | 0x2000 | 0x10000 | 0x4000);
});

test("whether file handles can be signed is read from the kernel's own list of flags", (t) => {
  // Debian 13, Linux 6.12.
  t.false(canSignHandles("0x3feff 0xf\n"));
  t.true(canSignHandles("0x3ffff 0xf\n"));
  t.false(canSignHandles(""));
});
