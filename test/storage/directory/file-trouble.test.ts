import test from "ava";
import { explain, isTrouble, placed } from "../../../storage/directory/file-trouble.ts";
import { StorageUnavailable } from "../../../storage/unavailable.ts";

/** As Node.js 24 throws it for what libuv has no name for. */
function nameless(errno: number): Error {
  const code = `Unknown system error ${errno}`;
  return Object.assign(new Error(`${code}: ${code}, open '/mnt/storage'`), { errno, code });
}

test("a stale file handle is known for what it is, though Node.js has no name for it", (t) => {
  const trouble = placed(nameless(-116), "");
  t.true(isTrouble(trouble, "ESTALE"));
  t.true(explain(trouble, "nfs://nas.lan/volume1/swarm") instanceof StorageUnavailable);
});

test("a quota that is used up is told as such, though Node.js has no name for it", (t) => {
  t.like(explain(placed(nameless(-122), "apps/blog"), "nfs://nas.lan/volume1/swarm"), {
    code: "full",
    message:
      "nfs://nas.lan/volume1/swarm is full (its quota is used up). Make space there: empty the trash (swarmnfs trash purge), remove what is not needed, or enlarge it",
  });
});

test("what is no error of a file system passes as it is", (t) => {
  const error = nameless(-4095);
  t.is(placed(error, "apps"), error);
});

test("the client of a file system of user space that has just died is told as the storage's trouble", (t) => {
  // The first that notice it are told ECONNABORTED, all others ENOTCONN.
  for (const code of ["ECONNABORTED", "ENOTCONN"]) {
    const trouble = placed(Object.assign(new Error(code), { code }), "");
    t.true(explain(trouble, "dir:///srv/swarm") instanceof StorageUnavailable, code);
  }
});
