import test from "ava";
import { AllowedHosts } from "../../../nfs-server/policy/allowed-hosts.ts";
import { parseHostRule } from "../../../nfs-server/policy/host-pattern.ts";

test("a host is allowed by its name or by its address", (t) => {
  const hosts = allowed("node1", "web-*", "10.0.0.5", "10.1.0.0/16", "fd00::/64");
  t.true(hosts.allows("node1", "192.168.0.1"));
  t.true(hosts.allows("Web-7.example.com", "192.168.0.1"));
  t.true(hosts.allows("stranger", "10.0.0.5"));
  t.true(hosts.allows(null, "10.1.255.255"));
  t.true(hosts.allows(null, "::ffff:10.1.2.3"), "as an IPv6 socket says it");
  t.true(hosts.allows(null, "fd00:0:0:0:1::"));
  t.false(hosts.allows("stranger", "10.0.0.6"));
  t.false(hosts.allows(null, "10.2.0.0"));
  t.false(hosts.allows(null, "fd00:0:0:1::"));
  t.false(hosts.allows(null, "::ffff:10.2.0.0"));
  t.false(hosts.allows(null, "no address"));
});

test("a name counts only when it was proved", (t) => {
  t.false(allowed("node1").allows(null, "10.0.0.1"));
  t.false(allowed("*.lan").allows(null, "10.0.0.1"));
});

test("a star is everybody, and a network of no bits every address", (t) => {
  t.true(allowed("*").allows(null, "10.0.0.1"));
  t.true(allowed("*").allows("node1", "fd00::1"));
  t.true(allowed("0.0.0.0/0").allows(null, "10.0.0.1"));
  t.false(allowed("0.0.0.0/0").allows(null, "fd00::1"));
});

test("a network may be written by any address in it", (t) => {
  t.true(allowed("10.0.0.77/24").allows(null, "10.0.0.1"));
});

test("a refusal says who, and what would allow it", (t) => {
  t.throws(() => allowed("node1", "10.0.0.0/24").check("node2", "::ffff:10.1.0.1"), {
    code: "denied",
    message:
      '"node2" (10.1.0.1) is none of the hosts that this storage node allows. To allow it, add its name or address to SWARMNFS_ALLOWED_HOSTS there (now: node1, 10.0.0.0/24)',
  });
  t.throws(() => allowed("node1").check(null, "10.1.0.1"), {
    message: /^10\.1\.0\.1 is none of the hosts .* add its address to/,
  });
  t.notThrows(() => allowed("node1").check("node1", "10.1.0.1"));
});

function allowed(...hosts: string[]): AllowedHosts {
  return new AllowedHosts(hosts.map(parseHostRule));
}
