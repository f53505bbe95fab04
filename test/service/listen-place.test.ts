import test from "ava";
import { formatListenPlace, listenPlace } from "../../service/listen-place.ts";

test("off, a port, an address with a port", (t) => {
  t.is(listenPlace.parse("off"), null);
  t.deepEqual(listenPlace.parse("2062"), { address: "127.0.0.1", port: 2062 });
  t.deepEqual(listenPlace.parse("0.0.0.0:2062"), { address: "0.0.0.0", port: 2062 });
  t.deepEqual(listenPlace.parse("[fd00::1]:80"), { address: "fd00::1", port: 80 });
});

test("everything else is refused, with what is expected", (t) => {
  for (const text of [
    "on",
    "",
    "0",
    "65536",
    "node1:80",
    "10.0.0.1",
    ":::80",
    "fd00::1:80",
    "[]:8",
  ])
    t.regex(listenPlace.safeParse(text).error?.message ?? "", /off is expected/, text);
});

test("what was understood is shown as one would write it", (t) => {
  for (const text of ["off", "2062", "10.0.0.11:2062", "[::]:2062"])
    t.is(formatListenPlace(listenPlace.parse(text)), text);
});
