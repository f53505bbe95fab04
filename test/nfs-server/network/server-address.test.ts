import test from "ava";
import { ServerAddress } from "../../../nfs-server/network/server-address.ts";

const wt0 = { interface: "wt0", address: null };

test("the address of an interface: IPv4 first, nothing that means something on one cable alone", (t) => {
  t.is(look("fe80::1", "fd00::5", "10.0.0.5", "10.0.0.6"), "10.0.0.5");
  t.is(look("fe80::1", "FD00:0::5"), "fd00::5");
  t.is(look("169.254.1.1", "fe80::1"), null);
  t.is(look(), null);
});

test("an address that was served stays as long as it is there", (t) => {
  const machine = new Machine({ wt0: ["10.0.0.5"] });
  const address = new ServerAddress(wt0, machine.interfaces);
  t.is(address.look(), "10.0.0.5");
  machine.wt0 = ["10.0.0.4", "10.0.0.5"];
  t.is(address.look(), "10.0.0.5");
  machine.wt0 = ["10.0.0.4"];
  t.is(address.look(), "10.0.0.4");
  machine.wt0 = [];
  t.is(address.look(), null);
  t.is(address.last, "10.0.0.4");
});

test("a fixed address has to be one of this machine", (t) => {
  const machine = new Machine({ wt0: ["10.0.0.5"] });
  const fixed = (address: string) =>
    new ServerAddress({ interface: null, address }, machine.interfaces);
  t.is(fixed("10.0.0.5").look(), "10.0.0.5");
  t.is(fixed("10.0.0.9").look(), null);
  t.regex(
    fixed("10.0.0.9").whatIsMissing(),
    /^address 10\.0\.0\.9 \(SWARMNFS_ADDRESS\) is not .* wt0 \(10\.0\.0\.5\)\. .*network_mode: host/,
  );
});

test("what is missing is said with what is there", (t) => {
  const none = new ServerAddress({ interface: "eth7", address: null }, () =>
    network({ lo: ["127.0.0.1"], eth0: ["192.168.1.2"] }),
  );
  t.regex(
    none.whatIsMissing(),
    /^interface eth7 \(SWARMNFS_INTERFACE\) is not there, .*lo \(127\.0\.0\.1\); eth0 \(192\.168\.1\.2\)/,
  );
  const empty = new ServerAddress(wt0, () => network({ wt0: ["fe80::1"] }));
  t.regex(empty.whatIsMissing(), /wt0 .* has no address that can be served/);
  t.regex(new ServerAddress(wt0, () => ({})).whatIsMissing(), /no network at all/);
});

test("an interface with the name of something every object has is not there", (t) => {
  const address = new ServerAddress({ interface: "constructor", address: null }, () => ({}));
  t.is(address.look(), null);
});

test("one that comes later is waited for, and the reason is told once", async (t) => {
  const machine = new Machine({ wt0: [] });
  const address = new ServerAddress(wt0, machine.interfaces);
  const told: string[] = [];
  const appears = address.appears(
    new AbortController().signal,
    (reason) => {
      told.push(reason);
      machine.wt0 = ["10.0.0.5"];
    },
    1,
  );
  t.is(await appears, "10.0.0.5");
  t.is(told.length, 1);
  t.is(await address.appears(new AbortController().signal, () => t.fail()), "10.0.0.5");
});

test("waiting ends when the server is stopped", async (t) => {
  const stop = new AbortController();
  const waiting = new ServerAddress(wt0, () => ({})).appears(stop.signal, () => stop.abort(), 1);
  await t.throwsAsync(waiting, { name: "AbortError" });
});

test("another address is told, and one that comes back is not; a failed move is tried again", async (t) => {
  const stop = new AbortController();
  const looks = [["10.0.0.5"], [], ["10.0.0.5"], ["10.0.0.6"], ["10.0.0.6"], ["10.0.0.6"], []];
  const address = new ServerAddress(wt0, () => {
    const addresses = looks.shift();
    if (addresses === undefined) stop.abort();
    return network({ wt0: addresses ?? [] });
  });
  address.look();
  const alive = setInterval(() => undefined, 1000); // following keeps no process alive
  t.teardown(() => clearInterval(alive));
  const moves: string[] = [];
  const failures: unknown[] = [];
  await address.follow(
    async (to, from) => {
      moves.push(`${from} -> ${to}`);
      if (moves.length === 1) throw new Error("not yet");
    },
    stop.signal,
    (error) => failures.push(error),
    1,
  );
  t.deepEqual(moves, ["10.0.0.5 -> 10.0.0.6", "10.0.0.5 -> 10.0.0.6"]);
  t.is(failures.length, 1);
});

test("the loopback interface of this very machine has an address", (t) => {
  t.is(new ServerAddress({ interface: "lo", address: null }).look(), "127.0.0.1");
});

function look(...addresses: string[]): string | null {
  return new ServerAddress(wt0, () => network({ lo: ["127.0.0.1"], wt0: addresses })).look();
}

function network(interfaces: Readonly<Record<string, readonly string[]>>) {
  return Object.fromEntries(
    Object.entries(interfaces).map(([name, all]) => [name, all.map((address) => ({ address }))]),
  );
}

class Machine {
  wt0: readonly string[];

  constructor({ wt0: addresses }: { wt0: readonly string[] }) {
    this.wt0 = addresses;
  }

  readonly interfaces = () => network({ wt0: this.wt0 });
}
