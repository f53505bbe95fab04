import test from "ava";
import { execa } from "execa";
import { Firewall } from "../../../nfs-server/network/firewall.ts";
import { firewallTable, noFirewallTable } from "../../../nfs-server/network/firewall-rules.ts";
import { parseHostRule } from "../../../nfs-server/policy/host-pattern.ts";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";

const ports = [2050, 2049];

test("the table admits allowed hosts, and this machine itself, to the two ports of one address", (t) => {
  const allowed = ["10.0.0.0/24", "fd00::/64", "10.1.0.7"];
  t.is(
    firewallTable({ address: "10.0.0.5", ports, allowed }),
    `table inet swarmnfs_server
delete table inet swarmnfs_server
table inet swarmnfs_server {
  set allowed {
    type ipv4_addr; flags interval; auto-merge;
    elements = { 10.0.0.0/24, 10.1.0.7 };
  }
  chain storage {
    type filter hook input priority filter - 10; policy accept;
    iifname "lo" accept
    ip daddr 10.0.0.5 tcp dport { 2049, 2050 } ip saddr != @allowed reject with tcp reset
    ip daddr 10.0.0.5 udp dport { 2049, 2050 } reject with icmpx port-unreachable
  }
}
`,
  );
  const six = firewallTable({ address: "fd00::5", ports, allowed });
  t.regex(six, /type ipv6_addr;[^]*elements = { fd00::\/64 };[^]*ip6 daddr fd00::5 tcp dport/);
  t.notRegex(firewallTable({ address: "10.0.0.5", ports, allowed: [] }), /elements/);
});

test("nft itself understands the table, again and again, and how to take it away", async (t) => {
  const allowed = ["10.0.0.77/24", "10.0.0.0/16", "0.0.0.0/0", "fd00::1", "::/0"];
  for (const address of ["10.0.0.5", "fd00::5"]) {
    const table = firewallTable({ address, ports, allowed });
    const none = firewallTable({ address, ports, allowed: [] });
    // All in one network name space of its own, where root of a user name space may do this.
    const script = `set -e; nft=/usr/sbin/nft; $nft "$1"; $nft "$1"; $nft "$2"; $nft list ruleset; $nft "$3"; $nft "$3"; $nft list tables`;
    const { stdout } = await execa("unshare", [
      "-rn",
      "sh",
      "-c",
      script,
      "sh",
      none,
      table,
      noFirewallTable(),
    ]);
    t.regex(stdout, /chain storage[^]*@allowed reject with tcp reset/, address);
    t.regex(stdout, /}\s*$/, "no table is left");
  }
});

test("names are resolved, and each round puts it up anew with what they are now", async (t) => {
  const world = new World();
  const firewall = world.firewall("node1", "10.0.0.0/24", "gone.lan");
  await firewall.round("10.0.0.5");
  t.regex(world.done.at(-1) ?? "", /elements = { 10\.0\.0\.0\/24, 10\.7\.0\.1 };/);
  t.regex(firewall.trouble ?? "", /^gone\.lan of SWARMNFS_ALLOWED_HOSTS cannot be resolved/);

  world.dns.set("gone.lan", ["10.7.0.3"]);
  world.dns.set("node1", ["10.7.0.2", "fd00::2"]);
  await firewall.round("10.0.0.6");
  t.regex(world.done.at(-1) ?? "", /{ 10\.0\.0\.0\/24, 10\.7\.0\.2, 10\.7\.0\.3 };[^]*10\.0\.0\.6/);
  t.is(firewall.trouble, null);

  world.dns.clear();
  await firewall.round("10.0.0.6");
  t.regex(world.done.at(-1) ?? "", /10\.7\.0\.2, 10\.7\.0\.3/, "a dead DNS takes nothing away");

  await firewall.remove();
  t.is(world.done.at(-1), noFirewallTable());
});

test("what keeps it from being put up is said with what to do", async (t) => {
  const world = new World();
  const firewall = world.firewall("10.0.0.0/24");
  world.failure = failed({ reason: "Operation not permitted (you must be root)" });
  await firewall.round("10.0.0.5");
  t.regex(firewall.trouble ?? "", /cannot be put up .* cap_add: \[NET_ADMIN\]/);
  world.failure = failed({ missing: true });
  await firewall.round("10.0.0.5");
  t.regex(firewall.trouble ?? "", /there is no \/usr\/sbin\/nft here/);
  world.failure = null;
  await firewall.round("10.0.0.5");
  t.is(firewall.trouble, null);
});

function failed(how: { reason?: string; missing?: boolean }): CommandFailed {
  return new CommandFailed("nft", { reason: "", timedOut: false, missing: false, ...how });
}

class World {
  readonly dns = new Map<string, readonly string[]>([["node1", ["10.7.0.1"]]]);
  readonly done: string[] = [];
  failure: Error | null = null;

  firewall(...hosts: string[]): Firewall {
    return new Firewall(hosts.map(parseHostRule), ports, {
      filter: async (commands) => {
        if (this.failure !== null) throw this.failure;
        this.done.push(commands);
      },
      lookup: (host) =>
        this.dns.has(host)
          ? Promise.resolve(this.dns.get(host) ?? [])
          : Promise.reject(Object.assign(new Error("dead"), { code: "ENOTFOUND" })),
      memory: null,
      clock: { now: () => 0 },
    });
  }
}
