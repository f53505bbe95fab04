import test from "ava";
import { guardTable, shapeOf } from "../../../plugin/guard/guard-rules.ts";

test("every address is refused by TCP and UDP, in one transaction that replaces what was there", (t) => {
  t.deepEqual(guardTable(["fd00::5", "10.0.0.6", "10.0.0.5"], [2050, 2049]).trim().split("\n"), [
    "table inet swarmnfs",
    "delete table inet swarmnfs",
    "table inet swarmnfs {",
    "  chain containers {",
    "    type filter hook forward priority filter - 10; policy accept;",
    "    ip daddr { 10.0.0.5, 10.0.0.6 } tcp dport { 2049, 2050 } reject with tcp reset",
    "    ip daddr { 10.0.0.5, 10.0.0.6 } udp dport { 2049, 2050 } reject with icmpx port-unreachable",
    "    ip6 daddr { fd00::5 } tcp dport { 2049, 2050 } reject with tcp reset",
    "    ip6 daddr { fd00::5 } udp dport { 2049, 2050 } reject with icmpx port-unreachable",
    "  }",
    "}",
  ]);
});

test("rules are made only for kinds of addresses that the server has", (t) => {
  t.notRegex(guardTable(["10.0.0.5"], [2049]), /ip6/);
  t.notRegex(guardTable(["fd00::5"], [2049]), /ip daddr/);
});

test("tables made at different times by different programs have one shape, and changed ones another", (t) => {
  t.is(shapeOf(listing(1, "1.0.6", 2049)), shapeOf(listing(7, "1.1.3", 2049)));
  t.not(shapeOf(listing(1, "1.0.6", 2049)), shapeOf(listing(1, "1.0.6", 2050)));
});

function listing(handle: number, version: string, port: number): string {
  return JSON.stringify({
    nftables: [
      { metainfo: { version } },
      { table: { family: "inet", name: "swarmnfs", handle } },
      { rule: { handle: handle + 1, expr: [{ match: { right: port } }] } },
    ],
  });
}
