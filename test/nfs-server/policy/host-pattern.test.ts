import test from "ava";
import {
  formatHostRule,
  isPlainName,
  meansName,
  parseHostRule,
  plainAddress,
} from "../../../nfs-server/policy/host-pattern.ts";

test("a rule is a name, an address or a network, and is written as it was", (t) => {
  for (const [text, kind] of [
    ["node1", "name"],
    ["web-*.lan", "name"],
    ["*", "name"],
    ["10.0.0.5", "address"],
    ["fd00::5", "address"],
    ["10.0.0.0/24", "range"],
    ["fd00::/64", "range"],
    ["0.0.0.0/0", "range"],
  ] as const) {
    const rule = parseHostRule(text);
    t.is(rule.kind, kind, text);
    t.is(formatHostRule(rule), text);
  }
});

test("names are matched whatever the case, with or without domain", (t) => {
  t.true(means("Node1", "node1"));
  t.true(means("node1", "NODE1.example.com"));
  t.true(means("web-?", "web-3"));
  t.true(means("*.example.com", "web.example.com"));
  t.false(means("node1.example.com", "node1"));
  t.false(means("node1.example.com", "node1.elsewhere.org"));
  t.false(means("web-?", "web-33"));
  t.false(means("node", "node1"));
  t.false(means("node.", "nodes"));
  t.false(means("10.0.0.1", "10.0.0.1"), "an address is no name");
});

test("a name can be asked of the DNS, a pattern cannot", (t) => {
  t.true(isPlainName(parseHostRule("nas.lan")));
  t.false(isPlainName(parseHostRule("*.lan")));
  t.false(isPlainName(parseHostRule("10.0.0.1")));
});

test("an address has one way to be written", (t) => {
  t.is(plainAddress("::ffff:10.0.0.5"), "10.0.0.5");
  t.is(plainAddress("FD00:0:0:0:0:0:0:5"), "fd00::5");
  t.is(plainAddress("fe80::1%eth0"), "fe80::1");
  t.is(plainAddress("10.0.0.5"), "10.0.0.5");
  t.is(plainAddress("storage1"), "storage1");
});

for (const text of ["", "10.0.0", "10.0.0.256", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/8/8", "::1/129"])
  test(`refused: "${text}"`, (t) => {
    t.throws(() => parseHostRule(text), { code: "invalid" });
  });
test("a network of IPv4 addresses in the way of IPv6 is one of IPv4", (t) => {
  t.is(formatHostRule(parseHostRule("::ffff:10.0.0.0/104")), "10.0.0.0/8");
  t.throws(() => parseHostRule("::ffff:10.0.0.0/64"), { code: "invalid", message: /two kinds/ });
});

for (const text of ["node1/24", "10.0.0.0/x", "10.0.0.0/-1", "fd00:::1", "node 1", "node1;"])
  test(`refused: "${text}"`, (t) => {
    t.throws(() => parseHostRule(text), { code: "invalid" });
  });

function means(pattern: string, name: string): boolean {
  return meansName(parseHostRule(pattern), name);
}
